"""Starting the joint work and judging its journals."""

import json
import os
import signal
import subprocess
import sys
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.journeys.joint_rows import ALONE, APPENDED, REPLACED, TURNS, WRITERS, appended, height, number, replacing

ROOT = Path(__file__).resolve().parents[2]
CAST = (
    ("held_shell", 0),
    ("shell", 0),
    *(("writer", index) for index in range(WRITERS)),
    ("reader", 0),
    ("reader", 1),
    ("notebook", 0),
    ("publisher", 0),
    ("upkeep", 0),
)
THREADS = {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", "RAYON_NUM_THREADS": "1"}


@dataclass
class Journals:
    """What everybody wrote down, by name, and when the joint work began and ended."""

    began: float
    ended: float = 0.0
    lines: dict[str, list[dict]] = field(default_factory=dict)

    def of(self, op: str) -> list[dict]:
        return [line for lines in self.lines.values() for line in lines if line.get("op") == op]

    @property
    def failures(self) -> list[str]:
        return [f"{name}: {line['failed']}" for name, lines in self.lines.items() for line in lines if "failed" in line]

    @property
    def longest_gaps(self) -> dict[str, float]:
        """The longest time in which somebody finished nothing, its start and end counted too."""
        gaps = {}
        for name, lines in self.lines.items():
            ends = [self.began, *(line["ended"] for line in lines), max([self.ended, *(line["ended"] for line in lines)])]
            gaps[name] = max(later - earlier for earlier, later in pairwise(ends))
        return gaps


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KAIROS_", "NASDAQ_"))}
    return {**kept, **THREADS, "KAIROS_HOME": str(home)}


def prepare(home: Path) -> None:
    """Give every table a first version, so that the first reader finds them, and publish."""
    from kairos.tables.registry import TABLES
    from kairos.warehouse.commit import Commit
    from kairos.warehouse.store import Warehouse
    from kairos.warehouse.views import publish

    warehouse = Warehouse(home / "warehouse")
    for table, column in REPLACED.items():
        for year in (*ALONE, 1994):
            writer = {1990: 0, 1991: 0, 1992: 1, 1993: 1, 1994: 2}[year]
            commit = Commit("suite", run_id=str(number(writer, 0)), partition=str(year))
            warehouse.replace(TABLES[table], replacing(table, year, number(writer, 0)), partition={column: year}, commit=commit)
    for table in APPENDED:
        warehouse.append_new(TABLES[table], appended(table, "first"), commit=Commit("suite"))
    publish(warehouse, home / "kairos.duckdb")


class JointWork:
    """The processes of everybody who takes part."""

    def __init__(self, home: Path, folder: Path, *, pause: float = 0.0) -> None:
        self.home, self.folder, self.pause = home, folder, pause
        folder.mkdir(parents=True)
        self.processes: dict[str, subprocess.Popen] = {}
        self._files = ExitStack()

    def start(self) -> Journals:
        """Start everybody, the publisher after the held shell has opened, and wait until each has done something."""
        for role, index in CAST:
            if role == "publisher":
                self._until(lambda: self._started("held_shell-0"))
            self._launch(f"{role}-{index}", role, index)
        self._until(lambda: all(self._started(name) for name in self.processes))
        return Journals(time.monotonic())

    def _launch(self, name: str, role: str, index: int) -> None:
        log = self._files.enter_context((self.folder / f"{name}.log").open("w"))
        command = [sys.executable, "-m", "tests.journeys.joint_actors", role, str(index), str(self.home)]
        self.processes[name] = subprocess.Popen(
            [*command, str(self.folder / f"{name}.jsonl"), str(self.pause)],
            cwd=ROOT,
            env=environment(self.home),
            stdout=log,
            stderr=log,
        )

    def stop(self, journals: Journals) -> Journals:
        journals.ended = time.monotonic()
        (self.folder / "stop").touch()
        for process in self.processes.values():
            process.wait(120)
        for name in self.processes:
            journals.lines[name] = [json.loads(line) for line in (self.folder / f"{name}.jsonl").read_text().splitlines()]
        return journals

    def close(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
        self._files.close()

    def _started(self, name: str) -> bool:
        journal = self.folder / f"{name}.jsonl"
        ended = self.processes[name].poll() is not None
        return ended or (journal.exists() and journal.stat().st_size > 0)

    @staticmethod
    def _until(done) -> None:
        deadline = time.monotonic() + 180
        while not done() and time.monotonic() < deadline:
            time.sleep(0.05)


def torn(journals: Journals) -> list[str]:
    """What somebody saw that no single write made."""
    found = []
    for name, lines in journals.lines.items():
        for line in lines:
            for seen in line.get("seen", []):
                if "payloads" in seen:
                    whole = seen["least"] == seen["most"] == APPENDED[seen["table"]]
                else:
                    whole = seen["least"] == seen["most"] and seen["rows"] == height(seen["table"], seen["most"])
                if not whole or not line.get("fits", True):
                    found.append(f"{name} {line['op']}: {seen}")
    return found


def shrunk(journals: Journals) -> list[str]:
    """Reads of a table that only grows that show less than a read or a finished append before them."""
    appends = defaultdict(list)
    for line in journals.of("append"):
        if line["added"]:
            appends[line["table"]].append(line["ended"])
    found = []
    for name, lines in journals.lines.items():
        most: dict[str, int] = {}
        for line in lines:
            for seen in line.get("seen", []):
                if "payloads" not in seen:
                    continue
                least = most.get(seen["table"], 0)
                if line["op"] not in {"shell", "held"}:  # those show a publication, which may be older
                    least = max(least, 1 + bisect_left(sorted(appends[seen["table"]]), line["began"]))
                if seen["payloads"] < least:
                    found.append(f"{name} {line['op']}: {seen}, expected at least {least}")
                most[seen["table"]] = max(least, seen["payloads"])
    return found


def stale(journals: Journals) -> list[str]:
    """Reads of a partition of one writer that show neither its last finished write nor one under way."""
    writes = defaultdict(list)
    for line in journals.of("replace"):
        writes[line["table"], line["year"]].append((line["began"], line["ended"]))
    found = []
    for name, lines in journals.lines.items():
        for line in lines:
            if line.get("op") in {"shell", "held"}:
                continue
            for seen in line.get("seen", []):
                if seen.get("year") not in ALONE:
                    continue
                own = writes[seen["table"], seen["year"]]
                least = bisect_left([ended for _, ended in own], line["began"])
                most = bisect_right([began for began, _ in own], line["ended"])
                if not least <= seen["most"] % TURNS <= most:
                    found.append(f"{name} {line['op']}: {seen}, expected a write from {least} to {most}")
    return found
