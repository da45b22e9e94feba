"""Variance of a mean when neighbouring observations overlap (Newey and West 1987). What is averaged stands in `ic`.

With g(l) = (1/T) sum over t of (x[t] - m)(x[t-l] - m) and Bartlett weights, the long-run variance is
    V = g(0) + 2 sum over l = 1..L of (1 - l / (L + 1)) g(l),
and the t statistic of the mean m is m / sqrt(V / T).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

MIN_LAG = 10  # forecasts stay in place for about two weeks, whatever the horizon


def hac_lag(horizon: int) -> int:
    """Return the lag L for labels that span `horizon` sessions: max(10, 2 horizon)."""
    return max(MIN_LAG, 2 * horizon)


def long_run_variance(series: ArrayLike, *, lag: int) -> float | None:
    """Return V of `series` (T,); none where T <= lag, or where the series does not vary.

    The Bartlett weights keep V from being negative (Newey and West 1987, theorem 1).
    """
    values: NDArray[np.float64] = np.asarray(series, dtype=np.float64)
    if values.size <= max(lag, 1) or values.min() == values.max():
        return None
    deviation = values - values.mean()
    covariances = np.array([deviation[shift:] @ deviation[: values.size - shift] for shift in range(lag + 1)]) / values.size
    weights = np.concatenate([[1.0], 2 * (1 - np.arange(1, lag + 1) / (lag + 1))])
    variance = float(weights @ covariances)
    return variance if variance > 0 else None


def mean_t(series: ArrayLike, *, lag: int) -> float | None:
    """Return the t statistic of the mean of `series` (T,); none where its variance cannot be estimated."""
    values: NDArray[np.float64] = np.asarray(series, dtype=np.float64)
    variance = long_run_variance(values, lag=lag)
    return None if variance is None else float(values.mean() / np.sqrt(variance / values.size))


def mean_ts(series: NDArray[np.float64], *, lag: int) -> NDArray[np.float64]:
    """Return `mean_t` of each row of `series` (S, T) over its known values; NaN where there is none.

    A row's missing values (NaN) are left out, and what follows them moves up, as when the caller drops them. With Bartlett
    weights T (L + 1) V is the sum of squares of all sums over L + 1 neighbours, so the work does not grow with the lag.
    """
    known = np.isfinite(series)
    count = known.sum(axis=1)
    packed = np.take_along_axis(np.where(known, series, 0.0), np.argsort(~known, axis=1, kind="stable"), axis=1)
    inside = np.arange(series.shape[1]) < count[:, None]
    mean = packed.sum(axis=1) / np.maximum(count, 1)
    deviation = np.where(inside, packed - mean[:, None], 0.0)  # zeros around the values add nothing
    sums = np.pad(deviation, ((0, 0), (lag + 1, lag))).cumsum(axis=1)
    neighbours = sums[:, lag + 1 :] - sums[:, : -lag - 1]
    power = np.einsum("st,st->s", neighbours, neighbours) / (lag + 1)
    varies = np.where(known, series, -np.inf).max(axis=1, initial=-np.inf) > np.where(known, series, np.inf).min(
        axis=1, initial=np.inf
    )
    usable = (count > max(lag, 1)) & varies & (power > 0)
    error = np.sqrt(power, where=usable, out=np.ones(count.size))
    return np.asarray(np.divide(mean * count, error, where=usable, out=np.full(count.size, np.nan)))
