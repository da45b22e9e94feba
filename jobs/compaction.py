"""The weekly upkeep of the Delta tables."""

import dagster as dg

from kairos.calendar import SystemClock
from kairos.warehouse.maintenance import compact_and_vacuum
from kairos.warehouse.views import publish
from resources.platform import Platform


@dg.op(description="Compacts every table and deletes superseded files that no named version needs.")
def compact(context: dg.OpExecutionContext, platform: Platform) -> None:
    """Compact and vacuum, log what was done to each table, and publish views over the new files."""
    # the age of files is on the machine's clock, whatever KAIROS_NOW says
    done = compact_and_vacuum(platform.warehouse, now=SystemClock().now(), keep_days=platform.settings.vacuum_days)
    for upkeep in done:
        context.log.info(
            f"{upkeep.table}: {upkeep.files_before} files became {upkeep.files_after}, {upkeep.vacuumed} superseded deleted"
        )
        if upkeep.busy:
            context.log.warning(f"{upkeep.table}: {upkeep.busy} partition(s) were being written and wait for the next upkeep")
    publish(platform.warehouse, platform.settings.duckdb_file)


@dg.job(description="Compaction and version-safe vacuum of the warehouse.")
def weekly_compaction() -> None:
    """Run the upkeep."""
    compact()
