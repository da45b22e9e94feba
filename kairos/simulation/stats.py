"""Figures of each strategy: every segment on its own sessions, and what the number of trials leaves of them."""

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

import numpy as np
import polars as pl

from kairos.evaluation.overfitting import Track, dsr, pbo_cscv, track_of
from kairos.evaluation.performance import cagr, hit_rate, max_drawdown, sharpe
from kairos.frames import Frame
from kairos.tables.models import SEGMENTS
from kairos.tables.simulation import SIMULATION_KEY, STRATEGY_STATS

BLOCKS = 16  # 12,870 splits
MIN_BLOCK_SESSIONS = 5  # below a week a block's Sharpe ratio says nothing
SIDES = ("net", "gross")
FIGURES = {"sharpe": sharpe, "cagr": cagr, "max_drawdown": max_drawdown}


TRIAL_KEY = tuple(name for name in SIMULATION_KEY if name != "cost_bps")


@dataclass(frozen=True)
class _Strategy:
    """One strategy's daily rows, and the data set its trial was made on (None where no trial is recorded)."""

    key: dict[str, Any]
    daily: Frame
    validation: dict[date, float]
    track: Track | None
    data_set: str | None

    @property
    def trial(self) -> tuple[object, ...]:
        """What makes it a trial of its own: all but the cost."""
        return tuple(self.key[name] for name in TRIAL_KEY)


def strategy_stats(simulation_daily: Frame, *, trials: Frame, holdout_ledger: Frame) -> Frame:
    """Return the rows of `strategy_stats`, one per strategy; a figure that cannot be computed is null.

    The deflated Sharpe ratio pools by data set: the number of trials ever made on it, and the variance of the Sharpe ratios
    of those that were simulated. Where several trials left fewer than two such ratios, the variance is 1 / (T - 1), that of
    a ratio estimated without skill; one trial alone is not deflated. What differs in cost only is one trial: a strategy is
    compared with the others at the cost nearest to its own.

    Args:
        simulation_daily: All strategies of the universe years, so that they can be compared.
        trials: Rows of `trials`.
        holdout_ledger: Rows of `holdout_ledger`.
    """
    strategies = _strategies(simulation_daily, trials)
    rows = [
        {**strategy.key, **_segments(strategy.daily), **_honesty(strategy, strategies, trials, holdout_ledger)}
        for strategy in strategies
    ]
    return pl.DataFrame(rows, schema=STRATEGY_STATS.dtypes).sort(SIMULATION_KEY)


def _strategies(simulation_daily: Frame, trials: Frame) -> list[_Strategy]:
    strategies = []
    for daily in simulation_daily.sort(*SIMULATION_KEY, "session").partition_by(SIMULATION_KEY, maintain_order=True):
        key = daily.select(SIMULATION_KEY).row(0, named=True)
        validation = dict(daily.filter(segment="validation").select("session", "ret_net").iter_rows())
        track = track_of(list(validation.values()))
        strategies.append(_Strategy(key, daily, validation, track, _data_set(key, trials)))
    return strategies


def _honesty(strategy: _Strategy, strategies: list[_Strategy], trials: Frame, ledger: Frame) -> dict[str, float | int | None]:
    pool = _peers(strategy, [other for other in strategies if _same_data(strategy, other)])
    year = strategy.key["universe_year"]
    rivals = _peers(strategy, [other for other in strategies if other.key["universe_year"] == year])
    made = trials.filter(pl.col("data_set").eq_missing(pl.lit(strategy.data_set)))["trial_id"].n_unique()
    n_trials = max(made, len(pool))
    return {
        "dsr": _dsr(strategy, pool, n_trials),
        "pbo": _pbo(rivals),
        "n_trials": n_trials,
        "holdout_spends": ledger.filter((pl.col("event") == "spent") & (pl.col("universe_year") == year)).height,
    }


def _peers(strategy: _Strategy, others: list[_Strategy]) -> list[_Strategy]:
    """Keep one strategy of each trial: that whose cost is nearest, the cheaper of two equally near."""

    def distance(other: _Strategy) -> tuple[float, float]:
        cost = float(other.key["cost_bps"])
        return abs(cost - float(strategy.key["cost_bps"])), cost

    nearest: dict[tuple[object, ...], _Strategy] = {}
    for other in sorted(others, key=distance):
        nearest.setdefault(other.trial, other)
    return [nearest[trial] for trial in sorted(nearest, key=str)]


def _data_set(key: dict[str, Any], trials: Frame) -> str | None:
    """Take the data set of the newest simulation under this tag, else of the universe year's newest trial."""
    of_year = trials.filter(pl.col("universe_year") == key["universe_year"]).sort("first_seen", "trial_id")
    of_tag = of_year.filter(
        (pl.col("kind") == "simulation") & (pl.col("name") == key["tag"]) & (pl.col("horizon") == key["horizon"])
    )
    found = (of_tag if of_tag.height else of_year)["data_set"]
    return str(found[-1]) if found.len() else None


def _same_data(one: _Strategy, other: _Strategy) -> bool:
    if one.data_set is None or other.data_set is None:
        return bool(one.key["universe_year"] == other.key["universe_year"])
    return one.data_set == other.data_set


def _segments(daily: Frame) -> dict[str, float | int | None]:
    figures: dict[str, float | int | None] = {}
    for segment in SEGMENTS:
        rows = daily.filter(pl.col("segment") == segment)
        figures[f"sessions_{segment}"] = rows.height
        for side in SIDES:
            returns = rows[f"ret_{side}"].to_numpy()
            figures |= {f"{name}_{side}_{segment}": _known(figure(returns)) for name, figure in FIGURES.items()}
        figures[f"turnover_{segment}"] = rows.select(pl.col("turnover").mean()).item()
        figures[f"hit_rate_{segment}"] = _known(hit_rate(rows["ret_net"].to_numpy()))
    return figures


def _dsr(strategy: _Strategy, pool: list[_Strategy], n_trials: int) -> float | None:
    if strategy.track is None:
        return None
    ratios = [other.track.sharpe for other in pool if other.track is not None]
    variance = float(np.var(ratios, ddof=1)) if len(ratios) > 1 else 1 / (strategy.track.sessions - 1)
    return _known(dsr(strategy.track, n_trials=n_trials, variance=variance))


def _pbo(strategies: list[_Strategy]) -> float | None:
    """PBO over the sessions on which all strategies with a validation have a return."""
    series = [strategy.validation for strategy in strategies if strategy.validation]
    shared = sorted(set.intersection(*(set(returns) for returns in series))) if series else []
    if len(series) < 2 or len(shared) < BLOCKS * MIN_BLOCK_SESSIONS:  # noqa: PLR2004 - a choice needs two
        return None
    return pbo_cscv([[returns[session] for returns in series] for session in shared], blocks=BLOCKS)


def _known(figure: float) -> float | None:
    return figure if isfinite(figure) else None
