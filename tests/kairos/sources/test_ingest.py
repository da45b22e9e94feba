"""A session's pull is judged before it is kept; kept payloads are read into rows once."""

from datetime import date, timedelta
from itertools import count

import polars as pl
import pytest

from kairos.errors import PlanError, SourceError
from kairos.frames import stack
from kairos.sandbox.market import generate
from kairos.sandbox.sizes import MarketSize
from kairos.sources.datasets import DATASETS as DATASETS_BY_NAME
from kairos.sources.ingest import ACTIONS_SWEEP_DAYS, DATASETS, pull_exports, pull_session, read_payloads
from kairos.sources.landing import land
from kairos.sources.payloads import PayloadStore
from kairos.tables.raw import QUARANTINE, RAW_ACTIONS, RAW_PAYLOADS, RAW_SEP
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from tests.journeys.view_client import ViewClient
from tests.kairos.sources.vendor_double import page, payload, sep_row

SIZE = MarketSize(20, date(2013, 1, 2), date(2013, 12, 31))
EVE, SESSION = SIZE.sessions[200:202]
BY = Commit("test", run_id="r", partition="-", reads={})


@pytest.fixture(scope="module")
def market():
    return generate(SIZE, 5)


class Home:
    """A payload store and a warehouse; at first neither holds anything."""

    def __init__(self, folder, market):
        self.market, self.store, self.warehouse = market, PayloadStore(folder), Warehouse(folder / "warehouse")

    def export(self, session, *, min_tickers=15):
        return stack(
            *pull_exports(ViewClient(self.market, session), self.store, warehouse=self.warehouse, min_tickers=min_tickers)
        )

    def pull(self, session, client=None):
        return pull_session(
            client or ViewClient(self.market, session), self.store, session, warehouse=self.warehouse, min_tickers=10
        )

    def read(self, records, dataset, session):
        return read_payloads(records, self.store, dataset=dataset, session=session, warehouse=self.warehouse)

    def keep(self, records, session=None):
        self.warehouse.append_new(RAW_PAYLOADS, records, commit=BY)
        for dataset in DATASETS:
            table = TABLES[f"raw_{dataset}{'' if session else '_bulk'}"]
            self.warehouse.append_new(table, self.read(records, dataset, session).rows, commit=BY)


class Thinned(ViewClient):
    """A vendor that has only some of the names yet."""

    share = 0.5

    def rows(self, dataset):
        names = self._view.names["ticker"].sort()
        few = names.head(round(self.share * names.len())).implode()
        return super().rows(dataset).filter(pl.col("ticker").is_in(few))


TOLD = {"sep": "close", "daily": "marketcap", "actions": "value", "tickers": "siccode"}  # a number of each dataset


class Wavering(ViewClient):
    """A vendor all of whose numbers are `told`."""

    told = 1.0

    def rows(self, dataset):
        return super().rows(dataset).with_columns(pl.lit(self.told).alias(TOLD[dataset]))


def wavering(market, turn, told):
    client = Wavering(market, SESSION, count(3600 * turn))
    client.told = float(ord(told))
    return client


@pytest.fixture
def home(tmp_path, market):
    return Home(tmp_path, market)


def test_exports_are_landed_dataset_by_dataset(home):
    landed = RAW_PAYLOADS.validate(home.export(EVE))
    assert landed["dataset"].to_list() == list(DATASETS)
    assert landed["session"].null_count() == len(DATASETS)
    assert landed["rows"].min() > 0


def test_a_sample_in_place_of_the_table_is_refused(home):
    with pytest.raises(PlanError, match="expected at least 3000"):
        home.export(EVE, min_tickers=3000)


def test_a_pull_brings_the_session_and_what_was_touched_before_it(home):
    records = home.pull(SESSION)
    assert RAW_PAYLOADS.validate(records)["session"].unique().to_list() == [SESSION]
    home.keep(records, SESSION)
    vendor = ViewClient(home.market, SESSION)
    priced = vendor.rows("sep").filter(pl.col("date") == SESSION).collect()
    assert set(home.warehouse.read(RAW_SEP).filter(pl.col("date") == SESSION)["ticker"]) == set(priced["ticker"])
    recent = vendor.rows("actions").filter(pl.col("date") >= SESSION - timedelta(days=ACTIONS_SWEEP_DAYS)).collect()
    assert home.warehouse.read(RAW_ACTIONS).height == recent.height > 0


def test_no_row_of_the_session_is_an_error_that_says_when_to_try_again(home):
    with pytest.raises(SourceError, match=rf"sep: 0 rows on {SESSION}.*17:30"):
        home.pull(SESSION, ViewClient(home.market, EVE))


def test_far_fewer_names_than_on_the_session_before_are_refused(home):
    home.keep(home.export(EVE))
    with pytest.raises(SourceError, match="late or incomplete"):
        home.pull(SESSION, Thinned(home.market, SESSION))
    assert home.pull(SESSION).height > 0


@pytest.mark.parametrize(("course", "bulk"), [("ABBACA", False), ("ABA", True)], ids=["session", "export"])
def test_what_the_vendor_said_last_stands_also_where_it_said_so_before(home, market, course, bulk):
    changes = 0
    for turn, told in enumerate(course):
        client = wavering(market, turn, told)
        if bulk:
            records = stack(*pull_exports(client, home.store, warehouse=home.warehouse, min_tickers=15))
        else:
            records = home.pull(SESSION, client)
        home.keep(records, None if bulk else SESSION)
        changes += turn == 0 or told != course[turn - 1]
        for dataset, column in TOLD.items():
            rows = home.warehouse.read(TABLES[f"raw_{dataset}{'_bulk' if bulk else ''}"]).sort("fetched_at")
            newest = rows.unique(DATASETS_BY_NAME[dataset].key, keep="last")
            assert newest[column].cast(pl.Float64).unique().to_list() == [client.told]
    kept = dict(home.warehouse.read(RAW_PAYLOADS)["dataset"].value_counts().iter_rows())
    asked = {name: 2 if name in ("sep", "daily") and not bulk else 1 for name in TOLD}  # a session, and what changed
    assert kept == {name: questions * changes for name, questions in asked.items()}  # what merely stays is no delivery


def test_payloads_are_read_once(home):
    records = home.pull(SESSION)
    home.keep(records, SESSION)
    assert home.read(records, "sep", SESSION).rows.is_empty()


def test_a_daily_pull_and_a_bulk_export_do_not_read_each_others_payloads(home):
    both = {None: home.export(EVE), SESSION: home.pull(SESSION)}
    for session, own in both.items():
        read = home.read(stack(*both.values()), "sep", session).rows
        assert set(read["payload_id"]) == set(own.filter(dataset="sep")["payload_id"])


def test_what_cannot_be_read_goes_to_quarantine(home):
    sent = payload(page([sep_row("AAA"), sep_row("BBB", day="yesterday")]))
    records = land([sent], home.store).payload_rows
    found = home.read(records, "sep", None)
    assert found.rows["ticker"].to_list() == ["AAA"]
    assert QUARANTINE.validate(found.quarantine).select("row", "reason").rows() == [(1, "unreadable_date")]
