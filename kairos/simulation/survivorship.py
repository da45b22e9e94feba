"""How much better a strategy looks to somebody who downloads today's list of names: the same book without the dead.

Scores, costs, sessions and simulator are the same; only the names that have stopped trading by the last loaded session are
taken out before the ranking. A series that merely ends, as in a file, has stopped too: today's list lacks it. The model
`universe` holds every scored name in equal weights, so that its difference is that of the list alone.

None of this counts as a trial. On no day could anybody have chosen the survivors, since who survives is known at the end
only; such a book is never picked, nor does it stand on the leaderboard. It measures what figures made without the dead
are worth.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from math import isfinite
from typing import Any

import polars as pl

from kairos.evaluation.performance import cagr, max_drawdown, sharpe
from kairos.frames import Frame
from kairos.simulation.plan import Plan, simulate_plan
from kairos.simulation.run import Simulation
from kairos.tables.models import SEGMENTS
from kairos.tables.simulation import SURVIVORSHIP_BIAS
from kairos.universe.midcap import stopped

UNIVERSE = "universe"  # no model's id, for those end in a year
WHOLE = "whole"
FIGURES = {"sharpe_net": sharpe, "cagr_net": cagr, "max_drawdown_net": max_drawdown}
STRATEGY = ["model_id", "horizon"]


@dataclass(frozen=True)
class Ground:
    """What all books of a comparison stand on.

    Attributes:
        daily_returns: Rows of that table, from the first scored session to the last loaded one.
        tickers: Rows of that table.
        universe_year: First year of the universe.
        holdout_first: First session of the sealed holdout; None where none is sealed.
    """

    daily_returns: Frame
    tickers: Frame
    universe_year: int
    holdout_first: date | None

    def book(self, plan: Plan, scores: Frame) -> Simulation:
        """Return what follows the scores."""
        return simulate_plan(
            plan, scores, self.daily_returns, universe_year=self.universe_year, holdout_first=self.holdout_first
        )

    def survivors(self, plan: Plan, scores: Frame) -> Simulation | None:
        """Return what follows the scores of the survivors; none where they are fewer than the plan holds."""
        return self.book(plan, scores) if 1 <= plan.k <= scores["permaticker"].n_unique() else None

    def dead(self, scores: Frame) -> Frame:
        """Return the scored names that have stopped trading by the last loaded session: permaticker, delisting_reason."""
        priced = self.daily_returns.filter(~pl.col("is_delisting"))
        ends = priced.group_by("permaticker").agg(pl.col("session").max().alias("last"))
        fates = self.tickers.sort("valid_from").unique("permaticker", keep="last")
        scored = scores.select("permaticker").unique().join(ends, on="permaticker").join(fates, on="permaticker", how="left")
        over = scored.filter(stopped(self.daily_returns["session"].max()))
        return over.select("permaticker", "delisting_reason").sort("permaticker")


def survivorship_bias(plan: Plan, made: Simulation, scores: Frame, *, ground: Ground) -> Frame:
    """Return the rows of `survivorship_bias`, at the plan's first cost: that which counts.

    Args:
        plan: What was simulated.
        made: What came of it.
        scores: What was followed: rows of `predictions`, or the scores of a prediction file.
        ground: What it was simulated on.
    """
    followed = _followed(made, scores)
    every = _every_name(made, followed)
    dead = ground.dead(followed)
    first = replace(plan, costs_bps=plan.costs_bps[:1])
    of_all = replace(first, models=(), horizon=0, k=every["permaticker"].n_unique())
    of_survivors = replace(of_all, k=of_all.k - dead.height)
    pairs = (
        _Pair(followed, dead, made, ground.survivors(first, _without(dead, followed))),
        _Pair(every, dead, ground.book(of_all, every), ground.survivors(of_survivors, _without(dead, every))),
    )
    rows = [row for pair in pairs for row in pair.rows(first)]
    place = {"universe_year": ground.universe_year, "tag": plan.tag, "cost_bps": first.costs_bps[0]}
    return SURVIVORSHIP_BIAS.conform(pl.DataFrame([{**place, **row} for row in rows], schema=SURVIVORSHIP_BIAS.dtypes))


def _followed(made: Simulation, scores: Frame) -> Frame:
    """Keep the scores that the simulation followed."""
    seen = scores.filter("is_oos") if "is_oos" in scores.columns else scores
    if "model_id" not in seen.columns:
        return seen
    return seen.join(made.daily.select(STRATEGY).unique(), on=STRATEGY, how="semi", maintain_order="left")


def _every_name(made: Simulation, followed: Frame) -> Frame:
    """Score all names alike, on the sessions of the strategies and for each of their horizons."""
    names = followed.select("permaticker", "session").unique()
    horizons = made.daily.select("horizon").unique().sort("horizon")
    return names.join(horizons, how="cross").with_columns(pl.lit(UNIVERSE).alias("model_id"), pl.lit(0.0).alias("score"))


def _without(dead: Frame, scores: Frame) -> Frame:
    return scores.join(dead, on="permaticker", how="anti", maintain_order="left")


@dataclass(frozen=True)
class _Pair:
    """Books that follow the same scores, with all names and with the survivors alone (none if they are too few)."""

    scores: Frame
    dead: Frame
    whole: Simulation
    survivors: Simulation | None

    def rows(self, plan: Plan) -> Iterator[dict[str, Any]]:
        """Yield a row per strategy and stretch, at the plan's cost."""
        daily = self.whole.daily.filter(pl.col("cost_bps") == plan.costs_bps[0])
        for book in daily.partition_by(STRATEGY, maintain_order=True):
            key = book.select(*STRATEGY, "k").row(0, named=True)
            for segment, part in _stretches(self._beside(book)):
                yield {**key, "segment": segment, **self._names(key, part["session"]), **_figures(part)}

    def _beside(self, book: Frame) -> Frame:
        """Add what the survivors' book earned on the same sessions."""
        if self.survivors is None:
            return book.with_columns(pl.lit(None, dtype=pl.Float64).alias("survivors"))
        same = [*STRATEGY, "session", "cost_bps"]
        return book.join(
            self.survivors.daily.select(*same, pl.col("ret_net").alias("survivors")), on=same, maintain_order="left"
        )

    def _names(self, key: dict[str, Any], sessions: pl.Series) -> dict[str, int]:
        """Count the strategy's names, the dead among them, and those of the dead that it held on the sessions."""
        model = pl.col("model_id") == key["model_id"]
        scored = (
            (self.scores.filter(model) if "model_id" in self.scores.columns else self.scores).select("permaticker").unique()
        )
        gone = self.dead.join(scored, on="permaticker", how="semi")
        held = self.whole.holdings.filter(
            model & (pl.col("horizon") == key["horizon"]) & pl.col("session").is_in(sessions.implode())
        )
        return {
            "sessions": sessions.len(),
            "names": scored.height,
            "dead": gone.height,
            "taken_over": gone.filter(delisting_reason="merger").height,
            "dead_held": held.join(gone, on="permaticker", how="semi")["permaticker"].n_unique(),
        }


def _stretches(book: Frame) -> Iterator[tuple[str, Frame]]:
    for segment in SEGMENTS:
        part = book.filter(pl.col("segment") == segment)
        if part.height:
            yield segment, part
    yield WHOLE, book


def _figures(part: Frame) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    for name, figure in FIGURES.items():
        whole, survivors = (_known(figure(part[column].drop_nulls().to_numpy())) for column in ("ret_net", "survivors"))
        bias = None if whole is None or survivors is None else survivors - whole
        figures |= {name: whole, f"{name}_survivors": survivors, f"{name}_bias": bias}
    return figures


def _known(figure: float) -> float | None:
    return figure if isfinite(figure) else None
