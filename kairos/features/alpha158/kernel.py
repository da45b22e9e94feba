"""All 158 columns for the rows of many names. `fast` has the form for frames."""

from collections.abc import Callable
from functools import cache

import numba as nb
import numpy as np
from numpy.typing import NDArray

from kairos.features.alpha158.closes import closes
from kairos.features.alpha158.compiled import kept
from kairos.features.alpha158.counts import full_counts
from kairos.features.alpha158.load import load
from kairos.features.alpha158.ranges import candles, changes, directions, extremes
from kairos.features.alpha158.scratch import (
    BACK,
    CORD,
    CORR,
    COUNT_ROWS,
    D_C,
    D_V,
    DOUBLE_ROWS,
    FLAT_C,
    FLOAT_ROWS,
    PLACES,
    SUMP,
    TILE_ROWS,
    VSUMP,
    WIDTH,
    Array,
    C,
    Q,
    R,
    Y,
)
from kairos.features.alpha158.volumes import correlations, volumes

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


def _columns(inputs: Array, starts: Array, firsts: Array, ends: Array, out: Array, at: Array) -> None:
    f = np.zeros((FLOAT_ROWS, WIDTH), np.float32)
    d = np.zeros((DOUBLE_ROWS, WIDTH))
    made = np.zeros((COUNT_ROWS, WIDTH))
    full = full_counts()
    for i in range(WIDTH):
        f[PLACES, i] = i
    for k in range(len(starts)):
        first = firsts[k]
        while first < ends[k]:
            end = min(first + TILE_ROWS, ends[k])
            if first < starts[k] + BACK:
                end = min(end, starts[k] + BACK)  # short windows make their tile slow, so it is a short one
            whole = load(inputs, f, starts[k], first, end)
            n, to = end - first + BACK, at[k] + first - firsts[k]
            candles(f, out, to, n)
            closes(f, d, whole, full, made, out, to, n)
            correlations(f, d, C, Y, True, FLAT_C, CORR, whole, full, made, out, to, n)
            correlations(f, d, R, Q, False, -1, CORD, whole, full, made, out, to, n)
            volumes(f, d, whole, full, made, out, to, n)
            extremes(f, whole, full, made, out, to, n)
            directions(f, whole, full, made, out, to, n)
            changes(f, d, D_C, 0, whole, full, made, out, to, n)
            changes(f, d, D_V, VSUMP - SUMP, whole, full, made, out, to, n)
            first = end


_INTS = nb.int64[::1]
_FLOATS = nb.float32[:, ::1]


@cache
def compiled() -> Callable[..., None]:
    """Return the compiled kernel; from the cache if it is there."""
    return kept(_columns, (_FLOATS, _INTS, _INTS, _INTS, _FLOATS, _INTS))


def columns(inputs: Floats, spans: tuple[Ints, Ints, Ints], out: Floats, at: Ints) -> None:
    """Fill the 158 columns for the wanted rows of every name, one name after the other.

    Args:
        inputs: Open, high, low, close, volume: array (5, rows).
        spans: First row of each name, or of what is there of it, at least 60 rows before its first wanted one; first wanted
            row of each name; row after its last one.
        out: Array (158, wanted rows or more).
        at: Where in `out` the first wanted row of each name goes.
    """
    compiled()(inputs, *spans, out, at)
