"""Sums over all five windows by doubling: seven additions a row, none of which sees a row outside its window.

With s1 = x: s2 = s1 + s1[t-1], s4 = s2 + s2[t-2], s5 = s4 + x[t-4], s10 = s5 + s5[t-5], s20 = s10 + s10[t-10],
s30 = s20 + s10[t-20], s60 = s30 + s30[t-30]. Sums weighted by age in rows double likewise.
"""

import numpy as np

from kairos.features.alpha158.scratch import Array, jit

STEPS = np.array([(1, 0, 0, 1), (2, 1, 1, 2), (3, 2, 0, 4), (4, 3, 3, 5), (5, 4, 4, 10), (6, 5, 4, 20), (7, 6, 6, 30)])


@jit
def _add(to: Array, first: Array, older: Array, shift: int, n: int) -> None:
    head, back, target = first[shift:n], older[: n - shift], to[shift:n]
    for i in range(n - shift):
        target[i] = head[i] + back[i]


@jit
def _add_aged(to: Array, first: Array, older: Array, older_sum: Array, shift: int, n: int) -> None:
    head, back, back_sum, target = first[shift:n], older[: n - shift], older_sum[: n - shift], to[shift:n]
    weight = float(shift)
    for i in range(n - shift):
        target[i] = head[i] + back[i] + weight * back_sum[i]


@jit
def totals(scratch: Array, stream: int, n: int) -> None:
    """Fill the doublings of the stream whose values are in its first row."""
    for step in range(7):
        to, first, older, shift = STEPS[step]
        _add(scratch[stream + to], scratch[stream + first], scratch[stream + older], shift, n)


@jit
def aged_totals(scratch: Array, aged: int, stream: int, n: int) -> None:
    """Fill the sums of a stream times its age in rows; the stream's own doublings are there already."""
    scratch[aged, :n] = 0.0
    for step in range(7):
        to, first, older, shift = STEPS[step]
        _add_aged(scratch[aged + to], scratch[aged + first], scratch[aged + older], scratch[stream + older], shift, n)
