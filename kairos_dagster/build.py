"""`build_defs` puts assets, jobs, schedules and resources together."""

import dagster as dg

from assets import features, market, matrix, models, raw, simulation, universe
from jobs import JOBS
from kairos.settings import Settings, load_settings
from resources.platform import Platform
from resources.table_io import TableIO
from resources.tracking import Tracking
from resources.vendor import Vendor
from schedules import CHECKS, SCHEDULES, SENSORS

ASSET_MODULES = (raw, market, universe, features, matrix, models, simulation)


def build_defs(settings: Settings | None = None, *, loggers: dict[str, dg.LoggerDefinition] | None = None) -> dg.Definitions:
    """Return the code location for one KAIROS_HOME; the environment's by default."""
    platform = Platform(home=str((settings or load_settings()).home))
    table_io = TableIO(platform=platform)
    return dg.Definitions(
        assets=dg.load_assets_from_modules(ASSET_MODULES),
        asset_checks=CHECKS,
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS,
        resources={
            "platform": platform,
            "table_io": table_io,
            "io_manager": table_io,
            "vendor": Vendor(platform=platform),
            "tracking": Tracking(platform=platform),
        },
        executor=dg.in_process_executor,
        loggers=loggers,
    )
