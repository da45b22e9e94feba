"""What stands of a partition, and what it was made from: the ground that an increment builds upon, where it is firm."""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote

import polars as pl

from kairos.frames import Frame
from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse


@dataclass(frozen=True)
class Standing:
    """A calendar year as it stands.

    Attributes:
        rows: Its rows.
        read: The table that they follow from.
        then: Version of that table which was read for them.
        now: Version which is read now.
        years: Its years that have been written in between, of those that are read.
    """

    rows: Frame
    read: Table
    then: int
    now: int
    years: tuple[int, ...]


def basis(warehouse: Warehouse, fingerprint: str, commit: Commit) -> str:
    """Return a digest of a fingerprint and of the identities of the tables read, which made anew have another."""
    found = [warehouse.snapshot(TABLES[name]) for name in sorted(commit.reads)]
    known = [fingerprint, *(str(table.metadata().id) for table in found if table is not None)]
    return sha256("/".join(known).encode()).hexdigest()[:16]


def last_written(warehouse: Warehouse, table: Table, *, by: Commit) -> tuple[int, Commit] | None:
    """Return the newest version of a table, and the commit that wrote a partition last, if it was made as `by` is.

    Args:
        warehouse: Where the table is.
        table: Which one.
        by: What would be said of writing the partition now.
    """
    version, history = warehouse.version(table), warehouse.history(table)
    of_partition = [
        commit for number, commit in history if version is not None and number <= version and commit.partition == by.partition
    ]
    if version is None or not of_partition or made_as(of_partition[0]) != made_as(by):
        return None
    return version, of_partition[0]


def made_as(commit: Commit) -> tuple[str, ...]:
    """Return what must be the same of two commits whose rows follow alike from what they read."""
    return commit.asset, commit.code_version, commit.basis


def standing(warehouse: Warehouse, table: Table, *, read: Table, years_back: int, by: Commit) -> Standing | None:
    """Return a calendar year to build upon; None where it cannot be told what it was made from.

    Args:
        warehouse: Where the tables are.
        table: Whose year.
        read: What its rows follow from, a table of calendar years.
        years_back: How many years before its own are read.
        by: What would be said of writing the year now.
    """
    found, now = last_written(warehouse, table, by=by), by.reads.get(read.name)
    if found is None or now is None or by.basis == "-":
        return None
    version, written = found
    then, year = written.reads.get(read.name), int(by.partition)
    if then is None or then > now:
        return None
    since = {commit.partition for number, commit in warehouse.history(read) if then < number <= now}
    if not all(key.isdigit() for key in since):
        return None
    years = tuple(sorted(int(key) for key in since if year - years_back <= int(key) <= year))
    if not _files_are_there(warehouse, read, then, years):
        return None
    return Standing(warehouse.read(table, where=pl.col("year") == year, version=version), read, then, now, years)


def read_then(warehouse: Warehouse, standing: Standing) -> Frame:
    """Return the rows that were read then of the years that have been written since."""
    return warehouse.read(standing.read, where=pl.col("year").is_in(standing.years), version=standing.then)


def provable(warehouse: Warehouse, table: Table, *, read: Table, years_back: int, fingerprint: str) -> dict[str, int]:
    """Return the years of a table that can be built anew as they were, with the version of the table read for each.

    They were made under this fingerprint, and what was read for them can still be read.

    Args:
        warehouse: Where the tables are.
        table: Whose years.
        read: What its rows follow from, a table of calendar years.
        years_back: How many years before its own are read.
        fingerprint: Of the code and the libraries as they are.
    """
    newest: dict[str, Commit] = {}
    for _, commit in warehouse.history(table):
        newest.setdefault(commit.partition, commit)
    found = {}
    for key, commit in newest.items():
        version, now = commit.reads.get(read.name), warehouse.version(read)
        if version is None or now is None or version > now or commit.basis != basis(warehouse, fingerprint, commit):
            continue
        years = tuple(range(int(key) - years_back, int(key) + 1))
        if _files_are_there(warehouse, read, version, years):
            found[key] = version
    return found


def _files_are_there(warehouse: Warehouse, table: Table, version: int, years: tuple[int, ...]) -> bool:
    """Tell whether a version can still be read: an upkeep deletes files that were superseded long ago."""
    found = warehouse.snapshot(table, version)
    if found is None:
        return False
    files = pl.DataFrame(found.get_add_actions(flatten=True)).filter(pl.col("partition.year").is_in(years))
    return all((warehouse.path(table) / unquote(path)).exists() for path in files["path"])
