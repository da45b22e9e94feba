"""Processes of the platform that begin at once: forked from one that has imported everything and used none of it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
SETTINGS = ("KAIROS_", "NASDAQ_", "FMP_", "QUIVER_", "ENABLE_")


def serve() -> None:
    """Fork a child for every line of JSON on stdin: its environment, its log and the assets that it is to fill."""
    import dagster  # noqa: F401 - imported for the children
    import deltalake  # noqa: F401
    import polars as pl  # noqa: F401

    import kairos_dagster.runs
    import kairos_dagster.steps  # noqa: F401

    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:  # until then a dead child keeps its number, so that a kill strikes no stranger
            _, status = os.waitpid(asked["wait"], 0)
            _say({"status": os.waitstatus_to_exitcode(status)})
            continue
        child = os.fork()
        if child == 0:
            _fill(asked)
        _say({"pid": child})


def _say(said: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _fill(asked: dict[str, Any]) -> None:
    """Fill assets as the `kairos` command does, and exit as it does."""
    log = os.open(asked["log"], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(asked["env"])
    status = 70
    try:
        status = _command(asked)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # nothing of the parent's is to run at exit


def _command(asked: dict[str, Any]) -> int:
    from kairos.errors import KairosError
    from kairos.settings import load_settings
    from kairos_dagster.runs import run_assets

    if asked["words"]:
        return _worded(asked["words"])
    try:
        run_assets(load_settings(), asked["assets"], partitions=asked["partitions"], run_config=asked.get("run_config"))
    except KairosError as error:
        sys.stderr.write(f"kairos: {error}\n")
        return 1
    return 0


def _worded(words: list[str]) -> int:
    from kairos_dagster.cli import main

    sys.argv = ["kairos", *words]
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


@dataclass
class Forks:
    """The process that forks; a context manager."""

    env: dict[str, str]
    process: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Self:
        code = "from tests.journeys.forks import serve; serve()"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT), "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1", **self.env},
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe("stdin").close()
        self.process.wait()
        self._pipe("stdout").close()

    def start(
        self,
        assets: Sequence[str] = (),
        partitions: Sequence[str] = (),
        *,
        log: Path,
        words: Sequence[str] = (),
        run_config: Mapping[str, Any] | None = None,
        **env: str,
    ) -> int:
        """Begin to fill assets, or the command of some words; return the process id."""
        what = {"assets": assets, "partitions": partitions, "run_config": run_config, "words": words}
        return self._ask({**what, "log": str(log), "env": env})["pid"]

    def end(self, pid: int) -> int:
        """Wait for a process; return its exit status, negative where a signal ended it."""
        return self._ask({"wait": pid})["status"]

    def _ask(self, asked: Mapping[str, Any]) -> dict[str, int]:
        self._pipe("stdin").write(json.dumps(asked) + "\n")
        self._pipe("stdin").flush()
        return dict(json.loads(self._pipe("stdout").readline()))

    def _pipe(self, name: str) -> IO[str]:
        pipe: IO[str] = getattr(self.process, name)
        return pipe
