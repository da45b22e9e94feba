"""How many values each window holds, and what follows from it. Whole numbers: however they are made, they are the same."""

import numpy as np

from kairos.features.alpha158.scratch import (
    AGE_SPREAD,
    AGES,
    COUNT,
    COUNT_ROWS,
    INV,
    INV_AGE_SPREAD,
    INV_PAIRS,
    WIDTH,
    WINDOWS,
    Array,
    jit,
)

_WINDOWS = np.array(WINDOWS)


@jit
def count_values(values: Array, window: int, made: Array, n: int) -> None:
    """Fill the counts of a window of `values`, NaN being none.

    Args:
        values: Row of float32.
        window: Rows of the window.
        made: Rows to fill, as in `scratch`: count, 1 / count, 1 / (count (count - 1)).
        n: Rows of the tile with those before it.
    """
    count, has = 0.0, made[COUNT, :n]
    for t in range(min(window, n)):
        count += values[t] == values[t]
        has[t] = count
    late, late_has, gone = values[window:n], has[window:], values[: n - window]
    for t in range(len(late)):
        count += np.float64(late[t] == late[t]) - np.float64(gone[t] == gone[t])
        late_has[t] = count
    _inverses(has, made[INV, :n], made[INV_PAIRS, :n])


@jit
def _inverses(count: Array, inv: Array, inv_pairs: Array) -> None:
    for t in range(len(count)):
        inv[t] = 1.0 / count[t]
        inv_pairs[t] = 1.0 / (count[t] * (count[t] - 1.0))


@jit
def count_ages(values: Array, window: int, made: Array, n: int) -> None:
    """Fill what the ages of the values come to: their sum, count times the sum of their squares less its square, 1 / that."""
    count = ages = squares = 0
    for t in range(n):
        squares += 2 * ages + count
        ages += count
        if values[t] == values[t]:
            count += 1
        if t >= window and values[t - window] == values[t - window]:
            count -= 1
            ages -= window
            squares -= window * window
        made[AGES, t] = ages
        made[AGE_SPREAD, t] = count * squares - ages * ages
        made[INV_AGE_SPREAD, t] = 1.0 / (count * squares - ages * ages)


@jit
def full_counts() -> Array:
    """Return the counts of windows in which nothing is missing: five windows, rows as in `scratch`."""
    made = np.empty((len(WINDOWS), COUNT_ROWS, WIDTH))
    whole = np.ones(WIDTH, np.float32)
    for q, window in enumerate(WINDOWS):
        count_values(whole, window, made[q], WIDTH)
        count_ages(whole, window, made[q], WIDTH)
        for k in range(COUNT_ROWS):
            made[q, k, :] = made[q, k, WIDTH - 1]
    return made


@jit
def window_counts(values: Array, q: int, whole: bool, full: Array, made: Array, n: int) -> Array:
    """Return the counts of window number q of a row of values: those of full windows if nothing is missing."""
    if whole:
        counts: Array = full[q]
        return counts
    count_values(values, _WINDOWS[q], made, n)
    return made
