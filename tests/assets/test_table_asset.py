"""A run over partitions: each in one commit, a failure leaves the others, and what stopped it is shown red."""

from datetime import date

import dagster as dg
import polars as pl
import pytest

from assets.table_asset import Work, table_asset
from kairos.errors import SourceError
from kairos.tables.core import Check, Outcome
from kairos.tables.market import MV_LIQUIDITY_60D as TABLE
from resources.platform import Platform
from resources.table_io import TableIO

KEY = dg.AssetKey(TABLE.name)
NOT_TOO_MUCH = Check(
    "not_too_much",
    "At most 100.",
    lambda rows: Outcome(rows.filter(pl.col("avg_dollar_vol_60d") > 100).is_empty(), "the most", {"n": rows.height}),
)
SMALL = Check(
    "small",
    "At most 10.",
    lambda rows: Outcome(rows.filter(pl.col("avg_dollar_vol_60d") > 10).is_empty(), "big", {}),
    blocking=False,
)


class Bench:
    """Runs an asset that makes, for each year, as many rows as `rows` says, of that value."""

    def __init__(self, home):
        self.platform = Platform(home=str(home))
        self.instance = dg.DagsterInstance.ephemeral()

    def run(self, fill, first, last="", *, plot=None):
        asset = table_asset(TABLE, checks=(NOT_TOO_MUCH, SMALL), plot=plot)(fill)
        resources = {"platform": self.platform, "table_io": TableIO(platform=self.platform)}
        span = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last or first}
        return dg.materialize([asset], resources=resources, instance=self.instance, tags=span, raise_on_error=False)

    def years(self):
        return self.platform.warehouse.read(TABLE)["session"].dt.year().unique().sort().to_list()

    def recorded(self):
        return sorted(self.instance.get_materialized_partitions(KEY))


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def rows_of(year, value=1.0, count=1):
    return TABLE.conform(
        pl.DataFrame(
            {
                "permaticker": range(count),
                "session": [date(year, 6, 3)] * count,
                "avg_dollar_vol_60d": value,
                "median_dollar_vol_60d": 1.0,
                "zero_volume_days_60d": 0,
            }
        )
    )


def filling(**values):
    """Return a filling function that makes the value of each year, `y2014=...`; an error is raised."""

    def fill(work: Work) -> pl.DataFrame:
        value = values.get(f"y{work.key}", 1.0)
        if isinstance(value, BaseException):
            raise value
        return rows_of(work.year, value, count=work.year - 2010)

    return fill


def materialisations(result):
    events = [event for event in result.all_events if event.is_step_materialization]
    return {event.partition: event.step_materialization_data.materialization.metadata for event in events}


def verdicts(result):
    events = [event for event in result.all_events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    return {event.event_specific_data.check_name: event.event_specific_data for event in events}


def failure(result):
    return next(event.step_failure_data.user_failure_data.description for event in result.all_events if event.is_step_failure)


def test_a_range_is_one_run_with_one_record_per_partition(bench):
    result = bench.run(filling(), "2013", "2015")
    counts = {key: shown["dagster/partition_row_count"].value for key, shown in materialisations(result).items()}
    assert counts == {"2013": 3, "2014": 4, "2015": 5}


def test_each_partition_is_one_commit_with_its_key(bench):
    result = bench.run(filling(), "2013", "2015")
    commits = [(commit.partition, commit.run_id) for _, commit in bench.platform.warehouse.history(TABLE)]
    assert commits == [(year, result.run_id) for year in ("2015", "2014", "2013")]


def test_the_newest_partition_with_rows_has_the_plot(bench):
    drawn = []
    result = bench.run(filling(), "2013", "2015", plot=lambda rows: drawn.append(rows["session"].dt.year()[0]) or b"png")
    assert drawn == [2015]
    assert [key for key, shown in materialisations(result).items() if "plot" in shown] == ["2015"]


@pytest.mark.parametrize(
    ("stop", "says"),
    [
        (SourceError("the file is gone"), "mv_liquidity_60d[2015]: the file is gone"),
        (1000.0, "mv_liquidity_60d[2015]: check not_too_much failed: the most"),
        (-1.0, "mv_liquidity_60d[2015]: mv_liquidity_60d: column avg_dollar_vol_60d: 5 value(s) break"),
    ],
    ids=["error", "check", "contract"],
)
def test_a_partition_that_fails_leaves_the_others_done_and_recorded(bench, stop, says):
    result = bench.run(filling(y2015=stop), "2013", "2016")
    assert not result.success
    assert failure(result).startswith(says)
    assert (bench.years(), bench.recorded()) == ([2013, 2014, 2016], ["2013", "2014", "2016"])


def test_an_error_of_our_own_making_leaves_them_recorded_too(bench):
    result = bench.run(filling(y2015=ZeroDivisionError("oops")), "2013", "2016")
    assert not result.success
    assert (bench.years(), bench.recorded()) == ([2013, 2014], ["2013", "2014"])


def test_a_failing_check_is_shown_red_and_names_its_partition(bench):
    found = verdicts(bench.run(filling(y2015=1000.0), "2013", "2016"))
    assert not found["not_too_much"].passed
    assert found["not_too_much"].severity is dg.AssetCheckSeverity.ERROR
    assert found["not_too_much"].description == "2015: the most"


def test_a_broken_contract_is_shown_red(bench):
    found = verdicts(bench.run(filling(y2014=-1.0), "2014"))
    assert not found["contract"].passed
    assert "The rows were not written" in found["contract"].description


def test_a_broken_partition_keeps_the_rows_it_had(bench):
    bench.run(filling(), "2014")
    bench.run(filling(y2014=1000.0), "2014")
    assert bench.platform.warehouse.read(TABLE)["avg_dollar_vol_60d"].unique().to_list() == [1.0]


def test_a_warning_is_shown_and_stops_nothing(bench):
    result = bench.run(filling(y2014=50.0), "2013", "2015")
    found = verdicts(result)["small"]
    assert result.success
    assert (found.passed, found.severity, found.description) == (False, dg.AssetCheckSeverity.WARN, "2014: big")


def test_an_empty_partition_is_a_partition(bench):
    bench.run(lambda work: TABLE.empty(), "2013", "2014")
    assert bench.recorded() == ["2013", "2014"]


def test_all_partitions_of_a_run_read_the_versions_it_began_with(bench):
    seen = []

    def fill(work: Work) -> pl.DataFrame:
        seen.append(work.reads)
        return rows_of(work.year)

    bench.run(fill, "2013", "2015")
    assert seen == [{}, {}, {}]
