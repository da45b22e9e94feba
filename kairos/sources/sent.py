"""What a payload says in our columns, values still as sent. Casting and judging them is in `parse`."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import polars as pl

from kairos.errors import SourceError
from kairos.frames import Frame
from kairos.sources.core import RECORD, Dataset, require_expected
from kairos.sources.formats import read_frame
from kairos.sources.mapping import FILE_PREFIX, mapping_in, resolve_mapping
from kairos.sources.objects import decode_objects, holds_objects, json_series, says_nothing
from kairos.sources.payloads import Payload


@dataclass(frozen=True)
class Sent:
    """Rows as sent.

    Attributes:
        frame: Our columns, null where the source has no such column.
        records: The vendor's rows as JSON, where the dataset keeps them.
        lacking: Columns that the vendor always sends, with the rows that lack them in every spelling.
    """

    frame: Frame
    records: pl.Series | None = None
    lacking: dict[str, pl.Series] = field(default_factory=dict)


def sent_rows(payload: Payload, spec: Dataset) -> Sent:
    """Return the rows of a payload.

    Raises:
        SourceError: The payload is cut short, is no table, or lacks a column as a whole.
    """
    where = f"{payload.source} {payload.request}"
    is_file = payload.request.startswith(FILE_PREFIX)
    if spec.spellings and not is_file and (holds_objects(payload.content) or says_nothing(payload.content)):
        return _of_objects(decode_objects(payload.content, where=where), spec, payload.request, where=where)
    found = read_frame(payload.content, where=where)
    if is_file or not spec.spellings:
        if not is_file:
            require_expected(found.columns, dataset=spec, where=where)
        theirs = resolve_mapping(found.columns, spec, mapping_in(payload.request), where=where)
    else:
        theirs = spelled_columns(found.columns, spec)
        fixed = _parameters(payload.request, spec)
        require_expected([*theirs, *fixed], dataset=spec, where=where, found=found.columns)
    frame = _with_all(found.select([pl.col(their).alias(ours) for ours, their in theirs.items()]), spec, payload.request)
    return Sent(frame, _encoded(found) if spec.keeps_record else None)


def spelled_columns(found: list[str], spec: Dataset) -> dict[str, str]:
    """Return {our column: their column} for every column of `spec` that is there in one of the vendor's spellings."""
    row = dict.fromkeys(found)
    taken: set[str] = set()
    theirs = {ours: _spelling(row, names, taken) for ours, names in spec.spellings.items()}
    return {ours: their for ours, their in theirs.items() if their is not None}


def _of_objects(rows: list[dict[str, Any]], spec: Dataset, request: str, *, where: str) -> Sent:
    taken: list[set[str]] = [set() for _ in rows]
    known = set().union(*rows)
    fixed = _parameters(request, spec)
    columns, lacking = {}, {}
    for ours, names in spec.spellings.items():
        candidates = tuple(name for name in names if name in known)
        keys = [_spelling(row, candidates, used) for row, used in zip(rows, taken, strict=True)]
        if any(key is not None for key in keys):
            columns[ours] = json_series(ours, [row[key] if key else None for row, key in zip(rows, keys, strict=True)])
        elif rows and ours in spec.expected and ours not in fixed:
            raise SourceError(_refusal(rows, spec, ours, where=where))
        if ours in spec.expected and ours not in (*fixed, *spec.never_null):  # an empty key column is told already
            lacking[ours] = pl.Series(ours, [key is None for key in keys], dtype=pl.Boolean)
    frame = _with_all(pl.DataFrame(list(columns.values())), spec, request) if rows else pl.DataFrame(schema=spec.dtypes)
    records = pl.Series(RECORD, [json.dumps(row, ensure_ascii=False) for row in rows], dtype=pl.String)
    return Sent(frame, records, lacking)


def _spelling(row: dict[str, Any], names: tuple[str, ...], taken: set[str]) -> str | None:
    """Return the first of `names` that the row has and no column before took."""
    found = next((name for name in names if name in row and name not in taken), None)
    if found is not None:
        taken.add(found)
    return found


def _refusal(rows: list[dict[str, Any]], spec: Dataset, ours: str, *, where: str) -> str:
    return (
        f"{where}: {ours} ({' or '.join(spec.spellings[ours])}) is missing from every one of {len(rows)} rows of "
        f"{spec.vendor_code}; the first has {', '.join(rows[0]) or 'nothing'}. Nothing was read; the vendor may have changed "
        "its answer: run again later, or look for a newer Kairos."
    )


def _parameters(request: str, spec: Dataset) -> dict[str, str]:
    asked = parse_qs(request.partition("?")[2].partition("#")[0])
    return {name: asked[name][0] for name in spec.from_request if name in asked}


def _with_all(frame: Frame, spec: Dataset, request: str) -> Frame:
    fixed = _parameters(request, spec)
    others = {
        name: pl.lit(fixed.get(name), dtype=pl.String if name in fixed else dtype)
        for name, dtype in spec.dtypes.items()
        if name not in frame.columns
    }
    return frame.with_columns(**others)


def _encoded(found: Frame) -> pl.Series:
    return found.select(pl.struct(pl.all()).struct.json_encode().alias(RECORD))[RECORD]
