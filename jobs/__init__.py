"""What runs together: the daily ingest, what follows from it, the retrain, the backfill and the upkeep."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.incremental_proof import PROOF_KEYS
from assets.partitions import sessions, universe_years, years
from assets.parts import CONTRACT
from jobs.compaction import weekly_compaction
from kairos.tables.features import FROM_FACTS
from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.quality import QUALITY_RESULTS

ONE_AT_A_TIME = "kairos/one-at-a-time"  # limited in dagster.yaml: an older run must not write after a newer one
RAW_ASSETS = ("raw_payloads", "raw_sep", "raw_tickers", "raw_actions", "raw_daily")
# with their own checks alone: the freshness check has its sensor, and would find the session late while it is pulled
RAW = dg.AssetSelection.assets(*RAW_ASSETS).without_checks() | dg.AssetSelection.checks(
    *(dg.AssetCheckKey(dg.AssetKey(name), CONTRACT) for name in RAW_ASSETS)
)
FEED_ASSETS = ("raw_payloads_feeds", *(table.name for table in RAW_FEEDS.values()))
FEEDS = dg.AssetSelection.assets(*FEED_ASSETS)
JUDGED = (QUALITY_RESULTS.name, *(table.name for table in FROM_FACTS))
FROM_FEEDS = dg.AssetSelection.groups("fundamentals") | dg.AssetSelection.assets(*JUDGED)
MEMBERS = dg.AssetSelection.assets("sp500", "corrections")
PROOF = dg.AssetSelection.checks(*sorted(PROOF_KEYS))
YEARLY = dg.AssetSelection.groups("market", "quality", "features") - FROM_FEEDS - PROOF
BY_UNIVERSE = dg.AssetSelection.groups("universe", "matrix", "models", "simulation")

daily_ingest = dg.define_asset_job(
    "daily_ingest",
    selection=RAW,
    partitions_def=sessions,
    description="Pulls one session's payloads and reads their rows. `refresh_year` follows by itself.",
    tags={"dagster/max_retries": "2"},  # of a run whose process died; a late vendor is asked again by the schedule
)
refresh_year = dg.define_asset_job(
    "refresh_year",
    selection=YEARLY,
    partitions_def=years,
    description="Brings securities, prices, returns, liquidity and features of a calendar year up to date.",
    tags={ONE_AT_A_TIME: "years"},
)
daily_feeds = dg.define_asset_job(
    "daily_feeds",
    selection=FEEDS,
    partitions_def=sessions,
    description="Asks the fundamental feeds about the companies that are due and reads their rows. `refresh_feeds` follows.",
    tags={"dagster/max_retries": "2"},
)
refresh_feeds = dg.define_asset_job(
    "refresh_feeds",
    selection=FROM_FEEDS | MEMBERS,
    partitions_def=years,
    description="Brings statements, estimates, ratings, news and the features made of them up to date, and judges what came.",
    tags={ONE_AT_A_TIME: "years"},
)
wednesday_retrain = dg.define_asset_job(
    "wednesday_retrain",
    selection=BY_UNIVERSE,
    partitions_def=universe_years,
    description="Rebuilds a universe year's matrix, retrains every model and simulates its strategies.",
    tags={ONE_AT_A_TIME: "universe"},
)
full_universe_backfill = dg.define_asset_job(
    "full_universe_backfill",
    selection=BY_UNIVERSE,
    partitions_def=universe_years,
    description="The same for any range of universe years; launch it with a backfill over the partitions.",
    tags={ONE_AT_A_TIME: "universe"},
)
incremental_proof = dg.define_asset_job(
    "incremental_proof",
    selection=PROOF,
    description="Builds years of features anew, drawn by the day, and compares them with what stands, bit by bit.",
    tags={ONE_AT_A_TIME: "years"},
)

JOBS: list[dg.JobDefinition | UnresolvedAssetJobDefinition] = [
    daily_ingest,
    refresh_year,
    daily_feeds,
    refresh_feeds,
    wednesday_retrain,
    full_universe_backfill,
    incremental_proof,
    weekly_compaction,
]
