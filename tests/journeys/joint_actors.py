"""Who takes part in the joint work, each in a process of its own: `joint_actors.py ROLE INDEX HOME JOURNAL`.

Every one repeats its part until the file `stop` lies beside its journal, and writes down what it did and saw, with the
machine's monotonic clock, which is the same in all processes. An error is written down too, and ends the part.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.maintenance import compact_and_vacuum
from kairos.warehouse.query import run_sql
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import publish
from tests.journeys.joint_rows import (
    APPENDED,
    EARLY,
    LATE,
    REPLACED,
    YEARS,
    appended,
    number,
    replacing,
    seen_appended,
    seen_replaced,
)

Told = Iterator[dict]
SQL = {
    "mv_liquidity_60d": "SELECT session, avg_dollar_vol_60d FROM mv_liquidity_60d WHERE year(session) < 2000",
    "midcap_universe": "SELECT universe_year, ticker FROM midcap_universe WHERE universe_year < 2000",
    "raw_sep": "SELECT payload_id, source FROM raw_sep WHERE source = 'suite'",
    "trials": "SELECT trial_id, name FROM trials",
}
# a writer brings a payload, then its rows, then a trial: whoever sees one sees what was there before it
ORPHANS = """
SELECT (SELECT count(*) FROM trials WHERE name = 'suite' AND trial_id NOT IN (SELECT payload_id FROM raw_sep))
  + (SELECT count(*) FROM raw_sep WHERE source = 'suite' AND payload_id NOT IN (SELECT payload_id FROM raw_payloads))
"""


def act(part: Callable[[int], Told], journal: Path, *, pause: float) -> None:
    """Repeat a part and write its journal, until told to stop; rest so many seconds after each thing done."""
    stop = journal.with_name("stop")
    with journal.open("w", buffering=1) as file:
        turn = 0
        while not stop.exists():
            turn, began = turn + 1, time.monotonic()
            try:
                for line in part(turn):
                    ended = time.monotonic()
                    file.write(json.dumps({"began": began, "ended": ended, "turn": turn} | line) + "\n")
                    time.sleep(pause)
                    began = time.monotonic()
            except BaseException as error:
                failed = {"began": began, "ended": time.monotonic(), "failed": f"{type(error).__name__}: {error}"}
                file.write(json.dumps(failed) + "\n")
                raise


def writer(index: int, home: Path) -> Callable[[int], Told]:
    """Replaces its partitions, and appends payloads of its own and some that every writer brings."""
    warehouse = Warehouse(home / "warehouse")

    def turn(count: int) -> Told:
        write = number(index, count)
        for table, column in REPLACED.items():
            for year in YEARS[index]:
                commit = Commit("suite", run_id=str(write), partition=str(year))
                warehouse.replace(TABLES[table], replacing(table, year, write), partition={column: year}, commit=commit)
                yield {"op": "replace", "table": table, "year": year, "write": write}
        for name in (f"own-{index}-{count}", f"shared-{count}"):
            for table in APPENDED:
                added = warehouse.append_new(TABLES[table], appended(table, name), commit=Commit("suite", run_id=str(write)))
                yield {"op": "append", "table": table, "name": name, "added": added}

    return turn


def reader(index: int, home: Path) -> Callable[[int], Told]:
    """Reads through the warehouse in every way it offers."""
    warehouse = Warehouse(home / "warehouse")

    def turn(_: int) -> Told:
        for table in REPLACED:
            yield {"op": "read", "seen": seen_replaced(table, warehouse.read(TABLES[table]))}
            yield {"op": "scan", "seen": seen_replaced(table, warehouse.scan(TABLES[table]).collect())}
        for instant, later in ((EARLY, 0), (LATE, 1)):
            rows = warehouse.as_of(TABLES["sep_base"], instant, where=pl.col("source") == "suite")
            fits = rows.filter(pl.col("close") != pl.col("payload_id").cast(pl.Float64) + later).height == 0
            doubled = pl.concat([rows, rows])  # of every name one version is known then
            yield {"op": "as_of", "fits": fits, "seen": seen_replaced("sep_versions", doubled)}
        for table in APPENDED:
            yield {"op": "read", "seen": [seen_appended(table, warehouse.read(TABLES[table]))]}
        for table, statement in SQL.items():
            yield {"op": "sql", "seen": _seen(table, run_sql(warehouse, statement))}
        yield {"op": "sql", "orphans": run_sql(warehouse, ORPHANS).item()}

    return turn


def notebook(index: int, home: Path) -> Callable[[int], Told]:
    """Reads the Delta folders with Polars alone, as a person's notebook does."""
    folder = home / "warehouse"

    def turn(_: int) -> Told:
        for table in (*REPLACED, *APPENDED):
            yield {"op": "polars", "seen": _seen(table, pl.scan_delta(str(folder / table)).collect())}
            yield {"op": "polars", "seen": _seen(table, pl.read_delta(str(folder / table)))}

    return turn


