"""One SQL statement over the warehouse, and the export to a plain DuckDB file."""

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kairos.errors import NotFoundError, WarehouseError
from kairos.frames import Frame
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import connect

if TYPE_CHECKING:
    import duckdb


def run_sql(warehouse: Warehouse, statement: str) -> Frame:
    """Return the result of one SQL statement over the tables.

    Raises:
        NotFoundError: The statement names a table or column that does not exist.
        WarehouseError: DuckDB cannot run the statement.
    """
    import duckdb

    connection = connect(warehouse)
    try:
        return _rows(connection, statement)
    except duckdb.CatalogException as error:
        raise NotFoundError(f'SQL: {_told(error)} `kairos sql "SHOW TABLES"` lists what there is.') from None
    except duckdb.Error as error:
        raise WarehouseError(f"SQL: {_told(error)}") from None
    finally:
        connection.close()


def _rows(connection: "duckdb.DuckDBPyConnection", statement: str) -> Frame:
    found: Frame = connection.sql(statement).pl()
    return found


def _told(error: Exception) -> str:
    """Return DuckDB's own words in one line, without its drawing of the statement."""
    return " ".join(str(error).partition("LINE 1:")[0].split())


def export_duckdb(warehouse: Warehouse, target: Path) -> dict[str, int]:
    """Write every table with rows into a plain DuckDB file and return the rows per table.

    The file is built aside and swapped in, so that an older export stays whole until the new one is. Whoever reads the
    older one meanwhile goes on reading it.

    Raises:
        WarehouseError: The target is a folder, no DuckDB file, open for writing elsewhere, or cannot be written.
    """
    import duckdb

    if target.is_dir():
        raise WarehouseError(f"{target} is a folder; name the DuckDB file to write, for example {target / 'kairos.duckdb'}.")
    aside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        _require_replaceable(target)
        counts = _write_tables(warehouse, aside)
        _require_replaceable(target)
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)  # DuckDB would replay it into the new file
        aside.replace(target)
    except (OSError, duckdb.Error) as error:
        raise WarehouseError(f"{target}: cannot be written: {_told(error)} Free the place or name another file.") from None
    finally:
        with suppress(OSError):  # a folder that cannot be written holds nothing of ours
            aside.unlink(missing_ok=True)
    return counts


def quoted(path: Path) -> str:
    """Return a path as a SQL literal."""
    return "'" + str(path).replace("'", "''") + "'"


def why_closed(error: "duckdb.Error") -> str:
    """Return why DuckDB does not open a file, in words that say what to do."""
    told = _told(error)
    if "set lock on file" in told:
        return "another program holds its lock; close it there"
    if "not a valid DuckDB database" in told:
        return "it is no DuckDB file; name another"
    return told.removesuffix(".")


def _write_tables(warehouse: Warehouse, aside: Path) -> dict[str, int]:
    """Write every table into a new DuckDB file."""
    counts: dict[str, int] = {}
    connection = connect(warehouse)
    try:
        connection.execute(f"ATTACH {quoted(aside)} AS exported (STORAGE_VERSION 'v1.0.0')")
        for name in TABLES:
            connection.execute(f'CREATE TABLE exported."{name}" AS SELECT * FROM "{name}"')  # noqa: S608 - registry names
            counts[name] = connection.sql(f'SELECT count(*) FROM exported."{name}"').fetchall()[0][0]  # noqa: S608
        connection.execute("DETACH exported")
    finally:
        connection.close()
    return counts


def _require_replaceable(target: Path) -> None:
    """Refuse to swap out what is no DuckDB file, and what another program is writing to: its changes would be lost.

    Raises:
        WarehouseError: It is so.
    """
    import duckdb

    if not target.exists():
        return
    connection = duckdb.connect(":memory:")
    try:
        connection.execute(f"ATTACH {quoted(target)} AS standing (READ_ONLY, TYPE duckdb)")
    except duckdb.Error as error:
        raise WarehouseError(f"{target}: cannot be replaced: {why_closed(error)}. It stays as it was.") from None
    finally:
        connection.close()
