"""Upkeep of the Delta tables beside running writers: compaction, and a vacuum that keeps every version somebody names."""

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl

from kairos.tables import models, simulation
from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import commit_from
from kairos.warehouse.store import Warehouse

if TYPE_CHECKING:
    from deltalake import DeltaTable

TARGET_FILE_BYTES = 128 * 1024 * 1024
MAX_ATTEMPTS = 12  # with the waits below some seconds; a partition that is written all the time waits for the next upkeep
LONGEST_WAIT_S = 1.0
Cell = tuple[tuple[str, str], ...]
"""Physical partition columns with their values, as Delta writes them; empty for a table without."""


@dataclass(frozen=True)
class Upkeep:
    """What upkeep did to one table.

    Attributes:
        table: Name of the table.
        files_before: Live files before compaction.
        files_after: Live files after it.
        vacuumed: Superseded files deleted.
        busy: Partitions that writers kept changing; they stay uncompacted until the next upkeep.
    """

    table: str
    files_before: int
    files_after: int
    vacuumed: int
    busy: int = 0


def named_versions(warehouse: Warehouse) -> dict[str, set[int]]:
    """Return the table versions that the present models and simulations name as what they were made from."""
    named: dict[str, set[int]] = {}
    rows: list[Mapping[str, int]] = [json.loads(line) for line in warehouse.read(models.MODELS, columns=["reads"]).to_series()]
    for reads in (*rows, *(reads for table in simulation.TABLES for reads in _present_reads(warehouse, table))):
        for name, version in reads.items():
            named.setdefault(name, set()).add(version)
    return named


def compact_and_vacuum(
    warehouse: Warehouse,
    *,
    now: datetime,
    keep_days: int,
    tables: Iterable[Table] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Upkeep]:
    """Compact every table, then delete files superseded more than `keep_days` ago that no named version needs.

    Writers may go on meanwhile. `now` is on the clock that stamps files and commits, the machine's.
    """
    named = named_versions(warehouse)
    done = []
    for table in TABLES.values() if tables is None else tables:
        found = warehouse.delta(table)
        if found is None:
            continue
        before = len(found.file_uris())
        busy = sum(not _compact(warehouse, table, cell, sleep=sleep) for cell in _scattered(found))
        removed = _vacuum(warehouse, table, keep=named.get(table.name, set()), before=now - timedelta(days=keep_days))
        after = warehouse.delta(table)
        done.append(Upkeep(table.name, before, len(after.file_uris()) if after else 0, removed, busy))
    return done


def _present_reads(warehouse: Warehouse, table: Table) -> list[Mapping[str, int]]:
    """Return what the newest commit of every partition has read; what replaced it before names nothing any more."""
    found = warehouse.delta(table)
    newest: dict[str, Mapping[str, int]] = {}
    for line in [] if found is None else found.history():
        commit = commit_from(line)
        if commit is not None:
            newest.setdefault(str(line.get("operationParameters", {}).get("predicate", "")), commit.reads)
    return list(newest.values())


def _scattered(found: "DeltaTable") -> list[Cell]:
    """Return the partitions with several files that are smaller than they should be."""
    files = pl.DataFrame(found.get_add_actions(flatten=True))
    columns = found.metadata().partition_columns
    small = files.filter(pl.col("size_bytes") < TARGET_FILE_BYTES)
    cells = small.group_by([f"partition.{name}" for name in columns]).len() if columns else small.select(pl.len().alias("len"))
    several = cells.filter(pl.col("len") > 1).sort(pl.all())
    return [tuple((name, str(row[f"partition.{name}"])) for name in columns) for row in several.iter_rows(named=True)]


def _compact(warehouse: Warehouse, table: Table, cell: Cell, *, sleep: Callable[[float], None]) -> bool:
    """Compact one partition; False when writers changed it under every attempt."""
    from deltalake.exceptions import CommitFailedError

    chance = random.Random(f"{table.name}{cell}")
    filters = [(name, "=", value) for name, value in cell] or None
    for attempt in range(MAX_ATTEMPTS):
        found = warehouse.delta(table)
        if found is None:
            return True
        try:
            found.optimize.compact(partition_filters=filters, target_size=TARGET_FILE_BYTES)
        except CommitFailedError:
            sleep(chance.uniform(0.01, min(LONGEST_WAIT_S, 0.05 * 2**attempt)))
        else:
            return True
    return False


def _vacuum(warehouse: Warehouse, table: Table, *, keep: set[int], before: datetime) -> int:
    """Delete Parquet files that neither the newest, nor a kept, nor a recent version needs; return how many."""
    current = warehouse.delta(table)
    if current is None:
        return 0
    folder = warehouse.path(table)
    needed = _files(current) | _superseded_since(folder / "_delta_log", current.version(), before)
    for version in keep:
        pinned = warehouse.delta(table, version)
        needed |= _files(pinned) if pinned else set()
    stale = [file for file in folder.rglob("*.parquet") if _is_stale(file, folder, needed, before)]
    for file in stale:
        file.unlink(missing_ok=True)
    return len(stale)


def _files(found: "DeltaTable") -> set[str]:
    """Return the live files of a version, relative to the table's folder."""
    paths = pl.DataFrame(found.get_add_actions(flatten=True))["path"]
    return {unquote(path) for path in paths}  # the log encodes what stands in folder names once more


def _superseded_since(log: Path, newest: int, before: datetime) -> set[str]:
    """Return the files that were live at `before` or later and are no more: their removal is in the log since then."""
    superseded: set[str] = set()
    for version in range(newest, -1, -1):
        actions = [json.loads(line) for line in (log / f"{version:020}.json").read_text().splitlines()]
        at = [action["commitInfo"]["timestamp"] for action in actions if "commitInfo" in action]
        if at and max(at) / 1000 < before.timestamp():
            break
        superseded |= {unquote(action["remove"]["path"]) for action in actions if "remove" in action}
    return superseded


def _is_stale(file: Path, folder: Path, needed: set[str], before: datetime) -> bool:
    relative = file.relative_to(folder)
    if relative.parts[0] == "_delta_log" or relative.as_posix() in needed:
        return False
    try:
        return file.stat().st_mtime < before.timestamp()
    except FileNotFoundError:  # another upkeep was faster
        return False
