"""Which years a pull of the feeds brought news of."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.frames import stack
from kairos.market.loaded import years_loaded
from kairos.sources.feeds import FEEDS
from kairos.tables.feeds import RAW_FEEDS, RAW_FEEDS_BULK
from kairos.tables.raw import RAW_PAYLOADS
from kairos.warehouse.store import Warehouse

STAMPS = {
    "fmp_income_statement": ("accepted_date", "filing_date", "date"),
    "fmp_balance_sheet": ("accepted_date", "filing_date", "date"),
    "fmp_cash_flow": ("accepted_date", "filing_date", "date"),
    "fmp_key_metrics": ("date",),
    "fmp_ratios": ("date",),
    "fmp_news": ("published_date",),
    "sp500": ("date",),
}
"""Columns that say since when a row may have been known, the first that is filled; other feeds are known from receipt."""


def years_of_news(warehouse: Warehouse, sessions: Sequence[date]) -> tuple[int, ...]:
    """Return the calendar years to build again after pulls of the feeds: from the earliest news to the last year with prices.

    A row that an earlier delivery held word for word is no news.

    Args:
        warehouse: The raw tables, with the rows of these pulls.
        sessions: Sessions that were pulled.
    """
    if not sessions:
        return ()
    pulled = warehouse.read(RAW_PAYLOADS, columns=["payload_id"], where=pl.col("session").is_in(list(sessions)))
    ids = pulled["payload_id"].implode()
    first = min([min(sessions).year, *filter(None, (_first_year(warehouse, name, ids) for name in STAMPS))])
    loaded = years_loaded(warehouse)
    return tuple(range(max([first, *loaded[:1]]), max([first, *loaded]) + 1))


def _first_year(warehouse: Warehouse, dataset: str, ids: pl.Series) -> int | None:
    """Return the year of a dataset's earliest news; None where there is none."""
    said = list(FEEDS[dataset].key) if dataset == "sp500" else ["symbol", "record"]
    columns = ["payload_id", *dict.fromkeys([*said, *STAMPS[dataset]])]
    rows = stack(*(warehouse.read(tables[dataset], columns=columns) for tables in (RAW_FEEDS, RAW_FEEDS_BULK)))
    new = pl.col("payload_id").is_in(ids)
    news = rows.filter(new).join(rows.filter(~new), on=said, how="anti")
    stamp = pl.coalesce(pl.col(name).cast(pl.String) for name in STAMPS[dataset])
    found = news.select(stamp.str.head(4).cast(pl.Int32, strict=False).min()).item()
    return None if found is None else int(found)
