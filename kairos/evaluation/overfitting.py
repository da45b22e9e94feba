"""How much of a Sharpe ratio is luck: deflation for the number of trials, and backtest overfitting by CSCV.

Sharpe ratios here are per observation, never annualised, and kurtosis is raw (3 for the normal).

Two variances of the Sharpe ratio are in circulation. `Form.ESTIMATED` (Bailey & Lopez de Prado 2012, 2014) takes it at the
estimated ratio, with T - 1; `Form.NULL` (Lopez de Prado, Lipton & Zoonekynd 2025) at the ratio of the null hypothesis, with T,
and narrows it to that of the best of K trials. The first is the default: with skewed returns it is the stricter one.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from math import e, inf, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kairos.errors import SimulationError

EULER_GAMMA = 0.5772156649
NORMAL = NormalDist()
TIE = 1e-12  # Sharpe ratios closer than this are equal: sums of the same numbers differ in the last bits

Floats = NDArray[np.float64]


class Form(StrEnum):
    """At which Sharpe ratio the variance of the estimator is taken."""

    ESTIMATED = "2014"
    NULL = "2025"


@dataclass(frozen=True)
class Track:
    """What the tests need of a series of returns.

    Attributes:
        sharpe: Mean over sample standard deviation, per observation.
        sessions: Number of observations T.
        skew: Third standardised moment.
        kurtosis: Fourth standardised moment, 3 for the normal.
    """

    sharpe: float
    sessions: int
    skew: float = 0.0
    kurtosis: float = 3.0


def track_of(returns: ArrayLike) -> Track | None:
    """Return the moments of `returns`, or None where they have no deviation or fewer than four observations."""
    series = np.asarray(returns, dtype=np.float64).ravel()
    if series.size < 4 or float(np.ptp(series)) <= TIE * abs(float(series.mean())):  # noqa: PLR2004 - four moments
        return None
    centred = series - series.mean()
    variance = float((centred**2).mean())
    return Track(
        sharpe=float(series.mean() / series.std(ddof=1)),
        sessions=series.size,
        skew=float((centred**3).mean()) / variance**1.5,
        kurtosis=float((centred**4).mean()) / variance**2,
    )


def expected_max_sharpe(n_trials: int, variance: float) -> float:
    """Return SR0: the Sharpe ratio that the best of `n_trials` without skill is expected to show; 0 for one trial.

    Args:
        n_trials: Independent trials K.
        variance: Variance of the Sharpe ratios across the trials.
    """
    _require_trials(n_trials)
    if n_trials == 1:
        return 0.0
    usual = (1 - EULER_GAMMA) * NORMAL.inv_cdf(1 - 1 / n_trials)
    return sqrt(variance) * (usual + EULER_GAMMA * NORMAL.inv_cdf(1 - 1 / (n_trials * e)))


def deviation_of_maximum(n_trials: int) -> float:
    """Return the standard deviation of the largest of `n_trials` standard normal values, by quadrature."""
    _require_trials(n_trials)
    x = np.linspace(-10.0, 10.0, 20_001)
    density = np.exp(-(x**2) / 2) / sqrt(2 * np.pi)
    below = np.cumsum(density) * (x[1] - x[0]) - density * (x[1] - x[0]) / 2
    largest = n_trials * density * below ** (n_trials - 1)
    largest /= largest.sum()
    return float(np.sqrt((x**2 * largest).sum() - (x * largest).sum() ** 2))


def psr(track: Track, *, benchmark: float = 0.0, form: Form = Form.ESTIMATED) -> float:
    """Return the probability that the true Sharpe ratio exceeds `benchmark`."""
    return _exceeds(track, benchmark, _deviation(track, benchmark, form))


def dsr(track: Track, *, n_trials: int, variance: float, form: Form = Form.ESTIMATED) -> float:
    """Return the deflated Sharpe ratio: the probability that the true ratio beats the best of `n_trials` without skill.

    Args:
        track: Moments of the strategy that was picked.
        n_trials: Trials it was picked from.
        variance: Variance of the trials' Sharpe ratios, per observation.
        form: Variance of the estimator, see the module.
    """
    hurdle = expected_max_sharpe(n_trials, variance)
    deviation = _deviation(track, hurdle, form)
    if form is Form.NULL:
        deviation *= deviation_of_maximum(n_trials)
    return _exceeds(track, hurdle, deviation)


def min_track_record(track: Track, *, benchmark: float = 0.0, confidence: float = 0.95, form: Form = Form.ESTIMATED) -> float:
    """Return how many observations `psr` needs to reach `confidence`; infinite where the ratio is not above `benchmark`."""
    gap = track.sharpe - benchmark
    if gap <= 0:
        return inf
    at, lost = (track.sharpe, 1) if form is Form.ESTIMATED else (benchmark, 0)
    return lost + _shape(track, at) * (NORMAL.inv_cdf(confidence) / gap) ** 2


def min_backtest_years(n_trials: int, *, sharpe_annual: float = 1.0) -> float:
    """Return the years of history below which the best of `n_trials` without skill is expected to show `sharpe_annual`."""
    return (expected_max_sharpe(n_trials, 1.0) / sharpe_annual) ** 2


def min_backtest_years_bound(n_trials: int, *, sharpe_annual: float = 1.0) -> float:
    """Return the upper bound 2 ln N / SR squared of `min_backtest_years`."""
    _require_trials(n_trials)
    return 2 * log(n_trials) / sharpe_annual**2


def pbo_cscv(returns: ArrayLike, *, blocks: int = 16) -> float:
    """Return the probability of backtest overfitting by combinatorially symmetric cross-validation.

    Half of the blocks pick the best strategy, the other half rank it, over all ways to choose the half. The figure
    is the share of splits where the pick does not beat the median: w = rank / (N + 1), ln(w / (1 - w)) <= 0. Tied picks share a
    split, tied ranks are averaged; a strategy without risk has a Sharpe ratio of 0 where it earns nothing, else infinite.
    When the sessions do not divide evenly, the oldest are left out.

    Args:
        returns: T sessions x N strategies.
        blocks: S, even; 16 makes 12,870 splits.

    Raises:
        SimulationError: Fewer than 2 strategies, fewer than 2 sessions a block, odd blocks, or a return that is no number.
    """
    matrix = np.asarray(returns, dtype=np.float64)
    _require_matrix(matrix, blocks)
    inside = np.array(list(combinations(range(blocks), blocks // 2)))
    chosen = np.zeros((len(inside), blocks))
    chosen[np.arange(len(inside))[:, None], inside] = 1.0
    sums, squares, size = _block_sums(matrix, blocks)
    centre = matrix.mean(axis=0)
    half = size * blocks // 2
    in_sample = _half_sharpe(chosen @ sums, chosen @ squares, half, centre)
    out_of_sample = _half_sharpe((1 - chosen) @ sums, (1 - chosen) @ squares, half, centre)
    return float(_share_not_above_median(in_sample, out_of_sample).mean())


def _shape(track: Track, at: float) -> float:
    return 1 - track.skew * at + (track.kurtosis - 1) / 4 * at**2


def _deviation(track: Track, benchmark: float, form: Form) -> float:
    if form is Form.ESTIMATED:
        return sqrt(_shape(track, track.sharpe) / (track.sessions - 1))
    return sqrt(_shape(track, benchmark) / track.sessions)


def _exceeds(track: Track, benchmark: float, deviation: float) -> float:
    return NORMAL.cdf((track.sharpe - benchmark) / deviation)


def _require_trials(n_trials: int) -> None:
    if n_trials < 1:
        raise SimulationError(f"overfitting: {n_trials} trials, expected at least 1. Count the strategy itself.")


def _require_matrix(matrix: Floats, blocks: int) -> None:
    if blocks < 2 or blocks % 2:  # noqa: PLR2004 - two halves
        raise SimulationError(f"PBO: {blocks} blocks, expected an even number of at least 2.")
    if matrix.ndim != 2 or matrix.shape[1] < 2 or matrix.shape[0] < 2 * blocks:  # noqa: PLR2004 - strategies and sessions
        raise SimulationError(
            f"PBO: a matrix of shape {matrix.shape}, expected at least {2 * blocks} sessions x 2 strategies. "
            "Compare more strategies, or a longer history."
        )
    if not np.isfinite(matrix).all():
        raise SimulationError("PBO: a return is missing or infinite. Keep only sessions on which every strategy has one.")


def _block_sums(matrix: Floats, blocks: int) -> tuple[Floats, Floats, int]:
    """Sums of centred returns and of their squares, (S, N) each, and the sessions of a block."""
    size = len(matrix) // blocks
    cut = (matrix - matrix.mean(axis=0))[len(matrix) - size * blocks :].reshape(blocks, size, matrix.shape[1])
    return cut.sum(axis=1), (cut**2).sum(axis=1), size


def _half_sharpe(sums: Floats, squares: Floats, count: int, centre: Floats) -> Floats:
    """Sharpe ratios (splits, N) of halves of `count` sessions, from sums of returns less `centre` (N,)."""
    shift = sums / count
    mean = centre + shift
    variance = (squares / count - shift**2) * count / (count - 1)
    flat = variance <= TIE**2 * np.maximum(mean**2, TIE)
    ratio = mean / np.sqrt(np.where(flat, 1.0, variance))
    without_risk = np.where(np.abs(mean) <= TIE, 0.0, np.copysign(np.inf, mean))
    return np.asarray(np.where(flat, without_risk, ratio))


def _share_not_above_median(in_sample: Floats, out_of_sample: Floats) -> Floats:
    """Per split, the share of the best in sample whose rank out of sample is at most (N + 1) / 2."""
    best = in_sample.max(axis=1, keepdims=True)
    split, strategy = np.nonzero((in_sample == best) | (in_sample >= best - TIE))
    rivals = out_of_sample[split]
    pick = out_of_sample[split, strategy][:, None]
    ties = (rivals == pick) | ((rivals >= pick - TIE) & (rivals <= pick + TIE))
    rank = ((rivals < pick) & ~ties).sum(axis=1) + (ties.sum(axis=1) + 1) / 2
    low = np.bincount(split, weights=rank <= (in_sample.shape[1] + 1) / 2)
    return np.asarray(low / np.bincount(split))
