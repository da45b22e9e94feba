"""Matrix assets: a universe year's features, and the same with what came after."""

import dagster as dg

from assets.table_asset import Work, table_asset
from kairos.features.matrix import complete_by_year, variant_named
from kairos.frames import Frame, Parts
from kairos.plots.tables import missingness_of_filled
from kairos.tables import market, matrix, universe
from kairos.tables.features import FROM_FACTS, FROM_PRICES, SEPARATE
from kairos.targets.parts import targets_by_parts
from resources.table_io import Read

FEATURE_TABLES = (*FROM_PRICES, *FROM_FACTS, *SEPARATE)
FEATURES = dg.Field(
    str, is_required=False, description="base (ret_1d, ret_21d, vol_21d), core or full; MATRIX_FEATURES decides by default"
)


@table_asset(
    matrix.FEAT_MATRIX_COMPLETE,
    reads=(Read(universe.MIDCAP_UNIVERSE), Read(market.TICKERS)),
    deps=tuple(Read(table) for table in FEATURE_TABLES),
    plot=missingness_of_filled,
    config_schema={"features": FEATURES},
)
def feat_matrix_complete(work: Work, midcap_universe: Frame, tickers: Frame) -> Parts:
    """The members' features on every session between entry and exit."""
    variant = variant_named(work.config.get("features", work.platform.settings.matrix_features))
    built = [table for table in FEATURE_TABLES if table.name in work.reads]
    features = [work.scan(table) for table in built]
    return complete_by_year(midcap_universe, features, tickers=tickers, universe_year=work.year, variant=variant)


@table_asset(
    matrix.FEAT_MATRIX_TARGETS,
    reads=(Read(market.DAILY_RETURNS), Read(market.TICKERS)),
    deps=(Read(matrix.FEAT_MATRIX_COMPLETE),),
)
def feat_matrix_targets(work: Work, daily_returns: Frame, tickers: Frame) -> Parts:
    """Forward returns count sessions and include delisting returns; forward columns exist nowhere else."""
    features = work.scan(matrix.FEAT_MATRIX_COMPLETE, as_written=True)
    return targets_by_parts(features, daily_returns, tickers=tickers, universe_year=work.year)
