"""Upkeep of the Delta tables: compaction, and a vacuum that keeps every version somebody names."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from kairos.tables import models
from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse

TARGET_FILE_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True)
class Upkeep:
    """What upkeep did to one table: files before and after compaction, and superseded files deleted."""

    table: str
    files_before: int
    files_after: int
    vacuumed: int


def named_versions(warehouse: Warehouse) -> dict[str, set[int]]:
    """Return the table versions that trained models name in their `reads`."""
    named: dict[str, set[int]] = {}
    for line in warehouse.read(models.MODELS, columns=["reads"]).to_series():
        reads: Mapping[str, int] = json.loads(line)
        for name, version in reads.items():
            named.setdefault(name, set()).add(version)
    return named


def compact_and_vacuum(
    warehouse: Warehouse, *, now: datetime, keep_days: int, tables: Iterable[Table] | None = None
) -> list[Upkeep]:
    """Compact every table, then delete superseded files older than `keep_days` that no named version needs."""
    named = named_versions(warehouse)
    done = []
    for table in TABLES.values() if tables is None else tables:
        found = warehouse.delta(table)
        if found is None:
            continue
        before = len(found.file_uris())
        found.optimize.compact(target_size=TARGET_FILE_BYTES)
        removed = _vacuum(warehouse, table, keep=named.get(table.name, set()), before=now - timedelta(days=keep_days))
        after = warehouse.delta(table)
        done.append(Upkeep(table.name, before, len(after.file_uris()) if after else 0, removed))
    return done


def _vacuum(warehouse: Warehouse, table: Table, *, keep: set[int], before: datetime) -> int:
    """Delete Parquet files that neither the newest, nor a kept, nor a recent version needs; return how many."""
    current = warehouse.delta(table)
    if current is None:
        return 0
    needed = set(current.file_uris())
    for version in keep | _recent_versions(warehouse, table, before):
        pinned = warehouse.delta(table, version)
        needed |= set(pinned.file_uris()) if pinned else set()
    stale = [file for file in warehouse.path(table).rglob("*.parquet") if _is_stale(file, needed, before)]
    for file in stale:
        file.unlink()
    return len(stale)


def _recent_versions(warehouse: Warehouse, table: Table, before: datetime) -> set[int]:
    current = warehouse.delta(table)
    lines = [] if current is None else current.history()
    recent = {int(line["version"]) for line in lines if line["timestamp"] / 1000 >= before.timestamp()}
    # the version just older than the window was the live one when the window began
    older = [int(line["version"]) for line in lines if int(line["version"]) not in recent]
    return recent | ({max(older)} if older else set())


def _is_stale(file: Path, needed: set[str], before: datetime) -> bool:
    inside_log = "_delta_log" in file.parts
    return not inside_log and str(file) not in needed and file.stat().st_mtime < before.timestamp()
