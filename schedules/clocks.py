"""The schedules: after each session, every night, every Wednesday night, every weekend."""

from collections.abc import Sequence
from datetime import date, datetime

import dagster as dg
import polars as pl

from assets.incremental_proof import DAY, SETS
from jobs import daily_feeds, daily_ingest, incremental_proof, wednesday_retrain
from jobs.compaction import weekly_compaction
from kairos.calendar import NEW_YORK, is_session, latest_published_session, sessions_between
from kairos.errors import NotFoundError
from kairos.sources.datasets import DATASETS
from kairos.sources.feeds import FEEDS
from kairos.sources.unfinished import unfinished
from kairos.tables import universe
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from resources.platform import Platform

# the vendor publishes about 17:30; the later ticks are for evenings on which it is late
INGEST_AT = ("30 20 * * *", "30 22 * * *", "30 6 * * *")
FEEDS_AT = ("45 21 * * *", "45 6 * * *")  # when the evening's prices and tickers are there
CATCH_UP = 10  # sessions after a pause; a longer gap is for `kairos daily-download --date --through`
ON = dg.DefaultScheduleStatus.RUNNING


@dg.schedule(job=daily_ingest, cron_schedule=list(INGEST_AT), execution_timezone=str(NEW_YORK), default_status=ON)
def daily_ingest_schedule(
    context: dg.ScheduleEvaluationContext, platform: dg.ResourceParam[Platform]
) -> list[dg.RunRequest] | dg.SkipReason:
    """Pull the session that closed today, and any before it that was missed; skip weekends, holidays, idle homes.

    The later ticks find nothing to do unless the vendor was late at the first.
    """
    tick = _scheduled(context).astimezone(NEW_YORK)
    if platform.settings.vendor == "none":
        return dg.SkipReason("No vendor is set (KAIROS_VENDOR); this home lives from imported files.")
    if platform.settings.now is not None:
        return dg.SkipReason(f"The clock stands still at {platform.settings.now} (KAIROS_NOW); nothing new can arrive.")
    missing = sessions_missing(platform.warehouse, tick)
    if not missing:
        closed = "" if is_session(tick.date()) else f"{tick:%A %Y-%m-%d} is no NYSE session. "
        return dg.SkipReason(f"{closed}Nothing has been missed up to session {latest_published_session(tick)}.")
    return [
        dg.RunRequest(run_key=f"ingest-{session}-{tick:%Y-%m-%dT%H:%M}", partition_key=session.isoformat())
        for session in missing
    ]


@dg.schedule(job=daily_feeds, cron_schedule=list(FEEDS_AT), execution_timezone=str(NEW_YORK), default_status=ON)
def daily_feeds_schedule(
    context: dg.ScheduleEvaluationContext, platform: dg.ResourceParam[Platform]
) -> list[dg.RunRequest] | dg.SkipReason:
    """Ask the fundamental feeds after each session, and for those that were missed; skip homes where they are off."""
    tick = _scheduled(context).astimezone(NEW_YORK)
    if not platform.settings.feeds_on:
        return dg.SkipReason("No feed is on (ENABLE_FMP, ENABLE_SF1, ENABLE_SP500, QUIVER_API_KEY); nothing is asked.")
    if platform.settings.now is not None:
        return dg.SkipReason(f"The clock stands still at {platform.settings.now} (KAIROS_NOW); nothing new can arrive.")
    cut_off = unfinished(platform.settings.home)  # by the budget of a day; recorded in part
    missing = sorted({*cut_off, *sessions_missing(platform.warehouse, tick, datasets=tuple(FEEDS))})
    if not missing:
        return dg.SkipReason(f"Nothing has been missed up to session {latest_published_session(tick)}.")
    return [dg.RunRequest(run_key=f"feeds-{day}-{tick:%Y-%m-%dT%H:%M}", partition_key=day.isoformat()) for day in missing]


@dg.schedule(job=wednesday_retrain, cron_schedule="0 22 * * 3", execution_timezone=str(NEW_YORK), default_status=ON)
def wednesday_retrain_schedule(
    context: dg.ScheduleEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.RunRequest | dg.SkipReason:
    """Retrain the newest universe year that has been built."""
    try:
        year = newest_universe_year(platform)
    except NotFoundError as nothing:
        return dg.SkipReason(str(nothing))
    return dg.RunRequest(run_key=f"retrain-{_scheduled(context):%Y-%m-%d}", partition_key=str(year))


@dg.schedule(job=incremental_proof, cron_schedule="30 3 * * *", execution_timezone=str(NEW_YORK), default_status=ON)
def incremental_proof_schedule(
    context: dg.ScheduleEvaluationContext, platform: dg.ResourceParam[Platform]
) -> dg.RunRequest | dg.SkipReason:
    """Prove every night, on years that the date draws, that features as they stand are features built anew."""
    if not any(platform.warehouse.version(TABLES[name]) is not None for name in SETS):
        return dg.SkipReason("no features have been built yet; `kairos features` builds them.")
    day = f"{_scheduled(context).astimezone(NEW_YORK):%Y-%m-%d}"
    return dg.RunRequest(run_key=f"proof-{day}", tags={DAY: day})


@dg.schedule(job=weekly_compaction, cron_schedule="0 6 * * 6", execution_timezone=str(NEW_YORK), default_status=ON)
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


def sessions_missing(warehouse: Warehouse, now: datetime, *, datasets: Sequence[str] = tuple(DATASETS)) -> list[date]:
    """Return the published sessions of which no daily pull has any of `datasets`: those after its last, at most CATCH_UP.

    A home without any daily pull yet begins with the session of the day; history comes by the bulk export.
    """
    due = latest_published_session(now)
    of_these = pl.col("dataset").is_in(list(datasets)) & pl.col("session").is_not_null()
    pulled = warehouse.read(RAW_PAYLOADS, columns=["session"], where=of_these)["session"].to_list()
    if not pulled:
        return [due] if due == now.astimezone(NEW_YORK).date() else []
    return [session for session in sessions_between(max(pulled), due) if session > max(pulled)][-CATCH_UP:]


def _scheduled(context: dg.ScheduleEvaluationContext) -> datetime:
    return context.scheduled_execution_time
