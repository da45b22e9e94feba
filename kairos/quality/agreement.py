"""Whether two sources that say the same thing say it alike: pairs of values by day, and the share that agrees."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import Frame
from kairos.quality.feeds import HALF, MONTH
from kairos.quality.known import Dated
from kairos.quality.measures import AGREEMENT, LEAST_ROWS, Figure

TOLERANCE = 0.01  # two sources round and convert a little differently
SAME_TIME = timedelta(days=10)  # market values further apart than this are of different days
FMP_TO_SF1: Mapping[str, Mapping[str, str]] = {
    "fmp_income_statement": {"revenue": "revenue", "net_income": "netinc"},
    "fmp_balance_sheet": {"total_assets": "assets"},
}
"""Columns of both vendors that hold the same fact, by FMP's dataset."""


@dataclass(frozen=True)
class Pairs:
    """Values that two sources give for the same thing.

    Attributes:
        table: The table that the first value is shown under.
        column: Its column.
        other: The other source.
        days: Days whose pairs a session is judged by.
        dated: day, name, ours and theirs.
    """

    table: str
    column: str
    other: str
    days: int
    dated: Dated


def agreement(pairs: Pairs, session: date) -> Iterator[Figure]:
    """Return the share of pairs within 1 % of each other, of each name the newest."""
    found = pairs.dated.between(session - timedelta(days=pairs.days), session)
    newest = found.unique("name", keep="last", maintain_order=True).drop_nulls()
    if newest.height < LEAST_ROWS:
        return
    apart = (pl.col("ours") - pl.col("theirs")).abs() > TOLERANCE * pl.col("theirs").abs()
    agreeing = newest.height - newest.filter(apart).height
    said = f"{agreeing} of {newest.height} within {TOLERANCE:.0%} of {pairs.other}"
    yield Figure(AGREEMENT, pairs.column, agreeing / newest.height, said)


def of_profiles(profiles: Frame, daily_metrics: Frame) -> Pairs:
    """Return the market value of each profile beside that of `daily_metrics` known when the profile was.

    Args:
        profiles: permaticker, known_at and market_cap.
        daily_metrics: permaticker, session, known_at and marketcap (USD).
    """
    values = daily_metrics.select("permaticker", "known_at", theirs="marketcap").drop_nulls().sort("known_at")
    asked = profiles.select("permaticker", "known_at", ours="market_cap").drop_nulls().sort("known_at")
    found = asked.join_asof(values, on="known_at", by="permaticker", tolerance=SAME_TIME, check_sortedness=False)
    day = pl.col("known_at").dt.convert_time_zone(str(NEW_YORK)).dt.date()
    return Pairs("dim_company_profile", "market_cap", "daily_metrics", MONTH, _dated(found, day))


def of_key_metrics(key_metrics: Frame, daily_metrics: Frame) -> Pairs:
    """Return the market value of each filed key metric beside that of `daily_metrics` at the period's end.

    Rows that are known by assumption alone are left out: they hold SF1's value, which is of the filing's day.

    Args:
        key_metrics: permaticker, period_end, known_at, known_source and market_cap.
        daily_metrics: permaticker, session, known_at and marketcap (USD).
    """
    filed = key_metrics.filter(pl.col("known_source") != "assumed")
    asked = filed.select("permaticker", "known_at", session="period_end", ours="market_cap").drop_nulls().sort("session")
    values = daily_metrics.select("permaticker", "session", theirs="marketcap").drop_nulls().sort("session")
    found = asked.join_asof(values, on="session", by="permaticker", tolerance=SAME_TIME, check_sortedness=False)
    day = pl.col("known_at").dt.convert_time_zone(str(NEW_YORK)).dt.date()
    return Pairs("fmp_key_metrics", "market_cap", "daily_metrics", HALF, _dated(found.sort("known_at"), day))


def _dated(found: Frame, day: pl.Expr) -> Dated:
    named = pl.col("permaticker").cast(pl.String).alias("name")
    return Dated(found.select(day.alias("day"), named, "ours", "theirs").sort("day", maintain_order=True))


def of_statements(dataset: str, fmp: Frame, sf1: Frame) -> Iterator[Pairs]:
    """Return FMP's first value of each period beside SF1's first as-reported one, dated by its filing.

    The first ones, since the vendors take up restatements at different times, and a later one changes no earlier figure.

    Args:
        dataset: FMP's dataset.
        fmp: Raw rows: symbol, date, period, fetched_at and the facts.
        sf1: Raw rows: ticker, dimension, reportperiod, datekey and the facts.
    """
    key = ["symbol", "period_end", "annual"]
    ours = fmp.sort("fetched_at").with_columns(period_end="date", annual=pl.col("period") == "FY")
    reported = sf1.filter(pl.col("dimension").is_in(["ARQ", "ARY"])).sort("datekey")
    theirs = reported.with_columns(symbol="ticker", period_end="reportperiod", annual=pl.col("dimension") == "ARY")
    both = ours.unique(key, keep="first").join(theirs.unique(key, keep="first"), on=key, suffix=" of sf1")
    name = pl.format("{} {} {}", "symbol", "period_end", "annual").alias("name")
    for column, sharadar in FMP_TO_SF1[dataset].items():
        other = f"{sharadar} of sf1" if sharadar in ours.columns else sharadar
        rows = both.select(pl.col("datekey").alias("day"), name, ours=column, theirs=other).sort("day", "name")
        yield Pairs(dataset, column, "sf1", HALF, Dated(rows))