def shell(index: int, home: Path) -> Callable[[int], Told]:
    """Opens each publication but the held one read-write again and again, and makes a scratch table in it."""
    import duckdb

    held = (home / "kairos.duckdb").resolve()
    while (home / "kairos.duckdb").resolve() == held:
        time.sleep(0.05)

    def turn(count: int) -> Told:
        with closing(duckdb.connect(str(home / "kairos.duckdb"))) as connection:
            connection.execute(f"CREATE TABLE scratch_{count} AS SELECT {count} AS mine")
            yield from _queried(connection, "shell")
            assert connection.sql(f"FROM scratch_{count}").fetchall() == [(count,)]
        time.sleep(0.05)

    return turn


def held_shell(index: int, home: Path) -> Callable[[int], Told]:
    """Opens the published file read-write once and keeps it; it must show the same for ever."""
    import duckdb

    connection = duckdb.connect(str(home / "kairos.duckdb"))
    connection.execute("CREATE TABLE scratch AS SELECT 0 AS turn")
    connection.execute("CHECKPOINT")

    def turn(count: int) -> Told:
        connection.execute("INSERT INTO scratch VALUES (?)", [count])
        yield from _queried(connection, "held")
        assert connection.sql("SELECT count(*) FROM scratch").fetchall() == [(count + 1,)]

    return turn


def publisher(index: int, home: Path) -> Callable[[int], Told]:
    """Publishes the views over and over."""
    warehouse = Warehouse(home / "warehouse")

    def turn(_: int) -> Told:
        publish(warehouse, home / "kairos.duckdb")
        yield {"op": "publish"}

    return turn


def upkeep(index: int, home: Path) -> Callable[[int], Told]:
    """Compacts and vacuums all the time."""
    warehouse = Warehouse(home / "warehouse")
    tables = [TABLES[name] for name in (*REPLACED, *APPENDED)]

    def turn(_: int) -> Told:
        for table in tables:
            [done] = compact_and_vacuum(warehouse, now=datetime.now(UTC), keep_days=7, tables=[table])
            facts = {"before": done.files_before, "after": done.files_after, "vacuumed": done.vacuumed, "busy": done.busy}
            yield {"op": "upkeep", "table": table.name} | facts

    return turn


def _queried(connection, op: str) -> Told:
    for table, statement in SQL.items():
        yield {"op": op, "seen": _seen(table, connection.sql(statement).pl())}
    yield {"op": op, "orphans": connection.sql(ORPHANS).fetchall()[0][0]}


def _seen(table: str, frame: pl.DataFrame) -> list[dict]:
    return seen_replaced(table, frame) if table in REPLACED else [seen_appended(table, frame)]


ROLES = {part.__name__: part for part in (writer, reader, notebook, shell, held_shell, publisher, upkeep)}

if __name__ == "__main__":
    role, position, home_folder, journal_file, rest = sys.argv[1:]
    act(ROLES[role](int(position), Path(home_folder)), Path(journal_file), pause=float(rest))
