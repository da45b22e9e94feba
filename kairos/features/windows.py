"""Sums, extremes and ranks over trailing windows of a column of one block; no names here but the row number in the chain.

Every window is joined from blocks of 1, 2, 4, ... rows in one fixed order, so a value depends, to the bit, on the rows
of its own window alone: not on where the column starts, on what follows, or on what passed through earlier as in a
running sum. All windows over one input share the blocks. A window with a missing row, or that begins before its chain, is
missing.
"""

import numpy as np

from kairos.features.compiled import Column, Columns, Rows, compiled


@compiled
def totals(x: Column, windows: Rows, decay: float, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:  # noqa: PLR0917 - loops take no names
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


@compiled
def aged_totals(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:  # noqa: PLR0917 - loops take no names
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


@compiled
def products(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:  # noqa: PLR0917 - loops take no names
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


@compiled
def highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:  # noqa: PLR0917 - loops take no names
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


@compiled
def ages_of_highest(x: Column, windows: Rows, row: Rows, out: Columns, places: Rows, scratch: Columns) -> None:  # noqa: PLR0917 - loops take no names
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


@compiled
def _copy(x: Column, out: Column) -> None:
    """Fill `out` with x."""
    for t in range(out.size):
        out[t] = x[t]


@compiled
def _lose(out: Column, rows: int) -> None:
    """Make the first rows missing."""
    for t in range(min(rows, out.size)):
        out[t] = np.nan


@compiled
def _within_chain(row: Rows, reach: int, out: Column) -> None:
    """Make missing what reaches back beyond its chain, or is not finite."""
    for t in range(out.size):
        v = out[t]
        out[t] = v + (v - v) if row[t] >= reach else np.nan


@compiled
def _add(block: Column, shift: int, weight: float, out: Column) -> None:
    """Add weight * block[t-shift] to out[t]; with no shift, begin with the block."""
    if shift == 0:
        _copy(block, out)
        return
    _lose(out, shift)
    for t in range(shift, out.size):
        out[t] += weight * block[t - shift]


@compiled
def _add_aged(aged: Column, block: Column, shift: int, out: Column) -> None:
    """Add aged[t-shift], grown older by the shift, to out[t]; with no shift, begin with it."""
    if shift == 0:
        _copy(aged, out)
        return
    _lose(out, shift)
    for t in range(shift, out.size):
        out[t] += aged[t - shift] + shift * block[t - shift]


@compiled
def _times(block: Column, shift: int, out: Column) -> None:
    """Multiply out[t] by block[t-shift]; with no shift, begin with the block."""
    if shift == 0:
        _copy(block, out)
        return
    _lose(out, shift)
    for t in range(shift, out.size):
        out[t] *= block[t - shift]


@compiled
def _larger(block: Column, shift: int, out: Column) -> None:
    """Fill `out` with the larger of block[t] and block[t-shift], missing where either is."""
    _lose(out, shift)
    for t in range(shift, out.size):
        a, b = block[t], block[t - shift]
        out[t] = max(a, b) + (a - a) + (b - b)


@compiled
def _age_of_larger(block: Column, age: Column, shift: int, out: Column) -> None:
    """Fill `out` with the age of the larger of block[t] and block[t-shift], that of the later where they are equal."""
    _lose(out, shift)
    for t in range(shift, out.size):
        a, b = block[t], block[t - shift]
        out[t] = (age[t] if a >= b else age[t - shift] + shift) + (a - a) + (b - b)
