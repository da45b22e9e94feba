"""The sensors: what follows from an ingest, the published views, and the record of failures."""

import json
from collections.abc import Iterable, Sequence
from datetime import date

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from assets.table_asset import ONLY_CHANGED
from jobs import daily_feeds, daily_ingest, refresh_feeds, refresh_year
from kairos.calendar import sessions_between
from kairos.fundamentals.touched import years_of_news
from kairos.market.loaded import years_touched
from kairos.tables.market import SEP_BASE, SEP_VERSIONS
from kairos.tables.quality import CORRECTIONS
from kairos.warehouse.views import publish
from resources.platform import Platform

ON = dg.DefaultSensorStatus.RUNNING
ALERTS_FILE = "alerts.jsonl"


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[daily_ingest],
    request_job=refresh_year,
    default_status=ON,
    minimum_interval_seconds=15,
)
def refresh_after_ingest(context: dg.RunStatusSensorContext, platform: dg.ResourceParam[Platform]) -> list[dg.RunRequest]:
    """Bring securities, market and features up to date, for every year that the ingest brought news of.

    Years in which adjusted prices alone moved, as after every dividend, have their prices built again and nothing else.
    """
    touched = years_touched(platform.warehouse, _sessions_of(context))
    run_id = context.dagster_run.run_id
    prices = [dg.AssetKey(table.name) for table in (SEP_VERSIONS, SEP_BASE, CORRECTIONS)]
    return [
        *_over(touched.prices, dg.RunRequest(run_key=f"prices-{run_id}", asset_selection=prices)),
        *_over(touched.everything, dg.RunRequest(run_key=f"years-{run_id}")),
    ]


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[daily_feeds],
    request_job=refresh_feeds,
    default_status=ON,
    minimum_interval_seconds=15,
)
def refresh_after_feeds(context: dg.RunStatusSensorContext, platform: dg.ResourceParam[Platform]) -> list[dg.RunRequest]:
    """Bring the fundamental tables and their features up to date, for every year that the feeds brought news of."""
    touched = years_of_news(platform.warehouse, _sessions_of(context))
    return _over(touched, dg.RunRequest(run_key=f"feeds-{context.dagster_run.run_id}"))


def _sessions_of(context: dg.RunStatusSensorContext) -> Sequence[date]:
    """Return the sessions that a run was over."""
    tags = context.dagster_run.tags
    first = tags.get(ASSET_PARTITION_RANGE_START_TAG) or tags[PARTITION_NAME_TAG]
    last = tags.get(ASSET_PARTITION_RANGE_END_TAG) or first
    return sessions_between(date.fromisoformat(first), date.fromisoformat(last))


def _over(years: Sequence[int], request: dg.RunRequest) -> list[dg.RunRequest]:
    """Return the request for a range of years, or nothing for none."""
    if not years:
        return []
    first, last = str(years[0]), str(years[-1])
    over = {PARTITION_NAME_TAG: first} if first == last else {
        ASSET_PARTITION_RANGE_START_TAG: first, ASSET_PARTITION_RANGE_END_TAG: last
    }  # fmt: skip
    return [request.with_replaced_attrs(tags={**over, ONLY_CHANGED: "true"})]


@dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS, default_status=ON, minimum_interval_seconds=15)
def publish_views(context: dg.RunStatusSensorContext, platform: dg.ResourceParam[Platform]) -> dg.SkipReason:
    """Swap in a fresh `kairos.duckdb` after every run."""
    publish(platform.warehouse, platform.settings.duckdb_file)
    return dg.SkipReason(f"{platform.settings.duckdb_file.name} shows the state after run {context.dagster_run.run_id[:8]}.")


@dg.run_failure_sensor(default_status=ON, minimum_interval_seconds=15)
def report_failure(context: dg.RunFailureSensorContext, platform: dg.ResourceParam[Platform]) -> None:
    """Append every failed run to `KAIROS_HOME/alerts.jsonl`: when, what, why; and publish what it had written."""
    tags = context.dagster_run.tags
    line = {
        "at": platform.clock.now().isoformat(),
        "run_id": context.dagster_run.run_id,
        "job": context.dagster_run.job_name,
        "partition": tags.get(PARTITION_NAME_TAG) or tags.get(ASSET_PARTITION_RANGE_START_TAG),
        "message": failure_line(context.get_step_failure_events()) or context.failure_event.message,
    }
    with (platform.settings.home / ALERTS_FILE).open("a") as file:
        file.write(json.dumps(line) + "\n")
    publish(platform.warehouse, platform.settings.duckdb_file)  # partitions before the failed one are there


def failure_line(events: Iterable[dg.DagsterEvent]) -> str:
    """Return in one line why the first failed step failed; empty where no step did."""
    for event in events:
        if not event.is_step_failure:
            continue
        data = event.step_failure_data
        if data.user_failure_data and data.user_failure_data.description:
            return str(data.user_failure_data.description)
        if data.error and data.error.cls_name == "DagsterExecutionInterruptedError":
            return f"{event.step_key}: interrupted. What had been written stays; run it again for the rest."
        cause = (data.error.cause or data.error) if data.error else None
        return f"{event.step_key}: {' '.join((cause.message if cause else 'no reason given').split())}"
    return ""
