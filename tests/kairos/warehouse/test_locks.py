"""Locks go with who holds them: after kill -9 the next one proceeds at once, whatever children the dead one left."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from kairos.tables.models import TRIALS
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import publish

ROOT = Path(__file__).resolve().parents[3]
LONGEST_S = 1.0
PARTS = ("append", "publish")
HOLDER = """
import subprocess, sys, time
from pathlib import Path
from kairos.warehouse.store import Warehouse
from tests.kairos.warehouse.test_locks import ACTS

class Stuck(Warehouse):
    def snapshot(self, table, version=None):
        child = subprocess.Popen(["sleep", "60"], close_fds=False, stdout=subprocess.DEVNULL)
        print(child.pid, flush=True)
        time.sleep(60)

home = Path(sys.argv[1])
ACTS[sys.argv[2]](Stuck(home / "warehouse"), home)
"""


def trial(name):
    row = {"trial_id": name, "kind": "model", "universe_year": 2014, "horizon": 5, "first_seen": None}
    text = dict.fromkeys(("name", "data_set", "config"), "x")
    return TRIALS.conform(pl.DataFrame(row | text).with_columns(first_seen=pl.datetime(2014, 1, 6)))


ACTS = {
    "append": lambda warehouse, _: warehouse.append_new(TRIALS, trial("the same"), commit=Commit("test")),
    "publish": lambda warehouse, home: publish(warehouse, home / "kairos.duckdb"),
}


class Stamped(Warehouse):
    """A warehouse that says when it was first read, which both parts do only once they have the lock."""

    def __init__(self, root):
        super().__init__(root)
        self.proceeded = None

    def snapshot(self, table, version=None):
        self.proceeded = self.proceeded or time.monotonic()
        return super().snapshot(table, version)


@contextmanager
def stuck(home, part):
    """A process that holds the lock of a part, with a child of its own that outlives it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home), part],
        stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    child = int(process.stdout.readline())
    try:
        yield process
    finally:
        os.kill(child, signal.SIGKILL)
        process.kill()
        process.communicate()


@pytest.mark.parametrize("part", PARTS)
def test_the_next_one_waits_for_a_holder_and_proceeds_when_it_is_killed(tmp_path, part):
    ACTS[part](Warehouse(tmp_path / "imports" / "warehouse"), tmp_path / "imports")  # the first of a process takes long
    warehouse = Stamped(tmp_path / "warehouse")
    with stuck(tmp_path, part) as holder:
        waiting = threading.Thread(target=ACTS[part], args=(warehouse, tmp_path))
        waiting.start()
        waiting.join(0.5)
        assert warehouse.proceeded is None
        holder.kill()
        killed = time.monotonic()
        waiting.join(60)
        assert warehouse.proceeded - killed < LONGEST_S


def test_what_the_dead_one_was_to_append_is_appended_once(tmp_path):
    with stuck(tmp_path, "append") as holder:
        holder.kill()
        holder.wait()
        warehouse = Warehouse(tmp_path / "warehouse")
        assert [ACTS["append"](warehouse, tmp_path) for _ in range(2)] == [1, 0]
