"""The three partition families, and the edges between them."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from kairos.calendar import all_sessions
from kairos.tables.core import Partition, Table
from resources.table_io import Read

FIRST_SESSION = date(1997, 12, 31)  # Sharadar's first date
FIRST_YEAR = "1997"
FIRST_UNIVERSE_YEAR = "1998"  # a universe needs a year of prices before it


def _closed_weekdays() -> list[datetime]:
    """Weekdays without a session: holidays and the odd closure."""
    sessions = set(all_sessions())
    last = all_sessions()[-1]
    days = (FIRST_SESSION + timedelta(days=offset) for offset in range((last - FIRST_SESSION).days + 1))
    return [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days if day.weekday() < 5 and day not in sessions]  # noqa: PLR2004 - Monday to Friday


sessions = dg.TimeWindowPartitionsDefinition(
    cron_schedule="0 0 * * *",
    start=FIRST_SESSION.isoformat(),
    fmt="%Y-%m-%d",
    timezone="UTC",  # the key of session D appears at 00:00 UTC, which is its evening in New York
    end_offset=0,
    exclusions=["0 0 * * 6", "0 0 * * 0", *_closed_weekdays()],
)


def _yearly(start: str) -> dg.TimeWindowPartitionsDefinition:
    """Return calendar years, the running one included; a server that runs over New Year finds the new one."""
    return dg.TimeWindowPartitionsDefinition(cron_schedule="0 0 1 1 *", start=start, fmt="%Y", timezone="UTC", end_offset=1)


years = _yearly(FIRST_YEAR)
universe_years = _yearly(FIRST_UNIVERSE_YEAR)

DEFINITIONS: dict[Partition, dg.PartitionsDefinition[str] | None] = {
    Partition.NONE: None,
    Partition.SESSIONS: sessions,
    Partition.YEARS: years,
    Partition.UNIVERSE_YEARS: universe_years,
}


def definition(table: Table) -> dg.PartitionsDefinition[str] | None:
    """Return the Dagster partitions of a table."""
    return DEFINITIONS[table.partition]


def edge(read: Read, consumer: Table) -> dg.AssetDep:
    """Return the dependency of `consumer` on what it reads, with the partitions that matter."""
    return dg.AssetDep(read.asset_key, partition_mapping=_mapping(read, consumer))


def _mapping(read: Read, consumer: Table) -> dg.PartitionMapping | None:
    upstream, downstream = read.table.partition, consumer.partition
    if Partition.NONE in {upstream, downstream}:
        return None
    if upstream is downstream is Partition.UNIVERSE_YEARS:
        return dg.IdentityPartitionMapping()
    if downstream is Partition.UNIVERSE_YEARS:
        return dg.AllPartitionMapping()  # a universe year reads from before its start to the last loaded session
    return dg.TimeWindowPartitionMapping(start_offset=-read.years_back, allow_nonexistent_upstream_partitions=True)
