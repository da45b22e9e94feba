"""SQL for people: views over pinned table versions, in memory and in the published `kairos.duckdb`."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.warehouse.published import swap_in
from kairos.warehouse.store import Warehouse, is_widened, later_columns

if TYPE_CHECKING:
    import duckdb

LOCK_TIMEOUT_S = 60.0
DUCKDB_TYPES = {
    pl.Int64: "BIGINT",
    pl.Int32: "INTEGER",
    pl.Float64: "DOUBLE",
    pl.Float32: "FLOAT",
    pl.String: "VARCHAR",
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMPTZ",
}


def view_statements(warehouse: Warehouse, tables: Iterable[Table]) -> list[str]:
    """Return `CREATE VIEW` statements: one per table, pinned to its newest version, and the yearly names."""
    statements: list[str] = []
    for table in reversed(tuple(tables)):  # what follows from a table is pinned before it, so nothing shows without its source
        statements.append(f'CREATE OR REPLACE VIEW "{table.name}" AS {_select(warehouse, table)}')
        statements.extend(_yearly_views(warehouse, table))
    return statements


def connect(warehouse: Warehouse) -> "duckdb.DuckDBPyConnection":
    """Return an in-memory DuckDB with every view; nothing in it touches the published file."""
    import duckdb

    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    for statement in view_statements(warehouse, TABLES.values()):
        connection.execute(statement)
    return connection


def publish(warehouse: Warehouse, file: Path) -> None:
    """Build the DuckDB file of views aside and swap it in; open shells keep the file they have."""
    import duckdb
    from filelock import FileLock

    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.with_name(f".{file.name}.lock"), timeout=LOCK_TIMEOUT_S):
        for left in file.parent.glob(f".{file.name}.*new*"):  # of a process that died; the lock is ours
            left.unlink(missing_ok=True)
        aside = file.with_name(f".{file.name}.new")
        connection = duckdb.connect(":memory:")
        try:
            connection.execute(f"ATTACH '{aside}' AS published (STORAGE_VERSION 'v1.0.0')")
            connection.execute("USE published")
            for statement in view_statements(warehouse, TABLES.values()):
                connection.execute(statement)
            connection.execute("USE memory")
            connection.execute("DETACH published")
        finally:
            connection.close()
        swap_in(aside, file)


def _select(warehouse: Warehouse, table: Table) -> str:
    """Return the SELECT of a table's live files, or a typed SELECT of nothing."""
    columns = ", ".join(f'"{name}"::{_sql_type(dtype)} AS "{name}"' for name, dtype in table.dtypes.items())
    found = warehouse.snapshot(table)
    files = [] if found is None else sorted(found.file_uris())
    nothing = "SELECT " + ", ".join(f'NULL::{_sql_type(dtype)} AS "{name}"' for name, dtype in table.dtypes.items())
    if found is None or not files:
        return f"{nothing} WHERE false"
    listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
    if table.optional or later_columns(found, table) or is_widened(found):  # some files may lack columns
        read = f"SELECT * FROM read_parquet([{listed}], union_by_name=true, {_hive(table)})"  # noqa: S608 - as below
        return f"SELECT {columns} FROM ({nothing} WHERE false UNION ALL BY NAME {read})"  # noqa: S608 - as below
    return f"SELECT {columns} FROM read_parquet([{listed}], {_hive(table)})"  # noqa: S608 - names come from the registry


def _hive(table: Table) -> str:
    """Return how DuckDB takes the partition columns from the folder names."""
    if not table.partition_by:
        return "hive_partitioning=false"
    types = {**table.dtypes, "year": pl.Int32()}
    listed = ", ".join(f"'{name}': {_sql_type(types[name])}" for name in table.partition_by)
    return f"hive_partitioning=true, hive_types={{{listed}}}"


def _yearly_views(warehouse: Warehouse, table: Table) -> list[str]:
    """Return the views that bear a year in their name."""
    if table.yearly_view is None:
        return []
    column = table.partition_by[0]
    years = sorted({int(partition[column]) for partition in warehouse.partitions(table)})
    condition = "year(session)" if column not in table.columns else column
    return [
        f'CREATE OR REPLACE VIEW "{table.yearly_view.format(year=year)}" AS FROM "{table.name}" WHERE {condition} = {year}'
        for year in years
    ]


def _sql_type(dtype: pl.DataType) -> str:
    return DUCKDB_TYPES[dtype.base_type()]
