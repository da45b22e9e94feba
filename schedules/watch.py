"""The sensors: what follows from an ingest, the published views, and the record of failures."""

import json
from datetime import date

import dagster as dg

from jobs import daily_ingest, refresh_year
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
def refresh_after_ingest(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    """Bring securities, market and features of the ingested session's year up to date."""
    last = context.dagster_run.tags.get("dagster/partition") or context.dagster_run.tags["dagster/asset_partition_range_end"]
    year = str(date.fromisoformat(last).year)
    return dg.RunRequest(run_key=f"year-{context.dagster_run.run_id}", partition_key=year)


@dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS, default_status=ON, minimum_interval_seconds=15)
def publish_views(context: dg.RunStatusSensorContext, platform: dg.ResourceParam[Platform]) -> dg.SkipReason:
    """Swap in a fresh `kairos.duckdb` after every run."""
    publish(platform.warehouse, platform.settings.duckdb_file)
    return dg.SkipReason(f"{platform.settings.duckdb_file.name} shows the state after run {context.dagster_run.run_id[:8]}.")


@dg.run_failure_sensor(default_status=ON, minimum_interval_seconds=15)
def report_failure(context: dg.RunFailureSensorContext, platform: dg.ResourceParam[Platform]) -> None:
    """Append every failed run to `KAIROS_HOME/alerts.jsonl`: when, what, why."""
    line = {
        "at": platform.clock.now().isoformat(),
        "run_id": context.dagster_run.run_id,
        "job": context.dagster_run.job_name,
        "partition": context.dagster_run.tags.get("dagster/partition"),
        "message": context.failure_event.message,
    }
    with (platform.settings.home / ALERTS_FILE).open("a") as file:
        file.write(json.dumps(line) + "\n")
