"""Universe tables: who could be traded in a universe year, decided by what was known at its first session."""

import pandera.polars as pa
import polars as pl

from kairos.tables.core import Partition, Table, field, measure

REASONS = [
    "member",
    "no_marketcap",
    "not_common_stock",
    "too_few_sessions",
    "not_trading",
    "marketcap_too_small",
    "marketcap_too_large",
    "dollar_volume_too_small",
    "price_too_low",
]


class MidCapXxRows(pa.DataFrameModel):
    """One candidate of one universe year."""

    universe_year: pl.Int32 = field("First year of the universe")
    permaticker: int = field("Permanent security id")
    ticker: str = field("Ticker at the decision")
    included: bool = field("Whether it is a member")
    reason: str = field("Why it is in or out; `no_marketcap` is in by dollar volume alone", isin=REASONS)
    marketcap: float = measure("Market capitalisation known at the decision", "USD")
    avg_dollar_vol_60d: float = measure("60-session average dollar volume at the decision", "USD a session")
    closeunadj: float = measure("Last unadjusted close before the decision", "USD")
    sessions_before: int = field("Sessions with prices in the two years before the year starts", "sessions", ge=0)
    first_session: pl.Date = field("First session with a price, in the two years before the year or later")
    last_session: pl.Date = measure("Last session with a price before the decision")
    category: str = measure("Kind of security")
    sector: str = measure("Sector")


class MidcapUniverseRows(pa.DataFrameModel):
    """One member of one universe year."""

    universe_year: pl.Int32 = field("First year of the universe")
    permaticker: int = field("Permanent security id")
    ticker: str = field("Ticker at the decision")
    sector: str = measure("Sector")
    entry: pl.Date = field("First session as a member")
    exit: pl.Date = measure("Last session with a price, for a name that stopped trading; null while it trades")
    reason: str = field("How membership stands: trading, or why it ended", isin=["trading", "merger", "performance", "unknown"])


def _universe(name: str, rows: type[pa.DataFrameModel], description: str, view: str) -> Table:
    return Table(
        name,
        group="universe",
        key=("universe_year", "permaticker"),
        rows=rows,
        origin="tickers, sep_base, daily_metrics, mv_liquidity_60d",
        description=description,
        partition=Partition.UNIVERSE_YEARS,
        partition_by=("universe_year",),
        yearly_view=view,
    )


MID_CAP_XX = _universe(
    "mid_cap_xx", MidCapXxRows, "Every candidate of a universe year with the reason it is in or out.", "mid_cap_{year}"
)
MIDCAP_UNIVERSE = _universe(
    "midcap_universe",
    MidcapUniverseRows,
    "The members of a universe year, those that died later included.",
    "midcap_{year}_universe",
)

TABLES = (MID_CAP_XX, MIDCAP_UNIVERSE)
