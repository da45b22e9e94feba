"""The weekly upkeep makes few files of many, and deletes nothing that anything still names."""

import json
import os
from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from jobs.compaction import weekly_compaction
from kairos.tables.market import MV_LIQUIDITY_60D as TABLE
from kairos.tables.models import MODELS, TRIALS
from kairos.warehouse.commit import Commit
from kairos.warehouse.query import run_sql
from resources.platform import Platform

BY = Commit("test")
WRITTEN = 4


@pytest.fixture
def home(tmp_path):
    """A table of four versions, each of one file."""
    platform = Platform(home=str(tmp_path))
    for value in range(WRITTEN):
        rows = pl.DataFrame({"permaticker": [1], "session": [date(2014, 6, 3)], "zero_volume_days_60d": [0]})
        sums = dict.fromkeys(("avg_dollar_vol_60d", "median_dollar_vol_60d"), pl.lit(float(value)))
        platform.warehouse.replace(TABLE, TABLE.conform(rows.with_columns(**sums)), partition={"year": 2014}, commit=BY)
    return platform


def name_version(home, version):
    text = dict.fromkeys(("family", "config", "trial_ids", "run_id", "artifact", "code_version"), "x")
    row = {"universe_year": 2014, "model_id": "m_2014", "features": 1, "folds": 1, "seed": 0, **text}
    row |= {"reads": json.dumps({TABLE.name: version}), "trained_through": date(2014, 6, 3), "created_at": datetime.now(UTC)}
    home.warehouse.replace(
        MODELS, MODELS.conform(pl.DataFrame(row)), partition={"universe_year": 2014, "model_id": "m_2014"}, commit=BY
    )


def upkeep(home, *, days_later):
    """Let every commit and file be that much older, and run the upkeep."""
    for file in home.warehouse.root.rglob("*"):
        if file.suffix == ".json":
            lines = [json.loads(line) for line in file.read_text().splitlines()]
            for line in lines:
                if "commitInfo" in line:
                    line["commitInfo"]["timestamp"] -= days_later * 86_400_000
            file.write_text("\n".join(map(json.dumps, lines)))
        if file.is_file():
            aged = file.stat().st_mtime - days_later * 86_400
            os.utime(file, (aged, aged))
    assert weekly_compaction.execute_in_process(resources={"platform": home}).success


def readable(home):
    """Return the versions whose rows can still be read."""
    found = []
    for version in range(WRITTEN):
        try:
            rows = home.warehouse.read(TABLE, version=version)
        except FileNotFoundError:
            continue
        assert rows["avg_dollar_vol_60d"].to_list() == [float(version)]
        found.append(version)
    return found


def test_versions_of_the_last_days_stay(home):
    upkeep(home, days_later=0)
    assert readable(home) == [0, 1, 2, 3]


def test_superseded_versions_go_after_their_days(home):
    upkeep(home, days_later=30)
    assert readable(home) == [3]


def test_a_version_that_a_model_names_stays_for_good(home):
    name_version(home, 1)
    upkeep(home, days_later=3000)
    assert readable(home) == [1, 3]


def test_nothing_changes_for_who_reads_the_newest(home):
    before = home.warehouse.read(TABLE)
    upkeep(home, days_later=30)
    assert_frame_equal(home.warehouse.read(TABLE), before)
    assert run_sql(home.warehouse, f"SELECT count(*) AS n FROM {TABLE.name}")["n"].to_list() == [1]  # noqa: S608


def test_many_small_files_become_one(home):
    text = dict.fromkeys(("name", "data_set", "config"), "x")
    for n in range(5):
        row = {"trial_id": f"t{n}", "kind": "model", "universe_year": 2014, "horizon": 5, "first_seen": datetime.now(UTC)}
        home.warehouse.append_new(TRIALS, TRIALS.conform(pl.DataFrame(row | text)), commit=BY)
    upkeep(home, days_later=30)
    assert len(home.warehouse.delta(TRIALS).file_uris()) == 1
    assert home.warehouse.read(TRIALS).height == 5
