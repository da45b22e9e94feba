"""Real runs beside the joint work: a backfill of the UI's server, and commands."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

from kairos.settings import write_settings_file
from tests.journeys.joint_work import environment
from tests.journeys.ui_server import ENDS, Ui, await_truth


def tiny_market(home: Path) -> Path:
    """Let a home take its prices from the smallest embedded market."""
    values = {"KAIROS_VENDOR": "sandbox", "KAIROS_SANDBOX_SIZE": "tiny", "KAIROS_NOW": "2013-12-31T01:30:00+00:00"}
    write_settings_file(home, values)
    return home


def started(home: Path, *arguments: str, output=subprocess.PIPE) -> subprocess.Popen:
    """Start a `kairos` command."""
    command = [sys.executable, "-m", "kairos_dagster.cli", *arguments]
    return subprocess.Popen(command, env=environment(home), stdout=output, stderr=subprocess.STDOUT, text=True, cwd=home)


def at_once(home: Path, *commands: tuple[str, ...], within: float = 600) -> list[tuple[int, str]]:
    """Run `kairos` commands at the same time; return the status and the words of each."""
    processes = [started(home, *command) for command in commands]
    try:
        outputs = [process.communicate(timeout=within)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, output) for process, output in zip(processes, outputs, strict=True)]


def states_of_backfill(ui: Ui, backfill: str, *, within: float) -> list[str]:
    """Wait until a backfill's runs have ended, and return their states then, or what they are when the time is over."""

    def states() -> list[str]:
        return [run["status"] for run in ui.runs_of(backfill)]

    await_truth(lambda: states() and set(states()) <= ENDS, within=within)
    return states()


def slots_taken(home: Path) -> dict[str, int]:
    """How many places of each pool are taken, and how many runs wait for one."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        storage = instance.event_log_storage
        infos = [storage.get_concurrency_info(key) for key in storage.get_concurrency_keys()]
    return {info.concurrency_key: info.active_slot_count + info.pending_step_count for info in infos}
