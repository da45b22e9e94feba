"""A partition too large to be held is checked and stored part by part; a small one goes the way of all others."""

from datetime import date

import polars as pl
import pytest

from assets import filling
from kairos.frames import Parts
from tests.assets.test_table_asset import TABLE, Bench, failure, materialisations, rows_of, verdicts


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(filling, "HELD_BYTES", 100)
    return Bench(tmp_path)


def in_parts(*values):
    """Return a filling function that makes a part of three rows of each value, a month after the one before."""
    parts = [
        rows_of(2014, value, count=3).with_columns(session=pl.lit(date(2014, 1 + at, 3))) for at, value in enumerate(values)
    ]
    return lambda work: Parts(lambda: iter(parts))


def test_all_parts_are_stored_and_counted_in_one_commit(bench):
    result = bench.run(in_parts(1.0, 2.0, 3.0), "2014")
    assert materialisations(result)["2014"]["dagster/partition_row_count"].value == 9
    assert bench.platform.warehouse.read(TABLE)["avg_dollar_vol_60d"].sum() == 18
    assert len(bench.platform.warehouse.history(TABLE)) == 1


@pytest.mark.parametrize(
    ("values", "says"),
    [((1.0, 1000.0), "check not_too_much failed: the most"), ((1.0, -1.0), "column avg_dollar_vol_60d: 3 value(s) break")],
    ids=["check", "contract"],
)
def test_a_part_that_fails_keeps_all_of_them_out_and_is_shown_red(bench, values, says):
    bench.run(in_parts(7.0), "2014")
    result = bench.run(in_parts(*values), "2014")
    assert says in failure(result)
    assert not all(found.passed for found in verdicts(result).values())
    assert bench.platform.warehouse.read(TABLE)["avg_dollar_vol_60d"].unique().to_list() == [7.0]


def test_a_warning_about_one_part_is_not_lost_among_the_others(bench):
    found = verdicts(bench.run(in_parts(1.0, 50.0, 1.0), "2014"))["small"]
    assert (found.passed, found.description) == (False, "2014: big")


def test_a_large_partition_is_drawn_from_some_of_its_rows(bench):
    drawn = []
    bench.run(in_parts(1.0, 2.0), "2014", plot=lambda rows: drawn.append(rows.height) or b"png")
    assert drawn == [2]


def test_a_small_partition_of_parts_is_left_alone_where_it_stands_already(bench, monkeypatch):
    monkeypatch.setattr(filling, "HELD_BYTES", 1 << 20)
    for _ in range(2):
        bench.run(in_parts(1.0, 2.0), "2014")
    assert bench.platform.warehouse.version(TABLE) == 0
