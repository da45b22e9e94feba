"""MLflow as a Dagster resource: one run per asset and partition, opened and closed here and nowhere else.

A run names the lock that its process holds; one whose lock nobody holds any more is closed as killed.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from kairos.warehouse.alive import is_alive, sign_of_life
from kairos.warehouse.aside import aside
from resources.platform import Platform

if TYPE_CHECKING:
    from mlflow import MlflowClient

MAX_PARAM_CHARS = 6000  # MLflow's own limit
LOCK_TAG = "kairos/lock"
LOCKS = "running"  # folder of the locks, in KAIROS_HOME
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
        return f"sqlite:///{self._file}"

    @property
    def _file(self) -> Path:
        return self.platform.settings.home / "mlflow.db"

    @property
    def _locks(self) -> Path:
        return self.platform.settings.home / LOCKS

    @contextmanager
    def run(self, name: str, *, tags: Mapping[str, str], params: Mapping[str, object]) -> Iterator[TrackedRun]:
        """Open a run, hand it out, and close it as finished or failed."""
        client = self._client()
        self._close_dead(client)
        experiment = self._experiment_id(client)
        with sign_of_life(self._locks) as lock:
            opened = client.create_run(experiment, run_name=name, tags={**tags, LOCK_TAG: lock})
            run = TrackedRun(client, opened.info.run_id, experiment)
            try:
                _log_params(run, params)
                yield run
            except BaseException:
                client.set_terminated(run.run_id, status="FAILED")
                raise
            client.set_terminated(run.run_id, status="FINISHED")

    def close_orphans(self) -> list[str]:
        """Close the runs whose process died, and return their ids; MLflow is not asked while nobody has died."""
        left = [lock for lock in self._locks.glob("*.lock") if not is_alive(lock)]
        return self._close_dead(self._client()) if left and self._file.exists() else []

    def _close_dead(self, client: "MlflowClient") -> list[str]:
        found = client.get_experiment_by_name(self.experiment)
        running = client.search_runs([found.experiment_id], "attributes.status = 'RUNNING'") if found else []
        locks = {run.info.run_id: run.data.tags.get(LOCK_TAG) for run in running}
        dead = [run for run, lock in locks.items() if lock and not is_alive(self._locks / lock)]
        for run in dead:
            client.set_terminated(run, status="KILLED")
        return dead

    def _client(self) -> "MlflowClient":
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        for noisy in ("mlflow", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)

        self._make_store()
        return MlflowClient(tracking_uri=self.uri)

    def _make_store(self) -> None:
        """Make the database aside: MLflow could neither use nor mend one whose making was broken off."""
        from filelock import FileLock
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        home = self.platform.settings.home
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / f".{self._file.name}.lock"):  # two runs may want it at once
            if self._file.exists():
                return
            with aside(home) as folder:
                built = folder / self._file.name
                SqlAlchemyStore(f"sqlite:///{built}", (home / "mlartifacts").as_uri()).engine.dispose()
                built.replace(self._file)

    def _experiment_id(self, client: "MlflowClient") -> str:
        found = client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        location = (self.platform.settings.home / "mlartifacts").as_uri()
        return str(client.create_experiment(self.experiment, artifact_location=location))


def _log_params(run: TrackedRun, params: Mapping[str, object]) -> None:
    from mlflow.entities import Param

    run.client.log_batch(run.run_id, params=[Param(name, str(value)[:MAX_PARAM_CHARS]) for name, value in params.items()])
