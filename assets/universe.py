"""Universe assets: who could be traded, decided at a universe year's first session."""

from assets.table_asset import Work, table_asset
from kairos.frames import Frame
from kairos.plots.tables import universe_reasons
from kairos.tables import market, universe
from kairos.universe.midcap import candidates, members
from resources.table_io import Read


@table_asset(
    universe.MID_CAP_XX,
    reads=(
        Read(market.TICKERS),
        Read(market.DAILY_RETURNS, years_back=2, to_the_end=False),
        Read(market.DAILY_METRICS, years_back=1, to_the_end=False),
        Read(market.MV_LIQUIDITY_60D, years_back=1, to_the_end=False),
    ),
    plot=universe_reasons,
)
def mid_cap_xx(work: Work, tickers: Frame, daily_returns: Frame, daily_metrics: Frame, mv_liquidity_60d: Frame) -> Frame:
    """Only what was known at the first session decides; every exclusion has its reason."""
    return candidates(
        tickers,
        daily_returns,
        daily_metrics,
        mv_liquidity_60d,
        universe_year=work.year,
        settings=work.platform.settings,
    )


@table_asset(
    universe.MIDCAP_UNIVERSE,
    reads=(Read(universe.MID_CAP_XX), Read(market.TICKERS), Read(market.DAILY_RETURNS)),
)
def midcap_universe(work: Work, mid_cap_xx: Frame, tickers: Frame, daily_returns: Frame) -> Frame:
    """Names that stop trading stay members until their last price."""
    return members(mid_cap_xx, tickers, daily_returns)
