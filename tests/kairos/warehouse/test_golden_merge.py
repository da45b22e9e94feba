"""What a merge leaves in the file: the same rows whatever came first, each once, and one state or the other after a kill."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.registry import TABLES
from kairos.tables.universe import MIDCAP_UNIVERSE
from kairos.warehouse.commit import Commit
from kairos.warehouse.golden import BROUGHT, Merged, merge_into
from kairos.warehouse.store import Warehouse
from kairos_dagster.show import print_merged

BY = Commit("test")
RATING = TABLES["fmp_rating"]
RAW_RATING = RAW_FEEDS["fmp_rating"]
EARLIER = ("_attach", "_keep", "_merge_table:sep_base", "_merge_table:midcap_universe")
PLACES = (*(pytest.param(place, marks=pytest.mark.slow) for place in EARLIER), "COMMIT", "DETACH")
KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
from kairos.warehouse import golden
from kairos.warehouse.store import Warehouse

place, (name, _, table) = sys.argv[3], sys.argv[3].partition(":")

def dies_after(inner, *, of=None):
    def call(*args, **kwargs):
        found = inner(*args, **kwargs)
        if of is None or of(*args):
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    return call

class Connection:
    def __init__(self, inner):
        self.inner = inner
    def execute(self, statement, *rest):
        if place == "DETACH" and statement.startswith("DETACH"):
            os.kill(os.getpid(), signal.SIGKILL)
        if place == "COMMIT" and statement == "COMMIT":
            os.kill(os.getpid(), signal.SIGKILL)
        return self.inner.execute(statement, *rest)
    def __getattr__(self, name):
        return getattr(self.inner, name)

connect = golden.connect
golden.connect = lambda warehouse: Connection(connect(warehouse))
if name in ("_attach", "_keep"):
    setattr(golden, name, dies_after(getattr(golden, name)))
if name == "_merge_table":
    golden._merge_table = dies_after(golden._merge_table, of=lambda _, about, owner: about.name == table)
golden.merge_into(Warehouse(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def members(ids, name="T"):
    rows = {
        "universe_year": [2014] * len(ids),
        "permaticker": ids,
        "ticker": [f"{name}{n}" for n in ids],
        "sector": [None] * len(ids),
        "entry": [date(2014, 1, 5)] * len(ids),
        "exit": [None] * len(ids),
        "reason": ["trading"] * len(ids),
    }
    return pl.DataFrame(rows, schema=MIDCAP_UNIVERSE.dtypes)


def filled(table, rows):
    """Rows of a table: what is given, and something of the right type elsewhere."""
    usual = {pl.String: "x", pl.Int64: 1, pl.Int32: 2018, pl.Float64: 1.0, pl.Date: date(2018, 1, 2), pl.Boolean: True}
    instant = datetime(2018, 1, 2, tzinfo=UTC)
    blank = {name: usual.get(dtype.base_type(), instant) for name, dtype in table.dtypes.items()}
    return pl.DataFrame([{**blank, **row} for row in rows], schema=table.dtypes)


def versions(*days):
    """The versions of a rating, as far as it has been told of on these days: a repetition makes none."""
    told = sorted(days)[:1]  # both days say the same
    at = [datetime(2018, 1, day, 12, tzinfo=UTC) for day in told]
    return filled(RATING, [{"permaticker": 7, "known_at": one, "fetched_at": one, "known_source": "observed"} for one in at])


def told(warehouse, day, *, all_days):
    """Take a day's answer in, as the raw and the derived asset do."""
    raw = filled(RAW_RATING, [{"payload_id": f"day {day}", "row": row, "received_year": 2018} for row in (0, 1)])
    warehouse.append_new(RAW_RATING, raw, commit=BY)
    warehouse.replace(RATING, versions(*all_days), partition={"year": 2018}, commit=BY)


def contents(file):
    """All rows of all tables, without the note of who brought them."""
    with duckdb.connect(str(file)) as connection:
        names = [name for (name,) in connection.sql("SHOW TABLES").fetchall()]
        return {name: sorted(map(repr, connection.sql(f'FROM "{name}"').fetchall())) for name in names}


def killed_merge(warehouse, file, place):
    command = [sys.executable, "-c", KILLED, str(warehouse.root), str(file), place]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path / "warehouse")
    made.replace(MIDCAP_UNIVERSE, members([1, 2]), partition={"universe_year": 2014}, commit=BY)
    return made


@pytest.fixture
def file(warehouse, tmp_path):
    """A file that an earlier merge and its owner have written to."""
    merge_into(warehouse, tmp_path / "own.duckdb")
    with duckdb.connect(str(tmp_path / "own.duckdb")) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    return tmp_path / "own.duckdb"


