"""The factor report: what each feature said about the returns that followed."""

import pandera.polars as pa
import polars as pl

from kairos.frames import Frame
from kairos.tables.core import Check, Outcome, Partition, Table, field, measure

FACTOR_HORIZONS = (1, 2, 3, 5, 10, 21, 42, 63)
"""Sessions ahead that the report looks, about a quarter at most."""

SPLITS = ["all", "year", "month", "sector", "volatility"]
REGIMES = ("low", "middle", "high")
"""Terciles of the market's volatility, as known at each session."""

TOO_GOOD = 0.15  # planted alpha has an oracle of 0.05, published features 0.01 to 0.04; more has seen the future

_EXCESS = "Mean over sessions of the mean return of quantile {}, less that of all names"


class FactorReportRows(pa.DataFrameModel):
    """One feature over one horizon, in one part of the sessions or names."""

    universe_year: pl.Int32 = field("First year of the universe")
    feature: str = field("Feature")
    horizon: pl.Int32 = field("Sessions ahead, and the lag of turnover and autocorrelation", "sessions", ge=1)
    split: str = field("What the sessions or names are split by; all for the whole", isin=SPLITS)
    part: str = field("all, a year, a month as 2014-03, a sector, or low, middle, high volatility")
    sessions: int = field("Sessions with a RankIC", "sessions", ge=0)
    names: float = measure("Mean number of names with value and return in those sessions", "names")
    rank_ic: float = measure("Mean over sessions of the Spearman correlation of value and return", ge=-1, le=1)
    rank_ic_sd: float = measure("Standard deviation of the daily RankIC")
    rank_icir: float = measure("Mean over standard deviation of the daily RankIC, not annualised")
    rank_ic_t: float = measure("t of the mean RankIC, Newey-West with lag max(10, 2 horizon); null for a month")
    ic: float = measure("Mean over sessions of the Pearson correlation; null for a sector", ge=-1, le=1)
    ic_sd: float = measure("Standard deviation of the daily IC")
    icir: float = measure("Mean over standard deviation of the daily IC, not annualised")
    ic_t: float = measure("t of the mean IC, as rank_ic_t")
    q1: float = measure(_EXCESS.format("1, the lowest values") + "; null for a sector", "fraction")
    q2: float = measure(_EXCESS.format(2), "fraction")
    q3: float = measure(_EXCESS.format(3), "fraction")
    q4: float = measure(_EXCESS.format(4), "fraction")
    q5: float = measure(_EXCESS.format("5, the highest values"), "fraction")
    spread: float = measure("Mean over sessions of the return of quantile 5 less that of quantile 1", "fraction")
    spread_t: float = measure("t of the mean spread, as rank_ic_t")
    turnover_top: float = measure("Mean share of quantile 5 that was not in it `horizon` sessions before", "fraction")
    turnover_bottom: float = measure("Mean share of quantile 1 that was not in it `horizon` sessions before", "fraction")
    rank_autocorrelation: float = measure("Mean correlation of a session's ranks with those `horizon` sessions before")


def _measured(frame: Frame) -> Outcome:
    silent = frame.filter(split="all").group_by("feature").agg(pl.col("sessions").max()).filter(sessions=0)["feature"].sort()
    summary = (
        f"{silent.len()} feature(s) have no RankIC: {', '.join(silent.head(5))}" if silent.len() else "every feature has one"
    )
    return Outcome(not silent.len(), summary, {"features": silent.len()})


def _plausible(frame: Frame) -> Outcome:
    good = frame.filter((pl.col("split") == "all") & (pl.col("rank_ic").abs() > TOO_GOOD)).sort("feature", "horizon")
    shown = ", ".join(
        f"{name} {value:.2f} at {h}" for name, h, value in good.select("feature", "horizon", "rank_ic").head(3).rows()
    )
    summary = f"{good['feature'].n_unique()} feature(s) are too good to be true: {shown}" if good.height else "none is too good"
    return Outcome(not good.height, summary, {"features": good["feature"].n_unique(), "limit": TOO_GOOD})


CHECKS = (
    Check("every_feature_was_measured", "Every feature has a RankIC on some session.", _measured, blocking=False),
    Check(
        "no_feature_is_too_good",
        f"No mean RankIC is beyond {TOO_GOOD} either way; one that is has most likely seen the returns.",
        _plausible,
        blocking=False,
    ),
)
FACTOR_REPORT = Table(
    "factor_report",
    group="models",
    key=("universe_year", "feature", "horizon", "split", "part"),
    rows=FactorReportRows,
    origin="the feature tables, daily_returns, midcap_universe, tickers; the sealed holdout is left out",
    description="What a feature said about the returns that followed, over all sessions before the holdout and in parts.",
    partition=Partition.UNIVERSE_YEARS,
    partition_by=("universe_year",),
    yearly_view="factor_report_{year}",
    checks=CHECKS,
)

TABLES = (FACTOR_REPORT,)
