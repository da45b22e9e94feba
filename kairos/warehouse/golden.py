"""Merging the warehouse into a user's own DuckDB file: rows by key, in one transaction, with the old file kept beside.

Tables that are derived may lose rows: a fact that turns out to have been known earlier, a simulation run again. Which rows
the file has from which warehouse therefore stands in its schema `kairos_merged`, and what a warehouse has dropped since goes.
"""

import shutil
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from kairos.errors import WarehouseError
from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.warehouse.query import quoted, why_closed
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import connect

if TYPE_CHECKING:
    import duckdb


BROUGHT = "kairos_merged"  # schema of the keys that stand in the file, by the Delta table that they came from


@dataclass(frozen=True)
class Merged:
    """Rows that a table of the file had before the merge, and has after it."""

    before: int
    after: int


def merge_into(warehouse: Warehouse, target: Path) -> dict[str, Merged]:
    """Add and replace rows by key in a DuckDB file, and return the rows that each table had and has.

    Tables that do not exist are made. Rows of the file that this warehouse has not brought stay; those that it brought
    earlier and no longer holds go. Repeating it changes nothing, and the order in which things came does not show. A
    process that is killed leaves the file as it was or merged, whole. The file as it was is kept as `<name>.before`.

    Raises:
        WarehouseError: The file is locked by another program, is no DuckDB file, or has tables of our names with other
            columns; it stays as it was.
    """
    import duckdb

    with ExitStack() as opened:
        try:
            old = _opened(target, opened)
            connection = opened.enter_context(closing(connect(warehouse)))
            _attach(connection, target)
            if old is not None:
                connection.execute("CHECKPOINT golden")  # what an earlier program left in the file's log belongs to it
                _keep(old, target.with_name(f"{target.name}.before"))
            connection.execute("BEGIN")
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS golden.{BROUGHT}")
            counts = {table.name: _merge_table(connection, table, _owner(warehouse, table)) for table in TABLES.values()}
            connection.execute("COMMIT")
            connection.execute("DETACH golden")
        except (OSError, duckdb.Error) as error:
            told = " ".join(str(error).split())
            raise WarehouseError(
                f"{target}: cannot be merged into: {told} It stays as it was; mend it or name another file."
            ) from None
    return counts


def _opened(target: Path, opened: ExitStack) -> BinaryIO | None:
    """Open the file as it stands, or return None where there is none.

    It must be closed after DuckDB has done with it: closing any handle of a file gives up the lock that this process holds.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    return opened.enter_context(target.open("rb")) if target.exists() else None


def _attach(connection: "duckdb.DuckDBPyConnection", target: Path) -> None:
    import duckdb

    try:
        existed = target.exists()
        connection.execute(
            f"ATTACH {quoted(target)} AS golden (" + ("TYPE duckdb)" if existed else "STORAGE_VERSION 'v1.0.0')")
        )
    except duckdb.Error as error:
        raise WarehouseError(f"{target}: cannot be opened for merging: {why_closed(error)}. It stays as it was.") from None


def _keep(old: BinaryIO, before: Path) -> None:
    """Copy the file as it was."""
    aside = before.with_name(f".{before.name}.new")
    with aside.open("wb") as copy:
        shutil.copyfileobj(old, copy)
    aside.replace(before)


def _owner(warehouse: Warehouse, table: Table) -> str | None:
    """Return what a Delta table is known by, wherever its folder is moved; None where it has never been written."""
    found = warehouse.snapshot(table)
    return None if found is None else str(found.metadata().id)


def _merge_table(connection: "duckdb.DuckDBPyConnection", table: Table, owner: str | None) -> Merged:
    """Merge one table and return its rows before and after."""
    name = table.name
    connection.execute(f'CREATE TABLE IF NOT EXISTS golden."{name}" AS SELECT * FROM "{name}" LIMIT 0')  # noqa: S608
    before = _rows(connection, name)
    listed = ", ".join(f'"{column}"' for column in table.columns)
    if owner is not None and table.identity != ("payload_id",):  # rows of payloads are there for good
        _forget_dropped(connection, table, owner)
    connection.execute(f'DELETE FROM golden."{name}" AS theirs USING "{name}" AS ours WHERE {_same(table)}')  # noqa: S608
    connection.execute(f'INSERT INTO golden."{name}" ({listed}) SELECT {listed} FROM "{name}"')  # noqa: S608
    return Merged(before, _rows(connection, name))


def _forget_dropped(connection: "duckdb.DuckDBPyConnection", table: Table, owner: str) -> None:
    """Delete the rows that this warehouse brought and holds no longer, and note which ones it brings now."""
    name, brought = table.name, f'golden.{BROUGHT}."{table.name}"'
    key = ", ".join(f'"{column}"' for column in table.key)
    noted = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'golden' AND schema_name = ? AND table_name = ? "
        "ORDER BY column_index",
        [BROUGHT, name],
    ).fetchall()
    if [column for (column,) in noted] != ["owner", *table.key]:  # none yet, or the key of the table is another one now
        connection.execute(f"DROP TABLE IF EXISTS {brought}")
        connection.execute(f"CREATE TABLE {brought} AS SELECT '' AS owner, {key} FROM \"{name}\" LIMIT 0")  # noqa: S608
    dropped = f'(SELECT {key} FROM {brought} WHERE owner = ? EXCEPT SELECT {key} FROM "{name}")'  # noqa: S608
    connection.execute(f'DELETE FROM golden."{name}" AS theirs USING {dropped} AS ours WHERE {_same(table)}', [owner])  # noqa: S608
    connection.execute(f"DELETE FROM {brought} WHERE owner = ?", [owner])  # noqa: S608
    connection.execute(f'INSERT INTO {brought} SELECT ?, {key} FROM "{name}"', [owner])  # noqa: S608


def _same(table: Table) -> str:
    return " AND ".join(f'theirs."{column}" = ours."{column}"' for column in table.key)


def _rows(connection: "duckdb.DuckDBPyConnection", name: str) -> int:
    return int(connection.sql(f'SELECT count(*) FROM golden."{name}"').fetchall()[0][0])  # noqa: S608
