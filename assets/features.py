"""Feature assets: one per family, from forward-chained returns only."""

import dagster as dg

from assets.table_asset import Work, table_asset
from kairos.features.core import FeatureSet, build
from kairos.features.leaks.gate import prove_year
from kairos.features.leaks.subject import Tables, of_prices
from kairos.features.registry import FEATURE_SETS, SEPARATE_SETS
from kairos.frames import Frame
from kairos.plots.tables import missingness
from kairos.tables import market
from kairos.tables.registry import TABLES
from resources.table_io import Read

YEARS_BACK = 2  # the longest look-back is 252 sessions; a calendar year may have only 250


def _feature_asset(feature_set: FeatureSet) -> dg.AssetsDefinition:
    def fill(work: Work, daily_returns: Frame) -> Frame:
        return build(feature_set, daily_returns, year=work.year)

    def proof(work: Work, tables: Tables) -> Frame:
        def make(changed: Tables) -> Frame:
            return build(feature_set, changed["daily_returns"], year=work.year)

        return prove_year(of_prices(feature_set, make), tables, year=work.year)

    fill.__doc__ = feature_set.description
    reads = (Read(market.DAILY_RETURNS, years_back=YEARS_BACK),)
    table = TABLES[feature_set.name]
    return table_asset(table, reads=reads, plot=missingness, from_reads_alone=True, proof=proof)(fill)


FEATURE_ASSETS = [_feature_asset(feature_set) for feature_set in (FEATURE_SETS | SEPARATE_SETS).values()]
