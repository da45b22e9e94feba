"""Market tables: prices, securities, actions, returns and liquidity, keyed by permaticker."""

import pandera.polars as pa
import polars as pl

from kairos.frames import UTC_TIME
from kairos.tables.core import Partition, Table, field, measure

KNOWN_SOURCES = ["observed", "vendor", "assumed"]


class SepBaseRows(pa.DataFrameModel):
    """One security on one session."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session")
    ticker: str = field("Ticker the row was filed under")
    open: float = measure("Open, split adjusted", "USD", gt=0)
    high: float = measure("High, split adjusted", "USD", gt=0)
    low: float = measure("Low, split adjusted", "USD", gt=0)
    close: float = field("Close, split adjusted", "USD", gt=0)
    volume: float = measure("Volume, split adjusted", "shares", ge=0)
    closeadj: float = measure("Close, split and dividend adjusted", "USD", gt=0)
    closeunadj: float = measure("Close as traded", "USD", gt=0)
    lastupdated: pl.Date = measure("Date the vendor last changed the row")
    source: str = field("Who delivered it")
    known_at: UTC_TIME = field("When this version could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)
    fetched_at: UTC_TIME = field("When this version was received")
    payload_id: str = field("Payload it came in")
    row: int = field("Number of the row in its payload, from 0", ge=0)


class TickersRows(pa.DataFrameModel):
    """One security under one ticker."""

    permaticker: int = field("Permanent security id")
    ticker: str = field("Ticker")
    valid_from: pl.Date = field("First session under this ticker")
    valid_to: pl.Date = measure("Last session under this ticker; null while it holds")
    name: str = measure("Company name, current")
    exchange: str = measure("Exchange, current")
    category: str = measure("Kind of security, current")
    sector: str = measure("Sector, current")
    industry: str = measure("Industry, current")
    firstpricedate: pl.Date = measure("First price")
    lastpricedate: pl.Date = measure("Last price")
    isdelisted: bool = field("Whether it no longer trades")
    delisting_reason: str = measure(
        "merger, performance or unknown; null while it trades", isin=["merger", "performance", "unknown"]
    )
    source: str = field("Who delivered it, or `minted` for an id made from a file's own symbols")
    known_at: UTC_TIME = field("When this version could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)


class ActionsRows(pa.DataFrameModel):
    """One corporate action of one security."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("First session on which it is in effect")
    action: str = field("Kind of action")
    value: float = measure("Split: new shares per old. Dividend: USD per share as paid. Deals: USD")
    contraticker: str = measure("Other ticker")
    row: int = field("Order among equal actions of a session", ge=0)
    known_at: UTC_TIME = field("When it could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)
    payload_id: str = field("Payload it came in")


class DailyMetricsRows(pa.DataFrameModel):
    """Valuation of one security on one session."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session")
    marketcap: float = measure("Market capitalisation", "USD")
    ev: float = measure("Enterprise value", "USD")
    evebit: float = measure("EV / EBIT")
    evebitda: float = measure("EV / EBITDA")
    pe: float = measure("Price / earnings")
    pb: float = measure("Price / book")
    ps: float = measure("Price / sales")
    known_at: UTC_TIME = field("When this version could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)
    payload_id: str = field("Payload it came in")


class DailyReturnsRows(pa.DataFrameModel):
    """Total return of one security over one session, in forms that no later split or dividend rewrites."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session; for a delisting return the session after the last price")
    ret_cc: float = measure("Close to close total return; null on the first session", "fraction", ge=-1)
    ret_co: float = measure("Previous close to open total return, dividends included", "fraction", ge=-1)
    ret_oc: float = measure("Open to close return; 0 where there is no open", "fraction", ge=-1)
    high_to_close: float = measure("High / close - 1", "fraction")
    low_to_close: float = measure("Low / close - 1", "fraction")
    dollar_volume: float = measure("Close x volume", "USD", ge=0)
    closeunadj: float = measure("Close as traded", "USD", gt=0)
    ret_source: str = field("Where the return comes from", isin=["actions", "closeadj", "close", "first", "break", "delisting"])
    is_delisting: bool = field("Whether this row is the delisting return")


