"""Steps that windows are joined by: a block of rows with the same block some rows earlier."""

import numpy as np

from kairos.features.compiled import Column, Rows, compiled


@compiled
def copy(x: Column, out: Column) -> None:
    """Fill `out` with x."""
    for t in range(out.size):
        out[t] = x[t]


@compiled
def lose(out: Column, rows: int) -> None:
    """Make the first rows missing."""
    for t in range(min(rows, out.size)):
        out[t] = np.nan


@compiled
def within_chain(row: Rows, reach: int, out: Column) -> None:
    """Make missing what reaches back beyond its chain, or is not finite."""
    for t in range(out.size):
        v = out[t]
        out[t] = v + (v - v) if row[t] >= reach else np.nan


@compiled
def add(block: Column, shift: int, weight: float, out: Column) -> None:
    """Add weight * block[t-shift] to out[t]; with no shift, begin with the block."""
    if shift == 0:
        copy(block, out)
        return
    lose(out, shift)
    for t in range(shift, out.size):
        out[t] += weight * block[t - shift]


@compiled
def add_aged(aged: Column, block: Column, shift: int, out: Column) -> None:
    """Add aged[t-shift], grown older by the shift, to out[t]; with no shift, begin with it."""
    if shift == 0:
        copy(aged, out)
        return
    lose(out, shift)
    for t in range(shift, out.size):
        out[t] += aged[t - shift] + shift * block[t - shift]


@compiled
def times(block: Column, shift: int, out: Column) -> None:
    """Multiply out[t] by block[t-shift]; with no shift, begin with the block."""
    if shift == 0:
        copy(block, out)
        return
    lose(out, shift)
    for t in range(shift, out.size):
        out[t] *= block[t - shift]


@compiled
def larger(block: Column, shift: int, out: Column) -> None:
    """Fill `out` with the larger of block[t] and block[t-shift], missing where either is."""
    lose(out, shift)
    for t in range(shift, out.size):
        a, b = block[t], block[t - shift]
        out[t] = (a if a >= b else b) + (a - a)


@compiled
def age_of_larger(block: Column, age: Column, shift: int, out: Column) -> None:
    """Fill `out` with the age of the larger of block[t] and block[t-shift], that of the later where they are equal."""
    lose(out, shift)
    for t in range(shift, out.size):
        a, b = block[t], block[t - shift]
        out[t] = (age[t] if a >= b else age[t - shift] + shift) + (a - a) + (b - b)
