"""Ingest: pulls and exports judged before they are kept, and kept payloads read into rows."""

from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from kairos.frames import Frame, stack
from kairos.sources.completeness import check_seen_again, check_session_complete, check_swept
from kairos.sources.datasets import dataset_named
from kairos.sources.earlier import names_expected, rows_exported_before, rows_since_before
from kairos.sources.exported import MIN_NAMED_SHARE, Told, check_export, newest_day
from kairos.sources.landing import Landed, land
from kairos.sources.parse import Parsed, parse
from kairos.sources.payloads import PayloadStore
from kairos.sources.returned import kept_apart
from kairos.sources.sharadar import SharadarClient
from kairos.tables import raw
from kairos.tables.core import Cleaned
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse

DATASETS = ("tickers", "actions", "sep", "daily")
SWEEP_DAYS = 3  # `lastupdated` has day granularity and the vendor publishes twice a day
ACTIONS_SWEEP_DAYS = 90  # actions have no `lastupdated`; back-dated rows occur


def pull_exports(client: SharadarClient, store: PayloadStore, *, warehouse: Warehouse, min_tickers: int) -> Iterator[Frame]:
    """Land the vendor's bulk export of every dataset; yield the rows of `raw_payloads`, a frame per dataset.

    Raises:
        SourceError: An export failed, is older than the table or lacks rows of it, or is a sample in place of the table.
    """
    told = Told(min_tickers)
    for dataset in DATASETS:
        received = warehouse.read(raw.RAW_PAYLOADS, where=pl.col("dataset") == dataset)
        landed = land(kept_apart([client.export(dataset)], received), store)
        newest = newest_day(landed.rows, dataset_named(dataset))
        told.take(dataset, landed.rows)
        _check_beside_pages(client, landed, dataset, warehouse, newest)
        yield landed.payload_rows


def _check_beside_pages(client: SharadarClient, landed: Landed, dataset: str, warehouse: Warehouse, newest: date) -> None:
    spec = dataset_named(dataset)
    since = newest - timedelta(days=ACTIONS_SWEEP_DAYS) if dataset == "actions" else newest
    shown = stack(*(parse(payload).rows for payload in client.updated_since(dataset, since))).unique(spec.key)
    before = rows_exported_before(warehouse, landed.payload_rows)
    check_export(landed.rows, shown, spec, since=since, before=before)


def pull_session(
    client: SharadarClient, store: PayloadStore, session: date, *, warehouse: Warehouse, min_tickers: int
) -> Frame:
    """Land a session's prices and metrics and the corrections that came with them; return rows of `raw_payloads`.

    Raises:
        SourceError: A pull failed, the session's rows are absent or far fewer than on the session before, or a sweep lacks
            rows that the session or the delivery before it has.
    """
    received = warehouse.read(raw.RAW_PAYLOADS)
    priced, prices = _session(client, store, "sep", session, received=received)
    expected = names_expected(warehouse, "sep", session)
    check_session_complete(priced, expected, session=session, floor=min_tickers)
    measured, metrics = _session(client, store, "daily", session, received=received)
    expected = names_expected(warehouse, "daily", session)
    check_session_complete(measured, expected, session=session, dataset="daily", floor=round(MIN_NAMED_SHARE * priced))
    swept = session - timedelta(days=SWEEP_DAYS)
    actions_swept = session - timedelta(days=ACTIONS_SWEEP_DAYS)
    pulls = {
        "sep": (prices, swept),
        "daily": (metrics, swept),
        "tickers": (land(kept_apart(client.updated_since("tickers", swept), received), store), swept),
        "actions": (land(kept_apart(client.updated_since("actions", actions_swept), received), store), actions_swept),
    }
    for dataset, (landed, since) in pulls.items():
        spec = dataset_named(dataset)
        before = rows_since_before(warehouse, received, spec, source=landed.payload_rows["source"][0], since=since)
        found = landed.rows.unique(spec.key).height
        check_seen_again(found, before, dataset=dataset, since=since)
    return stack(*(landed.payload_rows for landed, _ in pulls.values())).with_columns(session=pl.lit(session))


def _session(
    client: SharadarClient, store: PayloadStore, dataset: str, session: date, *, received: Frame
) -> tuple[int, Landed]:
    """Land a session of prices or metrics and what changed shortly before it; return the names on the session too."""
    since = session - timedelta(days=SWEEP_DAYS)
    asked = kept_apart(client.session_rows(dataset, session), received)
    landed = land([*asked, *kept_apart(client.updated_since(dataset, since), received)], store)
    of_session = landed.rows["payload_id"].is_in([payload.payload_id for payload in asked])
    spec = dataset_named(dataset)
    check_swept(landed.rows.filter(of_session), landed.rows.filter(~of_session), spec, since=since)
    return landed.rows.filter(pl.col("date") == session)["ticker"].n_unique(), landed


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
    held = warehouse.identities(table)
    fresh = records.filter((pl.col("dataset") == dataset) & fetched_for).join(held, on="payload_id", how="anti")
    parsed: list[Parsed] = [parse(store.load(record)) for record in fresh.iter_rows(named=True)]
    return Cleaned(
        rows=stack(table.empty(), *(part.rows for part in parsed)),
        quarantine=stack(raw.QUARANTINE.empty(), *(part.rejects for part in parsed)),
    )
