"""The vendor's query grammar: parameters to filters, columns, page size and cursor."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from kairos.sandbox.catalog import RANGE, Offer, RefusalError

MAX_PER_PAGE = 10_000
KEY_PARAMETER = "api_key"


@dataclass(frozen=True)
class Filter:
    """One condition: a column, an operator of RANGE and its values (several for an IN list)."""

    column: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """One understood request for rows."""

    offer: Offer
    filters: tuple[Filter, ...]
    columns: tuple[str, ...]
    per_page: int
    cursor: str | None
    export: bool

    @property
    def digest(self) -> str:
        """Fingerprint of what is asked for, page and page size left out."""
        text = json.dumps([self.offer.code, self.columns, sorted((f.column, f.operator, f.values) for f in self.filters)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def condition(self) -> pl.Expr:
        """Return the filters as one expression."""
        parts = [_condition(part, self.offer.columns[part.column]) for part in self.filters]
        return pl.all_horizontal(parts) if parts else pl.lit(True)


@dataclass(frozen=True)
class Cursor:
    """Where a page starts; it travels as an opaque string. `repeat` tells a page sent twice from its first sending."""

    digest: str
    known: date | None
    offset: int
    repeat: int = 0

    def encode(self) -> str:
        """Return the cursor as the client sees it."""
        text = json.dumps([self.digest, self.known and self.known.isoformat(), self.offset, self.repeat])
        return base64.urlsafe_b64encode(text.encode()).decode()

    @staticmethod
    def decode(text: str) -> "Cursor":
        """Read a cursor.

        Raises:
            RefusalError: It is none of ours.
        """
        try:
            digest, known, offset, repeat = json.loads(base64.urlsafe_b64decode(text.encode()))
            return Cursor(digest, known and date.fromisoformat(known), int(offset), int(repeat))
        except (ValueError, TypeError, binascii.Error):
            raise RefusalError("QESx06") from None


def parse_query(offer: Offer, parameters: Mapping[str, Sequence[str]]) -> Query:
    """Read the parameters of a request.

    Args:
        offer: The table asked for.
        parameters: Values per parameter, `[]` suffixes already taken off.

    Raises:
        RefusalError: A parameter is unknown, not filterable or out of bounds.
    """
    plain = {name: values for name, values in parameters.items() if name != KEY_PARAMETER}
    options = {name.removeprefix("qopts."): values for name, values in plain.items() if name.startswith("qopts.")}
    unknown = set(options) - {"columns", "per_page", "cursor_id", "export"}
    if unknown:
        raise RefusalError("QESx04", f"Unknown option qopts.{min(unknown)}.")
    filters = tuple(_filter(offer, name, values) for name, values in plain.items() if not name.startswith("qopts."))
    export = _last(options, "export") == "true"
    cursor = _last(options, "cursor_id") or None
    if export and cursor:
        raise RefusalError("QESx04", "qopts.cursor_id cannot be combined with qopts.export.")
    return Query(offer, filters, _columns(offer, options.get("columns", ())), _per_page(options), cursor, export)


def _last(options: Mapping[str, Sequence[str]], name: str) -> str:
    values = options.get(name, ())
    return values[-1] if values else ""


def _split(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(item.strip() for value in values for item in value.split(",") if item.strip())


def _columns(offer: Offer, values: Sequence[str]) -> tuple[str, ...]:
    asked = _split(values) or tuple(offer.columns)
    missing = [name for name in asked if name not in offer.columns]
    if missing:
        raise RefusalError("QESx04", f"Unknown column {missing[0]}.")
    return tuple(dict.fromkeys(asked))


def _per_page(options: Mapping[str, Sequence[str]]) -> int:
    text = _last(options, "per_page") or str(MAX_PER_PAGE)
    if not text.isdigit() or int(text) < 1:
        raise RefusalError("QESx03", f"qopts.per_page={text}: expected 1 to {MAX_PER_PAGE}.")
    return min(int(text), MAX_PER_PAGE)


def _filter(offer: Offer, name: str, values: Sequence[str]) -> Filter:
    column, _, operator = name.partition(".")
    if column not in offer.columns:
        raise RefusalError("QESx04", f"Unknown parameter {name}.")
    if column not in offer.filters:
        raise RefusalError("QESx08", f"Column {column}.")
    if (operator or "eq") not in RANGE:
        raise RefusalError("QESx07", f"Operator {operator}.")
    found = _split(values)
    if not found or (operator not in ("", "eq") and len(found) > 1):
        raise RefusalError("QESx03", f"{name}={','.join(values)}.")
    part = Filter(column, operator or "eq", found)
    _typed_values(part, offer.columns[column])
    return part


def _typed_values(part: Filter, kind: str) -> list[date] | list[int] | list[str]:
    try:
        if kind == "Date":
            return [date.fromisoformat(value) for value in part.values]
        return [int(value) for value in part.values] if kind == "Integer" else list(part.values)
    except ValueError:
        raise RefusalError("QESx03", f"{part.column}={','.join(part.values)}: expected {kind}.") from None


def _condition(part: Filter, kind: str) -> pl.Expr:
    values, column = _typed_values(part, kind), pl.col(part.column)
    if part.operator == "eq":
        return column.is_in(values) if len(values) > 1 else column == values[0]
    compare = {"gt": column.gt, "gte": column.ge, "lt": column.lt, "lte": column.le}
    return compare[part.operator](values[0])
