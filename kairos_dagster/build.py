"""`build_defs` puts assets, jobs, schedules and resources together."""

import logging

import dagster as dg

from assets import factor, features, feeds, fundamentals, market, matrix, models, quality, raw, simulation, universe
from assets.freshness import FRESHNESS_CHECKS
from assets.incremental_proof import incremental_proof
from assets.ledgers import LEDGERS
from assets.plugins import plugin_assets
from jobs import JOBS
from kairos.models.catalogue import model_configs
from kairos.settings import Settings, load_settings
from kairos.tables.plugins import load_plugins
from resources.feeds import Feeds
from resources.platform import Platform
from resources.table_io import TableIO, TableIOManager
from resources.tracking import Tracking
from resources.vendor import Vendor
from schedules import FRESHNESS, SCHEDULES, SENSORS

# a step that lacks a partition fails, and the steps after it go on with those that it has filled; a step that yields nothing
# holds up what follows as ever. A blocking check outside of `assets.parts` would have to keep its asset's output back likewise
EXECUTOR = dg.in_process_executor.configured({"step_dependency_config": {"require_upstream_step_success": False}})
LOG = logging.getLogger("kairos.plugins")
ASSET_MODULES = (raw, feeds, market, quality, fundamentals, universe, features, matrix, models, factor, simulation)


def build_defs(settings: Settings | None = None, *, loggers: dict[str, dg.LoggerDefinition] | None = None) -> dg.Definitions:
    """Return the code location for one KAIROS_HOME; the environment's by default."""
    in_force = settings or load_settings()
    configs = model_configs(in_force)
    plugins = load_plugins(in_force.home)
    for refusal in plugins.refused:
        LOG.warning("%s", refusal)
    nothing_new = in_force.vendor == "none" or in_force.now is not None  # so nothing can be late
    platform = Platform(home=str(in_force.home))
    table_io = TableIO(platform=platform)
    return dg.Definitions(
        assets=[
            *dg.load_assets_from_modules(ASSET_MODULES),
            *models.model_assets(configs, embedded=in_force.vendor == "sandbox"),
            *simulation.simulation_assets(configs),
            *LEDGERS,
            *plugin_assets(plugins),
        ],
        asset_checks=[incremental_proof, *([] if nothing_new else FRESHNESS_CHECKS)],
        jobs=JOBS,
        schedules=SCHEDULES,
        sensors=SENSORS if nothing_new else [*SENSORS, FRESHNESS],
        resources={
            "platform": platform,
            "table_io": table_io,
            "io_manager": TableIOManager(table_io=table_io),
            "vendor": Vendor(platform=platform),
            "feeds": Feeds(platform=platform),
            "tracking": Tracking(platform=platform),
        },
        executor=EXECUTOR,
        loggers=loggers,
    )
