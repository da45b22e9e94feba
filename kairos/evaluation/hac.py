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