class MvLiquidity60dRows(pa.DataFrameModel):
    """Trading activity of one security over the 60 sessions that end here."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session")
    avg_dollar_vol_60d: float = measure("Mean dollar volume", "USD a session", ge=0)
    median_dollar_vol_60d: float = measure("Median dollar volume", "USD a session", ge=0)
    zero_volume_days_60d: int = field("Sessions without volume, missing ones included", "sessions", ge=0)


class Sp500Rows(pa.DataFrameModel):
    """One membership of one security in the S&P 500, as it was known from known_at on."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("Last session whose prices were out when it was known")
    ticker: str = field("Ticker the vendor filed it under")
    valid_from: pl.Date = field("First session as a member, as far as is known")
    valid_to: pl.Date = measure("Last session as a member; null while it lasts")
    told_by: str = field(
        "added or removed, a change; current or historical, a list that has the name, or lacks it where valid_to is set",
        isin=["added", "removed", "current", "historical"],
    )
    members: int = field("Members after it", "securities", ge=0)
    source: str = field("Who delivered it")
    known_at: UTC_TIME = field("When this version could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)
    known_at_before: UTC_TIME = measure("Receipt of the delivery before the first that told it; null of the first of all")
    fetched_at: UTC_TIME = field("When this version was received")
    payload_id: str = field("Payload it came in")
    row: int = field("Number of the row in its payload, from 0; of a list that lacks a name, of its first row", ge=0)


def _yearly(name: str, rows: type[pa.DataFrameModel], description: str, origin: str, **more: object) -> Table:
    return Table(
        name,
        group="market",
        rows=rows,
        origin=origin,
        description=description,
        partition=Partition.YEARS,
        partition_by=("year",),
        **{"key": ("permaticker", "session"), **more},  # type: ignore[arg-type]
    )


SEP_VERSIONS = _yearly(
    "sep_versions",
    SepBaseRows,
    "Every version of every security's session ever received, bad rows set aside.",
    "raw_sep, raw_sep_bulk, tickers",
    key=("permaticker", "session", "known_at"),
)
SEP_BASE = _yearly(
    "sep_base",
    SepBaseRows,
    "One security on one session: the newest version of its prices.",
    "Sharadar SEP",
    versions="sep_versions",
    yearly_view="sep_base_{year}",
)
TICKERS = Table(
    "tickers",
    group="market",
    key=("permaticker", "valid_from"),
    rows=TickersRows,
    origin="Sharadar TICKERS and ACTIONS; minted from a file's symbols where there are none",
    description="Which security bore which ticker when, and what is known of it.",
)
ACTIONS = _yearly(
    "actions",
    ActionsRows,
    "One corporate action of one security, values as of their own day.",
    "Sharadar ACTIONS",
    key=("permaticker", "session", "action", "row"),
)
DAILY_METRICS = _yearly(
    "daily_metrics", DailyMetricsRows, "Market capitalisation and multiples of one security on one session.", "Sharadar DAILY"
)
DAILY_RETURNS = _yearly(
    "daily_returns",
    DailyReturnsRows,
    "Total returns, bar shape and dollar volume, forward chained; delisting returns included.",
    "sep_versions, actions, tickers",
)
MV_LIQUIDITY_60D = _yearly("mv_liquidity_60d", MvLiquidity60dRows, "Dollar volume over the last 60 sessions.", "daily_returns")
SP500 = _yearly(
    "sp500",
    Sp500Rows,
    "One membership in the S&P 500, one row for each version of what was known of it.",
    "Sharadar SP500",
    key=("permaticker", "valid_from", "known_at"),
)

TABLES = (SEP_VERSIONS, SEP_BASE, TICKERS, ACTIONS, DAILY_METRICS, DAILY_RETURNS, MV_LIQUIDITY_60D, SP500)
