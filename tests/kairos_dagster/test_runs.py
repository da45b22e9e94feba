"""Runs of the command line: recorded for good, said in one line when they fail, and never waiting for the dead."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.errors import NotFoundError, SettingsError
from kairos.settings import load_settings
from kairos_dagster.orphans import LOCK_TAG, close_orphans, process_lock
from kairos_dagster.runs import RunFailedError, instance_folder, run_assets
from kairos_dagster.ui import serve_ui

DAYS = sessions_between(date(2013, 11, 1), date(2014, 1, 31))
IMPORT = ("raw_payloads_bulk", "raw_sep_bulk")
MARKET = ("tickers", "sep_versions", "sep_base")


def fresh_settings(home, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("KAIROS_", "NASDAQ_"))]:
        monkeypatch.delenv(name)
    return load_settings(home=home)


@pytest.fixture
def settings(tmp_path, monkeypatch):
    return fresh_settings(tmp_path / "home", monkeypatch)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A home with imported prices and a range of two years of market tables: its settings and the range's result."""
    folder = tmp_path_factory.mktemp("loaded")
    with pytest.MonkeyPatch.context() as patch:
        settings = fresh_settings(folder / "home", patch)
        bring_in(settings, prices(folder))
        return settings, run_assets(settings, MARKET, partitions=["2013", "2014"])


def prices(folder):
    rows = [{"ticker": name, "date": day, "close": 10.0} for name in ("AAA", "BBB", "CCC") for day in DAYS]
    file = folder / "prices.csv"
    pl.DataFrame(rows).write_csv(file)
    return file


def bring_in(settings, file):
    config = {"paths": [str(file)], "dataset": "sep"}
    return run_assets(settings, IMPORT, run_config={"ops": {"raw_payloads_bulk": {"config": config}}})


def instance(settings):
    return dg.DagsterInstance.from_config(str(instance_folder(settings)))


def test_what_was_run_stands_in_the_persistent_instance(loaded):
    settings, _ = loaded
    with instance(settings) as kept:
        assert sorted(kept.get_materialized_partitions(dg.AssetKey("sep_base"))) == ["2013", "2014"]
        assert {run.status for run in kept.get_runs()} == {dg.DagsterRunStatus.SUCCESS}


def test_a_range_is_one_run(loaded):
    settings, result = loaded
    with instance(settings) as kept:
        assert len(kept.get_runs()) == 2
    counts = {
        event.partition: event.step_materialization_data.materialization.metadata["dagster/partition_row_count"].value
        for event in result.all_events
        if event.is_step_materialization and event.asset_key == dg.AssetKey("sep_base")
    }
    assert counts == {str(year): 3 * len([day for day in DAYS if day.year == year]) for year in (2013, 2014)}


def test_no_lock_is_left_behind(loaded):
    assert list((instance_folder(loaded[0]) / "running").iterdir()) == []


def test_the_views_are_published_even_after_a_failed_run(settings):
    with pytest.raises(RunFailedError):
        run_assets(settings, ["raw_payloads"], partitions=["2018-07-05"])
    assert settings.duckdb_file.exists()


def test_a_failed_run_says_which_partition_and_why(settings):
    with pytest.raises(RunFailedError, match=r"^raw_payloads\[2018-07-05\]: no vendor is set") as told:
        run_assets(settings, ["raw_payloads"], partitions=["2018-07-05"])
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("key", ["1990", "2099"])
def test_a_partition_that_does_not_exist_is_said_so(settings, key):
    with pytest.raises(NotFoundError, match=f"sep_base has no partition {key}; its partitions are 1997 to 20"):
        run_assets(settings, ["sep_base"], partitions=[key])


def test_steps_are_reported_as_they_start_and_end(settings, tmp_path):
    seen = []
    config = {"ops": {"raw_payloads_bulk": {"config": {"paths": [str(prices(tmp_path))]}}}}
    run_assets(settings, IMPORT, run_config=config, on_step=lambda step: seen.append((step.name, step.state)))
    assert seen == [(name, state) for name in IMPORT for state in ("start", "done")]


def unfinished(kept, **tags):
    @dg.job
    def job():
        pass

    return kept.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags).run_id


def test_a_run_whose_process_is_gone_is_closed_and_its_slot_freed(settings):
    folder = instance_folder(settings)
    with instance(settings) as kept:
        run_id = unfinished(kept, **{LOCK_TAG: "1-dead.lock"})
        kept.event_log_storage.set_concurrency_slots("vendor_api", 1)
        kept.event_log_storage.claim_concurrency_slot("vendor_api", run_id, "raw_payloads")
        assert close_orphans(kept, folder) == [run_id]
        assert kept.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE
        assert kept.event_log_storage.get_concurrency_info("vendor_api").active_slot_count == 0


def test_a_run_whose_process_lives_is_left_alone(settings):
    folder = instance_folder(settings)
    with instance(settings) as kept, process_lock(folder) as lock:
        run_id = unfinished(kept, **{LOCK_TAG: lock})
        assert close_orphans(kept, folder, server_starts=True) == []
        assert kept.get_run_by_id(run_id).status is dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize(("silent_s", "closed"), [(10, False), (600, True)])
def test_a_run_of_the_ui_is_over_when_its_daemon_has_fallen_silent(settings, silent_s, closed):
    from dagster._daemon.types import DaemonHeartbeat

    with instance(settings) as kept:
        run_id = unfinished(kept)
        kept.add_daemon_heartbeat(DaemonHeartbeat(time.time() - silent_s, "SENSOR", "d", []))
        assert close_orphans(kept, instance_folder(settings)) == ([run_id] if closed else [])


def test_a_server_that_starts_closes_what_an_earlier_one_left(settings):
    from dagster._daemon.types import DaemonHeartbeat

    with instance(settings) as kept:
        run_id = unfinished(kept)
        kept.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "SENSOR", "d", []))
        assert close_orphans(kept, instance_folder(settings), server_starts=True) == [run_id]


def test_a_taken_port_is_said_so(settings, monkeypatch):
    monkeypatch.setenv("KAIROS_HOME", str(settings.home))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be served .* Give another --port"):
            serve_ui(host="127.0.0.1", port=port)


WAITING = """
import sys, time
import kairos_dagster.runs as runs
import resources.vendor as vendor
from kairos.errors import NotFoundError, SettingsError
from kairos.settings import load_settings

def wait(*_):
    print("pulling", flush=True)
    time.sleep(60)

vendor.Vendor.client = wait
runs.run_assets(load_settings(home=sys.argv[1]), ["raw_payloads"], partitions=["2018-07-05"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("killed_by", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_after_a_killed_run_the_next_one_does_not_wait(settings, tmp_path, killed_by):
    command = [sys.executable, "-c", WAITING, str(settings.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout.readline() == b"pulling\n"
        process.send_signal(killed_by)
        process.communicate()
    assert process.returncode != 0
    began = time.monotonic()
    bring_in(settings, prices(tmp_path))  # wants the slot that the dead run held
    assert time.monotonic() - began < 20
    with instance(settings) as kept:
        assert sorted(run.status.value for run in kept.get_runs()) == ["FAILURE", "SUCCESS"]
