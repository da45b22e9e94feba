"""Table I/O: how assets read and write warehouse tables, partition by partition, with the versions they read.

The ready-made DuckDB I/O manager loses a partition when an overwrite fails and locks the file; this one replaces
partitions atomically, by column name, after the table's contract holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg
import polars as pl
from pydantic import PrivateAttr

from kairos.errors import ContractError, NotFoundError
from kairos.frames import Frame, Parts
from kairos.models.folds import Holdout
from kairos.models.ledger import spend_events
from kairos.tables.core import Partition, Table
from kairos.tables.models import HOLDOUT_LEDGER, TRIALS
from kairos.tables.raw import QUARANTINE
from kairos.tables.registry import table_named
from kairos.warehouse.commit import Commit, settings_hash
from resources.platform import Platform
from resources.standing import last_written

ALL_DAYS = 100_000  # more days than there are: the whole table


@dataclass(frozen=True)
class Read:
    """A table that an asset reads, and how much of it.

    Attributes:
        table: The table.
        years_back: For yearly tables, years before the partition's own that are read as well.
        to_the_end: Whether a universe year reads a yearly table to the last loaded year; else through its own.
        from_asset: Asset key that the dependency points at; the table's own by default.
        neighbour_days: For raw tables, days around the partition's year that are read as well.
        shared: Whether other steps of a run read the same: it is read once for all of them.
    """

    table: Table
    years_back: int = 0
    to_the_end: bool = True
    from_asset: str = ""
    neighbour_days: int = 15
    shared: bool = False

    @property
    def asset_key(self) -> str:
        """The asset that this read depends on."""
        return self.from_asset or self.table.name


class TableIO(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads and writes warehouse tables for assets."""

    platform: dg.ResourceDependency[Platform]

    def load(self, read: Read, *, consumer: Table, key: str, versions: Mapping[str, int]) -> Frame:
        """Return what the partition `key` of `consumer` reads of `read.table`, at the version that `versions` names.

        A table without a version had not been written when the versions were taken: no rows.
        """
        if read.table.name not in versions:
            return read.table.empty()
        version, where = versions[read.table.name], _rows_read(read, consumer, key)

        def rows() -> Frame:
            return self.platform.warehouse.read(read.table, where=where, version=version)

        return self.platform.kept.of("read", (read.table.name, version, str(where)), rows) if read.shared else rows()

    def load_sessions(self, read: Read, keys: Sequence[str], *, versions: Mapping[str, int]) -> dict[str, Frame]:
        """Return what each of the sessions `keys` reads of `read.table`, in one read, at the version that `versions` names."""
        days = [date.fromisoformat(key) for key in keys]
        held = read.table.empty()
        if read.table.name in versions:
            chosen = pl.col("session").is_in(days)
            held = self.platform.warehouse.read(read.table, where=chosen, version=versions[read.table.name])
        return {key: held.filter(pl.col("session") == day) for key, day in zip(keys, days, strict=True)}

    def rows(self, table: Table, *, model: str = "", key: str = "") -> int:
        """Return how many rows a table holds, or those of one model configuration, or of one partition key."""
        if not model:
            return self.platform.warehouse.rows(table, partition=partition_of(table, key) if key else None)
        rows = self.platform.warehouse.scan(table)
        kept = rows.filter(pl.col("model_id") == pl.format("{}_{}", pl.lit(model), "universe_year"))
        return int(kept.select(pl.len()).collect().item())

    def partition_rows(self, table: Table, *, key: str) -> Frame:
        """Return the rows of one partition as they stand."""
        fixed = [pl.col(name) == value for name, value in partition_of(table, key).items()]
        return self.platform.warehouse.read(table, where=pl.all_horizontal(fixed) if fixed else None)

    def stands(self, table: Table, reads: tuple[Read, ...], *, commit: Commit) -> bool:
        """Tell whether a partition was written by the same code under the same settings, and no row it reads has changed since.

        Args:
            table: A table of calendar years.
            reads: What its rows follow from, tables of calendar years all.
            commit: What would be said of writing it now.
        """
        found = last_written(self.platform.warehouse, table, by=commit)
        if found is None or found[1].settings_hash != commit.settings_hash:
            return False
        read_then, year = found[1].reads, int(commit.partition)
        return not any(self._changed(read, year, since=read_then.get(read.table.name, -1)) for read in reads)

    def _changed(self, read: Read, year: int, *, since: int) -> bool:
        """Tell whether a version after `since` wrote one of the years that `year` reads."""
        years = {str(looked_at) for looked_at in range(year - read.years_back, year + 1)}
        return any(
            version > since and commit.partition in years for version, commit in self.platform.warehouse.history(read.table)
        )

    def versions(self, reads: tuple[Read, ...]) -> dict[str, int]:
        """Return the newest version of every table read; tables never written are left out."""
        found = {read.table.name: self.platform.warehouse.version(read.table) for read in reads}
        return {name: version for name, version in found.items() if version is not None}

    def replace(
        self, table: Table, rows: Frame, quarantine: Frame | None, *, key: str, commit: Commit, restate: bool = False
    ) -> int:
        """Replace one partition, and what its cleaning set aside; return the table's new version."""
        warehouse = self.platform.warehouse
        if quarantine is not None:
            set_aside: dict[str, int | str] = {"writer": commit.asset, **({"year": int(key)} if key else {})}
            warehouse.replace(QUARANTINE, quarantine, partition=set_aside, commit=commit)
        return warehouse.replace(table, rows, partition=partition_of(table, key), commit=commit, restate=restate)

    def replace_by_parts(self, table: Table, parts: Parts, *, key: str, commit: Commit) -> int:
        """Replace one partition by rows that come part by part; return the table's new version."""
        return self.platform.warehouse.replace_by_parts(table, parts, partition=partition_of(table, key), commit=commit)

    def add(self, table: Table, rows: Frame, quarantine: Frame | None, *, commit: Commit) -> int:
        """Add the rows of payloads that the table does not hold yet; return how many were added."""
        warehouse = self.platform.warehouse
        if quarantine is not None and quarantine.height:
            warehouse.append_new(QUARANTINE, quarantine, commit=commit)
        return warehouse.append_new(table, rows, commit=commit)

    def count_trials(self, trials: Frame, holdout: Holdout, *, commit: Commit) -> None:
        """Add what was tried, and its reads of the holdout, to the ledgers.

        Writers call it before they write anything else: a run that dies in between has still been counted.
        """
        warehouse = self.platform.warehouse
        warehouse.append_new(TRIALS, trials, commit=commit)
        spent = spend_events(trials, holdout, now=self.platform.clock.now())
        warehouse.append_new(HOLDOUT_LEDGER, spent, commit=commit)

    def commit(self, asset: str, *, run_id: str, key: str, reads: Mapping[str, int]) -> Commit:
        """Return the commit record of one partition."""
        return Commit(asset, run_id=run_id, partition=key, settings_hash=settings_hash(self.platform.settings), reads=reads)


