"""Raw tables of what comes as files alone, no vendor being asked: archives of posts and of announced earnings."""

import pandera.polars as pa

from kairos.tables.core import Table
from kairos.tables.fmp_columns import PER_SHARE, RECORD, Columns, day, number, text
from kairos.tables.raw import RawRows

POSTS: Columns = {
    "symbol": text("Symbol the post is about", nullable=False),
    "posted_at": text("When it was posted, as sent: with its offset, or taken for US Eastern", nullable=False),
    "text": text("The post", nullable=False),
    **RECORD,
}
SURPRISES: Columns = {
    "symbol": text("Symbol as sent", nullable=False),
    "date": day("Day of the announcement", nullable=False),
    "quarter": text("Fiscal quarter, as the source labels it"),
    "eps_estimated": number("Expected earnings per share, on the split basis of the source's day", PER_SHARE),
    "eps_actual": number("Announced earnings per share, on the same basis", PER_SHARE),
    "eps_surprise": number("Announced less expected, as sent", PER_SHARE),
    "release_time": text("pre (bmo) before the day's open, post (amc) after its close, as sent"),
    **RECORD,
}
ARCHIVE_COLUMNS: dict[str, Columns] = {"social_posts": POSTS, "earnings_surprises": SURPRISES}
"""Delivered columns of every archive, by dataset."""


def _raw(dataset: str, columns: Columns) -> Table:
    return Table(
        f"raw_{dataset}_bulk",
        group="raw",
        key=("payload_id", "row"),
        rows=pa.DataFrameSchema({**RawRows.to_schema().columns, **columns}),
        origin="Files through `kairos import`",
        description=f"Rows of {dataset} as sent, from imported files; every version is kept.",
        partition_by=("received_year",),
        identity=("payload_id",),
    )


RAW_ARCHIVES: dict[str, Table] = {dataset: _raw(dataset, columns) for dataset, columns in ARCHIVE_COLUMNS.items()}
"""The tables by dataset."""

TABLES = tuple(RAW_ARCHIVES.values())
