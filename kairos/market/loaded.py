"""What prices are loaded: which names from which source, over which sessions. Read lazily, history is long."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.calendar import FIRST_DATE, sessions_between
from kairos.frames import Frame
from kairos.tables.core import Table
from kairos.tables.market import SEP_VERSIONS
from kairos.tables.raw import (
    RAW_ACTIONS,
    RAW_ACTIONS_BULK,
    RAW_DAILY,
    RAW_PAYLOADS,
    RAW_SEP,
    RAW_SEP_BULK,
    RAW_TICKERS,
    RAW_TICKERS_BULK,
)
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
    """Return the calendar years to build again after pulls of these sessions: from the earliest news to the last price.

    A split or a late correction rewrites rows of earlier years, an action may be dated back, and a death is told of days
    after the last price. Later years look back on the changed ones.
    """
    if not sessions:
        return []
    records = warehouse.scan(RAW_PAYLOADS).filter(pl.col("session").is_in(list(sessions)))
    pulled = records.select("payload_id").collect()["payload_id"].implode()
    dates = [
        *(warehouse.scan(table).filter(pl.col("payload_id").is_in(pulled)).select("date") for table in (RAW_SEP, RAW_DAILY)),
        _news(warehouse, (RAW_ACTIONS, RAW_ACTIONS_BULK), ("date", "ticker", "action", "value"), pulled).select("date"),
        _news(warehouse, (RAW_TICKERS, RAW_TICKERS_BULK), ("permaticker", "isdelisted"), pulled)
        .filter(pl.col("isdelisted") == "Y")
        .select(pl.col("lastpricedate").alias("date")),
    ]
    earliest = pl.concat(dates).select(pl.col("date").min()).collect().item() or min(sessions)
    return list(range(min(earliest, *sessions).year, max([*years_loaded(warehouse), max(sessions).year]) + 1))


def _news(warehouse: Warehouse, tables: Sequence[Table], said: Sequence[str], pulled: pl.Series) -> pl.LazyFrame:
    """Return the pulled rows that say what no other payload has said."""
    every = pl.concat([warehouse.scan(table).select(tables[0].columns) for table in tables])
    among = pl.col("payload_id").is_in(pulled)
    return every.filter(among).join(every.filter(~among).select(said), on=list(said), how="anti", nulls_equal=True)


def years_loaded(warehouse: Warehouse) -> list[int]:
    """Return every calendar year from the first to the last raw price row; empty where there is none.

    Years before the calendar's first (1997) have no partition; their rows stay in the raw tables.
    """
    spans = price_spans(warehouse).filter(pl.col("last_date") >= FIRST_DATE)
    if spans.is_empty():
        return []
    first, last = spans["first_date"].min(), spans["last_date"].max()
    return list(range(max(first, FIRST_DATE).year, last.year + 1))  # type: ignore[type-var,union-attr]
