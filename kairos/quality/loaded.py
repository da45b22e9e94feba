"""What is read to judge a year: few columns of many tables, since their rows carry the vendors' records."""

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from kairos.frames import Frame, stack
from kairos.quality.agreement import FMP_TO_SF1, Pairs, of_key_metrics, of_profiles, of_statements
from kairos.quality.feeds import FEEDS, METRICS, PRICES, PROFILES, Feed
from kairos.quality.known import Known, by_day
from kairos.quality.results import Delivered
from kairos.tables.core import Table
from kairos.tables.feeds import RAW_FEEDS, RAW_FEEDS_BULK
from kairos.tables.fundamentals import FMP_KEY_METRICS
from kairos.tables.market import TICKERS
from kairos.warehouse.store import Warehouse

YEARS_BACK = 2  # the year before is judged to compare with, and looks back a year itself
COMMON = "Common Stock"
RAW_READ = tuple(raw[name] for name in (*FMP_TO_SF1, "sf1") for raw in (RAW_FEEDS, RAW_FEEDS_BULK))
READ = (*(feed.table for feed in FEEDS), TICKERS, *RAW_READ)
"""Every table that is read."""


class _Reader:
    """Reads tables at the versions that one run has fixed; a table without one had not been written."""

    def __init__(self, warehouse: Warehouse, versions: Mapping[str, int]) -> None:
        self._warehouse = warehouse
        self._versions = versions

    def read(self, table: Table, columns: tuple[str, ...], where: pl.Expr | None = None) -> Frame:
        if table.name not in self._versions:
            return table.empty().select(columns)
        found = self._warehouse.scan(table, version=self._versions[table.name])
        return (found if where is None else found.filter(where)).select(columns).collect()

    def newest_before(self, table: Table, dated: str, year: int) -> date | None:
        if table.name not in self._versions:
            return None
        found = self._warehouse.scan(table, version=self._versions[table.name]).filter(pl.col("year") < year)
        newest: date | None = found.select(pl.col(dated).max().cast(pl.Date)).collect().item()
        return newest

    def years(self, table: Table, columns: tuple[str, ...], year: int) -> Frame:
        return self.read(table, columns, pl.col("year").is_between(year - YEARS_BACK, year))


def delivered(warehouse: Warehouse, versions: Mapping[str, int], *, year: int) -> Delivered:
    """Return what a year's results are made from.

    Args:
        warehouse: Where the tables are.
        versions: Version of each table to read, by name.
        year: The year to judge.
    """
    reader = _Reader(warehouse, versions)
    known = [_known(reader, feed, year) for feed in FEEDS]
    prices, metrics = (known[FEEDS.index(feed)].dated for feed in (PRICES, METRICS))
    days = [day for day in (prices.newest(), metrics.newest()) if day is not None]
    return Delivered(
        known=known,
        pairs=[*_market_values(reader, year), *_statements(reader, year)],
        prices=prices,
        common=_common(reader),
        last_loaded=max(days, default=None),
    )


def _known(reader: _Reader, feed: Feed, year: int) -> Known:
    dated = "session" if feed.by_session else "known_at"
    rows = by_day(feed, reader.years(feed.table, (dated, *feed.columns), year))
    return Known(feed, rows, reader.newest_before(feed.table, dated, year - YEARS_BACK))


def _market_values(reader: _Reader, year: int) -> Iterator[Pairs]:
    values = reader.years(METRICS.table, ("permaticker", "session", "known_at", "marketcap"), year)
    yield of_profiles(reader.years(PROFILES.table, ("permaticker", "known_at", "market_cap"), year), values)
    filed = ("permaticker", "period_end", "known_at", "known_source", "market_cap")
    yield of_key_metrics(reader.years(FMP_KEY_METRICS, filed, year), values)


def _statements(reader: _Reader, year: int) -> Iterator[Pairs]:
    of_years = pl.col("datekey").dt.year().is_between(year - YEARS_BACK, year)
    for dataset, columns in FMP_TO_SF1.items():
        ours = ("symbol", "date", "period", "fetched_at", *columns)
        theirs = ("ticker", "dimension", "reportperiod", "datekey", *columns.values())
        ends = pl.col("date").dt.year().is_between(year - YEARS_BACK - 1, year)
        fmp = _raw(reader, dataset, ours, ends)
        if fmp.height:
            yield from of_statements(dataset, fmp, _raw(reader, "sf1", theirs, of_years))


def _raw(reader: _Reader, dataset: str, columns: tuple[str, ...], where: pl.Expr) -> Frame:
    return stack(*(reader.read(raw[dataset], columns, where) for raw in (RAW_FEEDS, RAW_FEEDS_BULK)))


def _common(reader: _Reader) -> list[int] | None:
    tickers = reader.read(TICKERS, ("permaticker", "category"))
    if not tickers["category"].count():
        return None
    return tickers.filter(pl.col("category").str.contains(COMMON, literal=True))["permaticker"].unique().to_list()
