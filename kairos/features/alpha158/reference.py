"""The 158 features in their obvious form, one polars expression each, over the rows of one name: what the kernels must equal.

The inputs are O, H, L, C and V at the precision of float32, null where missing. A window holds the rows that are there, from
the first one on, and skips nulls: Qlib's rules, whose operators these follow one by one.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from kairos.features.core import KEY
from kairos.frames import Frame

WINDOWS = (5, 10, 20, 30, 60)
INPUTS = ("O", "H", "L", "C", "V")
TINY = 1e-12
FLAT = 2e-5  # a smaller standard deviation counts as none where it divides

O, H, L, C, V = (pl.col(name) for name in INPUTS)  # noqa: E741 - the letters of the formulas


def lag(x: pl.Expr, rows: int = 1) -> pl.Expr:
    """Return x[t-rows]."""
    return x.shift(rows)


def total(x: pl.Expr, rows: int) -> pl.Expr:
    """Return the sum over the window; null where it holds no value."""
    return x.rolling_sum(rows, min_samples=1)


def mean(x: pl.Expr, rows: int) -> pl.Expr:
    """Return the mean over the window."""
    return x.rolling_mean(rows, min_samples=1)


def std(x: pl.Expr, rows: int) -> pl.Expr:
    """Return the standard deviation of the sample over the window; null for one value."""
    return x.rolling_std(rows, min_samples=1)


def by_window(of: Callable[[np.ndarray], float], x: pl.Expr, rows: int) -> pl.Expr:
    """Return a function of the values of each window, those that are there, oldest first; null where there is none."""

    def over(values: pl.Series) -> pl.Series:
        array = values.to_numpy().astype(np.float64)
        return pl.Series([_of_values(of, array[max(0, t + 1 - rows) : t + 1]) for t in range(len(array))], dtype=pl.Float64)

    return x.map_batches(over, return_dtype=pl.Float64)


def _of_values(of: Callable[[np.ndarray], float], window: np.ndarray) -> float | None:
    there = window[~np.isnan(window)]
    return float(of(there)) if len(there) else None


def place(x: pl.Expr, rows: int, *, of_highest: bool) -> pl.Expr:
    """Return the place of the extreme in the window, 1 being its oldest row; a null comes before every number."""

    def over(values: pl.Series) -> pl.Series:
        array = values.to_numpy().astype(np.float64)
        found = []
        for t in range(len(array)):
            window = array[max(0, t + 1 - rows) : t + 1]
            best = np.argmax(window) if of_highest else np.argmin(window)
            found.append(None if np.isnan(window).all() else float(best + 1))
        return pl.Series(found, dtype=pl.Float64)

    return x.map_batches(over, return_dtype=pl.Float64)


def rank(x: pl.Expr, rows: int) -> pl.Expr:
    """Return the last row's rank in its window over the values in it; equal values share their mean rank."""

    def of(window: np.ndarray) -> float:
        return float(((window < window[-1]).sum() + ((window == window[-1]).sum() + 1) / 2) / len(window))

    return pl.when(x.is_not_null()).then(by_window(of, x, rows))


def quantile(x: pl.Expr, rows: int, level: float) -> pl.Expr:
    """Return the quantile over the window, neighbours joined by a straight line."""
    return x.rolling_quantile(level, "linear", rows, min_samples=1)


def _lines(x: pl.Expr, rows: int, take: Callable[[float, float, np.ndarray, np.ndarray], float]) -> pl.Expr:
    """Return a number of the least-squares line through the window, time counting from 1 at its oldest row."""

    def over(values: pl.Series) -> pl.Series:
        array, found = values.to_numpy().astype(np.float64), []
        for t in range(len(array)):
            y = array[max(0, t + 1 - rows) : t + 1]
            i = np.arange(rows - len(y), rows) + 1.0
            i, y = i[~np.isnan(y)], y[~np.isnan(y)]
            found.append(take(*_line(i, y), i, y) if len(y) > 1 else None)
        return pl.Series(found, dtype=pl.Float64)

    return x.map_batches(over, return_dtype=pl.Float64)


def _line(i: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    slope = ((i - i.mean()) * (y - y.mean())).sum() / ((i - i.mean()) ** 2).sum()
    return slope, y.mean() - slope * i.mean()


def slope(x: pl.Expr, rows: int) -> pl.Expr:
    """Return the slope of the line, per row."""
    return _lines(x, rows, lambda slope, _level, _i, _y: slope)


def explained(x: pl.Expr, rows: int) -> pl.Expr:
    """Return the share of the variance that the line explains; null where the values are flat."""

    def take(slope: float, _level: float, i: np.ndarray, y: np.ndarray) -> float:
        return float("nan") if y.std(ddof=1) <= FLAT else slope**2 * ((i - i.mean()) ** 2).sum() / ((y - y.mean()) ** 2).sum()

    return _lines(x, rows, take)


def off_line(x: pl.Expr, rows: int) -> pl.Expr:
    """Return how far the last value lies above the line; null where it is missing."""
    return x - _lines(x, rows, lambda slope, level, _i, _y: slope * rows + level)


def corr(x: pl.Expr, y: pl.Expr, rows: int) -> pl.Expr:
    """Return the correlation over the rows that have both; null where either is flat by its own values."""
    both = pl.struct(x.alias("x"), y.alias("y")).map_batches(lambda pair: _correlations(pair, rows), return_dtype=pl.Float64)
    return pl.when((std(x, rows) > FLAT) & (std(y, rows) > FLAT)).then(both)


def _correlations(pair: pl.Series, rows: int) -> pl.Series:
    x, y = (pair.struct.field(name).to_numpy().astype(np.float64) for name in ("x", "y"))
    found = []
    for t in range(len(x)):
        a, b = x[max(0, t + 1 - rows) : t + 1], y[max(0, t + 1 - rows) : t + 1]
        there = ~np.isnan(a) & ~np.isnan(b)
        a, b = a[there], b[there]
        varied = len(a) > 1 and bool(np.ptp(a) > 0 and np.ptp(b) > 0)
        found.append(np.corrcoef(a, b)[0, 1] if varied else None)
    return pl.Series(found, dtype=pl.Float64)


def finite(x: pl.Expr) -> pl.Expr:
    """Return x, null where it is not finite."""
    return pl.when(x.is_finite()).then(x)


def single(x: pl.Expr) -> pl.Expr:
    """Return x rounded to float32, where Qlib's own arithmetic rounds and a small difference follows."""
    return x.cast(pl.Float32).cast(pl.Float64)


def reference(panel: Frame, features: dict[str, pl.Expr]) -> Frame:
    """Return the key and the features by name (Float32, finite or null), each name and each chain of returns on its own.

    Args:
        panel: As `price_panel` makes it.
        features: Expressions by name.
    """
    breaks = (pl.col("row") == 0) | (pl.col("permaticker") != pl.col("permaticker").shift(1))
    rows = panel.with_columns(
        *(finite(pl.col(name).cast(pl.Float32)).cast(pl.Float64) for name in INPUTS), chain=breaks.cum_sum()
    )
    values = [finite(expr.cast(pl.Float32)).alias(name) for name, expr in features.items()]
    if not panel.height:
        return panel.select(*KEY, *(pl.lit(None, pl.Float32).alias(name) for name in features))
    return pl.concat([chain.select(*KEY, *values) for chain in rows.partition_by("chain", maintain_order=True)])
