"""What must be true of a home when the joint work is over: nothing lost, nothing twice, nothing torn."""

import random
from collections import Counter, defaultdict

import polars as pl
from polars.testing import assert_frame_equal

from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from tests.journeys.joint_rows import APPENDED, REPLACED, SUITE_YEARS, YEAR, replacing
from tests.journeys.joint_work import Journals

SAMPLED = 12  # versions of each table that are looked at afterwards


def assert_every_append_is_there_once(warehouse: Warehouse, journals: Journals) -> None:
    added: dict[str, Counter] = defaultdict(Counter)
    for line in journals.of("append"):
        added[line["table"]][line["name"]] += line["added"]
    for table, rows in APPENDED.items():
        assert set(added[table].values()) == {rows}, (table, [name for name, count in added[table].items() if count != rows])
        identity, ours = ("trial_id", "name") if table == "trials" else ("payload_id", "source")
        found = warehouse.read(TABLES[table], where=pl.col(ours) == "suite")[identity].value_counts()
        assert dict(found.rows()) == dict.fromkeys(added[table], rows) | {"first": rows}


def assert_every_replace_is_in_the_history_once(warehouse: Warehouse, journals: Journals) -> None:
    for table in REPLACED:
        lines = [line for line in journals.of("replace") if line["table"] == table]
        done = Counter((str(line["year"]), str(line["write"])) for line in lines)
        told = Counter((by.partition, by.run_id) for by in _commits(warehouse, table).values() if int(by.run_id) % 1_000_000)
        assert told == done


def assert_partitions_hold_their_last_commit(warehouse: Warehouse) -> None:
    for table in REPLACED:
        _assert_version_is_as_committed(warehouse, table, None)


def assert_old_versions_hold_theirs(warehouse: Warehouse, *, seed: int) -> None:
    for table in REPLACED:
        newest = warehouse.version(TABLES[table])
        for version in random.Random(seed).sample(range(len(SUITE_YEARS), newest + 1), min(SAMPLED, newest - len(SUITE_YEARS))):
            _assert_version_is_as_committed(warehouse, table, version)


def _assert_version_is_as_committed(warehouse: Warehouse, table: str, version: int | None) -> None:
    last: dict[int, int] = {}
    for number, commit in sorted(_commits(warehouse, table).items()):
        if version is None or number <= version:
            last[int(commit.partition)] = int(commit.run_id)
    assert sorted(last) == list(SUITE_YEARS)
    frame = warehouse.read(TABLES[table], version=version)
    for year, write in last.items():
        found, written = frame.filter(YEAR[table] == year), replacing(table, year, write)
        assert_frame_equal(found.sort(pl.all()), written.select(found.columns).sort(pl.all()), check_exact=True)


def _commits(warehouse: Warehouse, table: str):
    return {version: commit for version, commit in warehouse.history(TABLES[table]) if commit.asset == "suite"}
