"""Raw rows of the feeds made into base tables: mapped to securities, judged, and stamped with when they were known.

The result follows from the set of payloads alone: their order and their repetition change nothing.
"""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from kairos.frames import Frame, newest_versions
from kairos.fundamentals.chain import chained
from kairos.fundamentals.headlines import addressed
from kairos.fundamentals.instants import new_york_day, told_instant
from kairos.fundamentals.rating_actions import with_rating_actions
from kairos.fundamentals.statements import PERIODS, fmp_rows, sf1_rows, stamped_by_income
from kairos.fundamentals.surprises import announced
from kairos.fundamentals.symbols import with_security
from kairos.market.cleaned import ROW_REJECTED, Cleaned, set_aside
from kairos.tables import fundamentals as tables
from kairos.tables.core import Table

PERIOD_KEY = ("permaticker", "period_end", "period")
SEEN_ARRIVING = timedelta(days=7)  # what is received this soon after its stamp was collected live; later, it is history
UNMAPPED = "unmapped_symbol"
_STAMPS = {"accepted_at", "filing_date", "rating_date", "split_basis"}
_META = {"symbol", "fiscal_year", "cik", *_STAMPS, *tables.KnownRows.to_schema().columns}
_LIVE_KEY = ["permaticker", "period_end", "_annual"]
_BOOLEANS = ("is_etf", "is_fund", "is_adr", "is_actively_trading")
_RATING_NAMES = {"rating_score": "ratingScore"}


def statement_versions(table: Table, raw: Frame, raw_sf1: Frame, tickers: Frame, *, raw_income: Frame | None = None) -> Cleaned:
    """Return every version of one statement table, and what was set aside.

    SF1's rows are left out where FMP was seen arriving by then; FMP's own past, which may hold later restatements under old
    stamps, is left out where SF1 has the period.

    Args:
        table: One of the five statement and metric tables.
        raw: All deliveries of the table's own raw dataset.
        raw_sf1: All deliveries of raw SF1.
        tickers: The `tickers` table.
        raw_income: All deliveries of raw income statements, for metrics and ratios, which bear no stamps.
    """
    own = fmp_rows(raw) if raw_income is None else stamped_by_income(raw, raw_income)
    first, lost, again = _versions(table, own, tickers, table.name)
    other, lost_too, again_too = _versions(table, sf1_rows(raw_sf1, table.name), tickers, "sf1")
    rows = _one_source(first, other)
    dropped = first.height + other.height - rows.height
    return Cleaned(_conformed(table, rows), pl.concat([lost, lost_too]), repeated=again + again_too + dropped)


def estimate_versions(raw: Frame, tickers: Frame, *, earlier: Frame | None = None) -> Cleaned:
    """Return every version of the consensus, known from the snapshot that first showed it.

    Args:
        raw: Deliveries of raw analyst estimates.
        tickers: The `tickers` table.
        earlier: Versions made of deliveries before those of `raw`, for building year after year.
    """
    rows = raw.rename({"date": "period_end"})
    return _snapshots(
        tables.FMP_ANALYST_ESTIMATES, rows, tickers, key=PERIOD_KEY, dataset="fmp_analyst_estimates", earlier=earlier
    )


def rating_versions(raw: Frame, tickers: Frame, *, earlier: Frame | None = None) -> Cleaned:
    """Return every version of the rating, known from the snapshot that first showed it.

    A row of an older day says nothing of the present rating; only each snapshot's newest day counts.

    Args:
        raw: Deliveries of raw ratings.
        tickers: The `tickers` table.
        earlier: Versions made of deliveries before those of `raw`, for building year after year.
    """
    rows = raw.rename({"date": "rating_date", **_RATING_NAMES})
    newest = pl.col("rating_date").max().over("symbol", "payload_id")
    current = (pl.col("rating_date") == newest) | newest.is_null()
    rows = rows.filter(current.fill_null(False))
    cleaned = _snapshots(tables.FMP_RATING, rows, tickers, key=("permaticker",), dataset="fmp_rating", earlier=earlier)
    return Cleaned(cleaned.rows, cleaned.quarantine, repeated=raw.height - cleaned.rows.height - cleaned.rejected)


