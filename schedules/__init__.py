"""When things run, and what watches over them."""

import dagster as dg

from assets.raw import raw_payloads
from schedules.clocks import daily_ingest_schedule, wednesday_retrain_schedule, weekly_compaction_schedule
from schedules.watch import publish_views, refresh_after_ingest, report_failure

# 21:30 New York: an hour after the daily ingest starts, the session's payloads should be in
CHECKS = dg.build_time_partition_freshness_checks(
    assets=[raw_payloads], deadline_cron="30 21 * * 1-5", timezone="America/New_York"
)
FRESHNESS = dg.build_sensor_for_freshness_checks(
    freshness_checks=CHECKS, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=600
)

SCHEDULES = [daily_ingest_schedule, wednesday_retrain_schedule, weekly_compaction_schedule]
SENSORS = [refresh_after_ingest, publish_views, report_failure]
