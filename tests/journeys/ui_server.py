"""`kairos ui` as a process of its own, and the questions a person's clicks ask of it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

RAW = ("raw_payloads", "raw_sep", "raw_tickers", "raw_actions", "raw_daily")
LOCATION = {"repositoryName": "__repository__", "repositoryLocationName": "kairos"}
ENDS = frozenset({"SUCCESS", "FAILURE", "CANCELED"})

LAUNCH = """mutation($params: ExecutionParams!) {
  launchPipelineExecution(executionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } } } }"""
BACKFILL = """mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) { __typename ... on LaunchBackfillSuccess { backfillId } } }"""
AGAIN = """mutation($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) { __typename ... on LaunchRunSuccess { run { runId } } } }"""
TERMINATE = "mutation($id: String!) { terminateRun(runId: $id) { __typename } }"
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
EVENTS = """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { __typename
  ... on StepEvent { stepKey } ... on ExecutionStepFailureEvent { failureMetadata { description } error { message } } } } } }"""
RUNS_OF_BACKFILL = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs(limit: 9) { runId status } } } }"""
PARTITIONS = """query($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) { ... on AssetNode {
  assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } } } } }"""
POOL = "query($key: String!) { instance { concurrencyLimit(concurrencyKey: $key) { activeSlotCount pendingStepCount } } }"


@dataclass
class Ui:
    """A running UI."""

    folder: Path
    url: str
    process: "subprocess.Popen[bytes]"

    def ask(self, query: str, **variables: object) -> Any:
        """Return what the UI's GraphQL answers."""
        answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=180).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def log(self) -> str:
        """Return what the server printed."""
        return (self.folder / "ui.log").read_text()

    def launch(self, assets: Sequence[str], first: str, last: str = "") -> str:
        """Launch one run over a partition or a range of them, and return its id."""
        edges = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        tags = edges if last else {"dagster/partition": first}
        params = {
            "selector": {**LOCATION, "jobName": "__ASSET_JOB", "assetSelection": [{"path": [name]} for name in assets]},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
            "runConfigData": {},
        }
        return str(self.ask(LAUNCH, params=params)["launchPipelineExecution"]["run"]["runId"])

    def cancel(self, run_id: str) -> None:
        """Cancel a run."""
        self.ask(TERMINATE, id=run_id)

    def launch_again(self, run_id: str) -> str:
        """Re-execute a run from where it failed, and return the new run's id."""
        params = {"parentRunId": run_id, "strategy": "FROM_FAILURE"}
        return str(self.ask(AGAIN, params=params)["launchRunReexecution"]["run"]["runId"])

    def backfill(self, assets: Sequence[str], partitions: Sequence[str]) -> str:
        """Launch a backfill and return its id; the daemon takes it up within half a minute."""
        params = {"assetSelection": [{"path": [name]} for name in assets], "partitionNames": list(partitions), "title": "test"}
        return str(self.ask(BACKFILL, params=params)["launchPartitionBackfill"]["backfillId"])

    def runs_of(self, backfill_id: str) -> list[dict[str, str]]:
        """Return the runs of a backfill."""
        return list(self.ask(RUNS_OF_BACKFILL, id=backfill_id)["partitionBackfillOrError"]["runs"])

    def status(self, run_id: str) -> str:
        """Return a run's status."""
        return str(self.ask(STATUS, id=run_id)["runOrError"]["status"])

    def end_of(self, run_id: str, *, within: float = 900) -> str:
        """Wait until a run ends and return its status then, or whatever it is when the time is over."""
        await_truth(lambda: self.status(run_id) in ENDS, within=within)
        return self.status(run_id)

    def failures(self, run_id: str) -> dict[str, str]:
        """Return what each failed step of a run says."""
        events = self.ask(EVENTS, id=run_id)["logsForRun"]["events"]
        failed = [event for event in events if event["__typename"] == "ExecutionStepFailureEvent"]
        return {event["stepKey"]: (event["failureMetadata"] or event["error"]).get("description") for event in failed}

    def partitions(self, asset: str, status: str = "MATERIALIZED") -> list[tuple[str, str]]:
        """Return the ranges of partitions of an asset that are in a state, as first and last key."""
        shown = self.ask(PARTITIONS, key={"path": [asset]})["assetNodeOrError"]["assetPartitionStatuses"]
        return [(span["startKey"], span["endKey"]) for span in shown["ranges"] if span["status"] == status]

    def pool(self, name: str) -> dict[str, int]:
        """Return how many steps hold a slot of a pool, and how many wait for one."""
        return dict(self.ask(POOL, key=name)["instance"]["concurrencyLimit"])


def await_truth(question: Callable[[], object], *, within: float, pause: float = 0.3) -> bool:
    """Ask until the answer is true or the time is over, and return whether it was."""
    deadline = time.monotonic() + within
    while not (true := bool(question())) and time.monotonic() < deadline:
        time.sleep(pause)
    return true


@contextmanager
def serving(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[Ui]:
    """Serve the UI of a home, with nothing of this process's environment that concerns Kairos."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KAIROS_", "NASDAQ_"))}
    command = [sys.executable, "-m", "kairos_dagster.cli", "ui", "--port", str(port)]
    environment = {**kept, **(environment or {}), "KAIROS_HOME": str(folder)}
    with (
        (folder / "ui.log").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder) as process,
    ):
        running = Ui(folder, f"http://127.0.0.1:{port}", process)
        try:
            _await_served(running)
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(120)


def _await_served(running: Ui) -> None:
    def answers() -> bool:
        assert running.process.poll() is None, running.log()
        try:
            return bool(running.ask("{ version }"))
        except httpx.TransportError:
            return False

    assert await_truth(answers, within=180, pause=0.5), running.log()
