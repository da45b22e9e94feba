"""What passes between the HTTP server and the vendor: requests, answers and their bodies. `spoils` has those of faults."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from kairos.frames import Frame
from kairos.sandbox.catalog import Offer, RefusalError
from kairos.sandbox.faults import Route

JSON, CSV, HTML, XML, ZIP = "application/json; charset=utf-8", "text/csv", "text/html", "application/xml", "application/zip"


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
