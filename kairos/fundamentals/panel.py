"""Rows of sessions with what was known at their close: market value, splits, statements, estimates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

import polars as pl

from kairos.frames import Frame
from kairos.fundamentals.asof import join_as_of
from kairos.fundamentals.instants import session_hours, with_close
from kairos.market.paid import SPLITS

KEY = ["permaticker", "session"]
STALE_CAP = timedelta(days=10)  # a market capitalisation older than this says nothing of today's


@dataclass(frozen=True)
class Facts:
    """The tables that features over facts are made from, each with all rows up to the year that is built.

    Attributes:
        income: `fmp_income_statement`.
        balance: `fmp_balance_sheet`.
        cash_flow: `fmp_cash_flow`.
        estimates: `fmp_analyst_estimates`.
        ratings: `fmp_rating`.
        daily_metrics: `daily_metrics`.
        actions: `actions`, also those after the year: a share count fetched later stands on a later split basis.
    """

    income: Frame
    balance: Frame
    cash_flow: Frame
    estimates: Frame
    ratings: Frame
    daily_metrics: Frame
    actions: Frame

    def known_by(self, instant: datetime) -> Self:
        """Return the facts with what was known at `instant`; splits stay, since they only undo the vendor's rebasing."""
        names = ("income", "balance", "cash_flow", "estimates", "ratings", "daily_metrics")
        return replace(self, **{name: getattr(self, name).filter(pl.col("known_at") <= instant) for name in names})


def rows_of(daily_returns: Frame, year: int) -> Frame:
    """Return permaticker and session of every row of a year's returns but the delisting ones, sorted."""
    inside = pl.col("session").is_between(date(year, 1, 1), date(year, 12, 31))
    return daily_returns.filter(inside & ~pl.col("is_delisting")).select(KEY).sort(KEY)


def with_statements(panel: Frame, versions: Frame, columns: Iterable[str], *, stamp: str) -> Frame:
    """Add facts of one statement table as known, and `stamp`, the newest known_at of them."""
    known = join_as_of(panel, versions, [*columns])
    return known.drop("period_end", "reported_at").rename({"facts_known_at": stamp})


def with_market_value(panel: Frame, daily_metrics: Frame, *, stamp: str) -> Frame:
    """Add marketcap (USD) as known at the close, that of the session before, and `stamp`, its known_at."""
    caps = daily_metrics.filter(pl.col("marketcap").is_not_null()).select(
        "permaticker", "marketcap", pl.col("known_at").alias(stamp)
    )
    return (
        with_close(panel)
        .join_asof(
            caps.sort("permaticker", stamp),
            left_on="closes_at",
            right_on=stamp,
            by="permaticker",
            tolerance=STALE_CAP,
            coalesce=False,
            check_sortedness=False,
        )
        .drop("closes_at")
    )


def with_split_factor(rows: Frame, actions: Frame, day: str, *, name: str) -> Frame:
    """Add the product of all split ratios (new shares per old) in effect by `day`, 1 where there are none; order is kept."""
    splits = actions.filter(pl.col("action").is_in(SPLITS) & (pl.col("value") > 0)).sort("permaticker", "session", "row")
    factors = splits.select(
        "permaticker", pl.col("session").alias("_effective"), pl.col("value").cum_prod().over("permaticker").alias(name)
    )
    numbered = rows.with_row_index("_order").sort(day)
    joined = numbered.join_asof(
        factors, left_on=day, right_on="_effective", by="permaticker", check_sortedness=False, coalesce=False
    )
    return joined.sort("_order").drop("_order", "_effective").with_columns(pl.col(name).fill_null(1.0))


def closes_before(sessions: int) -> Frame:
    """Return session and `then`: the close, in UTC, so many sessions earlier."""
    return session_hours().select("session", pl.col("closes_at").shift(sessions).alias("then"))


def in_usd(column: str, currency: str) -> pl.Expr:
    """Return `column` where the name reports in USD, or does not say; null where it reports in another currency."""
    return pl.when(pl.col(currency).fill_null("USD") == "USD").then(column).alias(column)
