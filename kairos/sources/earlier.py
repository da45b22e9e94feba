"""What earlier deliveries held: the measure of what a new one should bring."""

from datetime import date, timedelta

import polars as pl

from kairos.frames import Frame, stack
from kairos.sources.datasets import Dataset
from kairos.sources.returned import MARK, question
from kairos.tables.core import Table
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse

EXPECTED_WITHIN = timedelta(days=31)  # an older session says little about how many names there are


def names_expected(warehouse: Warehouse, dataset: str, session: date) -> int:
    """Return how many tickers have a raw row on the newest session before this one; 0 where none lies within a month.

    Args:
        warehouse: The raw tables.
        dataset: sep or daily.
        session: The session that is to come.
    """
    recent = pl.col("date").is_between(session - EXPECTED_WITHIN, session, closed="left")
    rows = _rows(warehouse, dataset).filter(recent).select("date", "ticker")
    newest = rows.filter(pl.col("date") == pl.col("date").max())
    return int(newest.select(pl.col("ticker").n_unique()).collect().item())


def rows_since_before(warehouse: Warehouse, received: Frame, spec: Dataset, *, source: str, since: date) -> int:
    """Return how many rows dated or changed since a day the newest delivery that has been read held; 0 where there is none.

    Args:
        warehouse: The raw tables.
        received: Rows of `raw_payloads` so far.
        spec: The dataset.
        source: Whose delivery is to come.
        since: The day.
    """
    dated = pl.col(spec.since_filter.partition(".")[0]) >= since
    return _newest_delivery(warehouse, received, spec, source=source).filter(dated).select(spec.key).unique().collect().height


def delivery_before(warehouse: Warehouse, received: Frame, spec: Dataset, *, source: str, session: date) -> Frame:
    """Return the rows of the newest delivery that has been read and was not pulled for this session; may be none.

    Args:
        warehouse: The raw tables.
        received: Rows of `raw_payloads` so far.
        spec: The dataset.
        source: Whose delivery.
        session: The session that is to come, or to be completed.
    """
    others = received.filter(pl.col("session").is_null() | (pl.col("session") != session))
    return _newest_delivery(warehouse, others, spec, source=source).collect()


def _newest_delivery(warehouse: Warehouse, received: Frame, spec: Dataset, *, source: str) -> pl.LazyFrame:
    read = stack(*(warehouse.identities(table) for table in _tables(spec.name)))
    payloads = received.filter(pl.col("source") == source).join(read, on="payload_id", how="semi").sort("fetched_at")
    newest = payloads.tail(1)
    session = newest["session"][0] if newest.height else None
    delivery = newest if session is None else payloads.filter(session=session)
    return _rows(warehouse, spec.name).filter(pl.col("payload_id").is_in(delivery["payload_id"].implode()))


def rows_exported_before(warehouse: Warehouse, records: Frame) -> int:
    """Return how many rows the newest export before these had: rows of `raw_payloads` of one dataset."""
    source, dataset, request = records.select("source", "dataset", "request").row(0)
    same = (
        (pl.col("source") == source)
        & (pl.col("dataset") == dataset)
        & (question(pl.col("request")) == request.partition(MARK)[0])
    )
    before = warehouse.read(RAW_PAYLOADS, where=same & pl.col("session").is_null()).sort("fetched_at")
    return int(before["rows"][-1]) if before.height else 0


def _rows(warehouse: Warehouse, dataset: str) -> pl.LazyFrame:
    return pl.concat([warehouse.scan(table).select(table.columns) for table in _tables(dataset)])


def _tables(dataset: str) -> tuple[Table, Table]:
    return TABLES[f"raw_{dataset}"], TABLES[f"raw_{dataset}_bulk"]
