"""Runs started from the command line: in this process, recorded in the persistent Dagster instance, with progress shown.

Nothing here is imported before a command needs it: Dagster takes over a second.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.execute_in_process import core_execute_in_process
from dagster._core.storage.tags import PARTITION_NAME_TAG

from assets.table_asset import ONLY_CHANGED
from kairos.errors import KairosError, NotFoundError
from kairos.settings import Settings
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import publish
from kairos_dagster.faults import advised, streams_kept, told_in_one_line
from kairos_dagster.instance import instance_folder, open_instance
from kairos_dagster.location import Step, code_location
from kairos_dagster.orphans import LOCK_TAG, close_orphans, process_lock
from resources.platform import Platform
from resources.tracking import Tracking
from schedules.watch import failure_line


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
    location = code_location(settings)
    _require_partitions(location.definitions, assets, partitions)
    job = location.job(frozenset(dg.AssetKey(name) for name in assets))
    tags = {**_partition_tags(partitions), **({ONLY_CHANGED: "true"} if only_changed else {})}
    with told_in_one_line(settings.home), streams_kept(), location.heard_by(on_step):
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
    with process_lock(folder) as lock:
        instance = open_instance(folder)
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


def _require_partitions(definitions: dg.Definitions, assets: Sequence[str], partitions: Sequence[str]) -> None:
    graph, edges = definitions.resolve_asset_graph(), {*partitions[:1], *partitions[-1:]}
    families = {graph.get(dg.AssetKey(name)).partitions_def: name for name in reversed(assets)}
    for known, name in families.items():
        strangers = [] if known is None else sorted(key for key in edges if not known.has_partition_key(key))
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
