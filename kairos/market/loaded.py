"""What prices are loaded: which names from which source, over which sessions. Read lazily, history is long."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.calendar import FIRST_DATE, sessions_between
from kairos.frames import Frame
from kairos.tables.market import SEP_VERSIONS
from kairos.tables.raw import RAW_PAYLOADS, RAW_SEP, RAW_SEP_BULK
from kairos.warehouse.store import Warehouse


def price_spans(warehouse: Warehouse) -> Frame:
    """Return source, ticker, first_date and last_date of all raw price rows."""
    rows = pl.concat([warehouse.scan(table).select("source", "ticker", "date") for table in (RAW_SEP, RAW_SEP_BULK)])
    return (
        rows.group_by("source", "ticker")
        .agg(pl.col("date").min().alias("first_date"), pl.col("date").max().alias("last_date"))
        .sort("source", "ticker")
        .collect()
    )


def sessions_loaded(warehouse: Warehouse) -> tuple[date, ...]:
    """Return every session up to the last one that has a price; empty where there is none."""
    last = warehouse.scan(SEP_VERSIONS).select(pl.col("session").max()).collect().item()
    return sessions_between(FIRST_DATE, last) if last is not None else ()


def years_touched(warehouse: Warehouse, sessions: Sequence[date]) -> list[int]:
    """Return the calendar years from the earliest row that pulls of these sessions brought to their last session.

    A split or a late correction rewrites rows of earlier years; those years have to be built again.
    """
    if not sessions:
        return []
    pulled = warehouse.scan(RAW_PAYLOADS).filter(pl.col("session").is_in(list(sessions))).select("payload_id")
    rows = warehouse.scan(RAW_SEP).select("payload_id", "date").join(pulled, on="payload_id", how="semi")
    earliest = rows.select(pl.col("date").min()).collect().item() or min(sessions)
    return list(range(min(earliest, *sessions).year, max(sessions).year + 1))


def years_loaded(warehouse: Warehouse) -> list[int]:
    """Return every calendar year from the first to the last raw price row; empty where there is none."""
    spans = price_spans(warehouse)
    if spans.is_empty():
        return []
    first, last = spans["first_date"].min(), spans["last_date"].max()
    return list(range(first.year, last.year + 1))  # type: ignore[union-attr]
