"""Backfills launched in the UI: many sessions in one run, one that lacks a session, one that is cancelled.

`--sessions N` says how many the long one has; two commits' worth by default, a year in `make soak`.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from assets.filling import BATCH
from kairos.calendar import FixedClock
from kairos.sandbox.faults import FaultKind
from kairos.sandbox.market import generate
from kairos.sandbox.server import SANDBOX_KEY, VendorServer
from kairos.sandbox.sizes import MarketSize
from kairos.tables import raw
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from tests.journeys.ui_server import RAW, Ui, await_truth, serving

pytestmark = pytest.mark.slow

NOW = datetime(2013, 12, 31, 23, 30, tzinfo=UTC)
MARKET = generate(MarketSize(20, date(2012, 1, 3), date(2013, 12, 31)), 3)
YEAR = [day.isoformat() for day in MARKET.sessions if day.year == 2013][:250]
MANY = BATCH + 16
SHORT = [day.isoformat() for day in MARKET.sessions if day.year == 2012][:9]  # the fifth comes late
LATE = SHORT[4]
CUT = [day.isoformat() for day in MARKET.sessions if day.year == 2012][20:44]  # cancelled on the way
PULLED = ("raw_payloads", "raw_sep")  # what the year is filled of: a pull asks for all datasets


@dataclass
class Launched:
    """A UI on a vendor whose session LATE is late."""

    ui: Ui
    vendor: VendorServer

    @property
    def warehouse(self):
        return Warehouse(self.ui.folder / "warehouse")

    def sessions_of_payloads(self, first, last):
        """Sessions with payloads, each with how many."""
        held = self.warehouse.read(
            raw.RAW_PAYLOADS, where=pl.col("session").is_between(*map(date.fromisoformat, (first, last)))
        )
        return {str(day): count for day, count in held.group_by("session").len().sort("session").rows()}

    def recorded(self, asset, keys, status="MATERIALIZED"):
        """Those of the keys that Dagster shows in a state."""
        ranges = self.ui.partitions(asset, status)
        return [key for key in keys if any(first <= key <= last for first, last in ranges)]


@pytest.fixture(scope="module")
def launched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backfills")
    with VendorServer(MARKET, FixedClock(NOW)) as vendor:
        environment = {
            "KAIROS_VENDOR": "sharadar",
            "NASDAQ_DATA_LINK_BASE_URL": vendor.base_url,
            "NASDAQ_DATA_LINK_API_KEY": SANDBOX_KEY,
            "KAIROS_NOW": NOW.isoformat(),
            "SHARADAR_MIN_TICKERS": "10",
        }
        vendor.inject(FaultKind.LATE_SESSION, table="SEP", count=None, session=date.fromisoformat(LATE))
        with serving(folder, environment) as ui:
            yield Launched(ui, vendor)


@pytest.fixture(scope="module")
def lacking(launched):
    """The run over SHORT, whose session LATE is late."""
    run = launched.ui.launch(RAW, SHORT[0], SHORT[-1])
    assert launched.ui.end_of(run) == "FAILURE", launched.ui.log()
    return run


def test_a_late_session_leaves_the_others_filled_in_every_table(launched, lacking):
    others = [key for key in SHORT if key != LATE]
    assert {asset: launched.recorded(asset, SHORT) for asset in RAW} == dict.fromkeys(RAW, others)
    assert [*launched.sessions_of_payloads(SHORT[0], SHORT[-1])] == others
    held = launched.warehouse.read(raw.RAW_SEP)["date"].cast(str).unique().to_list()
    assert sorted(set(held) & set(SHORT)) == others


def test_the_late_session_is_shown_as_failed_and_named_with_its_reason(launched, lacking):
    assert {asset: launched.recorded(asset, SHORT, "FAILED") for asset in RAW} == {asset: [LATE] for asset in RAW}
    told = launched.ui.failures(lacking)
    assert set(told) == set(RAW)
    assert told["raw_payloads"].startswith(f"raw_payloads[{LATE}]: sep: 0 rows on {LATE}")
    assert told["raw_payloads"].endswith(f"Filled: 8 of 9 partitions, all but {LATE}.")
    assert f"raw_payloads lacks {LATE}" in told["raw_sep"]


def test_launched_again_from_its_failure_the_session_is_filled(launched, lacking):
    launched.vendor.clear_faults()
    assert launched.ui.end_of(launched.ui.launch_again(lacking)) == "SUCCESS", launched.ui.log()
    assert {asset: launched.recorded(asset, SHORT) for asset in RAW} == dict.fromkeys(RAW, SHORT)
    assert_once(launched, SHORT)


def assert_once(launched, keys, *, tables=("raw_sep", "raw_daily")):
    """The raw tables have every row that the vendor has of these sessions, and no payload's row twice."""
    days = [date.fromisoformat(key) for key in keys]
    for asset in tables:
        theirs = MARKET.bars if asset == "raw_sep" else MARKET.daily
        held = launched.warehouse.read(TABLES[asset], where=pl.col("date").is_in(days)).select("ticker", "date", "payload_id")
        assert held.is_unique().all()
        traded = theirs.filter(pl.col("session").is_in(days))["session"].value_counts(name="names")
        found = held.select("ticker", session="date").unique()["session"].value_counts(name="names")
        assert_frame_equal(found, traded, check_row_order=False)


