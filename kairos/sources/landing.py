"""Landing: payloads are kept, then parsed, and their rows gathered. Writing the tables is the warehouse's."""

from collections.abc import Iterable
from dataclasses import dataclass

from kairos.errors import SourceError
from kairos.frames import Frame, stack
from kairos.sources.parse import Parsed, parse
from kairos.sources.payloads import Payload, PayloadStore


@dataclass(frozen=True)
class Landed:
    """What a pull brought.

    Attributes:
        payload_rows: Rows of `raw_payloads`, one per payload; their session is null.
        rows: Rows of the dataset's raw table.
        rejects: Rows of `quarantine`.
    """

    payload_rows: Frame
    rows: Frame
    rejects: Frame


def land(payloads: Iterable[Payload], store: PayloadStore) -> Landed:
    """Keep every payload, parse it, and return all rows; a payload that comes twice counts once.

    Raises:
        SourceError: No payload came, they are of different datasets, or one cannot be read (its bytes are kept).
        WarehouseError: The bytes could not be kept.
    """
    landed: dict[str, Parsed] = {}
    datasets: set[str] = set()
    for payload in payloads:
        datasets.add(payload.dataset)
        if len(datasets) > 1:
            raise SourceError(f"landing: payloads of {' and '.join(sorted(datasets))} together; land each dataset by itself.")
        if payload.payload_id not in landed:
            store.put(payload)
            landed[payload.payload_id] = parse(payload)
    if not landed:
        raise SourceError("landing: no payload came, expected at least one. Check what was asked for.")
    parsed = list(landed.values())
    return Landed(
        payload_rows=stack(*(part.payload_row for part in parsed)),
        rows=stack(*(part.rows for part in parsed)),
        rejects=stack(*(part.rejects for part in parsed)),
    )
