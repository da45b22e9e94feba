"""A process that has imported everything and started nothing: each command runs in a fork of it, so costs its own work alone.

Reads one job per line from stdin and answers each with one line on stdout. A job's own process uses no tables itself, so
that it can fork in its turn: a command that is killed, the command again, and the look at what it left.
"""

import json
import os
import resource
import shutil
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.journeys import kill_checks, kill_places
from tests.journeys.kill_path import STAGES, prepare

HEAVY = (
    "duckdb",
    "lightgbm",
    "matplotlib.pyplot",
    "mlflow.store.tracking.sqlalchemy_store",
    "pyarrow.parquet",
    "kairos.sandbox.market",
    "kairos.sandbox.server",
    "kairos_dagster.cli",
    "kairos_dagster.demo",
    "kairos_dagster.runs",
    "kairos_dagster.show",
)
BY_NAME = {stage.name: stage for stage in STAGES}


def serve() -> None:
    """Fork a job for every line until there are no more."""
    _import_everything()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    _answer({"ready": True})
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _job(json.loads(line))
            os._exit(0)
    os.killpg(0, signal.SIGKILL)  # whoever asked is gone; the group is this process and its forks


def _job(asked: dict[str, Any]) -> None:
    began = time.monotonic()
    try:
        found = JOBS[asked["do"]](asked)
    except BaseException:  # noqa: BLE001 - whatever it was, the other side learns of it
        found = {"problems": [traceback.format_exc()]}
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(one.ru_utime + one.ru_stime for one in used)
    _answer({"id": asked["id"], "seconds": round(time.monotonic() - began, 2), "cpu_s": cpu_s, **found})


def _answer(found: dict[str, Any]) -> None:
    os.write(1, (json.dumps(found) + "\n").encode())


def _run(asked: dict[str, Any]) -> dict[str, Any]:
    """Run a stage in a home that lies somewhere."""
    home = Path(asked["home"])
    status, said = _forked(lambda: BY_NAME[asked["stage"]].run(home), Path(asked["log"]))
    return {"problems": [], "status": status, "said": said}


def _look(asked: dict[str, Any]) -> dict[str, Any]:
    """Look at a home that lies somewhere."""
    return {"problems": _looked_at(Path(asked["home"]), Path(asked["after"]), Path(asked["report"]))[1]}


def _prepare(asked: dict[str, Any]) -> dict[str, Any]:
    folder = Path(asked["folder"])
    status, said = _forked(lambda: prepare(folder) and None, folder.parent / "prepare.log")
    if status == 0:
        copy_home(folder / "home", folder / "start")
    return {"problems": [] if status == 0 else [said]}


def _reference(asked: dict[str, Any]) -> dict[str, Any]:
    """Run a stage unhurt, note its instants, and keep a copy of the home as it is then."""
    folder, stage = Path(asked["folder"]), BY_NAME[asked["stage"]]
    home, notes = folder / "home", folder / f"instants-{asked['number']}.json"

    def run() -> None:
        met = kill_places.record(home, stage.name)
        try:
            stage.run(home)
        finally:
            notes.write_text(json.dumps([asdict(one) for one in kill_places.with_lengths(met)]))

    began = time.monotonic()
    status, said = _forked(run, folder / "reference.log")
    took = time.monotonic() - began
    if status:
        return {"problems": [f"{stage.name} ended with {status}: {said}"]}
    _, problems = _looked_at(home, None)
    copy_home(home, folder / f"after-{asked['number']}")
    return {"problems": problems, "notes": str(notes), "took": took}


def _kill(asked: dict[str, Any]) -> dict[str, Any]:
    """Run a stage from its snapshot, kill it, run it again, and compare with the one that was never killed."""
    folder, stage = Path(asked["folder"]), BY_NAME[asked["stage"]]
    place = Path(asked["work"]) / f"kill-{asked['id']}"
    place.mkdir(parents=True)
    (place / "configs").symlink_to(folder / "configs")
    home = place / "home"
    copy_home(Path(asked["before"]), home)
    struck = [_struck(home, stage, strike, place) for strike in asked["strikes"]]
    status, said = _forked(lambda: stage.run(home), place / "again.log")
    if status:
        return {"struck": struck, "problems": [f"run again it ended with {status}: {said}"], "home": str(home)}
    looked, problems = _looked_at(home, Path(asked["after"]))
    if looked == 0 and not problems:
        shutil.rmtree(place)
    return {"struck": struck, "problems": problems, "home": str(home)}


def _struck(home: Path, stage: Any, strike: dict[str, Any], place: Path) -> bool:
    def run() -> None:
        kill_places.strike(home, strike["kind"], strike["number"], after_s=strike["after_s"])
        stage.run(home)

    status, _ = _forked(run, place / "killed.log")
    return status == -signal.SIGKILL


def _looked_at(home: Path, reference: Path | None, report: Path | None = None) -> tuple[int, list[str]]:
    report = report or home.parent / "problems.json"
    status, said = _forked(
        lambda: report.write_text(json.dumps(kill_checks.problems(home, reference))), report.with_suffix(".log")
    )
    return status, json.loads(report.read_text()) if status == 0 else [f"the look at it ended with {status}: {said}"]


def _forked(call: Callable[[], object], log: Path) -> tuple[int, str]:
    """Run a call in a fork; return its exit status (minus the signal) and the end of what it printed."""
    pid = os.fork()
    if pid == 0:
        handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        os._exit(_exit_status(call))
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), log.read_text(errors="replace")[-2000:]


def _exit_status(call: Callable[[], object]) -> int:
    status = 1
    try:
        call()
        status = 0
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: BLE001 - shown in the log, and told by the status
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def copy_home(source: Path, target: Path) -> None:
    """Copy a home; MLflow's absolute paths are made the copy's."""
    shutil.copytree(source, target, symlinks=True)
    file = target / "mlflow.db"
    if not file.exists():
        return
    with sqlite3.connect(file) as database:
        for table, column in (("experiments", "artifact_location"), ("runs", "artifact_uri")):
            known = database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            if known:
                database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (f"{source}/", f"{target}/"))  # noqa: S608 - two fixed names
    database.close()


JOBS = {"prepare": _prepare, "reference": _reference, "kill": _kill, "run": _run, "look": _look}


def _import_everything() -> None:
    from kairos.calendar import all_sessions, early_closes

    for name in HEAVY:
        import_module(name)

    all_sessions()
    early_closes()
    rayon = [name for name in _threads() if name.startswith("polars-") and name[7:].isdigit()]
    if rayon:
        raise RuntimeError(f"{rayon}: threads that a fork would not have; import without computing.")


def _threads() -> list[str]:
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


if __name__ == "__main__":
    serve()
