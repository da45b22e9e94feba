"""When announced earnings could have been known."""

from datetime import timedelta

import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import Frame
from kairos.fundamentals.instants import opening, session_hours
from kairos.sources.casts import NO_VALUE
from kairos.tables.core import Check, Outcome

BEFORE_OPEN, AFTER_CLOSE = ("pre", "bmo"), ("post", "amc")


def announced(rows: Frame, *, live: timedelta) -> Frame:
    """Add stamp (UTC), stamp_source and reason, why a row cannot stand; null where it can. A quarter "NULL" is none.

    Args:
        rows: Has report_date (Date), quarter, release_time, eps_actual, eps_estimated and fetched_at.
        live: A row received no later than this after its stamp was seen arriving, and has no stamp but its receipt.
    """
    told = pl.col("release_time").str.strip_chars().str.to_lowercase()
    rows = opening(rows, "report_date", name="_same", after=timedelta(0))
    rows = opening(rows, "report_date", name="_next", after=timedelta(days=1))
    dated = rows.with_columns(
        pl.when(told.is_in(BEFORE_OPEN)).then("_same").otherwise("_next").alias("stamp"),
        pl.when(told.is_in([*BEFORE_OPEN, *AFTER_CLOSE]))
        .then(pl.lit("vendor"))
        .otherwise(pl.lit("assumed"))
        .alias("stamp_source"),
    )
    late = pl.col("fetched_at") - pl.col("stamp") > live
    empty = pl.col("eps_actual").is_null() & pl.col("eps_estimated").is_null()
    early = pl.col("fetched_at") <= pl.col("not_before")
    reason = pl.when(empty).then(pl.lit("nothing_told")).when(early).then(pl.lit("received_before_release"))
    labelled = pl.when(~pl.col("quarter").str.to_lowercase().is_in(NO_VALUE)).then("quarter").alias("quarter")
    judged = _not_before(dated).with_columns(reason.alias("reason"), pl.when(late).then("stamp").alias("stamp"), labelled)
    return judged.drop("_same", "_next", "not_before")


def not_before_its_release(rows: Frame) -> Outcome:
    """No row is known before its announcement: before its day, or by the day's close where it came after that."""
    early = _not_before(rows).filter(pl.col("known_at") <= pl.col("not_before"))
    worst = early.sort(pl.col("not_before") - pl.col("known_at"), descending=True)
    shown = f"; worst {worst.select('symbol', 'report_date', 'known_at').row(0)}" if worst.height else ""
    return Outcome(
        passed=early.is_empty(),
        summary=f"{early.height} of {rows.height} rows are known before their announcement{shown}",
        figures={"rows": rows.height, "early": early.height},
    )


def _not_before(rows: Frame) -> Frame:
    """The day's close where the release came after it, else the midnight in New York that begins the day."""
    closes = session_hours().select(pl.col("session").alias("report_date"), pl.col("closes_at").alias("_close"))
    joined = rows.join(closes, on="report_date", how="left", maintain_order="left")
    midnight = pl.col("report_date").cast(pl.Datetime("us")).dt.replace_time_zone(str(NEW_YORK)).dt.convert_time_zone("UTC")
    after = pl.col("release_time").str.strip_chars().str.to_lowercase().is_in(AFTER_CLOSE).fill_null(False)
    instant = pl.when(after).then(pl.coalesce("_close", midnight)).otherwise(midnight)
    return joined.with_columns(instant.alias("not_before")).drop("_close")


NOT_BEFORE_ITS_RELEASE = Check(
    "not_before_its_release",
    "No announced earnings are known before their announcement.",
    not_before_its_release,
)
"""Blocking check of `earnings_surprises`."""
