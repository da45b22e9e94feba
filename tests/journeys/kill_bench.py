"""Carries trials out: the reference stage by stage, and kills of a stage as soon as its reference is there."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.journeys.kill_path import STAGES
from tests.journeys.kill_places import Instant
from tests.journeys.kill_plan import Trial

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 2
CALM = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2", "MLFLOW_DISABLE_TELEMETRY": "true"}
NUMBER = {stage.name: at for at, stage in enumerate(STAGES)}


@dataclass
class Verdict:
    """What came of a trial."""

    trial: Trial
    struck: list[bool]
    problems: list[str]
    home: str = ""
    seconds: float = 0.0


@dataclass
class Bench:
    """Sends jobs to the server that forks, at most two at a time."""

    work: Path
    folder: Path
    process: "subprocess.Popen[str]"
    lasted: dict[str, float] = field(default_factory=dict)
    instants: list[Instant] = field(default_factory=list)
    cpu_s: float = 0.0
    _sent: int = 0

    def ask(self, jobs: Sequence[dict[str, Any]], on_answer: Callable[[dict[str, Any], dict[str, Any]], None]) -> None:
        """Carry jobs out and hand each with its answer to `on_answer`."""
        waiting, out = list(jobs), dict[int, dict[str, Any]]()
        while waiting or out:
            while waiting and len(out) < AT_ONCE:
                self._sent += 1
                out[self._sent] = waiting.pop(0)
                places = {"work": str(self.work), "folder": str(self.folder)}
                self._send({"id": self._sent, **places, **out[self._sent]})
            answer = self._answer()
            self.cpu_s += answer["cpu_s"]
            on_answer(out.pop(answer["id"]), answer)

    def build_reference(self) -> None:
        """Walk the path once unhurt, with a copy of the home after every stage; once for all workers of a test run."""
        notes = self.folder.with_suffix(".json")
        with FileLock(self.folder.with_suffix(".lock")):
            if not notes.exists():
                self._walk(notes)
        known = json.loads(notes.read_text())
        self.lasted = known["lasted"]
        self.instants = [Instant(**one) for file in known["instants"] for one in json.loads(Path(file).read_text())]

    def _walk(self, notes: Path) -> None:
        self.one({"do": "prepare"})
        done = {
            stage.name: self.one({"do": "reference", "stage": stage.name, "number": number})
            for number, stage in enumerate(STAGES)
        }
        lasted = {name: answer["took"] for name, answer in done.items()}
        notes.write_text(json.dumps({"lasted": lasted, "instants": [answer["notes"] for answer in done.values()]}))

    def one(self, job: dict[str, Any]) -> dict[str, Any]:
        """Carry one job out and return its answer; it must go well."""
        found: list[dict[str, Any]] = []
        self.ask([job], lambda _, answer: found.append(answer))
        assert not found[0]["problems"], f"{job}: {found[0]['problems']}"
        return found[0]

    def snapshots(self, stage: str) -> tuple[Path, Path]:
        """Return the home before and after a stage that was not killed."""
        at = NUMBER[stage]
        return self.folder / (f"after-{at - 1}" if at else "start"), self.folder / f"after-{at}"

    def carry_out(self, trials: Sequence[Trial], progress: Callable[[int, Verdict], None]) -> list[Verdict]:
        """Kill, run again and compare, for every trial."""
        verdicts: list[Verdict] = []

        def note(job: dict[str, Any], answer: dict[str, Any]) -> None:
            verdict = Verdict(
                job["trial"], answer.get("struck", []), answer["problems"], answer.get("home", ""), answer["seconds"]
            )
            verdicts.append(verdict)
            progress(len(verdicts), verdict)

        self.ask([self._job(trial) for trial in trials], note)
        return verdicts

    def _job(self, trial: Trial) -> dict[str, Any]:
        before, after = self.snapshots(trial.stage)
        strikes = [asdict(strike) for strike in trial.strikes]
        about = {"do": "kill", "stage": trial.stage, "before": str(before), "after": str(after)}
        return {**about, "strikes": strikes, "trial": trial}

    def _send(self, job: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({name: value for name, value in job.items() if name != "trial"}) + "\n")
        self.process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the server ended; see {self.work / 'server.log'}"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def bench(paths: pytest.TempPathFactory) -> Iterator[Bench]:
    """Start the server and walk the path; the server ends with the block, and all that it forked with it."""
    work = paths.mktemp("bench")
    shared = paths.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else paths.getbasetemp()
    foreign = ("KAIROS_", "NASDAQ_", "UNIVERSE_", "STRAT_", "HOLDOUT_", "MODEL_DIR", "DAGSTER_", "MLFLOW_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | CALM
    with (work / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.journeys.kill_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
    try:
        made = Bench(work, shared / "path", process)
        assert made._answer() == {"ready": True}
        made.build_reference()
        yield made
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def told(done: int, of: int, verdict: Verdict, began: float) -> str:
    """Return one line of progress."""
    what = "equal" if not verdict.problems else f"BROKEN {verdict.problems[0][:300]}"
    missed = "" if all(verdict.struck) else " (a strike came too late)"
    return f"{time.monotonic() - began:6.0f} s  {done:4d}/{of}  {verdict.trial}{missed}: {what}"
