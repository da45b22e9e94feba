"""Merging the warehouse into a user's own DuckDB file: rows by key, in one transaction, with the old file kept beside."""

import shutil
from contextlib import ExitStack, closing
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


def merge_into(warehouse: Warehouse, target: Path) -> dict[str, int]:
    """Add and replace rows by key in a DuckDB file, and return the rows each table then has.

    Tables that do not exist are made. Rows of the file that the warehouse does not know stay. Repeating it changes
    nothing. The file as it was is kept as `<name>.before`.

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
            counts = {table.name: _merge_table(connection, table) for table in TABLES.values()}
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


def _merge_table(connection: "duckdb.DuckDBPyConnection", table: Table) -> int:
    """Merge one table and return its rows."""
    name = table.name
    connection.execute(f'CREATE TABLE IF NOT EXISTS golden."{name}" AS SELECT * FROM "{name}" LIMIT 0')  # noqa: S608
    same = " AND ".join(f'theirs."{column}" = ours."{column}"' for column in table.key)
    listed = ", ".join(f'"{column}"' for column in table.columns)
    connection.execute(f'DELETE FROM golden."{name}" AS theirs USING "{name}" AS ours WHERE {same}')  # noqa: S608
    connection.execute(f'INSERT INTO golden."{name}" ({listed}) SELECT {listed} FROM "{name}"')  # noqa: S608
    return int(connection.sql(f'SELECT count(*) FROM golden."{name}"').fetchall()[0][0])  # noqa: S608
