"""Whether the session's payloads came in time. The sensor that asks is in `schedules`."""

import dagster as dg

from assets.raw import raw_payloads

# 21:30 New York: an hour after the daily ingest starts
FRESHNESS_CHECKS = dg.build_time_partition_freshness_checks(
    assets=[raw_payloads], deadline_cron="30 21 * * 1-5", timezone="America/New_York"
)
"""Asked by their own sensor; runs that fill assets leave them out."""
FRESHNESS_KEYS = frozenset(key for check in FRESHNESS_CHECKS for key in check.check_keys)
