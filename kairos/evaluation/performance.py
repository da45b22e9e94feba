"""Figures of one series of returns, one observation a session. What many trials do to them is in `overfitting`.

Conventions are those of empyrical: 252 sessions a year, sample standard deviation, no risk-free rate, drawdown
measured from the initial capital. A return that is not a number is left out of the Sharpe ratio and of the hit rate,
and counts as zero in a compounded figure. A figure that is undefined is NaN, and a Sharpe ratio without risk infinite.
"""

from math import copysign, inf, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

SESSIONS_PER_YEAR = 252
FLAT = 1e-12  # a deviation below this share of the mean is rounding, not risk


def sharpe(returns: ArrayLike, *, per_year: int = SESSIONS_PER_YEAR) -> float:
    """Return mean over standard deviation, times the root of `per_year`; NaN below two returns."""
    series = _series(returns)
    if np.isfinite(series).sum() < 2:  # noqa: PLR2004 - a deviation needs two values
        return nan
    mean, deviation = float(np.nanmean(series)), float(np.nanstd(series, ddof=1))
    if deviation > FLAT * abs(mean):
        return mean / deviation * sqrt(per_year)
    return nan if mean == 0 else copysign(inf, mean)


def growth(returns: ArrayLike) -> float:
    """Return what one unit of capital becomes over the series; NaN for an empty one."""
    series = _series(returns)
    return float(np.cumprod(1 + np.nan_to_num(series))[-1]) if series.size else nan


def total_return(returns: ArrayLike) -> float:
    """Return what the whole series compounds to, as a fraction; NaN for an empty one."""
    return growth(returns) - 1


def cagr(returns: ArrayLike, *, per_year: int = SESSIONS_PER_YEAR) -> float:
    """Return the compound growth a year, as a fraction; NaN for an empty series."""
    series = _series(returns)
    return float(growth(series) ** (per_year / series.size)) - 1 if series.size else nan


def max_drawdown(returns: ArrayLike) -> float:
    """Return the deepest fall of equity below its peak so far, the initial capital included: 0 to -1; NaN if empty."""
    series = _series(returns)
    return float(drawdowns(series).min()) if series.size else nan


def drawdowns(returns: ArrayLike) -> NDArray[np.float64]:
    """Return, after each session, equity over its peak so far (at least the initial capital) - 1."""
    equity = np.concatenate([[1.0], np.cumprod(1 + np.nan_to_num(_series(returns)))])
    return np.asarray((equity / np.maximum.accumulate(equity) - 1)[1:])


def calmar(returns: ArrayLike, *, per_year: int = SESSIONS_PER_YEAR) -> float:
    """Return the compound growth a year over the depth of the deepest drawdown; NaN where equity never fell."""
    series = _series(returns)
    depth = max_drawdown(series)
    return cagr(series, per_year=per_year) / -depth if depth < 0 else nan


def hit_rate(returns: ArrayLike) -> float:
    """Return the share of returns above zero; NaN where there is none."""
    series = _series(returns)
    known = series[~np.isnan(series)]
    return float((known > 0).mean()) if known.size else nan


def _series(returns: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(returns, dtype=np.float64).ravel()
