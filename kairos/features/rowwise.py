"""Arithmetic row by row. What is not finite becomes missing: x - x is 0 for a number and NaN for anything else."""

import numpy as np
from numpy.typing import NDArray

from kairos.features.compiled import Column, compiled

NO_SPREAD = 1e-12  # a variance below this share of the mean square is rounding, not spread: it counts as 0

UNARY = ("neg", "abs", "sqrt", "sign", "known", "finite")
ARITHMETIC = ("add", "sub", "mul", "div")
COMPARISONS = ("gt", "ge", "lt", "le", "eq", "ne", "and", "or", "min", "max")
TERNARY = ("where", "spread", "clip")
"""What the loops can do; their first argument is a position in these."""
NEG, ABS, SQRT, SIGN, KNOWN, FINITE = range(len(UNARY))
ADD, SUB, MUL, DIV = range(len(ARITHMETIC))
GT, GE, LT, LE, EQ, NE, BOTH, EITHER, MIN, MAX = range(len(COMPARISONS))
WHERE, SPREAD, CLIP = range(len(TERNARY))


@compiled
def unary(what: int, a: Column, out: Column) -> None:  # noqa: C901 - one loop for each
    """Fill `out` from one column."""
    rows = range(out.size)
    if what == NEG:
        for t in rows:
            out[t] = -a[t]
    elif what == ABS:
        for t in rows:
            out[t] = abs(a[t])
    elif what == SQRT:
        for t in rows:
            out[t] = np.sqrt(a[t])
    elif what == SIGN:
        for t in rows:
            out[t] = (1.0 if a[t] > 0 else 0.0) - (1.0 if a[t] < 0 else 0.0) + (a[t] - a[t])
    elif what == KNOWN:
        for t in rows:
            out[t] = 0.0 if np.isnan(a[t]) else 1.0
    else:  # finite
        for t in rows:
            out[t] = a[t] + (a[t] - a[t])


@compiled
def arithmetic(what: int, a: Column, b: Column, out: Column) -> None:
    """Fill `out` with a sum, difference, product or quotient of two columns."""
    rows = range(out.size)
    if what == ADD:
        for t in rows:
            v = a[t] + b[t]
            out[t] = v + (v - v)
    elif what == SUB:
        for t in rows:
            v = a[t] - b[t]
            out[t] = v + (v - v)
    elif what == MUL:
        for t in rows:
            v = a[t] * b[t]
            out[t] = v + (v - v)
    else:  # quotient
        for t in rows:
            v = a[t] / b[t]
            out[t] = v + (v - v)


@compiled
def comparison(what: int, a: Column, b: Column, out: Column) -> None:  # noqa: C901, PLR0912 - one loop for each
    """Fill `out` with a comparison of two columns, 1 or 0, or with the one that it chooses."""
    rows = range(out.size)
    if what == GT:
        for t in rows:
            out[t] = (1.0 if a[t] > b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == GE:
        for t in rows:
            out[t] = (1.0 if a[t] >= b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == LT:
        for t in rows:
            out[t] = (1.0 if a[t] < b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == LE:
        for t in rows:
            out[t] = (1.0 if a[t] <= b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == EQ:
        for t in rows:
            out[t] = (1.0 if a[t] == b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == NE:
        for t in rows:
            out[t] = (1.0 if a[t] != b[t] else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == BOTH:
        for t in rows:
            out[t] = (1.0 if (a[t] != 0) & (b[t] != 0) else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == EITHER:
        for t in rows:
            out[t] = (1.0 if (a[t] != 0) | (b[t] != 0) else 0.0) + (a[t] - a[t]) + (b[t] - b[t])
    elif what == MIN:
        for t in rows:
            out[t] = min(a[t], b[t]) + (a[t] - a[t]) + (b[t] - b[t])
    else:  # the larger
        for t in rows:
            out[t] = max(a[t], b[t]) + (a[t] - a[t]) + (b[t] - b[t])


@compiled
def ternary(what: int, a: Column, b: Column, c: Column, out: Column) -> None:
    """Fill `out` from three columns.

    `where` takes b where a is not 0, else c; `spread` is a - b, 0 where that is only rounding beside c; `clip` is a held
    between b and c.
    """
    rows = range(out.size)
    if what == WHERE:
        for t in rows:
            out[t] = (b[t] if a[t] != 0 else c[t]) + (a[t] - a[t])
    elif what == SPREAD:
        for t in rows:
            v = a[t] - b[t]
            out[t] = (0.0 if v <= NO_SPREAD * c[t] else v) + (v - v)
    else:  # clip
        for t in rows:
            out[t] = min(max(a[t], b[t]), c[t]) + (a[t] - a[t])


@compiled
def stored(x: Column, out: NDArray[np.float32]) -> None:
    """Round x to single precision; what does not fit is missing."""
    for t in range(x.size):
        v = np.float32(x[t])
        out[t] = v + (v - v)
