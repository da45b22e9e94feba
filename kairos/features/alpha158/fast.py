"""All 158 features of a panel through the kernels: as one frame, or chunk by chunk where a frame would not fit."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa

from kairos.errors import ContractError
from kairos.features.alpha158.declared import FEATURE_SET
from kairos.features.alpha158.kernel import Floats, Ints, columns
from kairos.features.alpha158.scratch import BACK, COLUMNS
from kairos.features.core import KEY
from kairos.frames import Frame

INPUTS = ("O", "H", "L", "C", "V")
CHUNK_ROWS = 250_000  # 158 MB of values


@dataclass(frozen=True)
class _Spans:
    """Chains of returns by their rows in the panel: where each begins, its first wanted row, the row after its last."""

    starts: Ints
    firsts: Ints
    ends: Ints

    def part(self, begin: int, end: int) -> "_Spans":
        return _Spans(self.starts[begin:end], self.firsts[begin:end], self.ends[begin:end])

    @property
    def rows(self) -> Ints:
        return self.ends - self.firsts


def values(panel: Frame, *, since: date | None = None, threads: int = 1) -> Frame:
    """Return the key and the 158 features (Float32, finite or null) of the rows of `panel`.

    Args:
        panel: As `price_panel` makes it, or the last rows of it: 60 before the first wanted row of a name are enough.
        since: First session wanted; all if None.
        threads: How many may work at once; the values do not depend on it.

    Raises:
        ContractError: A wanted row has fewer rows before it than its windows reach back.
    """
    return next(chunks(panel, since=since, threads=threads, rows=max(panel.height, 1)))


def chunks(panel: Frame, *, since: date | None = None, threads: int = 1, rows: int = CHUNK_ROWS) -> Iterator[Frame]:
    """Yield what `values` returns piece by piece, cut at the beginnings of names, at least one piece.

    Args:
        panel: As for `values`.
        since: First session wanted; all if None.
        threads: How many may work at once.
        rows: Rows of a piece, which grows beyond it by less than one name.

    Raises:
        ContractError: As for `values`.
    """
    spans = _spans(panel, since)
    cuts = _cuts(spans.rows, rows)
    for begin, end in pairwise(cuts):
        yield _chunk(panel, spans.part(begin, end), threads)


def _chunk(panel: Frame, spans: _Spans, threads: int) -> Frame:
    low, high = (int(spans.starts[0]), int(spans.ends[-1])) if len(spans.starts) else (0, 0)
    wanted = panel.slice(low, high - low)
    local = _Spans(spans.starts - low, spans.firsts - low, spans.ends - low)
    key = wanted.select(KEY) if local.rows.sum() == wanted.height else wanted.select(KEY)[_wanted_rows(local)]
    return key.hstack(_series(_computed(_inputs(wanted), local, threads)))


def _computed(inputs: Floats, spans: _Spans, threads: int) -> Floats:
    out = np.empty((COLUMNS, int(spans.rows.sum())), np.float32)
    at = np.concatenate([[0], np.cumsum(spans.rows)[:-1]]).astype(np.int64)

    def fill(begin: int, end: int) -> None:
        part = spans.part(begin, end)
        columns(inputs, (part.starts, part.firsts, part.ends), out, at[begin:end])

    cuts = _cuts(spans.rows, -(-out.shape[1] // threads))
    if threads == 1:
        fill(0, len(at))
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, cuts[:-1], cuts[1:]))
    return out


def _spans(panel: Frame, since: date | None) -> _Spans:
    row, name = panel["row"].to_numpy(), panel["permaticker"].to_numpy()
    begins = np.ones(len(row), dtype=bool)
    begins[1:] = (row[1:] == 0) | (name[1:] != name[:-1])
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(row))[: len(starts)]
    firsts = starts
    if since is not None:
        before = np.concatenate([[0], np.cumsum((panel["session"] < since).to_numpy())])
        firsts = starts + before[ends] - before[starts]
    short = (row[starts] > 0) & (firsts - starts < np.minimum(BACK, row[np.minimum(firsts, len(row) - 1)])) & (firsts < ends)
    if short.any():
        worst = int(np.flatnonzero(short)[0])
        raise ContractError(
            f"panel: permaticker {name[starts[worst]]} has {firsts[worst] - starts[worst]} row(s) before the first wanted one, "
            f"of {row[firsts[worst]]} there are; expected {BACK}. Hand in more of the panel."
        )
    return _Spans(starts.astype(np.int64), firsts.astype(np.int64), ends.astype(np.int64))


def _wanted_rows(spans: _Spans) -> Ints:
    return np.concatenate([np.arange(first, end) for first, end in zip(spans.firsts, spans.ends, strict=True)])


def _cuts(rows: Ints, size: int) -> list[int]:
    """Return where to cut a list of names so that each piece but the last has `size` rows or more."""
    cuts, held = [0], 0
    for k, count in enumerate(rows):
        held += int(count)
        if held >= size and k + 1 < len(rows):
            cuts.append(k + 1)
            held = 0
    return [*cuts, len(rows)]


def _inputs(panel: Frame) -> Floats:
    made = np.empty((len(INPUTS), panel.height), np.float32)
    for k, name in enumerate(INPUTS):
        made[k] = panel[name].cast(pl.Float32).to_numpy()
    return made


def _series(out: Floats) -> list[pl.Series]:
    """Return the columns without a copy of their values; NaN is null."""
    return [_one_series(name, column) for name, column in zip(FEATURE_SET.names, out, strict=True)]


def _one_series(name: str, column: Floats) -> pl.Series:
    there = column == column  # noqa: PLR0124 - NaN is not
    mask = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    made = pl.from_arrow(pa.Array.from_buffers(pa.float32(), len(column), [mask, pa.py_buffer(column)]))
    return pl.Series(name, made)
