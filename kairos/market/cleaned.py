"""What a cleaning step hands back: the good rows, and a line for every row or value it set aside."""

from collections.abc import Sequence

import polars as pl

from kairos.frames import Frame, require_columns
from kairos.tables.core import Cleaned
from kairos.tables.raw import QUARANTINE

__all__ = ["Cleaned", "no_waivers", "set_aside", "waived"]

ROW_REJECTED = "row_rejected"
VALUE_NULLED = "value_nulled"
WAIVER_COLUMNS = ("ticker", "session", "reason")


def set_aside(rows: Frame, details: Sequence[str], *, writer: str, dataset: str, action: str) -> Frame:
    """Return `rows` as quarantine rows.

    Args:
        rows: Has source, payload_id, row, year and reason beside the detail columns.
        details: Columns that go into `detail` as JSON.
        writer: Asset that sets them aside.
        dataset: Dataset of the raw rows.
        action: `row_rejected` or `value_nulled`.
    """
    if rows.is_empty():
        return QUARANTINE.empty()
    return QUARANTINE.conform(
        rows.with_columns(
            pl.lit(writer).alias("writer"),
            pl.lit(dataset).alias("dataset"),
            pl.lit(action).alias("action"),
            pl.struct(pl.col(name) for name in details).struct.json_encode().alias("detail"),
        )
    )


def no_waivers() -> Frame:
    """Return a frame of waivers with no rows: columns ticker, session and reason."""
    return pl.DataFrame(schema={"ticker": pl.String, "session": pl.Date, "reason": pl.String})


def waived(rows: Frame, waivers: Frame, reason: str, *, session: str = "session") -> pl.Series:
    """Tell for each of `rows` whether a waiver lets it through under `reason`.

    Args:
        rows: Has ticker and the session column.
        waivers: Columns ticker, session and reason.
        reason: Rule that is waived.
        session: Name of the session column in `rows`.
    """
    require_columns(waivers, WAIVER_COLUMNS, where="waivers")
    named = waivers.filter(pl.col("reason") == reason).select("ticker", pl.col("session").cast(pl.Date).alias(session))
    if named.is_empty():
        return pl.repeat(False, rows.height, eager=True)
    marked = named.unique().with_columns(pl.lit(True).alias("_waived"))
    return (
        rows.select("ticker", session)
        .join(marked, on=["ticker", session], how="left", maintain_order="left")["_waived"]
        .fill_null(False)
    )
