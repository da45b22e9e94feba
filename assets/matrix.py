"""Matrix assets: a universe year's features, and the same with what came after."""

import dagster as dg

from assets.table_asset import Work, table_asset
from kairos.features.matrix import Variant, complete
from kairos.frames import Frame
from kairos.plots.tables import missingness
from kairos.tables import market, matrix, universe
from kairos.tables.features import FROM_PRICES as FEATURE_TABLES
from kairos.targets.forward import with_forward_returns
from resources.table_io import Read

FULL = dg.Field(bool, default_value=True, description="All features; false for ret_1d, ret_21d and vol_21d alone")


@table_asset(
    matrix.FEAT_MATRIX_COMPLETE,
    reads=(Read(universe.MIDCAP_UNIVERSE), Read(market.TICKERS), *(Read(table) for table in FEATURE_TABLES)),
    plot=missingness,
    config_schema={"full": FULL},
)
def feat_matrix_complete(work: Work, *, midcap_universe: Frame, tickers: Frame, **features: Frame) -> Frame:
    """The members' features on every session between entry and exit."""
    variant: Variant = "full" if work.config["full"] else "base"
    return complete(midcap_universe, list(features.values()), tickers=tickers, universe_year=work.year, variant=variant)


@table_asset(
    matrix.FEAT_MATRIX_TARGETS,
    reads=(Read(matrix.FEAT_MATRIX_COMPLETE), Read(market.DAILY_RETURNS), Read(market.TICKERS)),
)
def feat_matrix_targets(work: Work, feat_matrix_complete: Frame, daily_returns: Frame, tickers: Frame) -> Frame:
    """Forward returns count sessions and include delisting returns; forward columns exist nowhere else."""
    return with_forward_returns(feat_matrix_complete, daily_returns, tickers=tickers)
