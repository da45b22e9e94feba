"""`build_defs` puts assets, jobs, schedules and resources together."""

import dagster as dg

from assets import features, market, matrix, models, raw, simulation, universe
from assets.freshness import FRESHNESS_CHECKS
from assets.ledgers import LEDGERS
from jobs import JOBS
from kairos.models.catalogue import model_configs
from kairos.settings import Settings, load_settings
from resources.platform import Platform
from resources.table_io import TableIO, TableIOManager
from resources.tracking import Tracking
from resources.vendor import Vendor
from schedules import FRESHNESS, SCHEDULES, SENSORS

ASSET_MODULES = (raw, market, universe, features, matrix, models, simulation)


def build_defs(settings: Settings | None = None, *, loggers: dict[str, dg.LoggerDefinition] | None = None) -> dg.Definitions:
    """Return the code location for one KAIROS_HOME; the environment's by default."""
    in_force = settings or load_settings()
    configs = model_configs(in_force)
    nothing_new = in_force.vendor == "none" or in_force.now is not None  # so nothing can be late
    platform = Platform(home=str(in_force.home))
    table_io = TableIO(platform=platform)
    return dg.Definitions(
        assets=[
            *dg.load_assets_from_modules(ASSET_MODULES),
            *models.model_assets(configs),
            *simulation.simulation_assets(configs),
            *LEDGERS,
        ],
        asset_checks=[] if nothing_new else FRESHNESS_CHECKS,
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS if nothing_new else [*SENSORS, FRESHNESS],
        resources={
            "platform": platform,
            "table_io": table_io,
            "io_manager": TableIOManager(table_io=table_io),
            "vendor": Vendor(platform=platform),
            "tracking": Tracking(platform=platform),
        },
        executor=dg.in_process_executor,
        loggers=loggers,
    )