class TableIOManager(dg.ConfigurableIOManager):
    """The same reads and writes for assets that take and return frames: a user's own, written the plain Dagster way."""

    table_io: dg.ResourceDependency[TableIO]
    _versions: dict[str, dict[str, int]] = PrivateAttr(default_factory=dict)  # read so far, by run and step

    def load_input(self, context: dg.InputContext) -> Frame:
        """Return a table, or its partitions that the reader asks for, to any asset that names it as an argument."""
        table = table_named(context.asset_key.path[-1])
        warehouse = self.table_io.platform.warehouse
        version = warehouse.version(table)
        if version is None:
            return table.empty()
        self._versions.setdefault(_step(context), {})[table.name] = version
        column = _partition_expr(table)
        if not context.has_asset_partitions or column is None:
            return warehouse.read(table, version=version)
        keys = [int(key) for key in context.asset_partition_keys]
        return warehouse.read(table, where=column.is_in(keys), version=version)

    def handle_output(self, context: dg.OutputContext, obj: Frame) -> None:
        """Replace the partitions of a registered table by what the asset returned.

        Raises:
            ContractError: It returned no frame, or rows outside the partitions of the run.
        """
        table = table_named(context.asset_key.path[-1])
        if not isinstance(obj, pl.DataFrame):
            raise ContractError(f"{table.name}: the asset returned {type(obj).__name__}, expected a polars DataFrame.")
        reads = self._versions.pop(_step(context), {})
        counts = {}
        for key, rows in _by_partition(table, obj, list(context.asset_partition_keys) if context.has_asset_partitions else []):
            commit = self.table_io.commit(table.name, run_id=context.run_id, key=key or "-", reads=reads)
            self.table_io.replace(table, rows, None, key=key, commit=commit)
            counts[key] = rows.height
        context.add_output_metadata({"dagster/row_count": self.table_io.rows(table), "rows written": sum(counts.values())})


def _step(context: dg.InputContext | dg.OutputContext) -> str:
    step = context.step_context
    return f"{step.run_id}/{step.step.key}"


def _by_partition(table: Table, frame: Frame, keys: list[str]) -> list[tuple[str, Frame]]:
    """Split what an asset returned into the partitions of its run.

    Raises:
        ContractError: Rows lie outside of them.
    """
    if not keys:
        return [("", frame)]
    rows = table.conform(frame)
    if table.partition not in {Partition.YEARS, Partition.UNIVERSE_YEARS}:
        raise ContractError(f"{table.name}: has no yearly partitions; give its asset none either.")
    column = table.partition_by[0]
    year = pl.col(column) if column in table.columns else pl.col("session").dt.year()
    strangers = rows.filter(~year.is_in([int(key) for key in keys]))
    if strangers.height:
        raise ContractError(
            f"{table.name}: {strangers.height} row(s) lie outside the partition(s) {', '.join(keys)}; nothing was written. "
            "Return the rows of the run's partitions alone."
        )
    return [(key, rows.filter(year == int(key))) for key in keys]


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
    if consumer.partition is Partition.SESSIONS:
        return pl.col("session") == date.fromisoformat(key) if "session" in read.table.columns else None
    if not key.isdigit():
        return None
    year = int(key)
    if read.table.partition is Partition.UNIVERSE_YEARS:
        return pl.col("universe_year") == year
    if read.table.partition is Partition.YEARS:
        first = pl.col("year") >= year - read.years_back
        return first if read.to_the_end and consumer.partition is Partition.UNIVERSE_YEARS else first & (pl.col("year") <= year)
    if "date" in read.table.columns and consumer.partition is Partition.YEARS and read.neighbour_days < ALL_DAYS:
        days = pl.duration(days=read.neighbour_days)
        return pl.col("date").is_between(pl.date(year, 1, 1) - days, pl.date(year, 12, 31) + days)
    return None
