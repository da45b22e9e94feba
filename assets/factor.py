"""The factor report of a universe year: every feature against the returns that followed, the sealed holdout left out."""

from assets.table_asset import Work, table_asset
from kairos.evaluation.factor import factor_report as reported
from kairos.frames import Frame
from kairos.models.ledger import sealed_holdout
from kairos.plots.factors import factor_page
from kairos.tables import factors, market, models, universe
from kairos.tables.features import TABLES as FEATURE_TABLES
from resources.table_io import Read

YEARS_BACK = 2  # before the universe year, so that its first sessions' volatility can be called low or high


@table_asset(
    factors.FACTOR_REPORT,
    reads=(
        Read(universe.MIDCAP_UNIVERSE),
        Read(market.DAILY_RETURNS, years_back=YEARS_BACK),
        Read(market.TICKERS),
        Read(models.HOLDOUT_LEDGER),
        *(Read(table) for table in FEATURE_TABLES),
    ),
    plot=factor_page,
)
def factor_report(
    work: Work,
    *,
    midcap_universe: Frame,
    daily_returns: Frame,
    tickers: Frame,
    holdout_ledger: Frame,
    **features: Frame,
) -> Frame:
    """Of the members on every session before the sealed holdout; no return that ends inside it is counted."""
    holdout = sealed_holdout(holdout_ledger, work.year)
    return reported(
        midcap_universe,
        list(features.values()),
        daily_returns,
        tickers=tickers,
        universe_year=work.year,
        holdout_first=holdout.first_session,
    )
