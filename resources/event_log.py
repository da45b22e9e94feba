"""Dagster's event log in SQLite, with its files kept open instead of opened anew for every event."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

INDEX = "index"
_VERSION = "alembic_version"
_STAMP = sa.text("SELECT version_num FROM alembic_version")
MOST_OPEN = 4  # files of one process: the index and the runs written last


class KeptEventLog(SqliteEventLogStorage):
    """The same files as Dagster's own; a connection to each stays open, and statements stay compiled.

    Dagster makes an engine, a connection and every statement anew for each event, and SQLite checkpoints a write-ahead log
    whenever its last connection closes: most of what an event costs. A commit waits for the write-ahead log, not for the
    disk: a killed process loses nothing; a machine without power may lose its last events, never the tables' rows.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open the log in `base_dir`."""
        self._kept: OrderedDict[str, sa.Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> "KeptEventLog":
        """Open the log that a configuration names."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                if not self._made(shard, engine):
                    self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def dispose(self) -> None:
        """Close the files."""
        with self._db_lock:
            while self._kept:
                self._kept.popitem()[1].dispose()
        super().dispose()

    def _made(self, shard: str, engine: sa.Engine) -> bool:
        """Return whether a file has its tables, given a new one those of the index; without either Dagster migrates it."""
        with engine.connect() as connection, connection.begin():
            if not _tables(connection) and shard != INDEX:
                index = self._engine(INDEX)
                with index.connect() as model:
                    _copy_tables(model, connection)
            return _VERSION in _tables(connection) and bool(connection.execute(_STAMP).first())

    def _engine(self, shard: str) -> sa.Engine:
        if shard not in self._kept:
            self._kept[shard] = _opened(self.conn_string_for_shard(shard))
        self._kept.move_to_end(shard)
        if len(self._kept) > MOST_OPEN:
            self._kept.popitem(last=False)[1].dispose()
        return self._kept[shard]


def with_kept_log(ref: InstanceRef) -> InstanceRef:
    """Return `ref` with its event log kept open; a log that is not in SQLite files of its own (Postgres) stays as it is."""
    found = ref.event_storage_data
    if found is None or found.class_name != SqliteEventLogStorage.__name__:
        return ref
    kept = ConfigurableClassData(__name__, KeptEventLog.__name__, found.config_yaml)
    return ref._replace(storage_data=None, event_storage_data=kept)


@contextmanager
def event_log_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keep the SQLite files of Dagster's own event log open for the block, so that not every event checkpoints them.

    For processes whose instance Dagster itself has opened, such as those of the UI; their connections here only look.
    """
    storage = instance.event_log_storage
    with ExitStack() as opened:
        if isinstance(storage, SqliteEventLogStorage) and not isinstance(storage, KeptEventLog):
            for shard in (INDEX, run_id):
                file = Path(storage.path_for_shard(shard))
                if file.exists():
                    connection = opened.enter_context(closing(sqlite3.connect(file, check_same_thread=False)))
                    connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # joins the write-ahead log
        yield


def _tables(connection: sa.Connection) -> set[str]:
    return {row.name for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _copy_tables(model: sa.Connection, new: sa.Connection) -> None:
    for row in model.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"):
        new.exec_driver_sql(row.sql)
    for row in model.execute(_STAMP):
        new.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (row.version_num,))


def _opened(url: str) -> sa.Engine:
    """Return an engine of one connection that any thread may use, one after the other."""
    arguments = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    engine = sa.create_engine(url, poolclass=sa.StaticPool, connect_args=arguments)
    sa.event.listen(engine, "connect", _relax)
    return engine


def _relax(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
