"""When things run, and what watches over them."""

import dagster as dg

from assets.freshness import FRESHNESS_CHECKS
from schedules.clocks import (
    daily_feeds_schedule,
    daily_ingest_schedule,
    incremental_proof_schedule,
    wednesday_retrain_schedule,
    weekly_compaction_schedule,
)
from schedules.watch import publish_views, refresh_after_feeds, refresh_after_ingest, report_failure

FRESHNESS = dg.build_sensor_for_freshness_checks(
    freshness_checks=FRESHNESS_CHECKS, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=600
)

SCHEDULES = [
    daily_ingest_schedule,
    daily_feeds_schedule,
    incremental_proof_schedule,
    wednesday_retrain_schedule,
    weekly_compaction_schedule,
]
SENSORS = [refresh_after_ingest, refresh_after_feeds, publish_views, report_failure]
