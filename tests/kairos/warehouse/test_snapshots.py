"""Tables that stay open show every commit of others, a table put in another's place, and pinned versions as they were."""

import shutil

import polars as pl
import pytest

from kairos.tables.models import TRIALS
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from tests.kairos.warehouse.test_locks import trial

BY = Commit("test")


@pytest.fixture
def opened(tmp_path):
    """A warehouse that has read its table of one row, and counts how often it opens one."""
    warehouse = Counting(tmp_path / "warehouse")
    warehouse.append_new(TRIALS, trial("first"), commit=BY)
    assert names(warehouse) == ["first"]
    warehouse.opens = 0
    return warehouse


class Counting(Warehouse):
    opens = 0

    def delta(self, table, version=None):
        self.opens += 1
        return super().delta(table, version)


def names(warehouse, version=None):
    return warehouse.read(TRIALS, version=version)["trial_id"].to_list()


def test_a_table_is_opened_once_while_nobody_writes(opened):
    for _ in range(3):
        assert names(opened) == ["first"]
        assert opened.rows(TRIALS) == 1
    assert opened.opens == 0


def test_a_commit_of_another_writer_is_seen_at_once(opened):
    lazily = opened.scan(TRIALS)
    Warehouse(opened.root).append_new(TRIALS, trial("second"), commit=BY)
    assert names(opened) == ["first", "second"]
    assert opened.version(TRIALS) == 1
    assert lazily.select(pl.len()).collect().item() == 1, "a read that had begun moved to another version"
    assert names(opened, version=0) == ["first"]


def test_a_table_put_in_the_place_of_another_is_the_one_read(opened, tmp_path):
    other = Warehouse(tmp_path / "other")
    other.append_new(TRIALS, trial("another"), commit=BY)
    shutil.rmtree(opened.path(TRIALS))
    assert names(opened) == []
    other.path(TRIALS).rename(opened.path(TRIALS))
    assert names(opened) == ["another"]
    assert names(opened, version=0) == ["another"]


def test_upkeep_leaves_what_is_open_as_it_was(opened):
    other = Warehouse(opened.root)
    for name in ("second", "third"):
        other.append_new(TRIALS, trial(name), commit=BY)
    pinned = opened.scan(TRIALS, version=1)
    opened.delta(TRIALS).optimize.compact()
    assert names(opened) == ["first", "second", "third"]
    assert pinned.select(pl.len()).collect().item() == 2
