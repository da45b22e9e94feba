"""Merging the warehouse into a user's own DuckDB file: rows by key, in one transaction, with the old file kept beside."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from kairos.errors import WarehouseError
from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import connect

if TYPE_CHECKING:
    import duckdb


def merge_into(warehouse: Warehouse, target: Path) -> dict[str, int]:
    """Add and replace rows by key in a DuckDB file, and return the rows each table then has.

    Tables that do not exist are made. Rows of the file that the warehouse does not know stay. Repeating it changes
    nothing. The file as it was is kept as `<name>.before`.

    Raises:
        WarehouseError: The file is locked by another program or is no DuckDB file; it stays as it was.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(warehouse)
    try:
        _attach(connection, target)
        connection.execute("BEGIN")
        counts = {table.name: _merge_table(connection, table) for table in TABLES.values()}
        connection.execute("COMMIT")
        connection.execute("DETACH golden")
    finally:
        connection.close()
    return counts


def _attach(connection: "duckdb.DuckDBPyConnection", target: Path) -> None:
    import duckdb

    try:
        existed = target.exists()
        connection.execute(f"ATTACH '{target}' AS golden" + ("" if existed else " (STORAGE_VERSION 'v1.0.0')"))
    except duckdb.Error as error:
        why = (
            "another program holds its lock; close it" if "lock" in str(error).lower() else "it is no DuckDB file; name another"
        )
        raise WarehouseError(f"{target}: cannot be opened for merging: {why}. It stays as it was.") from None
    if existed:
        shutil.copyfile(target, target.with_name(target.name + ".before"))


def _merge_table(connection: "duckdb.DuckDBPyConnection", table: Table) -> int:
    """Merge one table and return its rows."""
    name = table.name
    connection.execute(f'CREATE TABLE IF NOT EXISTS golden."{name}" AS SELECT * FROM "{name}" LIMIT 0')  # noqa: S608
    same = " AND ".join(f'theirs."{column}" = ours."{column}"' for column in table.key)
    listed = ", ".join(f'"{column}"' for column in table.columns)
    connection.execute(f'DELETE FROM golden."{name}" AS theirs USING "{name}" AS ours WHERE {same}')  # noqa: S608
    connection.execute(f'INSERT INTO golden."{name}" ({listed}) SELECT {listed} FROM "{name}"')  # noqa: S608
    return int(connection.sql(f'SELECT count(*) FROM golden."{name}"').fetchall()[0][0])  # noqa: S608
