"""Answers that are a list of JSON objects, bare or under `data`. What the objects mean is in `sent`."""

import json
import re
from typing import Any

import polars as pl

from kairos.errors import SourceError
from kairos.frames import Frame

BOM = b"\xef\xbb\xbf"
WRAPPED = re.compile(rb"\{\s*\"data\"\s*:\s*\[")
NOTHING = re.compile(rb"\s*(\[\s*\]|\{\s*\"data\"\s*:\s*\[\s*\]\s*\})?\s*")
AGAIN = "Nothing was read; run again later."


def holds_objects(body: bytes) -> bool:
    """Tell whether a body is a JSON list, bare or under `data`, by its first bytes."""
    start = body.removeprefix(BOM).lstrip()
    return start[:1] == b"[" or WRAPPED.match(start) is not None


def says_nothing(body: bytes) -> bool:
    """Tell whether a body is an empty list or no bytes: no data, an unknown symbol, or none of the caller's business."""
    return NOTHING.fullmatch(body.removeprefix(BOM)) is not None


def decode_objects(body: bytes, *, where: str) -> list[dict[str, Any]]:
    """Return the objects of a list; of no bytes, none.

    Raises:
        SourceError: The body is cut short, no list, or a list of something else.
    """
    if not body.strip():
        return []
    try:
        # NaN and Infinity are no JSON; as texts they are judged like any other value
        sent = json.loads(body.removeprefix(BOM), parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: no readable JSON ({error}). The answer may be cut short; fetch it again.") from None
    rows = sent.get("data") if isinstance(sent, dict) else sent
    if not isinstance(rows, list):
        found = f"an object with {', '.join(sent) or 'nothing'}" if isinstance(sent, dict) else type(sent).__name__
        raise SourceError(f"{where}: {found}, expected a list of rows. {AGAIN}")
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise SourceError(f"{where}: row {index} is {type(row).__name__}, expected an object. {AGAIN}")
    return rows


def objects_frame(rows: list[dict[str, Any]]) -> Frame:
    """Return objects as a frame with all their keys, null where one lacks a key."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame([json_series(name, [row.get(name) for row in rows]) for name in names])


def json_series(name: str, values: list[Any]) -> pl.Series:
    """Return JSON values as a column: whole numbers or doubles where all are, texts otherwise."""
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {int} and max(abs(value) for value in values if value is not None) < 1 << 63:
        return pl.Series(name, values, dtype=pl.Int64)
    if kinds == {float}:
        return pl.Series(name, values, dtype=pl.Float64)
    texts = [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    return pl.Series(name, texts, dtype=pl.String)
