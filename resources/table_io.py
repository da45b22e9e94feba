"""Table I/O: how assets read and write warehouse tables, partition by partition, with the versions they read.

The ready-made DuckDB I/O manager loses a partition when an overwrite fails and locks the file; this one replaces
partitions atomically, by column name, after the table's contract holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg
import polars as pl

from kairos.errors import NotFoundError
from kairos.frames import Frame
from kairos.tables.core import Partition, Table
from kairos.tables.raw import QUARANTINE
from kairos.tables.registry import table_named
from kairos.warehouse.commit import Commit, settings_hash
from resources.platform import Platform

ALL_DAYS = 100_000  # more days than there are: the whole table


@dataclass(frozen=True)
class Read:
    """A table that an asset reads, and how much of it.

    Attributes:
        table: The table.
        years_back: For yearly tables, years before the partition's own that are read as well.
        from_asset: Asset key that the dependency points at; the table's own by default.
        neighbour_days: For raw tables, days around the partition's year that are read as well.
    """

    table: Table
    years_back: int = 0
    from_asset: str = ""
    neighbour_days: int = 15

    @property
    def asset_key(self) -> str:
        """The asset that this read depends on."""
        return self.from_asset or self.table.name


class TableIO(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads and writes warehouse tables for assets."""

    platform: dg.ResourceDependency[Platform]

    def load(self, read: Read, *, consumer: Table, key: str) -> Frame:
        """Return what the partition `key` of `consumer` reads of `read.table`."""
        return self.platform.warehouse.read(read.table, where=_rows_read(read, consumer, key))

    def versions(self, reads: tuple[Read, ...]) -> dict[str, int]:
        """Return the newest version of every table read; tables never written are left out."""
        found = {read.table.name: self.platform.warehouse.version(read.table) for read in reads}
        return {name: version for name, version in found.items() if version is not None}

    def replace(self, table: Table, rows: Frame, quarantine: Frame | None, *, key: str, commit: Commit) -> int:
        """Replace one partition, and what its cleaning set aside; return the table's new version."""
        warehouse = self.platform.warehouse
        if quarantine is not None:
            set_aside: dict[str, int | str] = {"writer": commit.asset, **({"year": int(key)} if key else {})}
            warehouse.replace(QUARANTINE, quarantine, partition=set_aside, commit=commit)
        return warehouse.replace(table, rows, partition=partition_of(table, key), commit=commit)

    def add(self, table: Table, rows: Frame, quarantine: Frame | None, *, commit: Commit) -> int:
        """Add the rows of payloads that the table does not hold yet; return how many were added."""
        warehouse = self.platform.warehouse
        if quarantine is not None and quarantine.height:
            warehouse.append_new(QUARANTINE, quarantine, commit=commit)
        return warehouse.append_new(table, rows, commit=commit)

    def commit(self, asset: str, *, run_id: str, key: str, reads: Mapping[str, int]) -> Commit:
        """Return the commit record of one partition."""
        return Commit(asset, run_id=run_id, partition=key, settings_hash=settings_hash(self.platform.settings), reads=reads)


class TableIOManager(dg.ConfigurableIOManager):
    """The same reads and writes for assets that take and return frames: a user's own, written the plain Dagster way."""

    table_io: dg.ResourceDependency[TableIO]

    def load_input(self, context: dg.InputContext) -> Frame:
        """Return a table, or its partitions that the reader asks for, to any asset that names it as an argument."""
        table = table_named(context.asset_key.path[-1])
        warehouse = self.table_io.platform.warehouse
        column = _partition_expr(table)
        if not context.has_asset_partitions or column is None:
            return warehouse.read(table)
        keys = [int(key) for key in context.asset_partition_keys]
        return warehouse.read(table, where=column.is_in(keys))

    def handle_output(self, context: dg.OutputContext, obj: Frame) -> None:
        """Replace the partition of a registered table by what the asset returned."""
        table = table_named(context.asset_key.path[-1])
        key = context.partition_key if context.has_partition_key else ""
        commit = self.table_io.commit(table.name, run_id=context.run_id, key=key or "-", reads={})
        version = self.table_io.replace(table, obj, None, key=key, commit=commit)
        context.add_output_metadata({"dagster/row_count": obj.height, "version": version})


def partition_of(table: Table, key: str) -> dict[str, int | str]:
    """Return the physical partition columns that a partition key fixes.

    Raises:
        NotFoundError: The key is no year.
    """
    if table.partition in {Partition.YEARS, Partition.UNIVERSE_YEARS}:
        if not key.isdigit():
            raise NotFoundError(f"{table.name}: partition {key!r} is no year; expected for example 2014.")
        return {table.partition_by[0]: int(key)}
    return {}


def _partition_expr(table: Table) -> pl.Expr | None:
    yearly = table.partition in {Partition.YEARS, Partition.UNIVERSE_YEARS}
    return pl.col(table.partition_by[0]) if yearly else None


def _rows_read(read: Read, consumer: Table, key: str) -> pl.Expr | None:
    """Return the filter for one consumer partition; None means the whole table."""
    if not key.isdigit():
        return None
    year = int(key)
    if read.table.partition is Partition.UNIVERSE_YEARS:
        return pl.col("universe_year") == year
    if read.table.partition is Partition.YEARS:
        last = 9999 if consumer.partition is Partition.UNIVERSE_YEARS else year
        return pl.col("year").is_between(year - read.years_back, last)
    if "date" in read.table.columns and consumer.partition is Partition.YEARS:
        days = pl.duration(days=read.neighbour_days)
        return pl.col("date").is_between(pl.date(year, 1, 1) - days, pl.date(year, 12, 31) + days)
    return None
