"""Matrix assets: a universe year's features, and the same with what came after."""

import dagster as dg

from assets.table_asset import Work, table_asset
from kairos.features.matrix import complete, variant_named
from kairos.frames import Frame
from kairos.plots.tables import missingness_of_filled
from kairos.tables import market, matrix, universe
from kairos.tables.features import FROM_FACTS, FROM_PRICES
from kairos.targets.forward import with_forward_returns
from resources.table_io import Read

FEATURE_TABLES = (*FROM_PRICES, *FROM_FACTS)
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
def feat_matrix_complete(work: Work, midcap_universe: Frame, tickers: Frame) -> Frame:
    """The members' features on every session between entry and exit."""
    variant = variant_named(work.config.get("features", work.platform.settings.matrix_features))
    built = [table for table in FEATURE_TABLES if table.name in work.reads]
    features = [work.platform.warehouse.scan(table, version=work.reads[table.name]) for table in built]
    return complete(midcap_universe, features, tickers=tickers, universe_year=work.year, variant=variant)


@table_asset(
    matrix.FEAT_MATRIX_TARGETS,
    reads=(Read(matrix.FEAT_MATRIX_COMPLETE), Read(market.DAILY_RETURNS), Read(market.TICKERS)),
)
def feat_matrix_targets(work: Work, feat_matrix_complete: Frame, daily_returns: Frame, tickers: Frame) -> Frame:
    """Forward returns count sessions and include delisting returns; forward columns exist nowhere else."""
    return with_forward_returns(feat_matrix_complete, daily_returns, tickers=tickers)
