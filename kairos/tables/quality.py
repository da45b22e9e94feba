"""Quality tables: what became of data after it was first delivered."""

import pandera.polars as pa
import polars as pl

from kairos.frames import UTC_TIME
from kairos.tables.core import Partition, Table, field, measure
from kairos.tables.market import KNOWN_SOURCES

CORRECTION, READJUSTMENT, FILLED, DISAPPEARED, RENAME = KINDS = (
    "correction",
    "readjustment",
    "filled",
    "disappeared",
    "rename",
)


class CorrectionsRows(pa.DataFrameModel):
    """One value of one security's session that a later delivery changed."""

    permaticker: int = field("Permanent security id")
    session: pl.Date = field("NYSE session whose price row was delivered again")
    known_at: UTC_TIME = field("When the new value could have been known")
    column_name: str = field("Column that changed; `ticker` where the row came under another one")
    ticker: str = field("Ticker the new version was filed under")
    ticker_before: str = field("Ticker the version before it was filed under")
    kind: str = field(
        "readjustment: closeadj alone, or all prices by one ratio, as after dividends and splits; filled and disappeared: "
        "from or to no value; rename: the ticker; correction: all else",
        isin=list(KINDS),
    )
    old_value: float = measure("Value of the version before it; null for a ticker", "as the column")
    new_value: float = measure("Value from known_at on; null for a ticker", "as the column")
    change: float = measure("new / old - 1; null where one is missing or the old one is 0", "fraction")
    known_at_before: UTC_TIME = field("When the old value could have been known")
    known_source: str = field("How known_at came to be", isin=KNOWN_SOURCES)
    sessions_late: int = field("Sessions whose prices came out after this one was first known and by known_at", ge=0)
    session_names: int = field("Securities with a price on the session, to take shares of", "securities", ge=1)
    source: str = field("Who delivered the new version")
    payload_id: str = field("Payload that the new version came in")


CORRECTIONS = Table(
    "corrections",
    group="quality",
    key=("permaticker", "session", "known_at", "column_name"),
    rows=CorrectionsRows,
    origin="sep_versions",
    description="One value of a price row that a later delivery changed: from what to what, when, and of which kind.",
    partition=Partition.YEARS,
    partition_by=("year",),
)

TABLES = (CORRECTIONS,)
