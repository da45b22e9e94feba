"""The datasets that can be fetched or imported: their raw table, the vendor's code, key and filters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from kairos.errors import SourceError
from kairos.tables.core import Table
from kairos.tables.raw import RAW_ACTIONS, RAW_DAILY, RAW_SEP, RAW_TICKERS, RawRows

BOOKKEEPING = tuple(RawRows.to_schema().columns)
"""Columns that Kairos adds to every raw row."""


@dataclass(frozen=True)
class Dataset:
    """One kind of rows.

    Attributes:
        name: Short name: sep, tickers, actions or daily.
        table: Raw table that declares the columns.
        vendor_code: Path of the table at Nasdaq Data Link.
        key: The vendor's primary key.
        required: Columns without which no file is accepted.
        expected: Columns that the vendor always sends; an answer without one is refused.
        rejecting: Columns whose unreadable value rejects the row; elsewhere only the value is dropped.
        since_filter: Filter that finds what changed since a day.
        session_filter: Filter that finds one day, if there is one.
        fixed: Filters that go with every request.
        aliases: Names under which other vendors deliver a column, lower case.
    """

    name: str
    table: Table
    vendor_code: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    expected: tuple[str, ...]
    rejecting: tuple[str, ...]
    since_filter: str
    session_filter: str | None = None
    fixed: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Names and types of the columns that a source delivers, in the raw table's order."""
        return {name: dtype for name, dtype in self.table.dtypes.items() if name not in BOOKKEEPING}

    @property
    def never_null(self) -> tuple[str, ...]:
        """Delivered columns that every row must fill."""
        columns = self.table.schema.columns
        return tuple(name for name in self.dtypes if not columns[name].nullable)


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


def dataset_named(name: str) -> Dataset:
    """Return the dataset of that name.

    Raises:
        SourceError: There is none.
    """
    if name not in DATASETS:
        raise SourceError(f"dataset {name!r}: unknown; expected one of {', '.join(DATASETS)}.")
    return DATASETS[name]


def require_expected(found: Iterable[str], *, dataset: Dataset, where: str) -> None:
    """Raise if a vendor's answer lacks a column that the vendor always sends.

    Raises:
        SourceError: One or more are missing; the message names them.
    """
    present = list(found)
    missing = [name for name in dataset.expected if name not in present]
    if missing:
        raise SourceError(
            f"{where}: column(s) {', '.join(missing)} missing from {dataset.vendor_code}; "
            f"found {', '.join(present) or 'none'}. Nothing was read; the vendor may have changed "
            "its table: run again later, or look for a newer Kairos."
        )
