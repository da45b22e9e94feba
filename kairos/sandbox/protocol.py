"""What passes between the HTTP server and the vendor: requests, answers and their bodies, spoiled ones included."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from kairos.frames import Frame
from kairos.sandbox.catalog import Offer, RefusalError
from kairos.sandbox.faults import Fault, FaultKind, Route

JSON, CSV, HTML, XML, ZIP = "application/json; charset=utf-8", "text/csv", "text/html", "application/xml", "application/zip"
GATEWAY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(frozen=True)
class Request:
    """A request as it arrived; parameters have lost their `[]` suffixes, `key` comes from query or header."""

    path: str
    parameters: Mapping[str, Sequence[str]]
    key: str | None


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Target:
    """Where a path leads: the route, the table (or file stem) and the format."""

    route: Route
    name: str
    form: str = "json"


def json_answer(content: object, status: int = 200) -> Answer:
    """Return an answer with a JSON body."""
    return Answer(status, json.dumps(content, separators=(",", ":")).encode())


def refusal_answer(refusal: RefusalError, headers: Mapping[str, str] | None = None) -> Answer:
    """Return the vendor's error body."""
    body = {"quandl_error": {"code": refusal.code, "message": refusal.message}}
    return Answer(refusal.status, json.dumps(body).encode(), headers=dict(headers or {}))


def early_answer(fault: Fault | None) -> Answer | None:
    """Return the answer of a fault that needs no look at the request; None for all others."""
    if fault is None:
        return None
    if fault.kind is FaultKind.RATE_LIMIT:
        wait = {} if fault.seconds is None else {"Retry-After": f"{fault.seconds:g}"}
        return refusal_answer(RefusalError("QELx05"), wait)
    codes = {FaultKind.ACCEPTED: "QEAx07", FaultKind.CURSOR_EXPIRED: "QESx06"}
    if fault.kind in codes:
        return refusal_answer(RefusalError(codes[fault.kind]))
    pages = {FaultKind.SERVER_ERROR: (500, "500 Internal Server Error"), FaultKind.BAD_GATEWAY: (502, "502 Bad Gateway")}
    if fault.kind in pages:
        status, title = pages[fault.kind]
        return Answer(status, GATEWAY_PAGE.format(title).encode(), HTML)
    return None


def spoiled(frame: Frame, fault: Fault | None, *, offer: Offer, known: date | None) -> Frame:
    """Return the rows as a fault leaves them: a session missing, half of them, a column renamed.

    Args:
        frame: All rows of the query.
        fault: What is to go wrong.
        offer: The table.
        known: Newest session published; the one that is late if the fault names none.
    """
    if fault is None:
        return frame
    if fault.kind is FaultKind.LATE_SESSION and "date" in frame.columns:
        return frame.filter(pl.col("date") != (fault.session or known))
    if fault.kind is FaultKind.SHRUNKEN_EXPORT:
        return frame.head(frame.height // 2)
    if fault.kind is FaultKind.WRONG_SCHEMA:
        return frame.rename({offer.renamed: f"{offer.renamed}_v2"}, strict=False)
    return frame


def column_list(columns: Mapping[str, str]) -> list[dict[str, str]]:
    """Return column names and types as the vendor writes them."""
    return [{"name": name, "type": kind} for name, kind in columns.items()]


def datatable(rows: Frame, offer: Offer, cursor: str | None, *, ragged: bool) -> dict[str, object]:
    """Return a page: rows as arrays, columns in the order asked for, the next cursor or null."""
    columns = {name: offer.columns.get(name, "double") for name in rows.columns}
    data = rows.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d")).rows()
    return {
        "datatable": {"data": [row[:-1] for row in data] if ragged else data, "columns": column_list(columns)},
        "meta": {"next_cursor_id": cursor},
    }


def utc_text(instant: datetime) -> str:
    """Return an instant as the vendor writes it in exports: `YYYY-MM-DD HH:MM:SS UTC`."""
    return instant.strftime("%Y-%m-%d %H:%M:%S UTC")