@dataclass
class Cancelled:
    """A run over CUT that was cancelled on its way, the payloads it left, and the backfill launched in the meantime."""

    run: str
    status: str
    there: dict[str, int]
    backfill: str
    keys: list[str]


@pytest.fixture(scope="module")
def cancelled(launched, lacking, request):
    keys = YEAR[: request.config.getoption("--sessions") or MANY]
    launched.vendor.inject(FaultKind.SLOW, table="SEP", count=None, seconds=0.5)  # so that there is a way to be cancelled on
    run = launched.ui.launch(RAW, CUT[0], CUT[-1])
    begun = await_truth(lambda: len(launched.sessions_of_payloads(CUT[0], CUT[-1])) >= 5, within=300, pause=0.2)
    assert begun, launched.ui.log()
    launched.ui.cancel(run)
    launched.vendor.clear_faults()
    backfill = launched.ui.backfill(PULLED, keys)  # the daemon takes a while to take it up
    status = launched.ui.end_of(run)
    return Cancelled(run, status, launched.sessions_of_payloads(CUT[0], CUT[-1]), backfill, keys)


def test_a_cancelled_run_leaves_whole_sessions_and_has_recorded_them(launched, cancelled):
    assert cancelled.status == "CANCELED"
    assert 5 <= len(cancelled.there) < len(CUT)
    assert [*cancelled.there] == launched.recorded("raw_payloads", CUT)
    assert launched.recorded("raw_sep", CUT) == []


def test_launched_again_it_fills_the_rest(launched, cancelled):
    assert launched.ui.end_of(launched.ui.launch(RAW, CUT[0], CUT[-1])) == "SUCCESS", launched.ui.log()
    assert {asset: launched.recorded(asset, CUT) for asset in RAW} == dict.fromkeys(RAW, CUT)
    payloads = launched.sessions_of_payloads(CUT[0], CUT[-1])
    assert {key: payloads[key] for key in cancelled.there} == cancelled.there
    assert_once(launched, CUT)


def test_many_sessions_are_one_run_that_fills_each_once(launched, cancelled):
    assert await_truth(lambda: launched.ui.runs_of(cancelled.backfill), within=200)
    [run] = launched.ui.runs_of(cancelled.backfill)
    assert launched.ui.end_of(run["runId"]) == "SUCCESS", launched.ui.log()
    assert len(launched.ui.runs_of(cancelled.backfill)) == 1
    assert {asset: launched.recorded(asset, cancelled.keys) for asset in PULLED} == dict.fromkeys(PULLED, cancelled.keys)
    assert_once(launched, cancelled.keys, tables=("raw_sep",))


def test_no_run_holds_a_slot_of_the_vendor_any_more(launched, cancelled):
    assert await_truth(lambda: launched.ui.pool("vendor_api") == {"activeSlotCount": 0, "pendingStepCount": 0}, within=400)
