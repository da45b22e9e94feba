"""Sums over the rows that share a code, in the order of the rows."""

import numpy as np
from numpy.typing import NDArray

from kairos.features.compiled import Column, Rows, compiled


@compiled
def group_sums(x: Column, codes: Rows, count: Column, total: Column, square: Column) -> None:
    """Add count, sum and sum of squares of the values of each code, in the order of the rows."""
    for t in range(x.size):
        if codes[t] >= 0 and not np.isnan(x[t]):
            count[codes[t]] += 1.0
            total[codes[t]] += x[t]
            square[codes[t]] += x[t] * x[t]


@compiled
def group_spreads(x: Column, codes: Rows, centre: Column, spread: Column) -> None:
    """Add the squared deviations from the centre of each code, in the order of the rows."""
    for t in range(x.size):
        if codes[t] >= 0 and not np.isnan(x[t]):
            deviation = x[t] - centre[codes[t]]
            spread[codes[t]] += deviation * deviation


@compiled
def by_code(codes: Rows, first: int, filled: NDArray[np.int64], order: Rows) -> None:
    """Put row `first` + t where code codes[t] has room in `order`: `filled` holds how far each code's part is filled."""
    for t in range(codes.size):
        if codes[t] >= 0:
            order[filled[codes[t]]] = first + t
            filled[codes[t]] += 1
