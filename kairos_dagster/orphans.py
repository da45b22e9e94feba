"""Runs whose process died. Nobody would ever finish them, and the pool slots they hold would make later runs wait for good.

A run of the command line names the lock that its process holds: a lock that can be taken has no process any more. Runs
of the UI's server name none; they are over when the daemon has fallen silent, or when a new server begins.
"""

import time
from contextlib import AbstractContextManager
from pathlib import Path

import dagster as dg

from kairos.warehouse.alive import is_alive, sign_of_life

LOCK_TAG = "kairos/lock"
LOCKS = "running"  # folder of the locks, in the instance's
SILENCE_S = 120.0  # the daemon gives a sign of life every 30 s
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
WHY = "The process of this run is gone. What it had written stays; launch the run again for the rest."


def process_lock(instance_folder: Path) -> AbstractContextManager[str]:
    """Hold a lock for as long as this process lives, at most for the block; yield its name, for the run's tag."""
    return sign_of_life(instance_folder / LOCKS)


def close_orphans(instance: dg.DagsterInstance, instance_folder: Path, *, server_starts: bool = False) -> list[str]:
    """Close the unfinished runs whose process no longer lives, free their pool slots, and return their ids.

    Args:
        instance: The Dagster instance.
        instance_folder: Its folder.
        server_starts: Whether this process is about to become the UI's server, so that no other one's runs go on.
    """
    server_lives = not server_starts and _last_sign_of_life(instance) > time.time() - SILENCE_S
    closed = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED)):
        lock = run.tags.get(LOCK_TAG)
        if server_lives if lock is None else is_alive(instance_folder / LOCKS / lock):
            continue
        # the slots first: whoever dies in between leaves a run that is still found unfinished
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        instance.report_run_failed(run, WHY)
        closed.append(run.run_id)
    return closed


def _last_sign_of_life(instance: dg.DagsterInstance) -> float:
    return max((beat.timestamp for beat in instance.get_daemon_heartbeats().values()), default=0.0)
