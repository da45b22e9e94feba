"""The words features are written in: panel columns, and windows over a name's own trailing rows.

An operator never looks across names: rows whose window would begin before the name's first row are null, as is a
window with a missing input. Polars' own `rolling_*` and `shift` know no names; do not use them in a feature.
"""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from kairos.features import windows
from kairos.features.windows import Array

ROW = pl.col("row")
R, C, O, H, L = (pl.col(name) for name in ("R", "C", "O", "H", "L"))  # noqa: E741 - the field's own letters
DV, V, P = pl.col("DV"), pl.col("V"), pl.col("P")
LOG_R = R.log1p()
LOG_C = C.log()

_NO_SPREAD = 1e-12  # a variance below this share of the mean square is rounding, not spread: it counts as 0


def _windowed(kernel: Callable[..., Array], *inputs: pl.Expr, reach: int) -> pl.Expr:
    def run(columns: Sequence[pl.Series]) -> pl.Series:
        *values, row = columns
        with np.errstate(divide="ignore", invalid="ignore"):
            out = kernel(*(column.cast(pl.Float64).to_numpy() for column in values))
        return pl.Series(np.where(row.to_numpy() < reach, np.nan, out), nan_to_null=True)

    return pl.map_batches([*inputs, ROW], run, return_dtype=pl.Float64)


def ratio(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
    """Return top / bottom, null where bottom is 0."""
    return pl.when(bottom != 0).then(top / bottom)


def positive(x: pl.Expr) -> pl.Expr:
    """Return max(x, 0), null where x is."""
    return pl.when(x > 0).then(x).when(x.is_not_null()).then(0.0)


def lag(x: pl.Expr, rows: int) -> pl.Expr:
    """Return x[t-rows]."""
    return _windowed(lambda a: windows.shifted(a, rows), x, reach=rows)


def change(x: pl.Expr, rows: int) -> pl.Expr:
    """Return x[t] / x[t-rows] - 1."""
    return ratio(x, lag(x, rows)) - 1


def total(x: pl.Expr, window: int) -> pl.Expr:
    """Return sum(x[t-window+1..t])."""
    return _windowed(lambda a: windows.geometric_sum(a, window), x, reach=window - 1)


def mean(x: pl.Expr, window: int) -> pl.Expr:
    """Return the mean of x[t-window+1..t]."""
    return total(x, window) / window


def share(condition: pl.Expr, window: int) -> pl.Expr:
    """Return the share of the window's rows where `condition` holds."""
    return mean(condition.cast(pl.Float64), window)


def ewm(x: pl.Expr, window: int, *, decay: float) -> pl.Expr:
    """Return the mean of x[t-window+1..t] with weights decay**age that sum to 1: finite, so its lookback is exact."""
    weight = (1 - decay**window) / (1 - decay)
    return _windowed(lambda a: windows.geometric_sum(a, window, decay=decay), x, reach=window - 1) / weight


def highest(x: pl.Expr, window: int) -> pl.Expr:
    """Return max(x[t-window+1..t])."""
    return _windowed(lambda a: windows.highest(a, window), x, reach=window - 1)


def lowest(x: pl.Expr, window: int) -> pl.Expr:
    """Return min(x[t-window+1..t])."""
    return _windowed(lambda a: -windows.highest(-a, window), x, reach=window - 1)


def age_of_highest(x: pl.Expr, window: int) -> pl.Expr:
    """Return how many rows ago the window's maximum was."""
    return _windowed(lambda a: windows.age_of_highest(a, window), x, reach=window - 1)


def age_of_lowest(x: pl.Expr, window: int) -> pl.Expr:
    """Return how many rows ago the window's minimum was."""
    return age_of_highest(-x, window)


def rank(x: pl.Expr, window: int) -> pl.Expr:
    """Return the share of the window's other rows below x[t], ties counting half."""
    return _windowed(lambda a: windows.rank(a, window), x, reach=window - 1)


def _spread(a: Array, b: Array, window: int) -> Array:
    """Sum of (a - mean a)(b - mean b) over the window, 0 where it is only rounding."""
    product = windows.geometric_sum(a * b, window)
    centre = windows.geometric_sum(a, window) * windows.geometric_sum(b, window) / window
    if a is not b:
        return product - centre
    return np.where(product - centre <= _NO_SPREAD * product, 0.0, product - centre)


def std(x: pl.Expr, window: int) -> pl.Expr:
    """Return the sample standard deviation (n - 1) of x[t-window+1..t]."""
    return _windowed(lambda a: np.sqrt(_spread(a, a, window) / (window - 1)), x, reach=window - 1)


def _correlation(a: Array, b: Array, window: int) -> Array:
    scale = np.sqrt(_spread(a, a, window) * _spread(b, b, window))
    return np.clip(np.where(scale > 0, _spread(a, b, window) / scale, np.nan), -1, 1)


def corr(x: pl.Expr, y: pl.Expr, window: int) -> pl.Expr:
    """Return the Pearson correlation of x and y over the window; null where either does not vary."""
    return _windowed(lambda a, b: _correlation(a, b, window), x, y, reach=window - 1)


def _time_spread(a: Array, window: int) -> Array:
    """Sum of (time - mean time)(a - mean a) over the window; time runs forward."""
    return (window - 1) / 2 * windows.geometric_sum(a, window) - windows.age_weighted_sum(a, window)


def slope(x: pl.Expr, window: int) -> pl.Expr:
    """Return the least-squares slope of x on time over the window, per row."""
    time_variation = window * (window**2 - 1) / 12
    return _windowed(lambda a: _time_spread(a, window) / time_variation, x, reach=window - 1)


def r_squared(x: pl.Expr, window: int) -> pl.Expr:
    """Return the share of x's variance over the window that a straight line in time explains; null where x is constant."""
    time_variation = window * (window**2 - 1) / 12

    def kernel(a: Array) -> Array:
        variation = _spread(a, a, window) * time_variation
        return np.clip(np.where(variation > 0, _time_spread(a, window) ** 2 / variation, np.nan), 0, 1)

    return _windowed(kernel, x, reach=window - 1)


def _moments(a: Array, window: int) -> tuple[Array, Array, Array]:
    m1, m2, m3, m4 = (windows.geometric_sum(power, window) / window for power in (a, a * a, a * a * a, a * a * a * a))
    variance = _spread(a, a, window) / window
    third = m3 - 3 * m1 * m2 + 2 * m1 * m1 * m1
    fourth = m4 - 4 * m1 * m3 + 6 * m1 * m1 * m2 - 3 * m1 * m1 * m1 * m1
    return np.where(variance > 0, variance, np.nan), third, fourth


def skew(x: pl.Expr, window: int) -> pl.Expr:
    """Return the moment skewness m3 / m2**1.5 of the window; null where x is constant."""

    def kernel(a: Array) -> Array:
        variance, third, _ = _moments(a, window)
        return np.asarray(third / (variance * np.sqrt(variance)))

    return _windowed(kernel, x, reach=window - 1)


def kurt(x: pl.Expr, window: int) -> pl.Expr:
    """Return the excess kurtosis m4 / m2**2 - 3 of the window; null where x is constant."""

    def kernel(a: Array) -> Array:
        variance, _, fourth = _moments(a, window)
        return np.asarray(fourth / (variance * variance) - 3)

    return _windowed(kernel, x, reach=window - 1)


def wilder(window: int) -> float:
    """Return Wilder's decay for an average over `window` rows."""
    return 1 - 1 / window


def span(window: int) -> float:
    """Return the decay of an exponential average of span `window`, 1 - 2 / (window + 1)."""
    return 1 - 2 / (window + 1)
