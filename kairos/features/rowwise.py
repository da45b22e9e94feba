"""Arithmetic row by row. What is not finite becomes missing: x - x is 0 for a number and NaN for anything else."""

import numpy as np
from numpy.typing import NDArray

from kairos.features.compiled import Column, compiled

NO_SPREAD = 1e-12  # a variance below this share of the mean square is rounding, not spread: it counts as 0

OPERATIONS = (
    *("add", "sub", "mul", "div", "neg", "abs", "sqrt", "sign", "gt", "ge", "lt", "le", "eq", "ne"),
    *("and", "or", "min", "max", "known", "where", "spread", "clip", "finite"),
)  # fmt: skip
"""What `each` can do; its first argument is the position in this tuple."""


@compiled
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


@compiled
def stored(x: Column, out: NDArray[np.float32]) -> None:
    """Round x to single precision; what does not fit is missing."""
    for t in range(x.size):
        v = np.float32(x[t])
        out[t] = v + (v - v)
