"""Raw tables of the feeds: one of daily pulls and one of bulk answers and files for each dataset, nothing mended."""

import pandera.polars as pa

from kairos.tables.core import Partition, Table
from kairos.tables.fmp_columns import (
    BALANCE,
    CASH_FLOW,
    ESTIMATES,
    INCOME,
    KEY_METRICS,
    NEWS,
    PROFILE,
    RATING,
    RATIOS,
    SOCIAL,
    Columns,
)
from kairos.tables.raw import RawRows
from kairos.tables.sf1_columns import CONGRESS, INSIDERS, MENTIONS, SF1, SP500

FMP = "Financial Modeling Prep, {}; or a capture of it through `kairos import`"
SHARADAR = "Nasdaq Data Link, Sharadar {}; or a file through `kairos import`"
QUIVER = "Quiver Quantitative, {}; or a file through `kairos import`"

FEED_COLUMNS: dict[str, tuple[str, Columns]] = {
    "fmp_income_statement": (FMP.format("income statements"), INCOME),
    "fmp_balance_sheet": (FMP.format("balance sheets"), BALANCE),
    "fmp_cash_flow": (FMP.format("cash flow statements"), CASH_FLOW),
    "fmp_key_metrics": (FMP.format("key metrics"), KEY_METRICS),
    "fmp_ratios": (FMP.format("ratios"), RATIOS),
    "fmp_analyst_estimates": (FMP.format("analyst estimates"), ESTIMATES),
    "fmp_rating": (FMP.format("ratings"), RATING),
    "fmp_profile": (FMP.format("company profiles"), PROFILE),
    "fmp_news": (FMP.format("stock news"), NEWS),
    "fmp_social": (FMP.format("social sentiment"), SOCIAL),
    "sf1": (SHARADAR.format("SF1"), SF1),
    "sp500": (SHARADAR.format("SP500"), SP500),
    "quiver_congress": (QUIVER.format("trades of Congress"), CONGRESS),
    "quiver_insiders": (QUIVER.format("trades of insiders"), INSIDERS),
    "quiver_social": (QUIVER.format("mentions on WallStreetBets"), MENTIONS),
}
"""Origin and delivered columns of every feed, by dataset."""


def _raw(dataset: str, partition: Partition) -> Table:
    origin, columns = FEED_COLUMNS[dataset]
    daily = partition is Partition.SESSIONS
    how = "daily pulls" if daily else "backfills, bulk answers and imported files"
    return Table(
        f"raw_{dataset}" if daily else f"raw_{dataset}_bulk",
        group="raw",
        key=("payload_id", "row"),
        rows=pa.DataFrameSchema({**RawRows.to_schema().columns, **columns}),
        origin=origin,
        description=f"Rows of {dataset} as sent, from {how}; every version is kept.",
        partition=partition,
        partition_by=("received_year",),
        identity=("payload_id",),
    )


RAW_FEEDS: dict[str, Table] = {dataset: _raw(dataset, Partition.SESSIONS) for dataset in FEED_COLUMNS}
"""The tables of daily pulls, by dataset."""
RAW_FEEDS_BULK: dict[str, Table] = {dataset: _raw(dataset, Partition.NONE) for dataset in FEED_COLUMNS}
"""The tables of everything that was not pulled for one session, by dataset."""

TABLES = tuple(table for dataset in FEED_COLUMNS for table in (RAW_FEEDS[dataset], RAW_FEEDS_BULK[dataset]))
