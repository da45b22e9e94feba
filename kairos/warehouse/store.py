"""Reading and writing Delta tables: atomic replace by partition, append of new payloads, time travel, as-of reads.

Views for people are in `views`, upkeep in `maintenance`.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from kairos.errors import CalendarError, NotFoundError, WarehouseError
from kairos.frames import Frame, Parts, newest_versions, stack
from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit, commit_from
from kairos.warehouse.snapshots import Snapshots
from kairos.warehouse.writing import Change, write

if TYPE_CHECKING:
    from deltalake import DeltaTable

WIDENED = "kairos.widened"  # property of a table that gained columns
LOCK_TIMEOUT_S = 120.0
Where = pl.Expr | None
Value = int | str


class Warehouse:
    """The Delta tables under one folder.

    Args:
        root: Folder of the tables, one subfolder each.
        sleep: Waits between attempts; a test passes its own.
    """

    def __init__(self, root: Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.root = root
        self._sleep = sleep
        self._identities: dict[str, tuple[int, Frame]] = {}  # of tables that grow, with the version they were read at
        self._snapshots = Snapshots()

    def path(self, table: Table) -> Path:
        """Return the folder of a table."""
        return self.root / table.name

    def delta(self, table: Table, version: int | None = None) -> "DeltaTable | None":
        """Return the Delta table, or None when it has never been written."""
        from deltalake import DeltaTable
        from deltalake.exceptions import TableNotFoundError

        try:
            return DeltaTable(str(self.path(table)), version=version)
        except TableNotFoundError:
            return None

    def snapshot(self, table: Table, version: int | None = None) -> "DeltaTable | None":
        """Return the Delta table to read from, opened again only when its log has changed; None as for `delta`.

        Others read from the same one: whoever changes a table or moves it to another version takes `delta`.
        """
        return self._snapshots.of(self.path(table), version, lambda wanted: self.delta(table, wanted))

    def version(self, table: Table) -> int | None:
        """Return the newest version of a table, or None when it has never been written."""
        found = self.snapshot(table)
        return None if found is None else found.version()

    def scan(self, table: Table, *, version: int | None = None, as_written: bool = False) -> pl.LazyFrame:
        """Return a table lazily, declared columns and physical partition columns, at `version` or the newest.

        Columns that were declared since it was written, or that it was always written without, are null; `as_written` leaves
        them out where they are optional.
        """
        found = self.snapshot(table, version)
        if found is None:
            return _with_partition_columns(table, table.empty()).lazy()
        left_out = table.optional if as_written else frozenset[str]()
        later = {name: dtype for name, dtype in later_columns(found, table).items() if name not in left_out}
        rows = pl.scan_delta(found)
        return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in later.items()) if later else rows

    def read(
        self,
        table: Table,
        *,
        where: Where = None,
        columns: Sequence[str] | None = None,
        version: int | None = None,
    ) -> Frame:
        """Return the rows of a table that satisfy `where`, sorted by key; no rows when it has never been written."""
        lazy = self.scan(table, version=version)
        kept = lazy if where is None else lazy.filter(where)
        return (
            kept.select(columns or table.columns)
            .collect()
            .sort([name for name in table.key if name in (columns or table.columns)])
        )

    def as_of(self, table: Table, instant: datetime, *, where: Where = None) -> Frame:
        """Return the rows of `table` as they could have been known at `instant`.

        Raises:
            CalendarError: The instant has no time zone.
            NotFoundError: The table does not say when its rows were known.
        """
        if instant.tzinfo is None:
            raise CalendarError(f"as of {instant}: the instant has no time zone. Give an aware one, for example in UTC.")
        source = TABLES[table.versions] if table.versions else table
        if "known_at" not in source.columns:
            raise NotFoundError(f"{table.name}: its rows carry no known_at, so it has no state as of {instant}.")
        known = pl.col("known_at") <= instant
        rows = self.read(source, where=known if where is None else known & where)
        return newest_versions(rows, table.key).select(table.columns)

    def replace(
        self, table: Table, frame: Frame, *, partition: Mapping[str, Value], commit: Commit, restate: bool = False
    ) -> int:
        """Put `frame` in place of the partition's rows, in one commit; an empty frame is a valid partition.

        Rows that are there already, value for value, are left alone: what reads the table sees no new version.

        Args:
            table: Where to write.
            frame: All rows of the partition; validated against the table's contract first.
            partition: Physical partition columns with the values that are replaced; empty for the whole table.
            commit: Who writes, from what.
            restate: Write rows that are there already too, so that their commit names what was read now.

        Returns:
            The version of the table that holds the rows.

        Raises:
            ContractError: The rows break the contract; nothing was written.
            WarehouseError: Rows lie outside the partition, or other writers did not let go.
        """
        rows = _within(table, table.validate(frame), partition)
        standing = self.version(table)
        if standing is not None and not restate and self._holds(table, rows, partition, version=standing):
            return standing
        return self._commit(table, rows, mode="overwrite", predicate=_predicate(partition), commit=commit)

    def replace_by_parts(self, table: Table, parts: Parts, *, partition: Mapping[str, Value], commit: Commit) -> int:
        """Do what `replace` does with rows that come part by part: one commit, and never much more than a part in memory.

        What stands is not compared with them; they are written in any case. Up to 65,536
        rows of a part lie together, by date; neighbouring runs of them may have changed places.

        Raises:
            ContractError: A part breaks the contract or is out of order; nothing was written.
            WarehouseError: As for `replace`.
        """

        def checked() -> Iterator[Frame]:
            for part in parts:
                yield _within(table, table.validate(part), partition)
                del part  # it would be held while the next one is made

        return self._commit(table, Parts(checked), mode="overwrite", predicate=_predicate(partition), commit=commit)

    def append_new(self, table: Table, frame: Frame, *, commit: Commit) -> int:
        """Add the rows that the table does not hold yet by its `identity`, in one commit; return how many were added.

        Raises:
            ContractError: The rows break the contract; nothing was written.
        """
        from filelock import FileLock

        rows = _with_partition_columns(table, table.validate(frame))
        self.root.mkdir(parents=True, exist_ok=True)
        # appends never conflict in Delta: without the lock two writers of one payload would both find it absent
        with FileLock(self.root / f".{table.name}.lock", timeout=LOCK_TIMEOUT_S):
            standing, held = self.version(table), self.identities(table)
            fresh = rows.join(held, on=held.columns, how="anti", maintain_order="left")
            if fresh.height or standing is None:
                version = self._commit(table, fresh, mode="append", predicate=None, commit=commit)
                if version == (0 if standing is None else standing + 1):  # nobody else came in between
                    self._identities[table.name] = version, stack(held, fresh.select(held.columns).unique())
        return fresh.height

    def identities(self, table: Table) -> Frame:
        """Return what the rows of a table that grows are known by, its `identity` columns, each once."""
        version, columns = self.version(table), list(table.identity or table.key)
        known_at, known = self._identities.get(table.name, (None, pl.DataFrame()))
        if version is not None and known_at == version:
            return known
        found = self.scan(table, version=version).select(columns).unique().collect()
        if version is not None:
            self._identities[table.name] = version, found
        return found

    def rows(self, table: Table, *, partition: Mapping[str, Value] | None = None) -> int:
        """Return how many rows a table or one of its physical partitions holds, as its log says."""
        found = self.snapshot(table)
        if found is None:
            return 0
        files = pl.DataFrame(found.get_add_actions(flatten=True))
        kept = [pl.col(f"partition.{name}") == value for name, value in (partition or {}).items()]
        return int(files.filter(*kept)["num_records"].sum())

    def history(self, table: Table) -> list[tuple[int, Commit]]:
        """Return the versions of a table with their commits, newest first; maintenance commits are left out."""
        found = self.snapshot(table)
        lines = [] if found is None else found.history()
        commits = [(int(line["version"]), commit_from(line)) for line in lines]
        return [(version, commit) for version, commit in commits if commit is not None]

    def partitions(self, table: Table) -> list[dict[str, Any]]:
        """Return the physical partitions that hold rows, as column-value maps."""
        found = self.snapshot(table)
        return [] if found is None else list(found.partitions())

    def _holds(self, table: Table, rows: Frame, partition: Mapping[str, Value], *, version: int) -> bool:
        """Tell whether a partition's rows are these; its size in the log decides most cases without reading it."""
        if self.rows(table, partition=partition) != rows.height:
            return False
        found = self.scan(table, version=version).filter(*(pl.col(name) == value for name, value in partition.items()))
        left_out = [name for name in table.columns if name not in rows.columns]
        if left_out and found.select(pl.max_horizontal(pl.col(left_out).count())).collect().item():
            return False
        order = list(table.key)
        return found.select(rows.columns).collect().sort(order).equals(rows.sort(order), null_equal=True)

    def _widened(self, table: Table) -> bool:
        """Mark a table that was written before columns were declared that are not optional; tell whether it is such a one."""
        found = self.snapshot(table)
        if found is None or later_columns(found, table).keys() <= table.optional:
            return False
        from deltalake import DeltaTable

        DeltaTable(str(self.path(table))).alter.set_table_properties({WIDENED: "true"}, raise_if_not_exists=False)
        return True

    def _commit(self, table: Table, rows: Frame | Parts, *, mode: str, predicate: str | None, commit: Commit) -> int:
        merge = self._widened(table) or bool(table.optional)
        write(self.path(table), rows, Change(table, mode, predicate, commit, merge=merge), sleep=self._sleep)
        return self.version(table) or 0


