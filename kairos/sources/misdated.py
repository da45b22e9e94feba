"""Dates that no row can bear: before the calendar begins, and, of prices, after the day they were received."""

import polars as pl

from kairos.calendar import FIRST_DATE, NEW_YORK
from kairos.frames import Frame
from kairos.sources.datasets import Dataset
from kairos.sources.payloads import Payload
from kairos.tables.raw import QUARANTINE

BEFORE_CALENDAR = "before_calendar"
AFTER_RECEIPT = "after_receipt"
ANNOUNCED = ("actions",)  # datasets that tell of days to come


def misdated(dates: pl.Series, payload: Payload) -> pl.Series:
    """Return, row by row, why its date cannot be; null where it can, or where there is none.

    Either kind would reach no calendar year that is ever built.
    """
    today = pl.lit(payload.fetched_at.astimezone(NEW_YORK).date())
    ahead = pl.lit(payload.dataset not in ANNOUNCED) & (pl.col("date") > today)
    reason = pl.when(pl.col("date") < FIRST_DATE).then(pl.lit(BEFORE_CALENDAR)).when(ahead).then(pl.lit(AFTER_RECEIPT))
    return pl.DataFrame({"date": dates}).select(reason.alias("reason"))["reason"]


def misdated_rejects(sent: Frame, dates: pl.Series, reasons: pl.Series, *, payload: Payload, spec: Dataset) -> Frame:
    """Return the quarantine lines of the rows that have a reason, with the required values as sent."""
    told = sent.select(spec.required).with_row_index("row").with_columns(dates.alias("_date"), reasons.alias("reason"))
    told = told.filter(pl.col("reason").is_not_null())
    if told.is_empty():
        return QUARANTINE.empty()
    lines = told.with_columns(
        pl.lit(f"raw_{payload.dataset}").alias("writer"),
        pl.col("_date").dt.year().alias("year"),
        pl.lit(payload.source).alias("source"),
        pl.lit(payload.dataset).alias("dataset"),
        pl.lit(payload.payload_id).alias("payload_id"),
        pl.lit("row_rejected").alias("action"),
        pl.struct(pl.col(name).cast(pl.String) for name in spec.required).struct.json_encode().alias("detail"),
    )
    return QUARANTINE.conform(lines)
