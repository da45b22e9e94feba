"""What the disk and the databases on it complain of, as one line that says what to do."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kairos.errors import KairosError, WarehouseError

NO_ROOM = ("No space left on device", "database or disk is full", "os error 28", "Disk quota exceeded")
SQLITE_STUCK = "disk I/O error"  # what SQLite says of a full disk when its log cannot grow
SCANT_BYTES = 1_000_000
NO_WRITING = ("Read-only file system", "readonly database", "Permission denied", "unable to open database file", "os error 30")


@contextmanager
def told_in_one_line(home: Path) -> Iterator[None]:
    """Turn what the disk under `home` complains of into a `WarehouseError`.

    Raises:
        WarehouseError: A file could not be written or read.
    """
    import duckdb
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except KairosError:
        raise
    except (OSError, sqlite3.Error, DBAPIError, duckdb.Error) as error:
        raise WarehouseError(complaint(str(error), home)) from error


@contextmanager
def streams_kept() -> Iterator[None]:
    """Give the process its own stdout and stderr back after the block.

    Dagster turns them to files while a step runs; when the disk with these files is full they stay turned away, and nobody
    would read what went wrong.
    """
    kept = {number: os.dup(number) for number in (1, 2)}
    try:
        yield
    finally:
        for number, copy in kept.items():
            os.dup2(copy, number)
            os.close(copy)


def advised(said: str, home: Path) -> str:
    """Return why a run failed; where the disk is the reason and nothing says what to do, with that."""
    of_disk = any(words in said for words in (*NO_ROOM, *NO_WRITING, SQLITE_STUCK))
    return complaint(said, home) if of_disk and "again" not in said else said


def complaint(found: str, home: Path) -> str:
    """Return in one line what was wrong and what to do."""
    said = " ".join(found.partition("[SQL:")[0].split())
    full = SQLITE_STUCK in said and shutil.disk_usage(home).free < SCANT_BYTES
    if full or any(words in said for words in NO_ROOM):
        told, mend = f"no room left on the disk ({said})", "make room"
    elif any(words in said for words in NO_WRITING):
        told, mend = f"cannot be written ({said})", "mend the permissions"
    else:
        told, mend = said, "mend it"
    return f"{home}: {told}. What had been committed stays; {mend} and run the command again."
