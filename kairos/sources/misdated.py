"""Dates that cannot be: rows before the calendar or after their receipt, and filings before or long after their period."""

from datetime import date

import polars as pl

from kairos.calendar import FIRST_DATE, NEW_YORK
from kairos.frames import Frame
from kairos.sources.core import Dataset
from kairos.sources.payloads import Payload
from kairos.tables.raw import QUARANTINE

BEFORE_CALENDAR = "before_calendar"
AFTER_RECEIPT = "after_receipt"
FILED_TOO_EARLY = "filed_before_period_end"
FILED_TOO_LATE = "filed_over_a_year_later"
ANNOUNCED = ("actions", "fmp_analyst_estimates", "sp500")  # datasets that tell of days to come
LATEST_FILING_DAYS = 365  # old rows of this vendor bear filing dates that are no such thing
DOUBTED = "fmp"
MOST_DAYS = (date.max - date.min).days


def misdated(dates: pl.Series, payload: Payload) -> pl.Series | None:
    """Return, row by row, why its date cannot be, null where it can or where there is none; None where all can be.

    Either kind would reach no calendar year that is ever built.
    """
    today = payload.fetched_at.astimezone(NEW_YORK).date()
    last = date.max if payload.dataset in ANNOUNCED else today
    if not _beyond(dates, FIRST_DATE, last):
        return None
    late = pl.when(pl.col("date") > last).then(pl.lit(AFTER_RECEIPT))
    reason = pl.when(pl.col("date") < FIRST_DATE).then(pl.lit(BEFORE_CALENDAR)).otherwise(late)
    return pl.DataFrame({"date": dates}).select(reason.alias("reason"))["reason"]


def misfiled(dates: pl.Series, filed: pl.Series, *, source: str = DOUBTED) -> pl.Series | None:
    """Return, row by row, why a filing date cannot be that of a period ending on `dates`, null where it can or is null.

    None where all can be.

    A late one is doubted of one vendor alone: an archive of others may well have seen a late filer, and without its date the
    row would count as known from an assumed day long before.
    """
    days = (filed - dates).dt.total_days().alias("days")
    latest = LATEST_FILING_DAYS if source == DOUBTED else MOST_DAYS
    if not _beyond(days, 1, latest):
        return None
    late = pl.when(pl.col("days") > latest).then(pl.lit(FILED_TOO_LATE))
    reason = pl.when(pl.col("days") < 1).then(pl.lit(FILED_TOO_EARLY)).otherwise(late)
    return pl.DataFrame([days]).select(reason.alias("reason"))["reason"]


def _beyond(values: pl.Series, first: date | int, last: date | int) -> bool:
    smallest, largest = values.min(), values.max()
    return smallest is not None and bool(smallest < first or largest > last)  # type: ignore[operator]


def misdated_rejects(
    sent: Frame, dates: pl.Series, reasons: pl.Series, *, payload: Payload, spec: Dataset, nulled: str | None = None
) -> Frame:
    """Return the quarantine lines of the rows that have a reason, with the required values as sent.

    Args:
        sent: Our columns as sent.
        dates: The rows' dates; a line is filed under its year.
        reasons: Why, null where all is well.
        payload: Where the rows came.
        spec: Its dataset.
        nulled: The column that alone was dropped; None where the whole row was.
    """
    shown = tuple(dict.fromkeys([*spec.required, *([nulled] if nulled else [])]))
    told = sent.select(shown).with_row_index("row").with_columns(dates.alias("_date"), reasons.alias("reason"))
    told = told.filter(pl.col("reason").is_not_null())
    if told.is_empty():
        return QUARANTINE.empty()
    lines = told.with_columns(
        pl.lit(f"raw_{payload.dataset}").alias("writer"),
        pl.col("_date").dt.year().alias("year"),
        pl.lit(payload.source).alias("source"),
        pl.lit(payload.dataset).alias("dataset"),
        pl.lit(payload.payload_id).alias("payload_id"),
        pl.lit("row_rejected" if nulled is None else "value_nulled").alias("action"),
        pl.struct(pl.col(name).cast(pl.String) for name in shown).struct.json_encode().alias("detail"),
    )
    return QUARANTINE.conform(lines)
