"""Market assets: from raw rows to prices, returns and liquidity by permanent id."""

from assets.table_asset import Work, table_asset
from kairos.frames import Frame, stack
from kairos.market.actions import corporate_actions
from kairos.market.base import latest_versions
from kairos.market.checks import CHECKS
from kairos.market.constituents import memberships
from kairos.market.liquidity import liquidity_60d
from kairos.market.loaded import price_spans, sessions_loaded
from kairos.market.metrics import daily_metrics as metrics_in_usd
from kairos.market.returns import daily_returns as chained_returns
from kairos.market.tickers import securities
from kairos.market.versions import build_versions
from kairos.market.waivers import read_waivers
from kairos.plots.tables import missingness
from kairos.tables import market, raw
from kairos.tables.core import Cleaned
from kairos.tables.feeds import RAW_FEEDS, RAW_FEEDS_BULK
from resources.table_io import ALL_DAYS, Read

SEP = (Read(raw.RAW_SEP), Read(raw.RAW_SEP_BULK))
TICKERS = (Read(raw.RAW_TICKERS), Read(raw.RAW_TICKERS_BULK))
# whole: a dividend of any year is restated by every split after it
ACTIONS = (Read(raw.RAW_ACTIONS, neighbour_days=ALL_DAYS), Read(raw.RAW_ACTIONS_BULK, neighbour_days=ALL_DAYS))
MEMBERS = tuple(Read(table["sp500"], neighbour_days=ALL_DAYS) for table in (RAW_FEEDS, RAW_FEEDS_BULK))
DAILY = (Read(raw.RAW_DAILY), Read(raw.RAW_DAILY_BULK))


@table_asset(market.TICKERS, reads=(*TICKERS, *ACTIONS), deps=SEP)
def tickers(work: Work, **received: Frame) -> Frame:
    """Validity intervals come from ticker changes; ids are minted where a file has only symbols."""
    named = stack(received["raw_tickers"], received["raw_tickers_bulk"])
    changes = stack(received["raw_actions"], received["raw_actions_bulk"])
    return securities(named, changes, price_spans(work.platform.warehouse))


@table_asset(market.SEP_VERSIONS, reads=(*SEP, *TICKERS))
def sep_versions(work: Work, **received: Frame) -> Cleaned:
    """Rows that no rule can accept go to `quarantine` with their reason."""
    rows = stack(received["raw_sep"], received["raw_sep_bulk"])
    named = stack(received["raw_tickers"], received["raw_tickers_bulk"])
    return build_versions(rows, named, year=work.year, waivers=read_waivers(work.platform.settings.home))


@table_asset(market.SEP_BASE, reads=(Read(market.SEP_VERSIONS),), checks=CHECKS["sep_base"], plot=missingness)
def sep_base(work: Work, sep_versions: Frame) -> Frame:
    """The newest version of every row; `as_of` gives the state of any earlier instant."""
    return latest_versions(sep_versions)


@table_asset(market.SP500, reads=(*MEMBERS, *TICKERS))
def sp500(work: Work, **received: Frame) -> Cleaned:
    """A list of today that lacks a name ends its membership from its receipt on; what was known before stays."""
    rows = stack(received["raw_sp500"], received["raw_sp500_bulk"])
    named = stack(received["raw_tickers"], received["raw_tickers_bulk"])
    return memberships(rows, named, year=work.year)


@table_asset(market.ACTIONS, reads=(*ACTIONS, Read(market.TICKERS), Read(market.SEP_VERSIONS, years_back=1)))
def actions(work: Work, *, tickers: Frame, sep_versions: Frame, **received: Frame) -> Cleaned:
    """Dividends are as paid, not as the vendor restates them after later splits."""
    rows = stack(received["raw_actions"], received["raw_actions_bulk"])
    return corporate_actions(rows, tickers, sep_versions, year=work.year)


@table_asset(market.DAILY_METRICS, reads=(*DAILY, *TICKERS))
def daily_metrics(work: Work, **received: Frame) -> Cleaned:
    """Market capitalisation and enterprise value in USD."""
    rows = stack(received["raw_daily"], received["raw_daily_bulk"])
    named = stack(received["raw_tickers"], received["raw_tickers_bulk"])
    return metrics_in_usd(rows, named, year=work.year)


@table_asset(
    market.DAILY_RETURNS,
    reads=(Read(market.SEP_VERSIONS, years_back=1), Read(market.ACTIONS, years_back=1), Read(market.TICKERS)),
    deps=(Read(market.SEP_BASE),),  # what its checks stop goes no further
    checks=CHECKS["daily_returns"],
    plot=missingness,
)
def daily_returns(work: Work, sep_versions: Frame, actions: Frame, tickers: Frame) -> Cleaned:
    """Each session's own total return, taken once; a later split or dividend rewrites nothing."""
    return chained_returns(
        sep_versions,
        actions,
        tickers,
        year=work.year,
        sessions_loaded=sessions_loaded(work.platform.warehouse),
        waivers=read_waivers(work.platform.settings.home),
    )


@table_asset(market.MV_LIQUIDITY_60D, reads=(Read(market.DAILY_RETURNS, years_back=1),), from_reads_alone=True)
def mv_liquidity_60d(work: Work, daily_returns: Frame) -> Frame:
    """Windows count market sessions, so that a halt shows as sessions without volume."""
    return liquidity_60d(daily_returns, year=work.year)
