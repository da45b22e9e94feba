"""What prices are loaded: which names from which source, over which sessions. Read lazily, history is long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from kairos.calendar import FIRST_DATE, sessions_between
from kairos.frames import Frame
from kairos.market.dates import CONTEXT
from kairos.market.rules import VALUES
from kairos.tables.core import Table
from kairos.tables.features import FROM_PRICES as FEATURES
from kairos.tables.market import DAILY_RETURNS, MV_LIQUIDITY_60D, SEP_BASE, SEP_VERSIONS
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
from kairos.warehouse.commit import Commit
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


@dataclass(frozen=True)
class Touched:
    """Calendar years to build again after pulls, ascending.

    Attributes:
        prices: Earlier years in which adjusted prices alone moved: what shows prices is built again, returns do not move.
        everything: From the earliest other news to the last year with prices, since later years look back on changed ones.
    """

    prices: tuple[int, ...]
    everything: tuple[int, ...]


def years_touched(warehouse: Warehouse, sessions: Sequence[date]) -> Touched:
    """Return the calendar years to build again after pulls of these sessions.

    A split or a dividend rewrites a security's whole history of adjusted prices; returns, made from first sight, stay as
    they are. A correction changes a price as traded, an action may be dated back, and a death is told of days after the last
    price. The sessions' own rows may also show that a price shortly before them was a misprint. The pulls of the days before
    count as well, and so does what a build that was cut off left behind: the next evening makes good a lost one.

    Args:
        warehouse: With the pulls' raw rows, and the market tables as they were before them.
        sessions: The sessions pulled.
    """
    if not sessions:
        return Touched((), ())
    first, last = min(sessions) - CONTEXT, max(sessions)
    records = warehouse.scan(RAW_PAYLOADS).filter(pl.col("session").is_between(first, last))
    pulled = records.select("payload_id").collect()["payload_id"].implode()
    prices = _price_news(warehouse, pulled)
    dates = [
        prices.filter("traded").select(pl.col("date") - CONTEXT).lazy(),  # a price judges those shortly before it
        warehouse.scan(RAW_DAILY).filter(pl.col("payload_id").is_in(pulled)).select("date"),
        _news(warehouse, (RAW_ACTIONS, RAW_ACTIONS_BULK), ("date", "ticker", "action", "value"), pulled).select("date"),
        _death_news(warehouse, pulled),
        _bearer_news(warehouse, pulled),
    ]
    told = pl.concat(dates).select(pl.col("date").min()).collect().item() or first
    earliest = min(told.year, first.year, *_left_behind(warehouse))
    repriced = prices["date"].dt.year().min() or earliest
    return Touched(
        prices=tuple(range(repriced, earliest)),  # type: ignore[arg-type]
        everything=tuple(range(earliest, max([*years_loaded(warehouse), last.year]) + 1)),
    )


def _price_news(warehouse: Warehouse, pulled: pl.Series) -> Frame:
    """Return date, and whether the price as traded is news, of the pulled rows that the tables do not show as they are."""
    key = ["source", "ticker", "date"]
    rows = warehouse.scan(RAW_SEP).filter(pl.col("payload_id").is_in(pulled)).select(*key, *VALUES).unique()
    held = warehouse.scan(SEP_BASE).rename({"session": "date"}).select(*key, "permaticker", *VALUES)
    made = warehouse.scan(DAILY_RETURNS).select("permaticker", date="session", made="closeunadj")
    both = rows.join(held, on=key, how="left", suffix=" held").join(made, on=["permaticker", "date"], how="left")
    moved = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name} held")) for name in VALUES)
    traded = pl.col("closeunadj").is_null() | pl.col("closeunadj").ne_missing(pl.col("made"))
    return both.filter(moved | traded).select("date", traded.alias("traded")).collect()


def _left_behind(warehouse: Warehouse) -> list[int]:
    """Return the years whose returns were written after what is made of them had read them."""
    newest = _newest_commits(warehouse, DAILY_RETURNS)
    behind: set[int] = set()
    for table in (MV_LIQUIDITY_60D, *FEATURES):
        read = {key: commit.reads.get(DAILY_RETURNS.name, -1) for key, (_, commit) in _newest_commits(warehouse, table).items()}
        behind |= {int(key) for key, (version, _) in newest.items() if key in read and version > read[key]}
    return sorted(behind)


def _newest_commits(warehouse: Warehouse, table: Table) -> dict[str, tuple[int, Commit]]:
    """Return the newest version that wrote each partition, with its commit."""
    return {commit.partition: (version, commit) for version, commit in reversed(warehouse.history(table))}


def _news(warehouse: Warehouse, tables: Sequence[Table], said: Sequence[str], pulled: pl.Series) -> pl.LazyFrame:
    """Return the pulled rows that say what no other payload has said."""
    every = pl.concat([warehouse.scan(table).select(tables[0].columns) for table in tables])
    among = pl.col("payload_id").is_in(pulled)
    return every.filter(among).join(every.filter(~among).select(said), on=list(said), how="anti", nulls_equal=True)


def _death_news(warehouse: Warehouse, pulled: pl.Series) -> pl.LazyFrame:
    """Return every last price date ever told of securities of whose death, or life after it, the pulled rows have news."""
    died = pl.when(pl.col("isdelisted") == "Y").then("lastpricedate").alias("date")
    tables = (RAW_TICKERS, RAW_TICKERS_BULK)
    every = pl.concat([warehouse.scan(table).select("payload_id", "permaticker", "exchange", died) for table in tables])
    among = pl.col("payload_id").is_in(pulled)
    said = ["permaticker", "exchange", "date"]
    news = every.filter(among).join(every.filter(~among), on=said, how="anti", nulls_equal=True)
    return every.filter(pl.col("date").is_not_null()).join(news, on="permaticker", how="semi").select("date")


def _bearer_news(warehouse: Warehouse, pulled: pl.Series) -> pl.LazyFrame:
    """Return the dates of prices that came before anybody said whose they are, and of which the pulled rows say it."""
    news = _news(warehouse, (RAW_TICKERS, RAW_TICKERS_BULK), ("permaticker", "ticker"), pulled)
    bearers = news.select("source", "ticker", "permaticker", "firstpricedate").unique()
    rows = pl.concat([warehouse.scan(table).select("source", "ticker", "date") for table in (RAW_SEP, RAW_SEP_BULK)])
    theirs = rows.join(bearers, on=["source", "ticker"]).filter(pl.col("date") >= pl.col("firstpricedate"))
    held = warehouse.scan(SEP_BASE).select("source", "ticker", "permaticker", date="session")
    return theirs.join(held, on=held.collect_schema().names(), how="anti").select("date")


def years_loaded(warehouse: Warehouse) -> list[int]:
    """Return every calendar year from the first to the last raw price row; empty where there is none.

    Years before the calendar's first (1997) have no partition; rows dated in them are set aside when they are read.
    """
    spans = price_spans(warehouse).filter(pl.col("last_date") >= FIRST_DATE)
    if spans.is_empty():
        return []
    first, last = spans["first_date"].min(), spans["last_date"].max()
    return list(range(max(first, FIRST_DATE).year, last.year + 1))  # type: ignore[type-var,union-attr]
