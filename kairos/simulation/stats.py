"""Figures of each strategy: every segment on its own sessions, and what the number of trials leaves of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import isfinite

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


@dataclass(frozen=True)
class _Strategy:
    """One strategy's daily rows, and the data set its trial was made on (None where no trial is recorded)."""

    key: dict[str, object]
    daily: Frame
    data_set: str | None

    @property
    def validation(self) -> Frame:
        return self.daily.filter(pl.col("segment") == "validation")

    @property
    def track(self) -> Track | None:
        return track_of(self.validation["ret_net"].to_numpy())


def strategy_stats(simulation_daily: Frame, *, trials: Frame, holdout_ledger: Frame) -> Frame:
    """Return the rows of `strategy_stats`, one per strategy; a figure that cannot be computed is null.

    The deflated Sharpe ratio pools by data set: the number of trials ever made on it, and the variance of the Sharpe ratios
    of those that were simulated. Where several trials left fewer than two such ratios, the variance is 1 / (T - 1), that of
    a ratio estimated without skill; one trial alone is not deflated.

    Args:
        simulation_daily: All strategies of the universe years, so that they can be compared.
        trials: Rows of `trials`.
        holdout_ledger: Rows of `holdout_ledger`.
    """
    strategies = _strategies(simulation_daily, trials)
    overfitting = {year: _pbo([s for s in strategies if s.key["universe_year"] == year]) for year in _years(strategies)}
    rows = []
    for strategy in strategies:
        pool = [other for other in strategies if _same_data(strategy, other)]
        n_trials = max(_trials_on(trials, strategy).height, len(pool))
        spent = (pl.col("event") == "spent") & (pl.col("universe_year") == strategy.key["universe_year"])
        honesty = {
            "dsr": _dsr(strategy, pool, n_trials),
            "pbo": overfitting[strategy.key["universe_year"]],
            "n_trials": n_trials,
            "holdout_spends": holdout_ledger.filter(spent).height,
        }
        rows.append({**strategy.key, **_segments(strategy.daily), **honesty})
    return pl.DataFrame(rows, schema=STRATEGY_STATS.dtypes).sort(SIMULATION_KEY)


def _strategies(simulation_daily: Frame, trials: Frame) -> list[_Strategy]:
    groups = simulation_daily.sort(*SIMULATION_KEY, "session").partition_by(SIMULATION_KEY, maintain_order=True)
    keys = [group.select(SIMULATION_KEY).row(0, named=True) for group in groups]
    return [_Strategy(key, group, _data_set(key, trials)) for key, group in zip(keys, groups, strict=True)]


def _data_set(key: dict[str, object], trials: Frame) -> str | None:
    """Take the data set of the newest simulation under this tag, else of the universe year's newest trial."""
    of_year = trials.filter(pl.col("universe_year") == key["universe_year"]).sort("first_seen", "trial_id")
    of_tag = of_year.filter(
        (pl.col("kind") == "simulation") & (pl.col("name") == key["tag"]) & (pl.col("horizon") == key["horizon"])
    )
    found = (of_tag if of_tag.height else of_year)["data_set"]
    return str(found[-1]) if found.len() else None


def _same_data(one: _Strategy, other: _Strategy) -> bool:
    if one.data_set is None or other.data_set is None:
        return one.key["universe_year"] == other.key["universe_year"]
    return one.data_set == other.data_set


def _trials_on(trials: Frame, strategy: _Strategy) -> Frame:
    return trials.filter(pl.col("data_set") == strategy.data_set).unique("trial_id")


def _years(strategies: Iterable[_Strategy]) -> set[object]:
    return {strategy.key["universe_year"] for strategy in strategies}


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
    track = strategy.track
    if track is None:
        return None
    ratios = [other.track.sharpe for other in pool if other.track is not None]
    variance = float(np.var(ratios, ddof=1)) if len(ratios) > 1 else 1 / (track.sessions - 1)
    return _known(dsr(track, n_trials=n_trials, variance=variance))


def _pbo(strategies: list[_Strategy]) -> float | None:
    """PBO over the sessions on which all strategies with a validation have a return."""
    series: list[dict[date, float]] = [
        dict(strategy.validation.select("session", "ret_net").iter_rows()) for strategy in strategies
    ]
    series = [returns for returns in series if returns]
    shared = sorted(set.intersection(*(set(returns) for returns in series))) if series else []
    if len(series) < 2 or len(shared) < BLOCKS * MIN_BLOCK_SESSIONS:  # noqa: PLR2004 - a choice needs two
        return None
    return pbo_cscv([[returns[session] for returns in series] for session in shared], blocks=BLOCKS)


def _known(figure: float) -> float | None:
    return figure if isfinite(figure) else None