def later_columns(found: "DeltaTable", table: Table) -> dict[str, pl.DataType]:
    """Return the declared columns that a table as written has not."""
    held = {field.name for field in found.schema().fields}
    return {name: dtype for name, dtype in table.dtypes.items() if name not in held}


def is_widened(found: "DeltaTable") -> bool:
    """Tell whether some files of a table may lack columns that others have."""
    return WIDENED in found.metadata().configuration


def _with_partition_columns(table: Table, frame: Frame) -> Frame:
    """Add the physical `year` column, of the session or else of known_at, where the table does not declare it."""
    if "year" not in table.partition_by or "year" in frame.columns:
        return frame
    dated = "session" if "session" in frame.columns else "known_at"
    return frame.with_columns(pl.col(dated).dt.year().cast(pl.Int32).alias("year"))


def _within(table: Table, frame: Frame, partition: Mapping[str, Value]) -> Frame:
    """Return rows with their physical partition columns.

    Raises:
        WarehouseError: Some lie outside the partition.
    """
    rows = _with_partition_columns(table, frame)
    for name, value in partition.items():
        strangers = rows.filter(pl.col(name) != value).height
        if strangers:
            raise WarehouseError(f"{table.name}: {strangers} row(s) outside {name}={value}; nothing was written.")
    return rows


def _predicate(partition: Mapping[str, Value]) -> str | None:
    return " AND ".join(f"{name} = {_literal(value)}" for name, value in partition.items()) or None


def _literal(value: Value) -> str:
    """Return a value as a SQL literal for a Delta predicate."""
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
