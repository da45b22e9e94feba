"""A user's own DuckDB file: merged into under its lock, kept as it was beside, left alone where that cannot be."""

import subprocess
import sys
from contextlib import ExitStack, contextmanager

import duckdb
import pytest

from kairos.errors import WarehouseError
from kairos.warehouse import golden
from kairos.warehouse.golden import merge_into
from kairos.warehouse.query import export_duckdb
from kairos.warehouse.store import Warehouse

HOLD = """
import duckdb, sys
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
if sys.argv[2] == "write":
    held.execute("CREATE TABLE theirs AS SELECT 1 AS n")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse")


@pytest.fixture
def file(tmp_path):
    with duckdb.connect(str(tmp_path / "own.duckdb")) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    return tmp_path / "own.duckdb"


@contextmanager
def held(file, how):
    """Another process that has the file open; it is killed at the end, as if the machine had failed."""
    command = [sys.executable, "-c", HOLD, str(file), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().strip() == "open"
        try:
            yield
        finally:
            process.kill()


@pytest.mark.parametrize("how", ["read", "write"])
def test_merging_into_a_file_that_is_open_elsewhere_is_refused_in_one_line(warehouse, file, how):
    with (
        held(file, how),
        pytest.raises(WarehouseError, match=r"^\S+own.duckdb: cannot be opened .* holds its lock; close") as told,
    ):
        merge_into(warehouse, file)
    assert "\n" not in str(told.value)


def test_exporting_over_a_file_that_is_written_elsewhere_is_refused_in_one_line(warehouse, file):
    with held(file, "write"), pytest.raises(WarehouseError, match="cannot be replaced: another program holds its lock") as told:
        export_duckdb(warehouse, file)
    assert "\n" not in str(told.value)


def test_exporting_over_a_file_that_is_only_read_elsewhere_is_done(warehouse, file):
    with held(file, "read"):
        assert export_duckdb(warehouse, file)["raw_sep"] == 0
    with duckdb.connect(str(file), read_only=True) as connection:
        assert ("raw_sep",) in connection.sql("SHOW TABLES").fetchall()


def test_exporting_over_the_file_of_a_killed_writer_leaves_none_of_its_log(warehouse, file):
    with held(file, "write"):
        pass
    assert file.with_name("own.duckdb.wal").exists()
    export_duckdb(warehouse, file)
    with duckdb.connect(str(file)) as connection:
        assert ("theirs",) not in connection.sql("SHOW TABLES").fetchall()


def test_exporting_over_what_is_no_duckdb_file_is_refused(warehouse, tmp_path):
    (tmp_path / "prices.csv").write_text("ticker,close\n" * 1000)
    with pytest.raises(WarehouseError, match=r"prices.csv: cannot be replaced: it is no DuckDB file"):
        export_duckdb(warehouse, tmp_path / "prices.csv")
    assert (tmp_path / "prices.csv").read_text().startswith("ticker,close")


def test_a_path_with_an_apostrophe_is_written_and_merged(warehouse, tmp_path):
    counts = export_duckdb(warehouse, tmp_path / "it's.duckdb")
    merged = merge_into(warehouse, tmp_path / "it's.duckdb")
    assert counts == {name: rows.after for name, rows in merged.items()}


def test_nobody_can_open_the_file_once_it_was_copied(warehouse, file):
    with ExitStack() as opened:
        old = golden._opened(file, opened)
        connection = opened.enter_context(duckdb.connect())
        golden._attach(connection, file)
        golden._keep(old, file.with_name("own.duckdb.before"))
        other = subprocess.run(
            [sys.executable, "-c", "import duckdb, sys; duckdb.connect(sys.argv[1])", str(file)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert "Could not set lock" in other.stderr


def test_the_copy_has_what_a_killed_writer_had_committed(warehouse, file):
    with held(file, "write"):
        pass
    merge_into(warehouse, file)
    with duckdb.connect(str(file.with_name("own.duckdb.before")), read_only=True) as before:
        assert before.sql("SELECT n FROM theirs").fetchall() == [(1,)]


def test_tables_of_our_names_with_other_columns_are_left_alone(warehouse, file):
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE raw_sep AS SELECT 1 AS something")
    with pytest.raises(WarehouseError, match="cannot be merged into") as told:
        merge_into(warehouse, file)
    assert "\n" not in str(told.value)
    with duckdb.connect(str(file)) as connection:
        assert sorted(connection.sql("SHOW TABLES").fetchall()) == [("mine",), ("raw_sep",)]
