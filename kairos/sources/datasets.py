"""The datasets of prices: their raw table, the vendor's code, key and filters; and every dataset by name."""

from kairos.errors import SourceError
from kairos.sources.archives import ARCHIVES
from kairos.sources.core import BOOKKEEPING, Dataset, require_expected
from kairos.sources.feeds import FEEDS
from kairos.tables.raw import RAW_ACTIONS, RAW_DAILY, RAW_SEP, RAW_TICKERS

__all__ = [
    "ACTIONS",
    "BOOKKEEPING",
    "DAILY",
    "DATASETS",
    "EVERY",
    "SEP",
    "TICKERS",
    "Dataset",
    "dataset_named",
    "require_expected",
]

TICKER_ALIASES = ("symbol", "tick", "sym", "ric", "secid")
DATE_ALIASES = ("session", "day", "tradedate", "trade_date", "datetime", "timestamp")
SEP_ALIASES = {
    "ticker": TICKER_ALIASES,
    "date": DATE_ALIASES,
    "open": ("open_price", "o"),
    "high": ("high_price", "h"),
    "low": ("low_price", "l"),
    "close": ("close_price", "last", "c"),
    "volume": ("vol", "shares_traded", "v"),
    "closeadj": ("adj_close", "adj close", "adjclose", "adjusted_close", "adjusted close", "close_adj"),
    "closeunadj": ("close_unadj", "unadjusted_close", "raw_close", "close_raw"),
}
SEP_COLUMNS = ("ticker", "date", "open", "high", "low", "close", "volume", "closeadj", "closeunadj", "lastupdated")

SEP = Dataset(
    "sep",
    table=RAW_SEP,
    vendor_code="SHARADAR/SEP",
    key=("ticker", "date"),
    required=("ticker", "date", "close"),
    expected=SEP_COLUMNS,
    rejecting=("ticker", "date", "close"),
    since_filter="lastupdated.gte",
    session_filter="date",
    aliases=SEP_ALIASES,
)
TICKERS_COLUMNS = tuple(name for name in RAW_TICKERS.dtypes if name not in BOOKKEEPING)
TICKERS = Dataset(
    "tickers",
    table=RAW_TICKERS,
    vendor_code="SHARADAR/TICKERS",
    key=("table", "permaticker", "ticker"),
    required=("table", "permaticker", "ticker"),
    expected=TICKERS_COLUMNS,
    rejecting=("table", "permaticker", "ticker"),
    since_filter="lastupdated.gte",
    fixed={"table": "SEP"},  # one row per vendor table: without this each security comes several times
    aliases={"ticker": TICKER_ALIASES},
)
ACTIONS = Dataset(
    "actions",
    table=RAW_ACTIONS,
    vendor_code="SHARADAR/ACTIONS",
    key=("date", "ticker", "name", "action", "contraname", "contraticker"),
    required=("date", "action", "ticker"),
    expected=("date", "action", "ticker", "name", "value", "contraticker", "contraname"),
    rejecting=("date", "action", "ticker", "value"),
    since_filter="date.gte",  # the vendor's table has no lastupdated
    session_filter="date",
    aliases={"ticker": TICKER_ALIASES, "date": DATE_ALIASES},
)
DAILY = Dataset(
    "daily",
    table=RAW_DAILY,
    vendor_code="SHARADAR/DAILY",
    key=("ticker", "date"),
    required=("ticker", "date", "marketcap"),
    expected=("ticker", "date", "lastupdated", "ev", "evebit", "evebitda", "marketcap", "pb", "pe", "ps"),
    rejecting=("ticker", "date"),
    since_filter="lastupdated.gte",
    session_filter="date",
    aliases={"ticker": TICKER_ALIASES, "date": DATE_ALIASES, "marketcap": ("market_cap", "mktcap", "marketcapitalization")},
)

DATASETS = {dataset.name: dataset for dataset in (SEP, TICKERS, ACTIONS, DAILY)}
"""The datasets of prices, by name."""
EVERY = {**DATASETS, **FEEDS, **ARCHIVES}
"""Prices, feeds and archives, by name."""


def dataset_named(name: str) -> Dataset:
    """Return the dataset of that name: of prices, a feed or an archive.

    Raises:
        SourceError: There is none.
    """
    if name not in EVERY:
        raise SourceError(f"dataset {name!r}: unknown; expected one of {', '.join(EVERY)}.")
    return EVERY[name]
