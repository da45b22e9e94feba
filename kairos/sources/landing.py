"""Landing: payloads are kept, then parsed. Writing the tables is the warehouse's."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from kairos.errors import SourceError
from kairos.frames import Frame
from kairos.sources.datasets import dataset_named
from kairos.sources.parse import parse
from kairos.sources.payloads import Payload, PayloadStore
from kairos.tables.core import Cleaned
from kairos.tables.raw import QUARANTINE


def payload_rows_for(payloads: Iterable[Payload], store: PayloadStore, *, session: date | None) -> Frame:
    """Keep every payload and return the rows of `raw_payloads`; a payload that comes twice counts once.

    Args:
        payloads: Of any datasets.
        store: Where the bytes go, before they are read.
        session: Session they were fetched for; none for bulk exports and files.

    Raises:
        SourceError: No payload came, or one cannot be read (its bytes are kept).
        WarehouseError: The bytes could not be kept.
    """
    records: dict[str, Frame] = {}
    for payload in payloads:
        if payload.payload_id not in records:
            store.put(payload)
            records[payload.payload_id] = parse(payload).payload_row
    if not records:
        raise SourceError("landing: no payload came, expected at least one. Check what was asked for.")
    return pl.concat(records.values()).with_columns(pl.lit(session, dtype=pl.Date).alias("session"))


def rows_of(records: Frame, store: PayloadStore, *, dataset: str) -> Cleaned:
    """Return the raw rows of one dataset, and what could not be read, from payloads kept before.

    Args:
        records: Rows of `raw_payloads`; those of other datasets are passed over.
        store: Where their bytes lie.
        dataset: sep, tickers, actions or daily.

    Raises:
        SourceError: A payload cannot be read.
        WarehouseError: Its bytes are missing or changed.
    """
    wanted = records.filter(pl.col("dataset") == dataset).unique("payload_id", maintain_order=True)
    parsed = [parse(store.load(record)) for record in wanted.iter_rows(named=True)]
    return Cleaned(
        rows=pl.concat([dataset_named(dataset).table.empty(), *(part.rows for part in parsed)]),
        quarantine=pl.concat([QUARANTINE.empty(), *(part.rejects for part in parsed)]),
    )
