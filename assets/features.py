"""Feature assets: one per family, from forward-chained returns only."""

from collections.abc import Mapping

import dagster as dg

from assets.recipe import Update
from assets.table_asset import Work, table_asset
from kairos.features.core import FeatureSet, build, panel_of_year
from kairos.features.fingerprint import fingerprint
from kairos.features.leaks.gate import prove_year
from kairos.features.leaks.subject import Tables, of_prices
from kairos.features.mending import Mended, changed_rows, mend
from kairos.features.registry import FEATURE_SETS, SEPARATE_SETS
from kairos.frames import Frame
from kairos.plots.tables import missingness
from kairos.tables import market
from kairos.tables.registry import TABLES
from resources.standing import Standing, read_then
from resources.table_io import Read

YEARS_BACK = 2  # the longest look-back is 252 sessions; a calendar year may have only 250


def _feature_asset(feature_set: FeatureSet) -> dg.AssetsDefinition:
    def fill(work: Work, daily_returns: Frame) -> Frame:
        return build(feature_set, daily_returns, year=work.year)

    def proof(work: Work, tables: Tables) -> Frame:
        def make(changed: Tables) -> Frame:
            return build(feature_set, changed["daily_returns"], year=work.year)

        return prove_year(of_prices(feature_set, make), tables, year=work.year)

    def mended(work: Work, standing: Standing, reads: Mapping[str, Frame]) -> Mended:
        returns, changed = reads["daily_returns"], _changed(work, standing, reads["daily_returns"])
        panel = work.platform.kept.of("panel", (standing.now, work.year), lambda: panel_of_year(returns, year=work.year))
        return mend(feature_set, panel, year=work.year, standing=standing.rows, changed=changed)

    fill.__doc__ = feature_set.description
    reads = (Read(market.DAILY_RETURNS, years_back=YEARS_BACK, shared=True),)
    table = TABLES[feature_set.name]
    update = Update(mended, fingerprint)
    return table_asset(table, reads=reads, plot=missingness, from_reads_alone=True, proof=proof, update=update)(fill)


def _changed(work: Work, standing: Standing, daily_returns: Frame) -> Frame:
    """Rows of the returns that differ from those that the standing year was made from."""

    def found() -> Frame:
        return changed_rows(read_then(work.platform.warehouse, standing), daily_returns, years=standing.years)

    return work.platform.kept.of("changed", (standing.then, standing.now, standing.years), found)


FEATURE_ASSETS = [_feature_asset(feature_set) for feature_set in (FEATURE_SETS | SEPARATE_SETS).values()]
