"""What people see by SQL: the seeds' names, one pinned version, and no lock anywhere."""

import subprocess
import sys
from datetime import date

import duckdb
import polars as pl
import pytest

from kairos.errors import NotFoundError, WarehouseError
from kairos.tables.market import MV_LIQUIDITY_60D
from kairos.tables.registry import TABLES
from kairos.tables.universe import MIDCAP_UNIVERSE
from kairos.warehouse.commit import Commit
from kairos.warehouse.golden import merge_into
from kairos.warehouse.maintenance import compact_and_vacuum
from kairos.warehouse.query import export_duckdb, run_sql
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import publish

BY = Commit("test")


def members(year: int, ids: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "universe_year": [year] * len(ids),
            "permaticker": ids,
            "ticker": [f"T{n}" for n in ids],
            "sector": [None] * len(ids),
            "entry": [date(year, 1, 5)] * len(ids),
            "exit": [None] * len(ids),
            "reason": ["trading"] * len(ids),
        },
        schema=MIDCAP_UNIVERSE.dtypes,
    )


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path / "warehouse")
    for year, ids in ((2008, [1, 2]), (2014, [3])):
        made.replace(MIDCAP_UNIVERSE, members(year, ids), partition={"universe_year": year}, commit=BY)
    return made


def query(file, statement):
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.sql(statement).fetchall()


def test_the_published_file_has_every_table_and_the_yearly_names(warehouse, tmp_path):
    publish(warehouse, tmp_path / "kairos.duckdb")
    names = {row[0] for row in query(tmp_path / "kairos.duckdb", "SELECT view_name FROM duckdb_views() WHERE NOT internal")}
    assert set(TABLES) | {"midcap_2008_universe", "midcap_2014_universe"} == names


def test_a_yearly_name_shows_its_year_alone(warehouse, tmp_path):
    publish(warehouse, tmp_path / "kairos.duckdb")
    assert query(tmp_path / "kairos.duckdb", "SELECT permaticker FROM midcap_2008_universe ORDER BY 1") == [(1,), (2,)]


def test_an_empty_table_is_a_typed_view(warehouse, tmp_path):
    publish(warehouse, tmp_path / "kairos.duckdb")
    described = query(tmp_path / "kairos.duckdb", "DESCRIBE strategy_stats")
    assert [row[0] for row in described] == list(TABLES["strategy_stats"].columns)
    assert query(tmp_path / "kairos.duckdb", "SELECT count(*) FROM strategy_stats") == [(0,)]


def test_a_shell_held_open_read_write_does_not_block_publishing(warehouse, tmp_path):
    file = tmp_path / "kairos.duckdb"
    publish(warehouse, file)
    hold = f"import duckdb, sys; c = duckdb.connect({str(file)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout.readline().strip() == "open"
        warehouse.replace(MIDCAP_UNIVERSE, members(2015, [7]), partition={"universe_year": 2015}, commit=BY)
        publish(warehouse, file)
        assert query(file, "SELECT permaticker FROM midcap_2015_universe") == [(7,)]
        shell.stdin.close()


def test_a_query_names_the_missing_table(warehouse):
    with pytest.raises(NotFoundError, match="midcap_universe"):
        run_sql(warehouse, "SELECT * FROM midcap_univers")


def test_the_export_holds_the_same_rows(warehouse, tmp_path):
    counts = export_duckdb(warehouse, tmp_path / "out" / "plain.duckdb")
    assert counts["midcap_universe"] == 3
    assert query(tmp_path / "out" / "plain.duckdb", "SELECT sum(permaticker) FROM midcap_universe") == [(6,)]


def test_merging_twice_is_merging_once(warehouse, tmp_path):
    golden = tmp_path / "golden.duckdb"
    with duckdb.connect(str(golden)) as connection:
        connection.execute("CREATE TABLE mine AS SELECT 42 AS answer")
    first, second = merge_into(warehouse, golden), merge_into(warehouse, golden)
    assert {name: rows.after for name, rows in first.items()} == {name: rows.after for name, rows in second.items()}
    assert all(rows.before == rows.after for rows in second.values())
    assert query(golden, "SELECT answer FROM mine") == [(42,)]
    assert (tmp_path / "golden.duckdb.before").exists()


def test_merging_replaces_by_key_and_keeps_rows_that_only_the_file_has(warehouse, tmp_path):
    golden = tmp_path / "golden.duckdb"
    merge_into(Warehouse(tmp_path / "warehouse"), golden)
    with duckdb.connect(str(golden)) as connection:
        connection.execute("INSERT INTO midcap_universe SELECT * REPLACE (9 AS permaticker, 'MINE' AS ticker) "
                           "FROM midcap_universe WHERE permaticker = 3")  # fmt: skip
    changed = members(2014, [3, 4]).with_columns(ticker=pl.lit("NEW"))
    warehouse.replace(MIDCAP_UNIVERSE, changed, partition={"universe_year": 2014}, commit=BY)
    merge_into(warehouse, golden)
    rows = query(golden, "SELECT permaticker, ticker FROM midcap_universe WHERE universe_year = 2014 ORDER BY 1")
    assert rows == [(3, "NEW"), (4, "NEW"), (9, "MINE")]


def test_a_file_that_is_no_duckdb_file_stays_as_it_was(warehouse, tmp_path):
    golden = tmp_path / "golden.duckdb"
    golden.write_text("not a database, but long enough to be read as one " * 200)
    before = golden.read_bytes()
    with pytest.raises(WarehouseError, match="stays as it was"):
        merge_into(warehouse, golden)
    assert golden.read_bytes() == before


def test_vacuum_keeps_recent_files_and_compaction_keeps_rows(warehouse):
    from datetime import UTC, datetime, timedelta

    for value in (1.0, 2.0, 3.0):
        frame = pl.DataFrame(
            {
                "permaticker": [1],
                "session": [date(2014, 1, 6)],
                "avg_dollar_vol_60d": [value],
                "median_dollar_vol_60d": [value],
                "zero_volume_days_60d": [0],
            }
        )
        warehouse.replace(MV_LIQUIDITY_60D, frame, partition={"year": 2014}, commit=BY)
    files = list(warehouse.path(MV_LIQUIDITY_60D).rglob("*.parquet"))
    now = datetime.now(UTC)
    compact_and_vacuum(warehouse, now=now, keep_days=7, tables=[MV_LIQUIDITY_60D])
    assert set(files) <= set(warehouse.path(MV_LIQUIDITY_60D).rglob("*.parquet"))
    compact_and_vacuum(warehouse, now=now + timedelta(days=30), keep_days=7, tables=[MV_LIQUIDITY_60D])
    assert len(list(warehouse.path(MV_LIQUIDITY_60D).rglob("*.parquet"))) < len(files)
    assert warehouse.read(MV_LIQUIDITY_60D)["avg_dollar_vol_60d"].to_list() == [3.0]
