"""MLflow as a Dagster resource: one run per asset and partition, opened and closed here and nowhere else."""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from resources.platform import Platform

if TYPE_CHECKING:
    from mlflow import MlflowClient

MAX_PARAM_CHARS = 6000  # MLflow's own limit
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class TrackedRun:
    """An open MLflow run."""

    client: "MlflowClient"
    run_id: str
    experiment_id: str

    def log_metrics(self, metrics: Mapping[str, float | None], *, step: int = 0) -> None:
        """Log the metrics that could be computed, in one batch."""
        from mlflow.entities import Metric

        known = [Metric(name, value, 0, step) for name, value in metrics.items() if value is not None]
        self.client.log_batch(self.run_id, metrics=known)

    def log_folder(self, folder: Path, name: str) -> None:
        """Keep a folder of files with the run."""
        self.client.log_artifacts(self.run_id, str(folder), name)

    def log_bytes(self, content: bytes, name: str) -> None:
        """Keep one file with the run."""
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.write_bytes(content)
            self.client.log_artifact(self.run_id, str(file))


class Tracking(dg.ConfigurableResource):  # type: ignore[type-arg]
    """MLflow under KAIROS_HOME, in SQLite, models as plain files."""

    platform: dg.ResourceDependency[Platform]
    experiment: str = "kairos"

    @property
    def uri(self) -> str:
        """The tracking store; give it to `mlflow ui --backend-store-uri`."""
        return f"sqlite:///{self.platform.settings.home / 'mlflow.db'}"

    @contextmanager
    def run(self, name: str, *, tags: Mapping[str, str], params: Mapping[str, object]) -> Iterator[TrackedRun]:
        """Open a run, hand it out, and close it as finished or failed."""
        client = self._client()
        experiment = self._experiment_id(client)
        opened = client.create_run(experiment, run_name=name, tags=dict(tags))
        run = TrackedRun(client, opened.info.run_id, experiment)
        try:
            _log_params(run, params)
            yield run
        except BaseException:
            client.set_terminated(run.run_id, status="FAILED")
            raise
        client.set_terminated(run.run_id, status="FINISHED")

    def _client(self) -> "MlflowClient":
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)

        self.platform.settings.home.mkdir(parents=True, exist_ok=True)
        return MlflowClient(tracking_uri=self.uri)

    def _experiment_id(self, client: "MlflowClient") -> str:
        found = client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        location = (self.platform.settings.home / "mlartifacts").as_uri()
        return str(client.create_experiment(self.experiment, artifact_location=location))


def _log_params(run: TrackedRun, params: Mapping[str, object]) -> None:
    from mlflow.entities import Param

    run.client.log_batch(run.run_id, params=[Param(name, str(value)[:MAX_PARAM_CHARS]) for name, value in params.items()])
