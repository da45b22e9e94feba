"""Raw tables: what vendors sent, row by row, every version kept, nothing mended."""

import pandera.polars as pa
import polars as pl

from kairos.frames import UTC_TIME
from kairos.tables.core import Partition, Table, field, measure

SHARADAR = "Nasdaq Data Link, Sharadar {dataset}; or a file through `kairos import`"


class RawRows(pa.DataFrameModel):
    """Columns that every raw row carries."""

    payload_id: str = field("Payload the row was read from")
    row: int = field("Number of the row in its payload, from 0", ge=0)
    source: str = field("Who delivered it: sharadar, or the name given to `kairos import --source`")
    fetched_at: UTC_TIME = field("When the payload was received")
    received_year: pl.Int32 = field("Year of fetched_at")


class RawPayloadRows(pa.DataFrameModel):
    """One payload as received."""

    payload_id: str = field("Digest of source, dataset, request and bytes")
    sha256: str = field("SHA-256 of the bytes as received")
    source: str = field("Who delivered it")
    dataset: str = field("sep, tickers, actions or daily")
    session: pl.Date = measure("Session it was fetched for; null for bulk exports and imported files")
    request: str = field(
        "What was asked: URL path and parameters, never a key, `#N` where an answer came back; or the file's name"
    )
    bytes: int = field("Size as received", "bytes", ge=0)
    rows: int = field("Rows read from it", "rows", ge=0)
    rejected: int = field("Rows that could not be read and went to quarantine", "rows", ge=0)
    path: str = field("Where the compressed bytes lie, relative to KAIROS_HOME")
    fetched_at: UTC_TIME = field("When it was received")
    received_year: pl.Int32 = field("Year of fetched_at")


class RawSepRows(RawRows):
    """One row of SHARADAR/SEP as sent."""

    ticker: str = field("Ticker the vendor files the row under at fetch time")
    date: pl.Date = field("Trading date as sent")
    open: float = measure("Open, split adjusted", "USD")
    high: float = measure("High, split adjusted", "USD")
    low: float = measure("Low, split adjusted", "USD")
    close: float = measure("Close, split adjusted", "USD")
    volume: float = measure("Volume, split adjusted", "shares")
    closeadj: float = measure("Close, split and dividend adjusted", "USD")
    closeunadj: float = measure("Close as traded", "USD")
    lastupdated: pl.Date = measure("Date the vendor last changed the row")


class RawTickersRows(RawRows):
    """One row of SHARADAR/TICKERS as sent."""

    table: str = field("Vendor table the row describes")
    permaticker: int = field("Permanent security id")
    ticker: str = field("Current or last ticker")
    name: str = measure("Company name")
    exchange: str = measure("Exchange")
    isdelisted: str = measure("Y or N")
    category: str = measure("Kind of security")
    sector: str = measure("Sector")
    industry: str = measure("Industry")
    siccode: int = measure("SIC code")
    scalemarketcap: str = measure("Vendor's size class; current value, never used")
    relatedtickers: str = measure("Related tickers, space separated")
    currency: str = measure("Reporting currency")
    location: str = measure("Location")
    lastupdated: pl.Date = measure("Date the vendor last changed the row")
    firstadded: pl.Date = measure("Date the vendor first listed it")
    firstpricedate: pl.Date = measure("First price")
    lastpricedate: pl.Date = measure("Last price")


class RawActionsRows(RawRows):
    """One row of SHARADAR/ACTIONS as sent."""

    date: pl.Date = field("Effective date (ex-date of a dividend)")
    action: str = field("Kind of action")
    ticker: str = field("Ticker it is filed under at fetch time")
    name: str = measure("Company name")
    value: float = measure("Ratio of a split, USD per share of a dividend, USD millions of a deal")
    contraticker: str = measure("Other ticker")
    contraname: str = measure("Other company")


class RawDailyRows(RawRows):
    """One row of SHARADAR/DAILY as sent."""

    ticker: str = field("Ticker the vendor files the row under at fetch time")
    date: pl.Date = field("Trading date")
    lastupdated: pl.Date = measure("Date the vendor last changed the row")
    ev: float = measure("Enterprise value", "USD millions")
    evebit: float = measure("EV / EBIT")
    evebitda: float = measure("EV / EBITDA")
    marketcap: float = measure("Market capitalisation", "USD millions")
    pb: float = measure("Price / book")
    pe: float = measure("Price / earnings")
    ps: float = measure("Price / sales")


class QuarantineRows(pa.DataFrameModel):
    """One row, or one value, that was kept out of the base tables."""

    writer: str = field("Asset that set it aside")
    year: pl.Int32 = field("Year of the row's date, or of its receipt where it has none")
    source: str = field("Who delivered it")
    dataset: str = field("sep, tickers, actions or daily")
    payload_id: str = field("Payload it came in")
    row: int = field("Number of the row in its payload", ge=0)
    reason: str = field("Why, as a short name")
    action: str = field("What was done", isin=["row_rejected", "value_nulled"])
    detail: str = field("The offending values as JSON")


def _raw(name: str, rows: type[pa.DataFrameModel], dataset: str, partition: Partition) -> Table:
    how = "daily pulls" if partition is Partition.SESSIONS else "bulk exports and imported files"
    return Table(
        name,
        group="raw",
        key=("payload_id", "row"),
        rows=rows,
        origin=SHARADAR.format(dataset=dataset),
        description=f"Rows of {dataset} as sent, from {how}; every version is kept.",
        partition=partition,
        partition_by=("received_year",),
        identity=("payload_id",),
    )


RAW_PAYLOADS = Table(
    "raw_payloads",
    group="raw",
    key=("payload_id",),
    rows=RawPayloadRows,
    origin="Every vendor answer and every imported file",
    description="One payload as received: its digest, its request and where its bytes lie.",
    partition_by=("received_year",),
)
RAW_SEP = _raw("raw_sep", RawSepRows, "SEP", Partition.SESSIONS)
RAW_SEP_BULK = _raw("raw_sep_bulk", RawSepRows, "SEP", Partition.NONE)
RAW_TICKERS = _raw("raw_tickers", RawTickersRows, "TICKERS", Partition.SESSIONS)
RAW_TICKERS_BULK = _raw("raw_tickers_bulk", RawTickersRows, "TICKERS", Partition.NONE)
RAW_ACTIONS = _raw("raw_actions", RawActionsRows, "ACTIONS", Partition.SESSIONS)
RAW_ACTIONS_BULK = _raw("raw_actions_bulk", RawActionsRows, "ACTIONS", Partition.NONE)
RAW_DAILY = _raw("raw_daily", RawDailyRows, "DAILY", Partition.SESSIONS)
RAW_DAILY_BULK = _raw("raw_daily_bulk", RawDailyRows, "DAILY", Partition.NONE)
QUARANTINE = Table(
    "quarantine",
    group="raw",
    key=("writer", "source", "dataset", "payload_id", "row", "reason"),
    rows=QuarantineRows,
    origin="Rows of the raw tables that no base table can take",
    description="A row or value that was set aside, with its reason; nothing vanishes.",
    partition_by=("writer", "year"),
    identity=("writer", "payload_id"),
)

TABLES = (
    RAW_PAYLOADS,
    RAW_SEP,
    RAW_SEP_BULK,
    RAW_TICKERS,
    RAW_TICKERS_BULK,
    RAW_ACTIONS,
    RAW_ACTIONS_BULK,
    RAW_DAILY,
    RAW_DAILY_BULK,
    QUARANTINE,
)
