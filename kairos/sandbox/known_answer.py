"""What a model knows of the embedded market, held against what can be known of it: the proof that nothing leaks.

Only this check and tests read the truth. With alpha planted, nobody can rank returns better than the oracle, who knows
the states behind them; without it, nobody can rank them at all. Averages are of daily RankICs, on the rows and labels of
`model_metrics`; every t is Newey and West's with Bartlett weights, lag max(10, 2h).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import copysign, inf, isfinite

import polars as pl

from kairos.evaluation.hac import hac_lag, mean_t
from kairos.evaluation.ic import daily_ic, scored_rows
from kairos.evaluation.scores import target_column
from kairos.frames import Frame, stack
from kairos.sandbox.sizes import MarketSize
from kairos.sandbox.truth import expected_returns
from kairos.tables.core import Outcome

IMPOSSIBLE_T = 5.0  # without alpha the t of 62 holdouts had mean 0.2 and deviation 1.1, the largest 2.6
DOUBTFUL_T = 3.0
FEWEST_LAGS = 10  # a t over fewer sessions than ten lags is itself too uncertain to judge by (Kiefer and Vogelsang 2005)
LEAST_FOUND = 0.25  # of the RankIC that prices can tell; ridge and trees find over a half
SIGNALS = {"rank_ic": "score", "oracle": "total", "oracle_prices": "price_part"}
DAILY = {"horizon": pl.Int32, "segment": pl.String, "session": pl.Date, **dict.fromkeys(SIGNALS, pl.Float64)}
FIGURES = {
    "horizon": pl.Int32,
    "segment": pl.String,
    "sessions": pl.Int64,
    "lag": pl.Int64,
    **dict.fromkeys((*SIGNALS, "found", "rank_ic_t", "excess_t"), pl.Float64),
}
WHO = ["permaticker", "session"]


@dataclass(frozen=True)
class KnownAnswer:
    """A model beside the oracle.

    Attributes:
        alpha: Whether the market carries the planted signal; without it the oracle's figures say what it would have been.
        daily: horizon, segment, session, and on it the RankIC of the model (`rank_ic`), of all that the oracle knows
            (`oracle`) and of what prices can tell of it (`oracle_prices`).
        figures: A row per horizon and segment: the three means, the share of the last that the model found, sessions, lag,
            and the t of the model's mean and of its excess over the oracle. Null where it cannot be computed.
        strangers: Labelled forecasts of names that are not of this market; they are left out.
    """

    alpha: bool
    daily: Frame
    figures: Frame
    strangers: int


def known_answer(forecasts: Frame, labels: Frame, *, target: str, size: MarketSize, seed: int, alpha: bool) -> KnownAnswer:
    """Return a model's daily RankIC beside the oracle's, on the same rows.

    Args:
        forecasts: Rows of `predictions` that are judged, of one model.
        labels: Columns permaticker, session and one label column per horizon.
        target: `xs` or `raw`, whichever the model was trained on.
        size: Size of the embedded market.
        seed: Its seed.
        alpha: Whether it carries the planted signal.
    """
    daily, strangers = [], 0
    for part in forecasts.partition_by("horizon", maintain_order=True):
        horizon = int(part["horizon"][0])
        label = pl.col(target_column(horizon, target)).alias("label")
        rows = scored_rows(part.join(labels.select(*WHO, label), on=WHO, how="left", validate="m:1"))
        told = rows.join(_truth(size, seed, horizon, tuple(rows["permaticker"].unique().sort())), on=WHO)
        strangers += rows.height - told.height
        daily += [_daily(segment) for segment in told.partition_by("segment", maintain_order=True)]
    together = stack(pl.DataFrame(schema=DAILY), *daily)
    return KnownAnswer(alpha=alpha, daily=together, figures=_figures(together, alpha=alpha), strangers=strangers)


def nothing_impossible(answer: KnownAnswer) -> Outcome:
    """Hold that a model knows no more than can be known: at most what the oracle does, and nothing where nothing is planted.

    Args:
        answer: A model beside the oracle.
    """
    column, known = ("excess_t", "more than the oracle") if answer.alpha else ("rank_ic_t", "what nothing tells of")
    worst = _worst(answer, pl.col(column) if answer.alpha else pl.col(column).abs(), bound=IMPOSSIBLE_T)
    if worst is None:
        return Outcome(passed=True, summary=_summary(answer), figures=_shown(answer))
    summary = (
        f"The model knows {known}: {_said(worst)}; t {worst[column]:.1f}, at most {IMPOSSIBLE_T:g} by chance. Something from "
        "after the close reaches its features, its labels or its folds: find it before you believe any figure."
    )
    return Outcome(passed=False, summary=summary, figures=_shown(answer))


def enough_found(answer: KnownAnswer) -> Outcome:
    """Hold that a model finds a fair share of what prices tell; where nothing is planted, that it doubts what it finds.

    Args:
        answer: A model beside the oracle.
    """
    if not answer.daily.height:
        return Outcome(passed=False, summary=_summary(answer), figures=_shown(answer))
    shortfall = LEAST_FOUND - pl.col("found")
    worst = (
        _worst(answer, shortfall, bound=0.0) if answer.alpha else _worst(answer, pl.col("rank_ic_t").abs(), bound=DOUBTFUL_T)
    )
    if worst is None:
        return Outcome(passed=True, summary=_summary(answer), figures=_shown(answer))
    wanted = f"expected {LEAST_FOUND:.0%} of what prices tell" if answer.alpha else f"expected |t| below {DOUBTFUL_T:g}"
    return Outcome(passed=False, summary=f"{_said(worst)}; {wanted}.", figures=_shown(answer))


@lru_cache(maxsize=4)
def _truth(size: MarketSize, seed: int, horizon: int, names: tuple[int, ...]) -> Frame:
    return expected_returns(size, seed, horizons=[horizon], names=names).select(*WHO, "total", "price_part")


def _daily(rows: Frame) -> Frame:
    """Return the RankIC of each signal on each session of one horizon and segment."""
    found = rows.select("horizon", "segment", "session").unique("session", maintain_order=True)
    for name, column in SIGNALS.items():
        ranked = daily_ic(rows, score=column).select("session", pl.col("rank_ic").alias(name))
        found = found.join(ranked, on="session", how="left", maintain_order="left")
    return found.select(pl.col(name).cast(dtype) for name, dtype in DAILY.items())


def _figures(daily: Frame, *, alpha: bool) -> Frame:
    lines = []
    for part in daily.partition_by("horizon", "segment", maintain_order=True):
        known = part.drop_nulls(list(SIGNALS))
        lag = hac_lag(int(part["horizon"][0]))
        means = known.select(pl.col(*SIGNALS).mean()).row(0, named=True)
        lines.append(
            {
                **part.row(0, named=True),
                **means,
                "sessions": known.height,
                "lag": lag,
                "found": means["rank_ic"] / means["oracle_prices"] if alpha and means["oracle_prices"] else None,
                "rank_ic_t": _t(known["rank_ic"], lag=lag),
                "excess_t": _t(known["rank_ic"] - known["oracle"], lag=lag),
            }
        )
    return pl.DataFrame([{name: line[name] for name in FIGURES} for line in lines], schema=FIGURES)


def _t(series: pl.Series, *, lag: int) -> float | None:
    """Return the t of the mean; infinite for one that never varies, such as the RankIC of 1 of who is told the labels."""
    t = mean_t(series, lag=lag)
    if t is None and series.len() > lag and series.n_unique() == 1 and series[0]:
        return copysign(inf, series[0])
    return t


def _worst(answer: KnownAnswer, measure: pl.Expr, *, bound: float) -> dict[str, float] | None:
    """Return the horizon and segment that lies furthest beyond the bound."""
    judged = answer.figures.filter(pl.col("sessions") >= FEWEST_LAGS * pl.col("lag"))
    beyond = judged.with_columns(measure.alias("_measure")).filter(pl.col("_measure") > bound)
    return beyond.sort("_measure", descending=True).row(0, named=True) if beyond.height else None


def _summary(answer: KnownAnswer) -> str:
    if not answer.daily.height:
        return f"None of {answer.strangers} labelled forecasts is of the embedded market; nothing can be told."
    return "; ".join(_said(row) for row in answer.figures.iter_rows(named=True)) + "."


def _said(row: dict[str, float]) -> str:
    t = "" if row["rank_ic_t"] is None else f" (t {row['rank_ic_t']:.1f})"
    found = "" if row["found"] is None else f", {row['found']:.0%} of what prices tell"
    return (
        f"{row['segment']} {row['horizon']}d: RankIC {row['rank_ic']:.4f}{t}{found}; oracle {row['oracle']:.4f}, "
        f"by prices {row['oracle_prices']:.4f}"
    )


def _shown(answer: KnownAnswer) -> dict[str, float | int | str]:
    """Return the figures by name: each horizon and segment, what is no number left out."""
    shown = {
        f"{row['segment']} {row['horizon']}d {name}": row[name]
        for row in answer.figures.iter_rows(named=True)
        for name in (*SIGNALS, "found", "rank_ic_t", "excess_t", "sessions", "lag")
        if row[name] is not None and isfinite(row[name])
    }
    return {**shown, "alpha planted": str(answer.alpha).lower(), "forecasts of other names": answer.strangers}
