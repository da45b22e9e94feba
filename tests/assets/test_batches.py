"""Sessions that are added many in a commit: what one of them breaks leaves the others of its batch filled."""

from datetime import UTC, date, datetime

import dagster as dg
import polars as pl
import pytest

from assets.filling import BATCH
from assets.table_asset import Work, table_asset
from kairos.calendar import sessions_between
from kairos.errors import SourceError
from kairos.tables.raw import RAW_ACTIONS as TABLE
from resources.platform import Platform
from resources.table_io import TableIO

DAYS = [day.isoformat() for day in sessions_between(date(2014, 1, 2), date(2014, 6, 30))][: BATCH + 6]
KEY = dg.AssetKey(TABLE.name)


def row_of(day, number=0):
    missing = {name: pl.lit(None, dtype=dtype) for name, dtype in TABLE.dtypes.items()}
    known = {
        "payload_id": pl.lit(f"payload of {day}"),
        "row": pl.lit(number),
        "source": pl.lit("sharadar"),
        "fetched_at": pl.lit(datetime(2014, 7, 1, tzinfo=UTC)),
        "received_year": pl.lit(2014),
        "date": pl.lit(date.fromisoformat(day)),
        "action": pl.lit("dividend"),
        "ticker": pl.lit("A"),
    }
    return TABLE.conform(pl.select(**{**missing, **known}))


@pytest.fixture
def run(tmp_path):
    """Runs the asset over DAYS, where `broken` says what comes instead of a day's row."""
    platform, instance = Platform(home=str(tmp_path)), dg.DagsterInstance.ephemeral()

    def run(broken):
        def fill(work: Work) -> pl.DataFrame:
            made = broken.get(work.key, row_of(work.key))
            if isinstance(made, BaseException):
                raise made
            return made

        asset = table_asset(TABLE, append=True)(fill)
        resources = {"platform": platform, "table_io": TableIO(platform=platform)}
        span = {"dagster/asset_partition_range_start": DAYS[0], "dagster/asset_partition_range_end": DAYS[-1]}
        done = dg.materialize([asset], resources=resources, instance=instance, tags=span, raise_on_error=False)
        held = platform.warehouse.read(TABLE)["date"].cast(str).to_list()
        return done, held, sorted(instance.get_materialized_partitions(KEY)), platform.warehouse.version(TABLE)

    return run


def test_a_run_is_as_many_commits_as_it_has_batches_and_records_every_session(run):
    done, held, recorded, version = run({})
    assert done.success
    assert held == recorded == DAYS
    assert version == 1


@pytest.mark.parametrize("what", ["error", "contract"])
def test_a_session_that_breaks_leaves_the_others_of_its_batch(run, what):
    breach = SourceError("late") if what == "error" else row_of(DAYS[3], number=-1)
    done, held, recorded, _ = run({DAYS[3]: breach})
    assert not done.success
    assert held == recorded == [day for day in DAYS if day != DAYS[3]]