def profile_versions(raw: Frame, tickers: Frame, *, earlier: Frame | None = None) -> Cleaned:
    """Return every version of the company profile, known from the snapshot that first showed it.

    Args:
        raw: Deliveries of raw profiles; flags are the texts true and false.
        tickers: The `tickers` table.
        earlier: Versions made of deliveries before those of `raw`, for building year after year.
    """
    told = {"true": True, "false": False}
    flags = [pl.col(name).str.to_lowercase().replace_strict(told, default=None, return_dtype=pl.Boolean) for name in _BOOLEANS]
    rows = raw.with_columns(flags)
    return _snapshots(tables.DIM_COMPANY_PROFILE, rows, tickers, key=("permaticker",), dataset="fmp_profile", earlier=earlier)


def news_versions(raw: Frame, tickers: Frame) -> Cleaned:
    """Return every version of every article: known from its receipt if that came within days, else from its publication.

    An article without an address is told apart by its stamp and title. Analysts' actions are read out of the title.

    Args:
        raw: Deliveries of raw news.
        tickers: The `tickers` table.
    """
    rows = raw.with_columns(told_instant("published_date").alias("published_at")).drop("published_date")
    late = pl.col("fetched_at") - pl.col("published_at") > SEEN_ARRIVING
    rows = addressed(rows).with_columns(
        pl.coalesce(new_york_day("published_at"), new_york_day("fetched_at")).alias("published_on"),
        pl.when(late).then("published_at").alias("stamp"),
        pl.lit("vendor").alias("stamp_source"),
        pl.when(pl.col("published_at").is_null()).then(pl.lit("unreadable_stamp")).alias("reason"),
    )
    made, lost, again = _versions(tables.FMP_NEWS, rows, tickers, "fmp_news", key=("permaticker", "url"), about="published_on")
    return Cleaned(_conformed(tables.FMP_NEWS, with_rating_actions(made)), lost, repeated=again)


def surprise_versions(raw: Frame, tickers: Frame) -> Cleaned:
    """Return every version of what was announced and expected: known from the opening that follows the announcement.

    That is the day's own where it was made before the market, else the next session's: also where the source does not say
    (`assumed`). What was received within a week is known from its receipt, and set aside where that came before the release.

    Args:
        raw: Deliveries of raw earnings surprises.
        tickers: The `tickers` table.
    """
    rows = announced(raw.rename({"date": "report_date"}), live=SEEN_ARRIVING)
    table, key = tables.EARNINGS_SURPRISES, ("permaticker", "report_date")
    made, lost, again = _versions(table, rows, tickers, "earnings_surprises", key=key, about="report_date")
    return Cleaned(_conformed(table, made), lost, repeated=again)


def facts_of(table: Table, key: Sequence[str]) -> list[str]:
    """Return the columns of `table` whose change makes a version."""
    return [name for name in table.columns if name not in _META and name not in key]


def _snapshots(
    table: Table, rows: Frame, tickers: Frame, *, key: Sequence[str], dataset: str, earlier: Frame | None
) -> Cleaned:
    rows = rows.with_columns(pl.lit(None, rows.schema["fetched_at"]).alias("stamp"), pl.lit("observed").alias("stamp_source"))
    before = None if earlier is None else newest_versions(earlier, key)
    made, lost, again = _versions(table, rows, tickers, dataset, key=key, about="fetched_on", before=before)
    return Cleaned(_conformed(table, made), lost, repeated=again)


