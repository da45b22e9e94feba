"""A payload into raw rows and rejects: nothing mended, nothing dropped in silence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from math import isfinite

import polars as pl

from kairos.errors import SourceError
from kairos.frames import Frame, stack
from kairos.sources.casts import cast_columns, unreadable
from kairos.sources.core import Dataset
from kairos.sources.datasets import dataset_named
from kairos.sources.mapping import FILE_PREFIX
from kairos.sources.misdated import misdated, misdated_rejects, misfiled
from kairos.sources.payloads import Payload
from kairos.sources.recent import Recent
from kairos.sources.sent import sent_rows
from kairos.tables.raw import QUARANTINE, RAW_PAYLOADS

RECENT_ROWS = 120_000  # kept as parsed, so that what is landed need not be parsed again to be read into its table
ROW = "row"
STRAY = 2  # unreadable values of a column that say nothing about its type
DATE, FILED = "date", "filing_date"


@dataclass(frozen=True)
class Parsed:
    """What one payload holds.

    Attributes:
        rows: Rows of the dataset's raw table.
        rejects: Rows of `quarantine`: what could not be read, with the values as sent.
        payload_row: The payload's one row of `raw_payloads`.
    """

    rows: Frame
    rejects: Frame
    payload_row: Frame


_recent: Recent[Parsed] = Recent(RECENT_ROWS)


def parse(payload: Payload) -> Parsed:
    """Return the rows of a payload, in the types of its raw table.

    A row is rejected when a column that every row must fill is absent or unreadable, a column of `Dataset.rejecting`
    is unreadable, the row lacks a column that the vendor always sends, or its date cannot be; any other unreadable value,
    and a filing date that cannot be, is only nulled. Both are told in `rejects`.

    Raises:
        SourceError: The payload is cut short, is no table, lacks a required column, or is a file without one readable row.
    """
    key = (payload.payload_id, payload.fetched_at)
    return _recent.get(key, make=partial(_read, payload), weigh=lambda parsed: parsed.rows.height + parsed.rejects.height)


def _read(payload: Payload) -> Parsed:
    spec = dataset_named(payload.dataset)
    told = sent_rows(payload, spec)
    sent = told.frame
    cast = cast_columns(sent, spec.dtypes)
    lost = _some({name: unreadable(sent[name], cast[name]) for name in spec.dtypes})
    missing = _some({name: _missing(cast[name], lost.get(name)) for name in spec.never_null})
    unread = [lost[name] for name in (*spec.never_null, *spec.rejecting) if name in lost]
    rejected = _any([*missing.values(), *told.lacking.values(), *unread], sent.height)
    if payload.request.startswith(FILE_PREFIX):
        _require_readable(payload, spec, sent=sent, lost=lost, rejected=rejected)
    else:
        _require_types(payload, sent=sent, lost=lost)
    faults = _faults(spec, lost=lost, missing=missing, lacking=told.lacking)
    rejects = [_rejects(payload, spec, sent=sent, dates=_dates(cast), faults=faults, rejected=rejected)] if faults else []
    if DATE in spec.dtypes and (reasons := misdated(cast[DATE], payload)) is not None:
        reasons = reasons.set(rejected, None)
        rejects.append(misdated_rejects(sent, cast[DATE], reasons, payload=payload, spec=spec))
        rejected = rejected | reasons.is_not_null()
    if FILED in spec.dtypes and (reasons := misfiled(cast[DATE], cast[FILED], source=payload.source)) is not None:
        reasons = reasons.set(rejected, None)
        rejects.append(misdated_rejects(sent, cast[DATE], reasons, payload=payload, spec=spec, nulled=FILED))
        cast = cast.with_columns(cast[FILED].set(reasons.is_not_null(), None))
    if told.records is not None:
        cast = cast.with_columns(told.records)
    return _parsed(payload, spec, cast=cast, rejects=rejects, rejected=rejected)


def _some(flags: Mapping[str, pl.Series | None]) -> dict[str, pl.Series]:
    return {name: flag for name, flag in flags.items() if flag is not None}


def _missing(cast: pl.Series, lost: pl.Series | None) -> pl.Series | None:
    if not cast.null_count():
        return None
    return cast.is_null() if lost is None else cast.is_null() & ~lost


def _dates(cast: Frame) -> pl.Series | None:
    return cast[DATE] if DATE in cast.columns else None


def _parsed(payload: Payload, spec: Dataset, *, cast: Frame, rejects: list[Frame], rejected: pl.Series) -> Parsed:
    rows = cast.with_row_index(ROW)
    if rejected.any():
        rows = rows.filter(~rejected)
    return Parsed(
        rows=spec.table.conform(_stamped(rows, payload)),
        rejects=stack(QUARANTINE.empty(), *rejects),
        payload_row=_payload_row(payload, rows=rows.height, rejected=cast.height - rows.height),
    )


def _any(flags: list[pl.Series], height: int) -> pl.Series:
    result = pl.Series([False]).new_from_index(0, height)
    for flag in flags:
        result = result | flag
    return result


def _stamped(rows: Frame, payload: Payload) -> Frame:
    return rows.with_columns(
        pl.lit(payload.payload_id).alias("payload_id"),
        pl.lit(payload.source).alias("source"),
        pl.lit(payload.fetched_at).alias("fetched_at"),
        pl.lit(payload.received_year, dtype=pl.Int32).alias("received_year"),
    )


def _payload_row(payload: Payload, *, rows: int, rejected: int) -> Frame:
    record = {
        "payload_id": payload.payload_id,
        "sha256": payload.sha256,
        "source": payload.source,
        "dataset": payload.dataset,
        "session": None,
        "request": payload.request,
        "bytes": len(payload.content),
        "rows": rows,
        "rejected": rejected,
        "path": payload.path,
        "fetched_at": payload.fetched_at,
        "received_year": payload.received_year,
    }
    return pl.DataFrame([record], schema=RAW_PAYLOADS.dtypes)


def _faults(
    spec: Dataset, *, lost: dict[str, pl.Series], missing: dict[str, pl.Series], lacking: dict[str, pl.Series]
) -> list[tuple[str, str, pl.Series]]:
    return [
        *((name, _reason(spec.dtypes[name]), flags) for name, flags in lost.items()),
        *((name, f"missing_{name}", flags) for name, flags in missing.items()),
        *((name, f"lacks_{name}", flags) for name, flags in lacking.items()),
    ]


def _rejects(
    payload: Payload,
    spec: Dataset,
    *,
    sent: Frame,
    dates: pl.Series | None,
    faults: list[tuple[str, str, pl.Series]],
    rejected: pl.Series,
) -> Frame:
    found: dict[tuple[int, str], list[str]] = {}
    for name, reason, flags in faults:
        for row in flags.arg_true():
            found.setdefault((row, reason), []).append(name)
    records = [
        {
            "writer": f"raw_{payload.dataset}",
            "year": _year(dates, row) or payload.received_year,
            "source": payload.source,
            "dataset": payload.dataset,
            "payload_id": payload.payload_id,
            "row": row,
            "reason": reason,
            "action": "row_rejected" if rejected[row] else "value_nulled",
            "detail": _detail(sent, row, (*names, *spec.required)),
        }
        for (row, reason), names in sorted(found.items())
    ]
    return QUARANTINE.conform(pl.DataFrame(records)) if records else QUARANTINE.empty()


def _reason(dtype: pl.DataType) -> str:
    if dtype == pl.Date:
        return "unreadable_date"
    return "unreadable_number" if dtype.is_numeric() else "unreadable_text"


def _year(dates: pl.Series | None, row: int) -> int | None:
    day = None if dates is None else dates[row]
    return day.year if isinstance(day, date) else None


def _detail(sent: Frame, row: int, names: tuple[str, ...]) -> str:
    values = {name: sent[name][row] for name in dict.fromkeys(names)}
    shown = {name: str(value) if isinstance(value, float) and not isfinite(value) else value for name, value in values.items()}
    return json.dumps(shown, default=str, sort_keys=True)


def _require_types(payload: Payload, *, sent: Frame, lost: dict[str, pl.Series]) -> None:
    """Refuse a vendor's answer in which a column has changed its type; a stray value goes to quarantine."""
    for name, flags in lost.items():
        values, unread = sent[name].drop_nulls(), int(flags.sum())
        if unread > STRAY and unread > values.len() / 2:
            first = sent[name].filter(flags)[0]
            raise SourceError(
                f"{payload.source} {payload.request}: {unread} of {values.len()} values of {name} cannot be read, the first is "
                f"{first!r}. The vendor may have changed its table; nothing was read, run again later."
            )


def _require_readable(payload: Payload, spec: Dataset, *, sent: Frame, lost: dict[str, pl.Series], rejected: pl.Series) -> None:
    """Refuse a file that is not what it was taken for: a column, or all rows, without one readable value."""
    where = f"{payload.source} {payload.request}"
    advice = "Dates are expected as YYYY-MM-DD, numbers with a point and without separators; check the file and --map."
    for name, flags in lost.items():
        values = sent[name].drop_nulls()
        if values.len() and flags.sum() == values.len():
            raise SourceError(
                f"{where}: none of {values.len()} values of {name} can be read; the first is {values[0]!r}. {advice}"
            )
    if sent.height and rejected.all():
        first = _detail(sent, 0, spec.required)
        raise SourceError(f"{where}: none of {sent.height} rows can be read as {spec.name}; the first has {first}. {advice}")
