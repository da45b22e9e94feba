"""Ingest: a session's pull judged before it is kept, and kept payloads read into rows."""

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from kairos.frames import Frame, stack
from kairos.sources.landing import land
from kairos.sources.parse import Parsed, parse
from kairos.sources.payloads import PayloadStore
from kairos.sources.sharadar import SharadarClient, check_not_sample, check_session_complete
from kairos.tables import raw
from kairos.tables.core import Cleaned
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse

DATASETS = ("tickers", "actions", "sep", "daily")
SWEEP_DAYS = 3  # `lastupdated` has day granularity and the vendor publishes twice a day
EXPECTED_WITHIN = timedelta(days=31)  # an older session says little about how many names there are
ACTIONS_SWEEP_DAYS = 90  # actions have no `lastupdated`; back-dated rows occur


def pull_exports(client: SharadarClient, store: PayloadStore, *, min_tickers: int) -> Iterator[Frame]:
    """Land the vendor's bulk export of every dataset; yield the rows of `raw_payloads`, a frame per dataset.

    Raises:
        SourceError: An export failed, or is a sample in place of the table.
    """
    for dataset in DATASETS:
        landed = land([client.export(dataset)], store)
        if dataset == "sep":
            check_not_sample(landed.rows, floor=min_tickers)
        yield landed.payload_rows


def pull_session(client: SharadarClient, store: PayloadStore, session: date, *, warehouse: Warehouse) -> Frame:
    """Land a session's prices and metrics and the corrections that came with them; return rows of `raw_payloads`.

    Raises:
        SourceError: A pull failed, or the session's prices are absent or far fewer than on the session before.
    """
    swept = session - timedelta(days=SWEEP_DAYS)
    prices = land([*client.session_rows("sep", session), *client.updated_since("sep", swept)], store)
    found = prices.rows.filter(pl.col("date") == session)["ticker"].n_unique()
    check_session_complete(found, names_expected(warehouse, session), session=session)
    pulls = (
        prices,
        land([*client.session_rows("daily", session), *client.updated_since("daily", swept)], store),
        land(client.updated_since("tickers", swept), store),
        land(client.updated_since("actions", session - timedelta(days=ACTIONS_SWEEP_DAYS)), store),
    )
    return stack(*(pull.payload_rows for pull in pulls)).with_columns(session=pl.lit(session))


def names_expected(warehouse: Warehouse, session: date) -> int:
    """Return how many tickers have a raw price row on the newest session before this one; 0 where none lies within a month."""
    recent = pl.col("date").is_between(session - EXPECTED_WITHIN, session, closed="left")
    tables = (raw.RAW_SEP, raw.RAW_SEP_BULK)
    rows = pl.concat([warehouse.scan(table).filter(recent).select("date", "ticker") for table in tables])
    newest = rows.filter(pl.col("date") == pl.col("date").max())
    return int(newest.select(pl.col("ticker").n_unique()).collect().item())


def read_payloads(records: Frame, store: PayloadStore, *, dataset: str, session: date | None, warehouse: Warehouse) -> Cleaned:
    """Read the payloads of a dataset that its raw table does not hold yet.

    Args:
        records: Rows of `raw_payloads`.
        store: Where the bytes are.
        dataset: sep, tickers, actions or daily.
        session: The session they were fetched for; None for bulk exports and files.
        warehouse: Tells which payloads have been read.

    Raises:
        SourceError: A payload cannot be read.
        WarehouseError: The bytes of a payload are missing or changed.
    """
    table = TABLES[f"raw_{dataset}_bulk" if session is None else f"raw_{dataset}"]
    fetched_for = pl.col("session").is_null() if session is None else pl.col("session") == session
    held = warehouse.scan(table).select("payload_id").unique().collect()
    fresh = records.filter((pl.col("dataset") == dataset) & fetched_for).join(held, on="payload_id", how="anti")
    parsed: list[Parsed] = [parse(store.load(record)) for record in fresh.iter_rows(named=True)]
    return Cleaned(
        rows=stack(table.empty(), *(part.rows for part in parsed)),
        quarantine=stack(raw.QUARANTINE.empty(), *(part.rejects for part in parsed)),
    )
