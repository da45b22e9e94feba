"""Compiled loops over float64 columns, NaN where missing; no names here but the row number within a chain.

Every window is joined from blocks of 1, 2, 4, ... rows in one fixed order, so a value depends, to the bit, on the rows
of its own window alone: not on where the column starts, on what follows, or on what passed through earlier as in a
running sum. All windows over the same input share the blocks. What is not finite becomes missing.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Columns = NDArray[np.float64]
"""One column a row: shape (columns, rows)."""
Rows = NDArray[np.int32]

_TILE = 1024  # rows that are worked on at a time where every row is compared with many
NO_SPREAD = 1e-12  # a variance below this share of the mean square is rounding, not spread: it counts as 0

OPERATIONS = (
    *("add", "sub", "mul", "div", "neg", "abs", "sqrt", "sign", "gt", "ge", "lt", "le", "eq", "ne"),
    *("and", "or", "min", "max", "known", "where", "spread", "clip", "finite"),
)  # fmt: skip
"""What `each` can do; its first argument is the position in this tuple."""


def _compiled(loop: Callable[..., None]) -> Callable[..., None]:
    made: Any = numba.njit(nogil=True, cache=True, error_model="numpy")(loop)
    return made  # type: ignore[no-any-return]


@_compiled
def each(what: int, a: Column, b: Column, c: Column, out: Column) -> None:  # noqa: C901, PLR0912, PLR0915 - one loop an operation
    """Fill `out` row by row; b and c are read only by operations of two and three inputs. x - x carries what is missing."""
    rows = range(out.size)
    if what == 0:
        for t in rows:
            v = a[t] + b[t]
            out[t] = v + (v - v)
    elif what == 1:
        for t in rows:
            v = a[t] - b[t]
            out[t] = v + (v - v)
    elif what == 2:
        for t in rows:
            v = a[t] * b[t]
            out[t] = v + (v - v)
    elif what == 3:
        for t in rows:
            v = a[t] / b[t]
            out[t] = v + (v - v)
    elif what == 4:
        for t in rows:
            out[t] = -a[t]
    elif what == 5:
        for t in rows:
            out[t] = abs(a[t])
    elif what == 6:
        for t in rows:
            out[t] = np.sqrt(a[t])
    elif what == 7:
        for t in rows:
            out[t] = (1.0 if a[t] > 0 else 0.0) - (1.0 if a[t] < 0 else 0.0) + (a[t] - a[t])
    elif what == 8:
        for t in rows:
            out[t] = (1.0 if a[t] > b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 9:
        for t in rows:
            out[t] = (1.0 if a[t] >= b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 10:
        for t in rows:
            out[t] = (1.0 if a[t] < b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 11:
        for t in rows:
            out[t] = (1.0 if a[t] <= b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 12:
        for t in rows:
            out[t] = (1.0 if a[t] == b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 13:
        for t in rows:
            out[t] = (1.0 if a[t] != b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 14:
        for t in rows:
            out[t] = (1.0 if (a[t] != 0) & (b[t] != 0) else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 15:
        for t in rows:
            out[t] = (1.0 if (a[t] != 0) | (b[t] != 0) else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == 16:
        for t in rows:
            out[t] = (a[t] if a[t] <= b[t] else b[t]) + (a[t] - a[t])
    elif what == 17:
        for t in rows:
            out[t] = (a[t] if a[t] >= b[t] else b[t]) + (a[t] - a[t])
    elif what == 18:
        for t in rows:
            out[t] = 1.0 if a[t] == a[t] else 0.0  # noqa: PLR0124 - NaN is unlike itself
    elif what == 19:
        for t in rows:
            out[t] = (b[t] if a[t] != 0 else c[t]) + (a[t] - a[t])
    elif what == 20:
        for t in rows:
            v = a[t] - b[t]
            out[t] = (0.0 if v <= NO_SPREAD * c[t] else v) + (v - v)
    elif what == 21:
        for t in rows:
            v = a[t] if a[t] > b[t] else b[t]
            out[t] = (v if v < c[t] else c[t]) + (a[t] - a[t])
    else:
        for t in rows:
            out[t] = a[t] + (a[t] - a[t])


@_compiled
def _copy(x: Column, out: Column) -> None:
    for t in range(out.size):
        out[t] = x[t]


@_compiled
def _lose(out: Column, rows: int) -> None:
    """Make the first rows missing."""
    for t in range(min(rows, out.size)):
        out[t] = np.nan


@_compiled
def _within_chain(row: Rows, reach: int, out: Column) -> None:
    for t in range(out.size):
        v = out[t]
        out[t] = v + (v - v) if row[t] >= reach else np.nan


@_compiled
def lag(x: Column, rows: int, row: Rows, out: Column) -> None:
    """Fill `out` with x[t-rows]."""
    _lose(out, rows)
    for t in range(rows, x.size):
        out[t] = x[t - rows] if row[t] >= rows else np.nan


@_compiled
def totals(x: Column, windows: Rows, decay: float, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with sum over i < windows[j] of decay**i * x[t-i]; windows ascend."""
    block, spare = scratch[0], scratch[1]
    _copy(x, block)
    behind, last, size = np.zeros(windows.size, np.int64), windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if windows[j] & size:
                _add(block, behind[j], decay ** behind[j], out[places[j]])
                behind[j] += size
        if 2 * size <= last:
            _copy(block, spare)
            _add(block, size, decay**size, spare)
            block, spare = spare, block
        size *= 2
    for j in range(windows.size):
        _within_chain(row, windows[j] - 1, out[places[j]])


