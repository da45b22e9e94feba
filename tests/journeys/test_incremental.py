"""Day by day or all at once, in any order: the same payloads make the same tables, bit for bit.

One home gets a bulk export and then each evening's pull, and builds after each the years that it touched. The other gets
all payloads at the end, the newest first, and builds once. In between lie the turn of the year, a split that rewrites a
whole history, a late correction, a change of ticker, and a death of December that the vendor tells of in January.
"""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.frames import Frame
from kairos.market.loaded import years_loaded, years_touched
from kairos.sandbox.market import Market, generate
from kairos.sandbox.sizes import MarketSize
from kairos.sources.ingest import DATASETS, pull_exports, pull_session, read_payloads
from kairos.sources.payloads import PayloadStore
from kairos.tables.features import FROM_PRICES
from kairos.tables.market import SP500
from kairos.tables.market import TABLES as MARKET_TABLES
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from tests.journeys.engine_path import Raw, Tables, market_tables
from tests.journeys.moving_market import calm_names, with_late_death
from tests.journeys.view_client import ViewClient

BY = Commit("test", run_id="r", partition="-", reads={})
SEED = 854  # of the markets of this size the first with a split, a rename and a correction across the turn of the year
SIZE = MarketSize(40, date(2014, 4, 1), date(2015, 3, 31))
NEW_YEAR = date(2015, 1, 2)


class Home:
    """A warehouse and a payload store, filled as the raw assets fill them."""

    def __init__(self, folder: Path) -> None:
        self.store = PayloadStore(folder)
        self.warehouse = Warehouse(folder / "warehouse")

    def record(self, records: Frame) -> None:
        self.warehouse.append_new(RAW_PAYLOADS, records, commit=BY)

    def read(self, session: date | None) -> None:
        records = self.warehouse.read(RAW_PAYLOADS)
        for dataset in DATASETS:
            table = TABLES[f"raw_{dataset}_bulk" if session is None else f"raw_{dataset}"]
            found = read_payloads(records, self.store, dataset=dataset, session=session, warehouse=self.warehouse)
            self.warehouse.append_new(table, found.rows, commit=BY)

    def raw(self, *, backwards: bool = False) -> Raw:
        parts = {
            name: pl.concat([self.warehouse.read(TABLES[f"raw_{name}{kind}"]) for kind in ("", "_bulk")]) for name in DATASETS
        }
        return Raw(**parts).mapped(pl.DataFrame.reverse) if backwards else Raw(**parts)


@pytest.fixture(scope="module")
def market() -> Market:
    plain = generate(SIZE, SEED)
    days = plain.sessions
    at = days.index(NEW_YEAR)
    return with_late_death(plain, calm_names(plain)[0], last=days[at - 2], told=days[at + 3])


@pytest.fixture(scope="module")
def evenings(market) -> tuple[date, ...]:
    at = market.sessions.index(NEW_YEAR)
    return market.sessions[at - 5 : at + 8]


@pytest.fixture(scope="module")
def day_by_day(market, evenings, tmp_path_factory) -> tuple[Home, Tables]:
    home = Home(tmp_path_factory.mktemp("day_by_day"))
    for records in pull_exports(ViewClient(market, evenings[0]), home.store, warehouse=home.warehouse, min_tickers=10):
        home.record(records)
    home.read(None)
    made = market_tables(home.raw(), years=years_loaded(home.warehouse))
    for session in evenings[1:]:
        home.record(pull_session(ViewClient(market, session), home.store, session, warehouse=home.warehouse, min_tickers=10))
        home.read(session)
        made = market_tables(home.raw(), years=years_touched(home.warehouse, [session]).everything, made=made)
    return home, made


@pytest.fixture(scope="module")
def all_at_once(day_by_day, evenings, tmp_path_factory) -> Tables:
    first, _ = day_by_day
    home = Home(tmp_path_factory.mktemp("all_at_once"))
    home.store = first.store
    home.record(first.warehouse.read(RAW_PAYLOADS).reverse())
    for session in (*evenings[:0:-1], None):
        home.read(session)
    return market_tables(home.raw(backwards=True), years=years_loaded(home.warehouse))


def test_the_evenings_hold_one_of_each_event(market, evenings):
    told = market.events.filter(pl.col("known").is_between(evenings[1], evenings[-1]))
    assert {"split", "dividend", "tickerchangeto", "delisted"} <= set(told["action"])
    over_new_year = (pl.col("session") < NEW_YEAR) & (pl.col("corrected_on") >= NEW_YEAR)
    assert market.corrections.filter(over_new_year & (pl.col("session") > evenings[0])).height > 0
    assert told.filter(action="delisted").filter((pl.col("session") < NEW_YEAR) & (pl.col("known") > NEW_YEAR)).height > 0


@pytest.mark.parametrize("table", [table.name for table in (*MARKET_TABLES, *FROM_PRICES) if table is not SP500])
def test_day_by_day_equals_all_at_once(day_by_day, all_at_once, table):
    key = list(TABLES[table].key)
    one, other = (made[table].sort(key).drop("payload_id", "fetched_at", strict=False) for made in (day_by_day[1], all_at_once))
    assert_frame_equal(one, other, check_exact=True)
    assert all_at_once[table].height > 0


def test_the_death_told_of_in_january_has_its_return(market, day_by_day):
    name = calm_names(generate(SIZE, SEED))[0]
    last = market.bars.filter(permaticker=name)["session"].max()
    row = day_by_day[1]["daily_returns"].filter(permaticker=name, is_delisting=True)
    assert last < NEW_YEAR
    assert row["session"].to_list() == [market.sessions[market.sessions.index(last) + 1]]
    assert row["ret_cc"][0] < -0.2
