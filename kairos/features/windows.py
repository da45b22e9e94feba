"""Sums, extremes and ranks over trailing windows of a plain array; no names and no missing-value bookkeeping here.

Every window is joined from blocks of 1, 2, 4, ... rows in one fixed order. A value therefore depends, to the bit, on
the rows of its own window and on nothing else: not on where the array starts, not on what follows, not on what passed
through earlier as in a running sum. NaN in a window gives NaN; so do the rows before the first full window.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""A column: one float per row, NaN where there is none."""


def shifted(values: Array, rows: int) -> Array:
    """Return `values` moved `rows` down; the first `rows` are NaN."""
    out = np.empty_like(values)
    out[:rows] = np.nan
    out[rows:] = values[: max(values.size - rows, 0)]
    return out


def _bits(window: int) -> Iterator[tuple[int, bool]]:
    size = 1
    while size <= window:
        yield size, bool(window & size)
        size *= 2


def geometric_sum(values: Array, window: int, *, decay: float = 1.0) -> Array:
    """Return sum over j < window of decay**j * values[t-j]; a plain rolling sum for decay 1."""
    block, total, behind = values, None, 0
    for size, taken in _bits(window):
        if taken:
            piece = shifted(block, behind) * decay**behind if behind else block
            total = piece if total is None else total + piece
            behind += size
        if 2 * size <= window:
            block = block + shifted(block, size) * decay**size
    return block if total is None else total


def age_weighted_sum(values: Array, window: int) -> Array:
    """Return sum over j < window of j * values[t-j]: each row times its age."""
    block, aged = values, np.where(np.isnan(values), np.nan, 0.0)
    total, behind = None, 0
    for size, taken in _bits(window):
        if taken:
            piece = shifted(aged, behind) + behind * shifted(block, behind) if behind else aged
            total = piece if total is None else total + piece
            behind += size
        if 2 * size <= window:
            earlier = shifted(block, size)
            aged = aged + shifted(aged, size) + size * earlier
            block = block + earlier
    return aged if total is None else total


def highest(values: Array, window: int) -> Array:
    """Return the maximum of values[t-window+1..t]."""
    block, size = values, 1
    while 2 * size <= window:
        block = np.maximum(block, shifted(block, size))
        size *= 2
    return np.maximum(block, shifted(block, window - size)) if size < window else block


def age_of_highest(values: Array, window: int) -> Array:
    """Return how many rows ago the window's maximum was, the latest one if it occurs more than once."""
    block, age, size = values, np.where(np.isnan(values), np.nan, 0.0), 1
    while size < window:
        step = min(size, window - size)
        earlier, earlier_age = shifted(block, step), shifted(age, step) + step
        age = np.where(block >= earlier, age, earlier_age)
        block = np.maximum(block, earlier)
        age[np.isnan(block)] = np.nan
        size += step
    return age


def rank(values: Array, window: int) -> Array:
    """Return the share of the window's other rows below values[t], ties counting half, in [0, 1]."""
    below = np.zeros_like(values)
    for rows in range(1, window):
        other = shifted(values, rows)
        below += (other < values) + 0.5 * (other == values)
    return np.where(np.isnan(highest(values, window)), np.nan, below / (window - 1))
