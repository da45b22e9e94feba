"""The schedules: after each session, every Wednesday night, every weekend."""

from datetime import datetime

import dagster as dg

from jobs import daily_ingest, wednesday_retrain
from jobs.compaction import weekly_compaction
from kairos.calendar import NEW_YORK, is_session
from kairos.errors import NotFoundError
from kairos.tables import universe
from resources.platform import Platform

ON = dg.DefaultScheduleStatus.RUNNING


@dg.schedule(job=daily_ingest, cron_schedule="30 20 * * *", execution_timezone="America/New_York", default_status=ON)
def daily_ingest_schedule(
    context: dg.ScheduleEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.RunRequest | dg.SkipReason:
    """Pull the session that closed today; skip weekends and holidays, and homes without a vendor."""
    today = _scheduled(context).astimezone(NEW_YORK).date()
    if platform.settings.vendor == "none":
        return dg.SkipReason("No vendor is set (KAIROS_VENDOR); this home lives from imported files.")
    if platform.settings.now is not None:
        return dg.SkipReason(f"The clock stands still at {platform.settings.now} (KAIROS_NOW); nothing new can arrive.")
    if not is_session(today):
        return dg.SkipReason(f"{today:%A %Y-%m-%d} is no NYSE session.")
    return dg.RunRequest(run_key=f"ingest-{today}", partition_key=today.isoformat())


@dg.schedule(job=wednesday_retrain, cron_schedule="0 22 * * 3", execution_timezone="America/New_York", default_status=ON)
def wednesday_retrain_schedule(
    context: dg.ScheduleEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.RunRequest | dg.SkipReason:
    """Retrain the newest universe year that has been built."""
    try:
        year = newest_universe_year(platform)
    except NotFoundError as nothing:
        return dg.SkipReason(str(nothing))
    return dg.RunRequest(run_key=f"retrain-{_scheduled(context):%Y-%m-%d}", partition_key=str(year))


@dg.schedule(job=weekly_compaction, cron_schedule="0 6 * * 6", execution_timezone="America/New_York", default_status=ON)
def weekly_compaction_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Compact and vacuum on Saturday mornings."""
    return dg.RunRequest(run_key=f"compaction-{_scheduled(context):%Y-%m-%d}")


def newest_universe_year(platform: Platform) -> int:
    """Return the newest universe year with members.

    Raises:
        NotFoundError: No universe has been built.
    """
    built = [int(partition["universe_year"]) for partition in platform.warehouse.partitions(universe.MIDCAP_UNIVERSE)]
    if not built:
        raise NotFoundError("no universe has been built yet; run `kairos universe --year YEAR` once.")
    return max(built)


def _scheduled(context: dg.ScheduleEvaluationContext) -> datetime:
    return context.scheduled_execution_time
