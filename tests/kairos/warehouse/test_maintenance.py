"""Upkeep beside writers: compaction tries again, gives way, and vacuum deletes nothing that anybody may still read."""

import json
import os
from datetime import UTC, date, datetime, timedelta

import duckdb
import polars as pl
import pytest

from kairos.tables.market import MV_LIQUIDITY_60D as TABLE
from kairos.tables.models import TRIALS
from kairos.tables.simulation import STRATEGY_STATS
from kairos.warehouse.commit import Commit
from kairos.warehouse.maintenance import MAX_ATTEMPTS, compact_and_vacuum, named_versions
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import publish

BY = Commit("test")
DAY_S = 86_400


def liquidity(value, *, names=1):
    rows = {"permaticker": range(names), "session": [date(2014, 1, 6)] * names, "zero_volume_days_60d": [0] * names}
    return TABLE.conform(pl.DataFrame(rows).with_columns(avg_dollar_vol_60d=value, median_dollar_vol_60d=value))


def trial(name):
    text = dict.fromkeys(("name", "data_set", "config"), "x")
    row = {"trial_id": name, "kind": "model", "universe_year": 2014, "horizon": 5, "first_seen": datetime.now(UTC)}
    return TRIALS.conform(pl.DataFrame(row | text))


def write(warehouse, value):
    return warehouse.replace(TABLE, liquidity(value), partition={"year": 2014}, commit=BY)


def upkeep(warehouse, *tables, **more):
    now = datetime.now(UTC)
    [done] = compact_and_vacuum(warehouse, now=now, keep_days=7, tables=tables, sleep=lambda _: None, **more)
    return done


def age_files(warehouse, *, days):
    for file in warehouse.root.rglob("*.parquet"):
        aged = file.stat().st_mtime - days * DAY_S
        os.utime(file, (aged, aged))


def age_log(warehouse, *, days):
    for file in warehouse.root.rglob("_delta_log/*.json"):
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        for line in lines:
            if "commitInfo" in line:
                line["commitInfo"]["timestamp"] -= days * DAY_S * 1000
        file.write_text("\n".join(map(json.dumps, lines)))


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse")


class Overtaken(Warehouse):
    """A warehouse in which somebody replaces all rows whenever a table was opened, so many times."""

    def __init__(self, root, times):
        super().__init__(root)
        self.times, self.other = times, Warehouse(root)

    def delta(self, table, version=None):
        found = super().delta(table, version)
        if self.times and table is TRIALS:
            self.times -= 1
            self.other.replace(TRIALS, trial(f"overtaking {self.times}"), partition={}, commit=BY)
            self.other.append_new(TRIALS, trial(f"and adding {self.times}"), commit=BY)
        return found


@pytest.mark.parametrize("times", [1, 4])
def test_compaction_that_was_overtaken_tries_again(warehouse, times):
    for name in "abc":
        warehouse.append_new(TRIALS, trial(name), commit=BY)
    done = upkeep(Overtaken(warehouse.root, times), TRIALS)
    assert (done.files_after, done.busy) == (1, 0)
    assert sorted(warehouse.read(TRIALS)["trial_id"]) == ["and adding 0", "overtaking 0"]


def test_a_partition_that_is_written_all_the_time_waits_for_the_next_upkeep(warehouse):
    for name in "abc":
        warehouse.append_new(TRIALS, trial(name), commit=BY)
    done = upkeep(Overtaken(warehouse.root, MAX_ATTEMPTS + 5), TRIALS)
    assert done.busy == 1
    assert warehouse.read(TRIALS).height == 2


def test_a_file_superseded_this_week_stays_however_old_it_is(warehouse):
    first = write(warehouse, 1.0)
    age_files(warehouse, days=30)
    age_log(warehouse, days=30)
    write(warehouse, 2.0)
    assert upkeep(warehouse, TABLE).vacuumed == 0
    assert warehouse.read(TABLE, version=first)["avg_dollar_vol_60d"].to_list() == [1.0]


def test_a_file_superseded_before_that_goes(warehouse):
    write(warehouse, 1.0)
    write(warehouse, 2.0)
    age_files(warehouse, days=8)
    age_log(warehouse, days=8)
    assert upkeep(warehouse, TABLE).vacuumed == 1
    assert warehouse.read(TABLE)["avg_dollar_vol_60d"].to_list() == [2.0]


def test_a_file_that_is_being_written_stays(warehouse):
    write(warehouse, 1.0)
    uncommitted = warehouse.path(TABLE) / "year=2014" / "part-of-a-writer.parquet"
    uncommitted.write_bytes(b"half")
    upkeep(warehouse, TABLE)
    assert uncommitted.exists()
    age_files(warehouse, days=8)
    upkeep(warehouse, TABLE)
    assert not uncommitted.exists()


def test_a_shell_on_an_old_publication_still_reads_its_files(warehouse, tmp_path):
    write(warehouse, 1.0)
    publish(warehouse, tmp_path / "kairos.duckdb")
    with duckdb.connect(str(tmp_path / "kairos.duckdb")) as shell:
        age_files(warehouse, days=400)
        age_log(warehouse, days=400)
        write(warehouse, 2.0)
        publish(warehouse, tmp_path / "kairos.duckdb")
        upkeep(warehouse, TABLE)
        assert shell.sql(f"SELECT avg_dollar_vol_60d FROM {TABLE.name}").fetchall() == [(1.0,)]  # noqa: S608


def statistics(tag, cost):
    fitting = {pl.String: "x", pl.Int64: 1, pl.Int32: 1, pl.Float64: 0.0}
    row = {name: fitting.get(kind) for name, kind in STRATEGY_STATS.dtypes.items()}
    row |= {"universe_year": 2014, "tag": tag, "cost_bps": cost}
    return pl.DataFrame([row], schema=STRATEGY_STATS.dtypes)


def test_what_the_present_statistics_were_made_from_is_named(warehouse):
    for tag, version in (("a", 3), ("a", 4), ("b", 7)):
        commit = Commit("test", reads={"simulation_daily": version})
        where = {"universe_year": 2014, "tag": tag}
        warehouse.replace(STRATEGY_STATS, statistics(tag, float(version)), partition=where, commit=commit)
    assert named_versions(warehouse)["simulation_daily"] == {4, 7}


def test_a_relative_folder_loses_nothing(warehouse, monkeypatch):
    write(warehouse, 1.0)
    age_files(warehouse, days=400)
    age_log(warehouse, days=400)
    monkeypatch.chdir(warehouse.root.parent)
    relative = Warehouse(warehouse.root.relative_to(warehouse.root.parent))
    assert upkeep(relative, TABLE).vacuumed == 0
    assert relative.read(TABLE).height == 1


def test_folder_names_with_signs_lose_nothing(warehouse):
    for tag in ("a b", "50%", "ü:x", "a/b"):
        where = {"universe_year": 2014, "tag": tag}
        warehouse.replace(STRATEGY_STATS, statistics(tag, 10.0), partition=where, commit=BY)
    age_files(warehouse, days=400)
    age_log(warehouse, days=400)
    assert upkeep(warehouse, STRATEGY_STATS).vacuumed == 0
    assert warehouse.read(STRATEGY_STATS).height == 4


def test_two_upkeeps_at_once_are_one(warehouse):
    write(warehouse, 1.0)
    later = datetime.now(UTC) + timedelta(days=30)
    write(warehouse, 2.0)
    for _ in range(2):
        compact_and_vacuum(warehouse, now=later, keep_days=7, tables=[TABLE])
    assert warehouse.read(TABLE)["avg_dollar_vol_60d"].to_list() == [2.0]