@_compiled
def _add(block: Column, shift: int, weight: float, out: Column) -> None:
    """Add weight * block[t-shift] to out[t]; with no shift, begin with the block."""
    if shift == 0:
        _copy(block, out)
        return
    _lose(out, shift)
    for t in range(shift, out.size):
        out[t] += weight * block[t - shift]


@_compiled
def aged_totals(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with sum over i < windows[j] of i * x[t-i]: each row times its age; windows ascend."""
    block, spare, aged, aged_spare = scratch[0], scratch[1], scratch[2], scratch[3]
    _copy(x, block)
    for t in range(x.size):
        aged[t] = x[t] - x[t]
    behind, last, size = np.zeros(windows.size, np.int64), windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if windows[j] & size:
                _add_aged(aged, block, behind[j], out[places[j]])
                behind[j] += size
        if 2 * size <= last:
            _copy(aged, aged_spare)
            _add_aged(aged, block, size, aged_spare)
            _copy(block, spare)
            _add(block, size, 1.0, spare)
            block, spare, aged, aged_spare = spare, block, aged_spare, aged
        size *= 2
    for j in range(windows.size):
        _within_chain(row, windows[j] - 1, out[places[j]])


@_compiled
def _add_aged(aged: Column, block: Column, shift: int, out: Column) -> None:
    if shift == 0:
        _copy(aged, out)
        return
    _lose(out, shift)
    for t in range(shift, out.size):
        out[t] += aged[t - shift] + shift * block[t - shift]


@_compiled
def products(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with the product of the last windows[j] rows; windows ascend."""
    block, spare = scratch[0], scratch[1]
    _copy(x, block)
    behind, last, size = np.zeros(windows.size, np.int64), windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if windows[j] & size:
                _times(block, behind[j], out[places[j]])
                behind[j] += size
        if 2 * size <= last:
            _copy(block, spare)
            _times(block, size, spare)
            block, spare = spare, block
        size *= 2
    for j in range(windows.size):
        _within_chain(row, windows[j] - 1, out[places[j]])


@_compiled
def _times(block: Column, shift: int, out: Column) -> None:
    if shift == 0:
        _copy(block, out)
        return
    _lose(out, shift)
    for t in range(shift, out.size):
        out[t] *= block[t - shift]


@_compiled
def highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with the maximum of the last windows[j] rows; windows ascend."""
    block, spare = scratch[0], scratch[1]
    _copy(x, block)
    last, size = windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if size <= windows[j] < 2 * size:
                _larger(block, windows[j] - size, out[places[j]])
                _within_chain(row, windows[j] - 1, out[places[j]])
        _larger(block, size, spare)
        block, spare = spare, block
        size *= 2


@_compiled
def _larger(block: Column, shift: int, out: Column) -> None:
    """Fill `out` with the larger of block[t] and block[t-shift], missing where either is."""
    _lose(out, shift)
    for t in range(shift, out.size):
        a, b = block[t], block[t - shift]
        out[t] = (a if a >= b else b) + (a - a)


@_compiled
def ages_of_highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:
    """Fill out[places[j]] with how many rows ago the maximum of the last windows[j] rows was; windows ascend."""
    block, spare, age, age_spare = scratch[0], scratch[1], scratch[2], scratch[3]
    _copy(x, block)
    for t in range(age.size):
        age[t] = 0.0
    last, size = windows[windows.size - 1], 1
    while size <= last:
        for j in range(windows.size):
            if size <= windows[j] < 2 * size:
                _age_of_larger(block, age, windows[j] - size, out[places[j]])
                _within_chain(row, windows[j] - 1, out[places[j]])
        _age_of_larger(block, age, size, age_spare)
        _larger(block, size, spare)
        block, spare, age, age_spare = spare, block, age_spare, age
        size *= 2


@_compiled
def _age_of_larger(block: Column, age: Column, shift: int, out: Column) -> None:
    """Fill `out` with the age of the larger of block[t] and block[t-shift], that of the later where they are equal."""
    _lose(out, shift)
    for t in range(shift, out.size):
        a, b = block[t], block[t - shift]
        out[t] = (age[t] if a >= b else age[t - shift] + shift) + (a - a) + (b - b)


@_compiled
def rank(x: Column, window: int, row: Rows, out: Column, scratch: Columns) -> None:
    """Fill `out` with the share of the window's other rows below x[t], ties counting half."""
    lost = scratch[0]  # rows since the last missing one
    since = window
    for t in range(x.size):
        since = since + 1 if x[t] == x[t] else 0  # noqa: PLR0124 - NaN is unlike itself
        lost[t] = since
    for start in range(0, x.size, _TILE):
        stop = min(start + _TILE, x.size)
        for t in range(start, stop):
            out[t] = 0.0
        for back in range(1, window):
            for t in range(max(start, back), stop):
                other = x[t - back]
                out[t] += (0.5 if other < x[t] else 0.0) + (0.5 if other <= x[t] else 0.0)
    for t in range(x.size):
        out[t] = out[t] / (window - 1) if row[t] >= window - 1 and t >= window - 1 and lost[t] >= window else np.nan


@_compiled
def quantile(x: Column, window: int, level: float, row: Rows, out: Column) -> None:
    """Fill `out` with a quantile of the last rows, interpolated linearly."""
    ordered = np.empty(window, np.float64)
    place = level * (window - 1)
    lower = min(int(place), window - 1)
    share, filled = place - lower, 0
    for t in range(x.size):
        if t >= window and x[t - window] == x[t - window]:  # noqa: PLR0124 - NaN is unlike itself
            at = np.searchsorted(ordered[:filled], x[t - window])
            for j in range(at, filled - 1):
                ordered[j] = ordered[j + 1]
            filled -= 1
        if x[t] == x[t]:  # noqa: PLR0124
            at = np.searchsorted(ordered[:filled], x[t])
            for j in range(filled, at, -1):
                ordered[j] = ordered[j - 1]
            ordered[at] = x[t]
            filled += 1
        if filled < window or row[t] < window - 1:
            out[t] = np.nan
        elif share > 0:
            out[t] = ordered[lower] + share * (ordered[lower + 1] - ordered[lower])
        else:
            out[t] = ordered[lower]


@_compiled
def moments(x: Column, centre: Column, window: int, m2: Column, m3: Column, m4: Column) -> None:
    """Fill m2, m3 and m4 with the mean second, third and fourth powers of the window's deviations from `centre`."""
    for start in range(0, x.size, _TILE):
        stop = min(start + _TILE, x.size)
        for t in range(start, stop):
            m2[t] = m3[t] = m4[t] = centre[t] - centre[t]
        for back in range(window):
            for t in range(max(start, back), stop):
                d = x[t - back] - centre[t]
                m2[t] += d * d
                m3[t] += d * d * d
                m4[t] += d * d * (d * d)
        for t in range(start, stop):
            m2[t] /= window
            m3[t] /= window
            m4[t] /= window


@_compiled
def stored(x: Column, out: NDArray[np.float32]) -> None:
    """Round x to single precision; what does not fit is missing."""
    for t in range(x.size):
        v = np.float32(x[t])
        out[t] = v + (v - v)


@_compiled
def gathered(values: Column, codes: Rows, out: Column) -> None:
    """Fill `out` with values[codes[t]], missing for a negative code."""
    for t in range(out.size):
        out[t] = values[codes[t]] if codes[t] >= 0 else np.nan


@_compiled
def group_sums(x: Column, codes: Rows, count: Column, total: Column, square: Column) -> None:
    """Add count, sum and sum of squares of the values of each code, in the order of the rows."""
    for t in range(x.size):
        if codes[t] >= 0 and x[t] == x[t]:  # noqa: PLR0124
            count[codes[t]] += 1.0
            total[codes[t]] += x[t]
            square[codes[t]] += x[t] * x[t]


@_compiled
def group_spreads(x: Column, codes: Rows, centre: Column, spread: Column) -> None:
    """Add the squared deviations from the centre of each code, in the order of the rows."""
    for t in range(x.size):
        if codes[t] >= 0 and x[t] == x[t]:  # noqa: PLR0124
            deviation = x[t] - centre[codes[t]]
            spread[codes[t]] += deviation * deviation


@_compiled
def by_code(codes: Rows, starts: NDArray[np.int64], order: Rows) -> None:
    """Fill `order` with the rows of code 0, then those of code 1, ...; `starts` holds where each begins, and moves on."""
    for t in range(codes.size):
        if codes[t] >= 0:
            order[starts[codes[t]]] = t
            starts[codes[t]] += 1
