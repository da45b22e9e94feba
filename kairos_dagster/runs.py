"""Runs started from the command line: in this process, recorded in the persistent Dagster instance, with progress shown.

Nothing here is imported before a command needs it: Dagster takes over a second.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.execute_in_process import core_execute_in_process
from dagster._core.storage.tags import PARTITION_NAME_TAG

from assets.freshness import FRESHNESS_KEYS
from assets.table_asset import ONLY_CHANGED
from kairos.errors import KairosError, NotFoundError
from kairos.settings import Settings
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import publish
from kairos_dagster.build import build_defs
from kairos_dagster.faults import advised, streams_kept, told_in_one_line
from kairos_dagster.instance import instance_folder
from kairos_dagster.orphans import LOCK_TAG, close_orphans, process_lock
from resources.platform import Platform
from resources.tracking import Tracking
from schedules.watch import failure_line


@dataclass(frozen=True)
class Step:
    """One asset of a run as it starts or ends."""

    name: str
    state: str
    seconds: float


class RunFailedError(KairosError):
    """A run did not finish; the message is the first failed asset's."""


def run_assets(
    settings: Settings,
    assets: Sequence[str],
    *,
    partitions: Sequence[str] = (),
    run_config: Mapping[str, Any] | None = None,
    only_changed: bool = False,
    on_step: Callable[[Step], None] = lambda _: None,
) -> dg.ExecuteInProcessResult:
    """Materialise assets in this process; of several partitions the first and last are named and run as one.

    Args:
        settings: Those of the home.
        assets: Asset keys.
        partitions: Partition keys, ascending.
        run_config: What the run configures.
        only_changed: Whether years whose inputs have not changed may be left alone.
        on_step: Hears of every step that starts or ends.

    Raises:
        RunFailedError: An asset failed; its own line is the message.
        NotFoundError: An asset has no such partition.
        WarehouseError: The disk is full or cannot be written.
    """
    definitions = build_defs(settings, loggers={"console": _logger(on_step)})
    _require_partitions(definitions, assets, partitions)
    job = _job(definitions, {dg.AssetKey(name) for name in assets})
    tags = {**_partition_tags(partitions), **({ONLY_CHANGED: "true"} if only_changed else {})}
    with told_in_one_line(settings.home), streams_kept():
        result = _execute(settings, job, tags=tags, run_config={"loggers": {"console": {"config": {}}}, **(run_config or {})})
        publish(Warehouse(settings.warehouse), settings.duckdb_file)
    if not result.success:
        raise RunFailedError(advised(_first_failure(result), settings.home))
    return result


def _execute(
    settings: Settings, job: dg.JobDefinition, *, tags: Mapping[str, str], run_config: Mapping[str, Any]
) -> dg.ExecuteInProcessResult:
    """Run a job in this process, after the runs of processes that died have been closed."""
    folder = instance_folder(settings)
    with dg.DagsterInstance.from_config(str(folder)) as instance, process_lock(folder) as lock:
        close_orphans(instance, folder)
        Tracking(platform=Platform(home=str(settings.home))).close_orphans()
        return core_execute_in_process(  # `job.execute_in_process` would put another executor in place of ours
            job=InMemoryJob(job),
            instance=instance,
            run_tags={LOCK_TAG: lock, **tags},
            run_config=run_config,
            output_capturing_enabled=False,
            raise_on_error=False,
            asset_selection=frozenset(job.asset_selection or ()),
        )


def _job(definitions: dg.Definitions, chosen: set[dg.AssetKey]) -> dg.JobDefinition:
    """Return the job that fills the chosen assets, with their own checks."""
    known = definitions.resolve_asset_graph().asset_check_keys
    checks = {key for key in known if key.asset_key in chosen and key not in FRESHNESS_KEYS}
    return definitions.resolve_implicit_global_asset_job_def().get_subset(asset_selection=chosen, asset_check_selection=checks)


def _require_partitions(definitions: dg.Definitions, assets: Sequence[str], partitions: Sequence[str]) -> None:
    graph = definitions.resolve_asset_graph()
    for name in assets:
        known = graph.get(dg.AssetKey(name)).partitions_def
        strangers = [
            key for key in (*partitions[:1], *partitions[-1:]) if known is not None and not known.has_partition_key(key)
        ]
        if known is not None and strangers:
            first, last = known.get_first_partition_key(), known.get_last_partition_key()
            raise NotFoundError(f"{name} has no partition {strangers[0]}; its partitions are {first} to {last}.")


def _partition_tags(partitions: Sequence[str]) -> dict[str, str]:
    if not partitions:
        return {}
    if len(partitions) == 1:
        return {PARTITION_NAME_TAG: partitions[0]}
    return {"dagster/asset_partition_range_start": partitions[0], "dagster/asset_partition_range_end": partitions[-1]}


def _first_failure(result: dg.ExecuteInProcessResult) -> str:
    """Return the line of the first failed step, or of the run itself."""
    failures = [event.message or "" for event in result.all_events if event.is_failure]
    return failure_line(result.all_events) or " ".join((failures or ["the run failed"])[0].split())


def _logger(on_step: Callable[[Step], None]) -> dg.LoggerDefinition:
    """Return a Dagster logger that reports the start and end of every step instead of printing."""
    started: dict[str, float] = {}

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            event = getattr(record, "dagster_meta", {}).get("dagster_event")
            if event is None or event.step_key is None:
                return
            now = time.monotonic()
            if event.is_step_start:
                started[event.step_key] = now
                on_step(Step(event.step_key, "start", 0.0))
            elif event.is_step_success or event.is_step_failure:
                state = "done" if event.is_step_success else "failed"
                on_step(Step(event.step_key, state, now - started.get(event.step_key, now)))

    @dg.logger(config_schema={})
    def console(_: dg.InitLoggerContext) -> logging.Logger:
        """Report steps."""
        logger = logging.Logger(  # noqa: LOG001 - of this run alone, so that handlers do not pile up
            "kairos.runs", level=logging.DEBUG
        )
        logger.addHandler(Handler())
        return logger

    return console
