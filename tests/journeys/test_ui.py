"""`kairos ui` serves the graph, runs what is launched in it, shows plots as images, and stops when told to."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from kairos.settings import write_settings_file

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SESSION = "2013-12-30"
RAW = ("raw_payloads", "raw_sep", "raw_tickers", "raw_actions", "raw_daily")
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "kairos"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } } } }"""
BACKFILL = """mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) { __typename ... on LaunchBackfillSuccess { backfillId } } }"""


@dataclass
class Ui:
    """A running UI."""

    folder: Path
    url: str
    process: subprocess.Popen

    def ask(self, query, **variables):
        return httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60).json()["data"]

    def finished(self, ask_status, *, within=90):
        """Wait until a question about a status is answered with an end, and return it."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            status = ask_status()
            if status in {"SUCCESS", "FAILURE", "CANCELED"}:
                return status
            time.sleep(0.5)
        return "unfinished"


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ui")
    write_settings_file(
        folder, {"KAIROS_VENDOR": "sandbox", "KAIROS_SANDBOX_SIZE": "tiny", "KAIROS_NOW": "2013-12-31T01:30:00+00:00"}
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KAIROS_", "NASDAQ_"))}
    command = [sys.executable, "-m", "kairos_dagster.cli", "ui", "--port", str(port)]
    with (
        (folder / "ui.log").open("w") as log,
        subprocess.Popen(command, env={**kept, "KAIROS_HOME": str(folder)}, stdout=log, stderr=log, cwd=folder) as process,
    ):
        running = Ui(folder, f"http://127.0.0.1:{port}", process)
        try:
            wait_until_served(running)
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def wait_until_served(running):
    for _ in range(240):
        assert running.process.poll() is None, (running.folder / "ui.log").read_text()
        try:
            running.ask("{ version }")
        except httpx.TransportError:
            time.sleep(0.5)
        else:
            return
    raise AssertionError((running.folder / "ui.log").read_text())


def launched(ui, assets, partition):
    params = {
        "selector": {**LOCATION, "jobName": "__ASSET_JOB", "assetSelection": [{"path": [name]} for name in assets]},
        "executionMetadata": {"tags": [{"key": "dagster/partition", "value": partition}]},
        "runConfigData": {},
    }
    run_id = ui.ask(LAUNCH, params=params)["launchPipelineExecution"]["run"]["runId"]
    question = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
    return ui.finished(lambda: ui.ask(question, id=run_id)["runOrError"]["status"])


def materialised(ui, asset):
    question = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) {
      ... on AssetNode { partitionStats { numMaterialized } } } }"""
    return ui.ask(question, key={"path": [asset]})["assetNodeOrError"]["partitionStats"]["numMaterialized"]


@pytest.fixture(scope="module")
def backfill(ui):
    """A backfill of two years; the daemon takes it up within half a minute, and the other tests go on meanwhile."""
    params = {"assetSelection": [{"path": ["feat_trend"]}], "partitionNames": ["2012", "2013"], "title": "years"}
    return ui.ask(BACKFILL, params=params)["launchPartitionBackfill"]["backfillId"]


@pytest.fixture(scope="module")
def ingested(ui, backfill):
    """The UI after a session was pulled in it."""
    assert launched(ui, RAW, SESSION) == "SUCCESS", (ui.folder / "ui.log").read_text()
    return ui


def test_the_lineage_leads_from_payloads_to_statistics(ui):
    nodes = ui.ask("{ assetNodes { assetKey { path } dependencyKeys { path } } }")["assetNodes"]
    upstream = {node["assetKey"]["path"][0]: {key["path"][0] for key in node["dependencyKeys"]} for node in nodes}
    found, waiting = set(), ["strategy_stats"]
    while waiting:
        fresh = upstream[waiting.pop()] - found
        found |= fresh
        waiting += fresh
    assert {"raw_payloads", "raw_sep", "daily_returns", "feat_trend", "model_ridge", "simulation_daily"} <= found


def test_schedules_and_sensors_run(ui):
    query = "query($at: RepositorySelector!) { %s(repositorySelector: $at) { ... on %s { results { name %s { status } } } } }"
    schedules = ui.ask(query % ("schedulesOrError", "Schedules", "scheduleState"), at=LOCATION)["schedulesOrError"]["results"]
    sensors = ui.ask(query % ("sensorsOrError", "Sensors", "sensorState"), at=LOCATION)["sensorsOrError"]["results"]
    assert {row["name"]: row["scheduleState"]["status"] for row in schedules} == dict.fromkeys(
        ("daily_ingest_schedule", "wednesday_retrain_schedule", "weekly_compaction_schedule"), "RUNNING"
    )
    assert {row["name"]: row["sensorState"]["status"] for row in sensors} == dict.fromkeys(
        ("refresh_after_ingest", "publish_views", "report_failure"), "RUNNING"
    )


def test_a_session_launched_in_the_ui_is_pulled(ingested):
    assert [materialised(ingested, name) for name in RAW] == [1] * len(RAW)


def test_the_published_views_follow_a_run(ingested):
    import duckdb

    def rows():
        if not ingested.folder.joinpath("kairos.duckdb").exists():
            return 0
        with duckdb.connect(ingested.folder / "kairos.duckdb", read_only=True) as shell:
            return shell.sql("SELECT count(*) FROM raw_sep").fetchall()[0][0]

    deadline = time.monotonic() + 60
    while not rows() and time.monotonic() < deadline:
        time.sleep(1)
    assert rows() > 0


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_a_browser_shows_the_lineage(ingested, tmp_path):
    quiet = "--headless --no-sandbox --disable-gpu --no-first-run --disable-sync --disable-component-update"
    page = f"{ingested.url}/assets/strategy_stats?view=lineage&lineageScope=upstream&lineageDepth=20"
    command = [
        CHROMIUM,
        *quiet.split(),
        f"--user-data-dir={tmp_path}",
        "--window-size=2400,1500",
        "--virtual-time-budget=15000",
    ]
    shown = subprocess.run([*command, "--dump-dom", page], capture_output=True, text=True, check=True, timeout=120).stdout
    for name in ("strategy_stats", "simulation_daily", "raw_payloads"):
        assert f">{name}<" in shown


def test_a_backfill_of_years_is_one_run(ingested, backfill):
    question = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
      ... on PartitionBackfill { runs(limit: 9) { status } } } }"""

    def runs():
        return [run["status"] for run in ingested.ask(question, id=backfill)["partitionBackfillOrError"]["runs"]]

    assert ingested.finished(lambda: (runs() or ["REQUESTED"])[0]) == "SUCCESS"
    assert runs() == ["SUCCESS"]
    assert materialised(ingested, "feat_trend") == 2


def test_it_stops_when_told_to(ingested):
    began = time.monotonic()
    ingested.process.send_signal(signal.SIGTERM)
    ingested.process.wait(15)
    assert time.monotonic() - began < 15
    with pytest.raises(httpx.ConnectError):
        ingested.ask("{ version }")
