"""From sums to means, deviations, lines and correlations of one window. All arguments are rows of the same length."""

import numpy as np

from kairos.features.alpha158.scratch import FLAT, NAN, Array, finite, jit


@jit
def stream(to: Array, square: Array, values: Array) -> None:
    """Write values and their squares, 0 for what is missing."""
    for i in range(len(to)):
        value = np.float64(values[i]) if values[i] == values[i] else 0.0
        to[i] = value
        square[i] = value * value


@jit
def common(to: Array, other: Array, values: Array, other_values: Array) -> None:
    """Write two streams, both 0 where either is missing."""
    for i in range(len(to)):
        there = (values[i] == values[i]) & (other_values[i] == other_values[i])
        to[i] = np.float64(values[i]) if there else 0.0
        other[i] = np.float64(other_values[i]) if there else 0.0


@jit
def products(to: Array, one: Array, other: Array) -> None:
    """Write the product of two streams."""
    for i in range(len(to)):
        to[i] = one[i] * other[i]


@jit
def spread(to: Array, count: Array, total: Array, square: Array) -> None:
    """Write n sum(x^2) - sum(x)^2, which is 0 to the last bit for a constant that fills its window."""
    for i in range(len(to)):
        value = count[i] * square[i] - total[i] * total[i]
        to[i] = max(0.0, value)


@jit
def flat(to: Array, spread_of: Array, inv_pairs: Array) -> None:
    """Write NaN where the deviation is too small for a correlation, else 0."""
    for i in range(len(to)):
        to[i] = NAN if spread_of[i] * inv_pairs[i] <= FLAT else np.float32(0)


@jit
def times(to: Array, values: Array, factor: Array) -> None:
    """Write values times a factor of the row."""
    for i in range(len(to)):
        to[i] = finite(values[i] * factor[i])


@jit
def mean_times(to: Array, total: Array, inv: Array, factor: Array) -> None:
    """Write the mean times a factor of the row."""
    for i in range(len(to)):
        to[i] = finite(np.float32(total[i] * inv[i]) * factor[i])


@jit
def deviation_times(to: Array, spread_of: Array, inv_pairs: Array, factor: Array) -> None:
    """Write the standard deviation times a factor of the row."""
    for i in range(len(to)):
        to[i] = finite(np.sqrt(np.float32(spread_of[i] * inv_pairs[i])) * factor[i])


@jit
def slope(to: Array, total: Array, aged: Array, count: Array, ages: Array, inv_age_spread: Array) -> None:
    """Write the slope of the least-squares line, per row forward."""
    for i in range(len(to)):
        to[i] = (ages[i] * total[i] - count[i] * aged[i]) * inv_age_spread[i]


@jit
def explained(to: Array, slope_of: Array, spread_of: Array, age_spread: Array, flat_of: Array) -> None:
    """Write the share of the variance that the line explains."""
    for i in range(len(to)):
        on_line = np.float32(slope_of[i] * slope_of[i] * age_spread[i])
        to[i] = finite(on_line / np.float32(spread_of[i]) + flat_of[i])


@jit
def line_end(to: Array, slope_of: Array, total: Array, ages: Array, inv: Array) -> None:
    """Write where the line ends."""
    for i in range(len(to)):
        to[i] = (total[i] + slope_of[i] * ages[i]) * inv[i]


@jit
def above_times(to: Array, values: Array, line: Array, factor: Array) -> None:
    """Write how far values lie above a line, times a factor of the row."""
    for i in range(len(to)):
        to[i] = finite(np.float32(values[i] - line[i]) * factor[i])


@jit
def covariance(to: Array, count: Array, product: Array, total: Array, other_total: Array) -> None:
    """Write n sum(xy) - sum(x) sum(y)."""
    for i in range(len(to)):
        to[i] = count[i] * product[i] - total[i] * other_total[i]


@jit
def correlation(to: Array, covariance_of: Array, one: Array, other: Array, flat_one: Array, flat_other: Array) -> None:
    """Write the correlation, NaN where either is flat."""
    for i in range(len(to)):
        both = np.sqrt(np.float32(one[i]) * np.float32(other[i]))
        to[i] = finite(np.float32(covariance_of[i]) / both + flat_one[i] + flat_other[i])


@jit
def inverse_mean(to: Array, total: Array, inv: Array, tiny: np.float32) -> None:
    """Write 1 / (mean + tiny)."""
    for i in range(len(to)):
        to[i] = np.float32(1) / (np.float32(total[i] * inv[i]) + tiny)


@jit
def share(to: Array, total: Array, inv: Array) -> None:
    """Write the mean of a count."""
    for i in range(len(to)):
        to[i] = total[i] * np.float32(inv[i])


@jit
def difference(to: Array, one: Array, other: Array) -> None:
    """Write one row less another."""
    for i in range(len(to)):
        to[i] = one[i] - other[i]
