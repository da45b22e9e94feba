"""Instants of a command at which the disk has just changed or is about to: counted in one run, struck in another.

An instant is told by its kind (what is written, and on which side of the effect) and its number among those of its kind,
so that it is found again without knowing the code. What lies inside of an effect is struck by a timer.
"""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
EVENTS = {"os.rename": 1, "os.remove": 0, "os.mkdir": 0, "os.rmdir": 0, "os.symlink": 1, "os.link": 1, "os.truncate": 0}
LEDGERS = ("trials", "holdout_ledger")


@dataclass(frozen=True)
class Instant:
    """A place in time of one stage.

    Attributes:
        stage: Name of the stage.
        kind: What is written, and whether before, after or inside of it.
        number: Which one of its kind, from 0.
        detail: Table or file, for the report.
        at_s: Seconds since the stage began.
        lasts_s: For what goes on inside, how long the effect took.
    """

    stage: str
    kind: str
    number: int
    detail: str
    at_s: float
    lasts_s: float = 0.0


class Watch:
    """Tells `met` of every instant of this process.

    Args:
        home: Files elsewhere do not count.
        met: Called with kind, number and detail.
    """

    def __init__(self, home: Path, met: Callable[[str, int, str], None]) -> None:
        self._home = f"{home}/"
        self._met = met
        self._counts: Counter[str] = Counter()
        self._databases: dict[int, str] = {}
        self._busy = threading.local()

    def install(self) -> None:
        """Begin to watch; lasts as long as the process."""
        sys.addaudithook(self._audit)
        self._watch_commits()
        self._watch_databases()
        self._watch_whole_writes()

    def meet(self, kind: str, detail: str) -> None:
        """Count one instant."""
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        number = self._counts[kind]
        self._counts[kind] += 1
        self._met(kind, number, detail)
        self._busy.now = False

    @contextmanager
    def _around(self, kind: str, detail: str) -> Iterator[None]:
        self.meet(f"before {kind}", detail)
        self.meet(f"inside {kind}", detail)
        yield
        self.meet(f"after {kind}", detail)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and _writes(arguments):
            self._file("file", arguments[0])
        elif event in EVENTS:
            self._file(event.removeprefix("os."), arguments[EVENTS[event]])

    def _file(self, what: str, path: object) -> None:
        place = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        place = place if place.startswith("/") else f"{Path.cwd()}/{place}"
        if place.startswith(self._home):
            inside = place.removeprefix(self._home)
            self.meet(f"before {what} of {area(inside)}", inside)

    def _watch_commits(self) -> None:
        import deltalake

        write = deltalake.write_deltalake

        @wraps(write)
        def watched(target: str, *arguments: object, **named: object) -> None:
            table = Path(target).name
            with self._around("ledger commit" if table in LEDGERS else "table commit", table):
                write(target, *arguments, **named)

        deltalake.write_deltalake = watched

    def _watch_databases(self) -> None:
        from sqlalchemy.engine.default import DefaultDialect

        commit, execute = DefaultDialect.do_commit, DefaultDialect.do_execute

        def committed(dialect: Any, connection: Any) -> None:
            with self._around(f"{_database(connection)} commit", ""):
                commit(dialect, connection)

        def executed(dialect: Any, cursor: Any, statement: str, *rest: Any) -> None:
            if statement.lstrip()[:6].upper() not in {"CREATE", "ALTER "}:
                return execute(dialect, cursor, statement, *rest)
            with self._around(f"{_database(cursor.connection)} schema", statement.partition("(")[0].strip()[:60]):
                return execute(dialect, cursor, statement, *rest)

        DefaultDialect.do_commit, DefaultDialect.do_execute = committed, executed

    def _watch_whole_writes(self) -> None:
        """A file that is rewritten in place is empty for an instant."""
        write = Path.write_text

        def written(path: Path, data: str, *arguments: Any, **named: Any) -> int:
            if str(path).startswith(self._home):
                with path.open("w"):
                    inside = str(path).removeprefix(self._home)
                    self.meet(f"emptied file of {area(inside)}", inside)
            return write(path, data, *arguments, **named)

        Path.write_text = written  # type: ignore[method-assign,assignment]


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & WRITING)


def _database(connection: Any) -> str:
    cursor = connection.cursor()
    try:
        file = Path(cursor.execute("PRAGMA database_list").fetchone()[2])
    finally:
        cursor.close()
    return "MLflow" if file.name == "mlflow.db" else "Dagster"


def area(inside: str) -> str:
    """Return what a path inside a home belongs to."""
    first, _, rest = inside.partition("/")
    if first == "models":
        kind = rest.partition("/")[0]
        return "outputs" if kind == "output" else "the pointer" if "latest" in rest else "an artifact"
    if first == "warehouse" and not rest.endswith(".lock"):
        return "a table's folder"
    if first.endswith(".lock") or rest.endswith(".lock"):
        return "a lock"
    return {"payloads": "a payload", "dagster": "Dagster", "mlartifacts": "MLflow", "mlruns": "MLflow"}.get(
        first, "the views" if "kairos.duckdb" in first else "the home"
    )


def record(home: Path, stage: str) -> list[Instant]:
    """Watch this process and return the list that its instants are added to."""
    began, met = time.monotonic(), list[Instant]()
    lock = threading.Lock()

    def note(kind: str, number: int, detail: str) -> None:
        with lock:
            met.append(Instant(stage, kind, number, detail, time.monotonic() - began))

    Watch(home, note).install()
    return met


def with_lengths(met: list[Instant]) -> list[Instant]:
    """Return the instants, those inside of an effect with how long it lasted."""
    ends = {(one.kind.removeprefix("after "), one.number): one.at_s for one in met if one.kind.startswith("after ")}
    lengthened = []
    for one in met:
        end = ends.get((one.kind.removeprefix("inside "), one.number), one.at_s)
        lengthened.append(Instant(**{**asdict(one), "lasts_s": end - one.at_s}) if one.kind.startswith("inside ") else one)
    return lengthened


def strike(home: Path, kind: str, number: int, *, after_s: float = 0.0) -> None:
    """Watch this process and kill it at that instant, or so many seconds after it; "moment" begins now."""
    if kind == "moment":
        _kill_in(after_s)
        return

    def met(found: str, count: int, _: str) -> None:
        if (found, count) == (kind, number):
            _kill_in(after_s)

    Watch(home, met).install()


def _kill_in(seconds: float) -> None:
    if seconds <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
    timer = threading.Timer(seconds, lambda: os.kill(os.getpid(), signal.SIGKILL))
    timer.daemon = True
    timer.start()
