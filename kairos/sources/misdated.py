"""Dates that cannot be: rows before the calendar or after their receipt, and filings before or long after their period."""

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


def misdated(dates: pl.Series, payload: Payload) -> pl.Series:
    """Return, row by row, why its date cannot be; null where it can, or where there is none.

    Either kind would reach no calendar year that is ever built.
    """
    today = pl.lit(payload.fetched_at.astimezone(NEW_YORK).date())
    ahead = pl.lit(payload.dataset not in ANNOUNCED) & (pl.col("date") > today)
    reason = pl.when(pl.col("date") < FIRST_DATE).then(pl.lit(BEFORE_CALENDAR)).when(ahead).then(pl.lit(AFTER_RECEIPT))
    return pl.DataFrame({"date": dates}).select(reason.alias("reason"))["reason"]


def misfiled(dates: pl.Series, filed: pl.Series, *, source: str = DOUBTED) -> pl.Series:
    """Return, row by row, why a filing date cannot be that of a period ending on `dates`; null where it can, or is null.

    A late one is doubted of one vendor alone: an archive of others may well have seen a late filer, and without its date the
    row would count as known from an assumed day long before.
    """
    days = (filed - dates).dt.total_days().alias("days")
    early, late = pl.col("days") <= 0, pl.lit(source == DOUBTED) & (pl.col("days") > LATEST_FILING_DAYS)
    reason = pl.when(early).then(pl.lit(FILED_TOO_EARLY)).when(late).then(pl.lit(FILED_TOO_LATE))
    return pl.DataFrame([days]).select(reason.alias("reason"))["reason"]


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
