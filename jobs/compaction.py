"""The weekly upkeep of the Delta tables."""

import dagster as dg

from kairos.warehouse.maintenance import compact_and_vacuum
from resources.platform import Platform


@dg.op(description="Compacts every table and deletes superseded files that no named version needs.")
def compact(context: dg.OpExecutionContext, platform: Platform) -> None:
    """Compact and vacuum, and log what was done to each table."""
    done = compact_and_vacuum(platform.warehouse, now=platform.clock.now(), keep_days=platform.settings.vacuum_days)
    for upkeep in done:
        context.log.info(
            f"{upkeep.table}: {upkeep.files_before} files became {upkeep.files_after}, {upkeep.vacuumed} superseded deleted"
        )


@dg.job(description="Compaction and version-safe vacuum of the warehouse.")
def weekly_compaction() -> None:
    """Run the upkeep."""
    compact()
