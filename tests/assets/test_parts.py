"""Partitions that could not be filled: what goes on without them, what waits, what is said, and what a cut-off run leaves."""

import signal
import weakref
from datetime import date

import dagster as dg
import polars as pl
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.execution.execute_in_process import core_execute_in_process

from assets.gaps import NOT_FILLED, NOT_TRIED, hopeless
from assets.table_asset import table_asset
from kairos.errors import ContractError, PlanError, RateLimitError, SourceError
from kairos.tables.market import MV_LIQUIDITY_60D as FIRST
from kairos.tables.registry import TABLES
from kairos_dagster.build import EXECUTOR
from resources.platform import Platform
from resources.table_io import Read, TableIO

SECOND, LAST = TABLES["feat_volume"], TABLES["feat_trend"]
GONE = SourceError("the file is gone.")


class Chain:
    """Three yearly assets: the second reads the first's year and the one before it, the third reads the second's year."""

    def __init__(self, home, *, first=None, second=None):
        self.platform = Platform(home=str(home))
        self.instance = dg.DagsterInstance.ephemeral()
        self.negative = ""

        @table_asset(FIRST)
        def one(work):
            return self._made(FIRST, work, first or {})

        @table_asset(SECOND, reads=(Read(FIRST, years_back=1),))
        def two(work, mv_liquidity_60d):
            return self._made(SECOND, work, second or {})

        @table_asset(LAST, reads=(Read(SECOND),))
        def three(work, feat_volume):
            return self._made(LAST, work, {})

        resources = {"platform": self.platform, "table_io": TableIO(platform=self.platform)}
        self.definitions = dg.Definitions([one, two, three], resources=resources, executor=EXECUTOR)

    def _made(self, table, work, errors):
        if work.key in errors:
            raise errors[work.key]
        if table is FIRST and work.key == self.negative:
            return rows_of(table, work.year).with_columns(avg_dollar_vol_60d=-1.0)
        return rows_of(table, work.year)

    def run(self, first, last, tables=(FIRST, SECOND, LAST)):
        job = self.definitions.resolve_implicit_global_asset_job_def()
        chosen = job.get_subset(asset_selection={dg.AssetKey(table.name) for table in tables})
        return core_execute_in_process(
            job=InMemoryJob(chosen),
            instance=self.instance,
            run_tags={"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last},
            run_config={},
            output_capturing_enabled=False,
            raise_on_error=False,
        )

    def recorded(self):
        return [sorted(self.instance.get_materialized_partitions(dg.AssetKey(t.name))) for t in (FIRST, SECOND, LAST)]

    def years(self):
        tables = (FIRST, SECOND, LAST)
        return [self.platform.warehouse.read(t)["session"].dt.year().unique().sort().cast(str).to_list() for t in tables]


def rows_of(table, year):
    return table.conform(pl.DataFrame({**dict.fromkeys(table.columns, 0.5), "permaticker": 1, "session": date(year, 6, 3)}))


def failures(result):
    events = [event for event in result.all_events if event.is_step_failure]
    return {event.step_key: event.step_failure_data.user_failure_data for event in events}


@pytest.fixture
def broken(tmp_path):
    """A chain whose first asset lacks 2014 after a run over 2012 to 2016."""
    chain = Chain(tmp_path, first={"2014": GONE})
    chain.result = chain.run("2012", "2016")
    return chain


def test_later_assets_fill_every_year_that_does_not_read_the_missing_one(broken):
    kept = ["2012", "2013", "2016"]
    assert broken.recorded() == [["2012", "2013", "2015", "2016"], kept, kept]


def test_what_is_recorded_is_what_is_there(broken):
    assert broken.years() == broken.recorded()


def test_the_run_fails_and_every_step_names_what_it_lacks(broken):
    assert not broken.result.success
    assert {step: data.description for step, data in failures(broken.result).items()} == {
        "mv_liquidity_60d": "mv_liquidity_60d[2014]: the file is gone. Filled: 4 of 5 partitions, all but 2014.",
        "feat_volume": "feat_volume[2014]: mv_liquidity_60d lacks 2014; fill that first. "
        "Filled: 3 of 5 partitions, all but 2014, 2015.",
        "feat_trend": "feat_trend[2014]: feat_volume lacks 2014, 2015; fill that first. "
        "Filled: 3 of 5 partitions, all but 2014, 2015.",
    }


def test_what_is_missing_stands_in_the_failure_with_its_reason(broken):
    shown = failures(broken.result)["mv_liquidity_60d"].metadata
    assert shown[NOT_FILLED].value == {"2014": "the file is gone."}


def test_the_missing_years_can_be_filled_afterwards(broken, tmp_path):
    mended = Chain(tmp_path)
    mended.instance = broken.instance
    assert mended.run("2014", "2015").success
    assert mended.recorded() == [["2012", "2013", "2014", "2015", "2016"]] * 3


def test_a_step_that_filled_nothing_holds_up_what_follows(tmp_path):
    chain = Chain(tmp_path, first={"2014": GONE, "2015": GONE})
    result = chain.run("2014", "2015")
    assert {step: data.description for step, data in failures(result).items()} == {
        "mv_liquidity_60d": "mv_liquidity_60d[2014]: the file is gone. None of the 2 partitions is filled."
    }
    assert chain.recorded() == [[], [], []]


def test_a_year_that_breaks_its_contract_is_red_and_the_others_go_on(tmp_path):
    chain = Chain(tmp_path)
    chain.negative = "2013"
    result = chain.run("2013", "2015")
    found = [event.event_specific_data for event in result.all_events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert [(data.asset_key.to_user_string(), data.passed) for data in found if data.check_name == "contract"] == [
        ("mv_liquidity_60d", False),
        ("feat_volume", True),
        ("feat_trend", True),
    ]
    assert chain.recorded()[2] == ["2015"]


@pytest.mark.parametrize(
    ("errors", "given_up"),
    [
        ([None, None, GONE], False),
        ([GONE, GONE], False),
        ([GONE, None, GONE, GONE], False),
        ([None, GONE, GONE, GONE], True),
        ([None, PlanError("no such key")], True),
        ([RateLimitError("enough")], True),
        ([ContractError("bad"), ContractError("bad"), ContractError("bad")], False),
    ],
)
def test_when_the_rest_is_not_tried(errors, given_up):
    assert hopeless(errors) is given_up


def test_a_vendor_that_stays_away_is_not_asked_for_every_year(tmp_path):
    chain = Chain(tmp_path, first=dict.fromkeys(("2013", "2014", "2015"), GONE))
    missing = failures(chain.run("2012", "2018", [FIRST]))["mv_liquidity_60d"].metadata[NOT_FILLED].value
    assert chain.recorded()[0] == ["2012"]
    assert missing == dict.fromkeys(("2013", "2014", "2015"), str(GONE)) | dict.fromkeys(("2016", "2017", "2018"), NOT_TRIED)


class CutOff(Chain):
    """The chain, interrupted right after the first asset's year was written and before that was told."""

    def __init__(self, home, year):
        super().__init__(home)
        rows, table_io = TableIO.rows, TableIO
        self.restore = lambda: setattr(table_io, "rows", rows)

        def interrupt(this, table, **more):
            if year in self.years()[0]:
                raise DagsterExecutionInterruptedError
            return rows(this, table, **more)

        table_io.rows = interrupt


@pytest.fixture
def cut_off(tmp_path):
    chain = CutOff(tmp_path, "2014")
    try:
        assert not chain.run("2012", "2016").success
    finally:
        chain.restore()
    return chain


def test_a_year_written_as_the_run_was_interrupted_is_recorded(cut_off):
    assert cut_off.years()[0] == ["2012", "2013", "2014"]
    assert cut_off.recorded() == cut_off.years()


def test_the_rest_is_filled_when_launched_again(cut_off):
    assert cut_off.run("2012", "2016").success
    assert cut_off.recorded() == cut_off.years() == [["2012", "2013", "2014", "2015", "2016"]] * 3


class Loses(Chain):
    """The chain, asked to stop in 2014 at a moment at which Python drops what is raised."""

    def _made(self, table, work, errors):
        if work.key == "2014":
            thing = type("Thing", (), {})()
            watch = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
            del thing
            assert watch() is None
        return super()._made(table, work, errors)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_request_to_stop_that_python_drops_is_obeyed_before_the_next_year(tmp_path):
    chain = Loses(tmp_path)
    assert not chain.run("2012", "2016").success
    assert chain.recorded() == chain.years() == [["2012", "2013", "2014"], [], []]
