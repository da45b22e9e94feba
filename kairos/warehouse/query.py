"""One SQL statement over the warehouse, and the export to a plain DuckDB file."""

import os
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

    The file is built aside and swapped in, so that an older export stays whole until the new one is.

    Raises:
        WarehouseError: The target is a folder or cannot be written.
    """
    if target.is_dir():
        raise WarehouseError(f"{target} is a folder; name the DuckDB file to write, for example {target / 'kairos.duckdb'}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.new")
    aside.unlink(missing_ok=True)
    connection = connect(warehouse)
    counts: dict[str, int] = {}
    try:
        connection.execute(f"ATTACH '{aside}' AS exported (STORAGE_VERSION 'v1.0.0')")
        for name in TABLES:
            connection.execute(f'CREATE TABLE exported."{name}" AS SELECT * FROM "{name}"')  # noqa: S608 - registry names
            counts[name] = connection.sql(f'SELECT count(*) FROM exported."{name}"').fetchall()[0][0]  # noqa: S608
        connection.execute("DETACH exported")
    finally:
        connection.close()
    aside.replace(target)
    return counts
