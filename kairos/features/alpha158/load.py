"""The rows of a tile as the kernels want them, and what follows from one row or two."""

import numpy as np

from kairos.features.alpha158.scratch import (
    BACK,
    D_C,
    D_V,
    DOWN,
    EXISTS,
    INV_C,
    INV_V,
    NAN,
    ONE,
    TINY,
    UP,
    Array,
    C,
    H,
    L,
    O,
    Q,
    R,
    V,
    W,
    Y,
    finite,
    jit,
)


@jit
def _take(to: Array, values: Array, start: int, first: int, end: int) -> None:
    """Copy rows first - BACK to end; those before `start` are of another name."""
    begin = max(start, first - BACK)
    to[: begin - first + BACK] = NAN
    _all_finite(to[begin - first + BACK : end - first + BACK], values[begin:end])


@jit
def _all_finite(to: Array, values: Array) -> None:
    for i in range(len(to)):
        to[i] = finite(values[i])


@jit
def _one_row(close: Array, volume: Array, inv_c: Array, inv_v: Array) -> None:
    for i in range(len(close)):
        inv_c[i] = ONE / close[i]
        inv_v[i] = ONE / (volume[i] + TINY)


@jit
def _logs(
    close: Array, older_close: Array, volume: Array, older_volume: Array, ratio: Array, ratio_log: Array, log_volume: Array
) -> None:
    for i in range(len(close)):
        ratio[i] = finite(close[i] / older_close[i] - ONE)
        ratio_log[i] = finite(np.log(volume[i] / older_volume[i] + ONE))
        log_volume[i] = finite(np.log(volume[i] + ONE))


@jit
def _changes(to: Array, values: Array, older: Array) -> None:
    for i in range(len(to)):
        to[i] = values[i] - older[i]


@jit
def _weighted(to: Array, ratio: Array, volume: Array) -> None:
    for i in range(len(to)):
        to[i] = abs(ratio[i]) * volume[i]


@jit
def _directions(d_c: Array, up: Array, down: Array) -> None:
    for i in range(len(up)):
        up[i] = np.float32(d_c[i] > 0)
        down[i] = np.float32(d_c[i] < 0)


@jit
def _whole(row: Array) -> bool:
    missing = 0
    for i in range(len(row)):
        missing += row[i] != row[i]
    return missing == 0


@jit
def load(inputs: Array, scratch: Array, start: int, first: int, end: int) -> bool:
    """Fill the scratch for rows `first` to `end` of a name that begins at `start`; return whether nothing is missing in it.

    Args:
        inputs: Open, high, low, close and volume of all names, five rows of float32.
        scratch: Rows of float32.
        start: First row of the name.
        first: First row of the tile.
        end: Row after the last one.
    """
    n = end - first + BACK
    for k in range(5):
        _take(scratch[O + k], inputs[k], start, first, end)
    scratch[EXISTS, :n] = ONE
    scratch[EXISTS, : max(start - first + BACK, 0)] = NAN
    _follow(scratch, n)
    whole = _whole(scratch[H, :n]) and _whole(scratch[L, :n]) and _whole(scratch[C, :n]) and _whole(scratch[Y, 1:n])
    return whole and _whole(scratch[V, :n]) and _whole(scratch[Q, 1:n]) and _whole(scratch[W, 1:n])


@jit
def _follow(scratch: Array, n: int) -> None:
    close, volume = scratch[C], scratch[V]
    for row in (Y, R, Q, D_C, D_V, W):
        scratch[row, 0] = NAN  # what came before the oldest row does not matter to a window
    ratio = scratch[R, 1:n]
    _one_row(close[:n], volume[:n], scratch[INV_C, :n], scratch[INV_V, :n])
    _logs(close[1:n], close[: n - 1], volume[1:n], volume[: n - 1], ratio, scratch[Q, 1:n], scratch[Y, 1:n])
    _changes(scratch[D_C, 1:n], close[1:n], close[: n - 1])
    _changes(scratch[D_V, 1:n], volume[1:n], volume[: n - 1])
    _weighted(scratch[W, 1:n], ratio, volume[1:n])
    _directions(scratch[D_C, :n], scratch[UP, :n], scratch[DOWN, :n])
