"""Dagster's event log while a step writes many events."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

INDEX = "index"


@contextmanager
def event_log_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep the SQLite files of the event log open for the block, so that not every event checkpoints and removes their logs.

    Dagster opens and closes them for each event, and SQLite checkpoints a write-ahead log whenever its last connection
    closes. The connections of this block only look; other event logs (Postgres) are left alone.
    """
    storage = instance.event_log_storage
    with ExitStack() as opened:
        if isinstance(storage, SqliteEventLogStorage):
            for shard in (INDEX, run_id):
                file = Path(storage.path_for_shard(shard))
                if file.exists():
                    connection = opened.enter_context(closing(sqlite3.connect(file, check_same_thread=False)))
                    connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # joins the write-ahead log
        yield
