"""The results of a year are written whatever they say; features of a year that is not fit are not built, other years are."""

from datetime import UTC, date, datetime

import dagster as dg
import polars as pl
import pytest

from assets.fundamentals import feat_fundamentals, feat_revisions
from assets.quality import quality_results
from kairos.calendar import sessions_between
from kairos.market.waivers import WAIVERS_FILE
from kairos.tables.features import FEAT_FUNDAMENTALS
from kairos.tables.market import DAILY_METRICS, SEP_BASE
from kairos.tables.quality import QUALITY_RESULTS
from kairos.warehouse.commit import Commit
from resources.platform import Platform
from resources.table_io import TableIO

NAMES = 30


class Bench:
    """A home with prices of two years, and with market values that lose a column in the second."""

    def __init__(self, home):
        self.home = home
        self.platform = Platform(home=str(home))
        for year in (2016, 2017):
            days = sessions_between(date(year, 1, 1), date(year, 12, 31))
            cells = pl.DataFrame(
                {"permaticker": [*range(NAMES)] * len(days), "session": [day for day in days for _ in range(NAMES)]}
            )
            made = cells.with_columns(
                known_at=pl.lit(datetime(2017, 12, 29, tzinfo=UTC)), known_source=pl.lit("assumed"), payload_id=pl.lit("p")
            )
            filled = pl.when((pl.col("session") < date(2017, 6, 1)) | (year == 2016)).then(1.0)
            self.write(DAILY_METRICS, year, made.with_columns(**dict.fromkeys(("marketcap", "ev", "pe", "pb", "ps"), filled)))
            texts = dict.fromkeys(("ticker", "source"), pl.lit("A"))
            prices = dict.fromkeys(("open", "high", "low", "close", "volume", "closeadj", "closeunadj"), pl.lit(1.0))
            self.write(SEP_BASE, year, made.with_columns(**texts, **prices, fetched_at="known_at", row=pl.lit(0)))

    def write(self, table, year, frame):
        missing = {name: pl.lit(None, dtype) for name, dtype in table.dtypes.items() if name not in frame.columns}
        rows = table.conform(frame.with_columns(**missing))
        self.platform.warehouse.replace(table, rows, partition={"year": year}, commit=Commit("test"))

    def run(self, *assets):
        resources = {"platform": self.platform, "table_io": TableIO(platform=self.platform)}
        span = {"dagster/asset_partition_range_start": "2016", "dagster/asset_partition_range_end": "2017"}
        instance = dg.DagsterInstance.ephemeral()
        made = dg.materialize([*assets], resources=resources, instance=instance, tags=span, raise_on_error=False)
        features = instance.get_materialized_partitions(dg.AssetKey(FEAT_FUNDAMENTALS.name))
        return made, sorted(features)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("home"))


def verdicts(run):
    return {made.check_name: (made.passed, made.severity.value) for made in run.get_asset_check_evaluations()}


def test_results_are_written_and_shown_though_they_block(bench):
    made, _ = bench.run(quality_results)
    assert made.success
    assert verdicts(made)["nothing_blocks"] == (False, "WARN")
    rows = bench.platform.warehouse.read(QUALITY_RESULTS).filter(pl.col("level") == "block")
    assert set(rows["column_name"]) >= {"marketcap", "ev", "pe", "pb", "ps"}
    assert rows["session"].min() == date(2017, 6, 30)


def test_features_of_the_unfit_year_alone_wait_until_a_person_lets_it_through(bench):
    run, filled = bench.run(quality_results, feat_fundamentals, feat_revisions)
    assert not run.success
    assert filled == ["2016"]
    told = str([event.event_specific_data for event in run.get_step_failure_events()])
    assert "quality_results of 2017" in told
    blocks = bench.platform.warehouse.read(QUALITY_RESULTS).filter(pl.col("level") == "block")
    lines = [f"{table},{day},quality" for table, day in blocks.select("table_name", "session").unique().iter_rows()]
    (bench.home / WAIVERS_FILE).write_text("\n".join(["ticker,session,reason", *lines]) + "\n")
    run, filled = bench.run(quality_results, feat_fundamentals, feat_revisions)
    assert run.success
    assert filled == ["2016", "2017"]