def test_the_rows_before_and_after_are_told_of_each_table(warehouse, file):
    warehouse.replace(MIDCAP_UNIVERSE, members([1, 2, 3]), partition={"universe_year": 2014}, commit=BY)
    merged = merge_into(warehouse, file)
    assert merged["midcap_universe"] == Merged(before=2, after=3)
    assert {name for name, rows in merged.items() if rows.before != rows.after} == {"midcap_universe"}


def test_tables_that_changed_are_printed_first(capsys):
    print_merged({"a": Merged(5, 5), "b": Merged(1000, 1200), "c": Merged(0, 0), "d": Merged(9, 2)}, "merged into x")
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [line for line in lines if line[0] in "abcd"] == [
        ["b", "1,000", "1,200", "+200"], ["d", "9", "2", "-7"], ["a", "5", "5"]
    ]  # fmt: skip
    assert lines[-1] == ["merged", "into", "x"]


def test_merging_again_changes_no_row(warehouse, file):
    before = contents(file)
    assert all(rows.before == rows.after for rows in merge_into(warehouse, file).values())
    assert contents(file) == before


def test_days_that_come_in_another_order_make_the_same_file(tmp_path):
    made = {}
    for order in ((1, 2), (2, 1)):
        warehouse, file = Warehouse(tmp_path / f"{order[0]}"), tmp_path / f"{order[0]}.duckdb"
        for at, day in enumerate(order, start=1):
            told(warehouse, day, all_days=order[:at])
            merge_into(warehouse, file)
        made[order] = contents(file)
    assert made[1, 2] == made[2, 1]
    assert len(made[1, 2]["fmp_rating"]) == 1
    assert len(made[1, 2]["raw_fmp_rating"]) == 4


def test_what_another_warehouse_brought_stays(warehouse, file, tmp_path):
    other = Warehouse(tmp_path / "other")
    other.replace(MIDCAP_UNIVERSE, members([8]), partition={"universe_year": 2014}, commit=BY)
    assert merge_into(other, file)["midcap_universe"] == Merged(before=2, after=3)
    warehouse.replace(MIDCAP_UNIVERSE, members([2]), partition={"universe_year": 2014}, commit=BY)
    assert merge_into(warehouse, file)["midcap_universe"] == Merged(before=3, after=2)
    assert [row[:3] for row in rows_of(file)] == [(2014, 2, "T2"), (2014, 8, "T8")]


def rows_of(file):
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.sql("FROM midcap_universe ORDER BY permaticker").fetchall()


def test_a_warehouse_made_anew_takes_nothing_out_of_the_file(file, tmp_path):
    anew = Warehouse(tmp_path / "anew")
    anew.replace(MIDCAP_UNIVERSE, members([]), partition={"universe_year": 2014}, commit=BY)
    assert merge_into(anew, file)["midcap_universe"] == Merged(before=2, after=2)


def test_a_note_of_another_key_is_written_anew(warehouse, file):
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE {BROUGHT}.midcap_universe AS SELECT '' AS owner, 1 AS older")
    assert merge_into(warehouse, file)["midcap_universe"] == Merged(before=2, after=2)


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_no_part_of_a_key_may_be_null_so_no_row_is_doubled(table):
    assert not [name for name in table.key if table.schema.columns[name].nullable]


@pytest.mark.parametrize("place", PLACES)
def test_a_killed_merge_leaves_the_file_old_or_new_and_the_next_one_completes_it(warehouse, file, place):
    old = contents(file)
    warehouse.replace(MIDCAP_UNIVERSE, members([2, 3], "N"), partition={"universe_year": 2014}, commit=BY)
    assert killed_merge(warehouse, file, place).returncode == -signal.SIGKILL
    left = contents(file)
    assert left["mine"] == old["mine"]
    committed = place == "DETACH"
    assert [row[2] for row in rows_of(file)] == (["N2", "N3"] if committed else ["T1", "T2"])
    assert committed or left == old
    merge_into(warehouse, file)
    assert [row[2] for row in rows_of(file)] == ["N2", "N3"]
    assert sorted(path.name for path in file.parent.glob("*own*")) == ["own.duckdb", "own.duckdb.before"]


@pytest.mark.slow
def test_kills_at_any_moment_leave_one_state_or_the_other(warehouse, file):
    states = [["T1", "T2"], ["N2", "N3"]]
    warehouse.replace(MIDCAP_UNIVERSE, members([2, 3], "N"), partition={"universe_year": 2014}, commit=BY)
    command = [sys.executable, "-c", KILLED, str(warehouse.root), str(file), "nowhere"]
    for delay_s in (0.35, 0.5, 0.65, 0.8):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(delay_s)
            os.kill(process.pid, signal.SIGKILL)
        assert [row[2] for row in rows_of(file)] in states
    merge_into(warehouse, Path(file))
    assert [row[2] for row in rows_of(file)] == states[1]
