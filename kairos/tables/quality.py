"""Quality tables: what became of data after it was first delivered."""

import pandera.polars as pa
import polars as pl

from kairos.frames import UTC_TIME
from kairos.tables.core import Partition, Table, field, measure
from kairos.tables.market import KNOWN_SOURCES

CORRECTION, READJUSTMENT, FILLED, DISAPPEARED, RENAME, MEMBERSHIP = KINDS = (
    "correction",
    "readjustment",
    "filled",
    "disappeared",
    "rename",
    "membership",
)
LEVELS = ["ok", "warn", "block"]
MEASURES = ["freshness", "completeness", "null_rate", "drift", "agreement"]


class CorrectionsRows(pa.DataFrameModel):
    """One value of one security's session, or its membership in the S&P 500, that a later delivery changed."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field(
        "NYSE session whose price row was delivered again; of a membership the one by whose evening it was told"
    )
    known_at: UTC_TIME = field("When the new value could have been known")
    column_name: str = field("Column that changed; `ticker` where the row came under another one, `sp500` for a membership")
    ticker: str = field("Ticker the new version was filed under")
    ticker_before: str = field("Ticker the version before it was filed under")
    kind: str = field(
        "readjustment: closeadj alone, or all prices by one ratio, as after dividends and splits; filled and disappeared: "
        "from or to no value; rename: the ticker; membership: joined (0 to 1) or left (1 to 0) the S&P 500; "
        "correction: all else",
        isin=list(KINDS),
    )
    old_value: float = measure("Value of the version before it; null for a ticker", "as the column")
    new_value: float = measure("Value from known_at on; null for a ticker", "as the column")
    change: float = measure("new / old - 1; null where one is missing or the old one is 0", "fraction")
    known_at_before: UTC_TIME = field("When the old value could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)
    sessions_late: int = field("Sessions whose prices came out after this one was first known and by known_at", ge=0)
    session_names: int = field("Securities with a price on the session, or members, to take shares of", "securities", ge=1)
    source: str = field("Who delivered the new version")
    payload_id: str = field("Payload that the new version came in")


CORRECTIONS = Table(
    "corrections",
    group="quality",
    key=("permaticker", "session", "known_at", "column_name"),
    rows=CorrectionsRows,
    origin="sep_versions, sp500",
    description="A value of a price row, or a membership, changed by a later delivery: from what to what, when, of which kind.",
    partition=Partition.YEARS,
    partition_by=("year",),
)


class QualityResultsRows(pa.DataFrameModel):
    """One figure of one table on one session."""

    table_name: str = field("Table that is judged")
    session: pl.Date = field("NYSE session by which its facts were known: the last of a month, and the last loaded")
    check_name: str = field(
        "freshness: sessions since the newest fact; completeness: share of the companies that trade, or of the sessions; "
        "null_rate: share of rows without a value; drift: population stability index against the year before; "
        "agreement: share of values within 1 % of another source's",
        isin=MEASURES,
    )
    column_name: str = field("Column that is judged; empty where it is whole rows")
    value: float = field("What was measured", "sessions, share or index")
    expected: float = field("Bound beyond which a person should look; from above for shares that should be high", "as value")
    level: str = field("ok; warn: a person should look; block: wrong data would reach a model", isin=LEVELS)
    detail: str = field("Where the figure comes from, in words")


QUALITY_RESULTS = Table(
    "quality_results",
    group="quality",
    key=("table_name", "session", "check_name", "column_name"),
    rows=QualityResultsRows,
    origin="every base table of prices and of the feeds, raw_fmp_income_statement, raw_fmp_balance_sheet, raw_sf1",
    description="How fresh, complete, filled, steady and agreeing one table was on one session.",
    partition=Partition.YEARS,
    partition_by=("year",),
)

TABLES = (CORRECTIONS, QUALITY_RESULTS)
