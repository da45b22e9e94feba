"""The kept event log: the same files as Dagster's own, readable by it and complete after a kill."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef

from resources.event_log import KeptEventLog, with_kept_log

RUNS = 4  # more than the files that stay open


@dg.asset
def numbers() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"rows": 3})


def written(folder, *, kept, runs=1):
    ref = InstanceRef.from_dir(str(folder))
    with dg.DagsterInstance.from_ref(with_kept_log(ref) if kept else ref) as instance:
        assert isinstance(instance.event_log_storage, KeptEventLog) == kept
        results = [dg.materialize([numbers], instance=instance) for _ in range(runs)]
    return [result.run_id for result in results]


def files(folder):
    return {file.stem: file for file in Path(folder, "history", "runs").glob("*.db")}


def tables(file):
    with sqlite3.connect(file) as connection:
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
        stamp = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    return sorted(schema, key=str), stamp, mode


def kinds(instance, run):
    return [entry.dagster_event.event_type_value for entry in instance.all_logs(run) if entry.dagster_event]


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    kept, own = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("own")
    return (kept, written(kept, kept=True, runs=RUNS)), (own, written(own, kept=False))


def test_its_files_are_those_of_dagster_itself(homes):
    (kept, runs), (own, (other,)) = homes
    assert tables(files(kept)["index"]) == tables(files(own)["index"])
    assert all(tables(files(kept)[run]) == tables(files(own)[other]) for run in runs)


def test_dagster_itself_reads_every_event_of_it(homes):
    (kept, runs), (own, (other,)) = homes
    with dg.DagsterInstance.from_config(str(kept)) as ours, dg.DagsterInstance.from_config(str(own)) as theirs:
        assert all(kinds(ours, run) == kinds(theirs, other) for run in runs)
        records = ours.fetch_materializations(dg.AssetKey("numbers"), limit=2 * RUNS).records
    assert [record.run_id for record in records] == runs[::-1]


def test_it_takes_over_a_home_that_dagster_itself_has_written(homes, tmp_path):
    first = written(tmp_path, kept=False)
    second = written(tmp_path, kept=True)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        records = instance.fetch_materializations(dg.AssetKey("numbers"), limit=3 * RUNS).records
    assert [record.run_id for record in records] == (first + second)[::-1]


def test_a_killed_process_has_lost_no_event(tmp_path):
    script = f"""
import os, signal, sys
import dagster as dg
from dagster._core.instance.ref import InstanceRef
from resources.event_log import with_kept_log
instance = dg.DagsterInstance.from_ref(with_kept_log(InstanceRef.from_dir({str(tmp_path)!r})))
@dg.asset
def numbers(context):
    yield dg.AssetMaterialization("told", metadata={{"rows": 3}})
    context.log.info("said")
    os.kill(os.getpid(), signal.SIGKILL)
dg.materialize([numbers], instance=instance)
"""
    ended = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(Path.cwd())}, check=False)
    assert ended.returncode == -signal.SIGKILL
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert len(instance.fetch_materializations(dg.AssetKey("told"), limit=5).records) == 1
        (run,) = instance.get_runs()
        assert "said" in [entry.user_message for entry in instance.all_logs(run.run_id)]


def test_another_log_is_left_as_it_is(tmp_path):
    (tmp_path / "dagster.yaml").write_text(
        "event_log_storage:\n  module: dagster._core.storage.event_log\n  class: ConsolidatedSqliteEventLogStorage\n"
        f"  config: {{base_dir: {tmp_path / 'events'}}}\n"
    )
    ref = InstanceRef.from_dir(str(tmp_path))
    assert with_kept_log(ref) == ref
