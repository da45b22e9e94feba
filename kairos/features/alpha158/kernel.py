"""All 158 columns for the rows of many names. `fast` has the form for frames."""

import numpy as np

from kairos.features.alpha158.closes import closes
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
    C,
    Q,
    R,
    Y,
    jit,
)
from kairos.features.alpha158.volumes import correlations, volumes


@jit
def _tile(inputs, start, first, end, f, d, full, made, out, at):
    whole = load(inputs, f, start, first, end)
    n = end - first + WIDTH - TILE_ROWS
    candles(f, out, at, n)
    closes(f, d, whole, full, made, out, at, n)
    correlations(f, d, C, Y, True, FLAT_C, CORR, whole, full, made, out, at, n)
    correlations(f, d, R, Q, False, -1, CORD, whole, full, made, out, at, n)
    volumes(f, d, whole, full, made, out, at, n)
    extremes(f, whole, full, made, out, at, n)
    directions(f, whole, full, made, out, at, n)
    changes(f, d, D_C, 0, whole, full, made, out, at, n)
    changes(f, d, D_V, VSUMP - SUMP, whole, full, made, out, at, n)


@jit
def columns(inputs, starts, firsts, ends, out, at):
    """Fill the columns for rows firsts[k] to ends[k] of every name k, one name after the other.

    Args:
        inputs: Open, high, low, close, volume: array (5, rows) of float32.
        starts: First row of each name, or of what is there of it: at least 60 rows before its first wanted one.
        firsts: First wanted row of each name.
        ends: Row after the last one of each name.
        out: Array (158, wanted rows or more) of float32.
        at: Where in `out` the first wanted row of each name goes.
    """
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
            _tile(inputs, starts[k], first, end, f, d, full, made, out, at[k] + first - firsts[k])
            first = end