def _versions(
    table: Table,
    rows: Frame,
    tickers: Frame,
    dataset: str,
    *,
    key: Sequence[str] = PERIOD_KEY,
    about: str = "period_end",
    before: Frame | None = None,
) -> tuple[Frame, Frame, int]:
    """Map and chain rows; returns the versions, the quarantine lines and the number of rows that said nothing new."""
    given = rows.height
    rows = rows.sort("fetched_at").unique(["payload_id", "row"], keep="first", maintain_order=True)
    rows = rows.with_columns(new_york_day("fetched_at").alias("fetched_on"))
    rows = with_security(rows.with_columns(pl.col(about).alias("about")), tickers).drop("about")
    rows = _judged(rows, statement=about == "period_end")
    lost = rows.filter(pl.col("reason").is_not_null())
    good = rows.filter(pl.col("reason").is_null()).drop("reason")
    facts = [name for name in facts_of(table, key) if name in good.columns]
    marked = good if before is None else _after(good, before)
    versions, torn = chained(marked, key, facts)
    versions = versions if before is None else versions.filter(pl.col("_before").not_()).drop("_before")
    rejected = pl.concat([lost, torn.select(lost.columns)])
    details = [name for name in ("symbol", "period_end", "period", "url", "report_date") if name in rows.columns]
    lines = set_aside(
        # under the year that it is about: a line of an old row must not wait for the year of its receipt to be built
        rejected.with_columns(pl.coalesce("stamp", "fetched_at").dt.year().alias("year")),
        details,
        writer=table.name,
        dataset=dataset,
        action=ROW_REJECTED,
    )
    named = versions.with_columns(pl.col("fetched_on").alias("split_basis"))
    return named, lines, given - rejected.height - named.height


def _after(rows: Frame, before: Frame) -> Frame:
    """The rows behind the versions made before them, marked so that those can be told apart again."""
    old = before.drop("known_at", "known_source").with_columns(pl.lit(True).alias("_before"))
    return pl.concat([rows.with_columns(pl.lit(False).alias("_before")), old], how="diagonal")


def _judged(rows: Frame, *, statement: bool) -> Frame:
    impossible = [
        pl.when(~pl.col("period").is_in(PERIODS)).then(pl.lit("unknown_period")),
        pl.when(pl.col("period_end") > pl.col("fetched_on")).then(pl.lit("period_after_receipt")),
    ]
    unmapped = pl.when(pl.col("permaticker").is_null()).then(pl.lit(UNMAPPED))
    earlier = [pl.col("reason")] if "reason" in rows.columns else []
    return rows.with_columns(pl.coalesce(*earlier, *(impossible if statement else []), unmapped).alias("reason"))


def _one_source(fmp_made: Frame, sf1_made: Frame) -> Frame:
    """Choose between the vendors' versions of one fiscal period."""
    annual = (pl.col("period") == "FY").alias("_annual")
    own, other = fmp_made.with_columns(annual), sf1_made.with_columns(annual)
    first = own.group_by(_LIVE_KEY).agg(pl.col("known_at", "fetched_at").sort_by("known_at").first())
    live = first.filter(pl.col("fetched_at") - pl.col("known_at") <= SEEN_ARRIVING).drop("fetched_at")
    other = other.join(live.rename({"known_at": "_live"}), on=_LIVE_KEY, how="left")
    other = other.filter((pl.col("_live") > pl.col("known_at")).fill_null(True)).drop("_live")
    covered = other.select(_LIVE_KEY).unique().join(live, on=_LIVE_KEY, how="anti").with_columns(pl.lit(True).alias("_covered"))
    own = own.join(covered, on=_LIVE_KEY, how="left")
    past = pl.col("_covered").fill_null(False) & (pl.col("known_source") != "observed")
    both = pl.concat([own.filter(~past).drop("_covered"), other], how="diagonal").drop("_annual")
    return both.unique(tables.STATEMENT_KEY, keep="first", maintain_order=True)


def _conformed(table: Table, rows: Frame) -> Frame:
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in table.dtypes.items() if name not in rows.columns]
    return table.conform(rows.with_columns(missing)).sort(table.key)


STATEMENTS = (
    tables.FMP_INCOME_STATEMENT,
    tables.FMP_BALANCE_SHEET,
    tables.FMP_CASH_FLOW,
    tables.FMP_KEY_METRICS,
    tables.FMP_RATIOS,
)
"""The tables that `statement_versions` fills."""

__all__ = [
    "STATEMENTS",
    "estimate_versions",
    "news_versions",
    "profile_versions",
    "rating_versions",
    "statement_versions",
    "surprise_versions",
]
