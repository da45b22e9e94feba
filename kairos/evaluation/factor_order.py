"""Values put in order, compiled; a row is a session, a column a name. What is made of the order is in `factor_kernels`.

Ranks are whole numbers: twice the mean rank less its centre, so -(n - 1), ..., n - 1 in steps of 2, tied names alike. Sums of
their products are exact, so a rank correlation does not depend on the order in which anything is added up.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit

F = TypeVar("F", bound=Callable[..., Any])

ABSENT = -(2**15)  # rank of a name without a value
MOST_NAMES = 2**15 - 1  # ranks and columns are kept in 16 bits
SIGN = np.uint32(0x80000000)
COLUMN = np.uint64(0xFFFF)
BYTE = np.uint64(0xFF)
FEW = 64  # names that are sorted one by one


def compiled(function: F) -> F:
    """Compile a loop for one core, and keep what came of it for the next process."""
    made: F = njit(cache=True, nogil=True, error_model="numpy")(function)
    return made


@compiled
def _sort_keys(keys: Any, spare: Any, size: int) -> None:  # noqa: ANN401 - arrays, typed by the compiler
    """Sort the first `size` keys by their upper half, a byte at a time; equal ones keep their order."""
    counts = np.zeros((4, 256), np.int32)
    for place in range(size):
        for digit in range(4):
            counts[digit, (keys[place] >> np.uint64(32 + 8 * digit)) & BYTE] += 1
    one, other = keys, spare
    for digit in range(4):
        below = 0
        for value in range(256):
            here = counts[digit, value]
            counts[digit, value] = below
            below += here
        shift = np.uint64(32 + 8 * digit)
        for place in range(size):
            value = (one[place] >> shift) & BYTE
            other[counts[digit, value]] = one[place]
            counts[digit, value] += 1
        one, other = other, one


@compiled
def _insert_keys(keys: Any, size: int) -> None:  # noqa: ANN401
    """Sort the first `size` keys, which are few."""
    for place in range(1, size):
        key, back = keys[place], place
        while back > 0 and keys[back - 1] > key:
            keys[back] = keys[back - 1]
            back -= 1
        keys[back] = key


@compiled
def _order_row(values: Any, keys: Any, spare: Any, order: Any) -> int:  # noqa: ANN401
    """Write the columns of the finite values by value, equal ones by column; return how many there are."""
    size = 0
    for column in range(values.size):
        if np.isfinite(values[column]):
            bits = np.float32(values[column] + 0.0).view(np.uint32)  # -0 + 0 = 0
            rising = ~bits if bits & SIGN else bits | SIGN
            keys[size] = (np.uint64(rising) << np.uint64(32)) | np.uint64(column)
            size += 1
    if size > FEW:
        _sort_keys(keys, spare, size)
    else:
        _insert_keys(keys, size)
    for place in range(size):
        order[place] = keys[place] & COLUMN
    for place in range(1, size):  # what single precision could not tell apart
        column, back = order[place], place
        while back > 0 and values[order[back - 1]] > values[column]:
            order[back] = order[back - 1]
            back -= 1
        order[back] = column
    return size


@compiled
def rank_values(values: Any, orders: Any, ranks: Any, counts: Any, tied: Any) -> None:  # noqa: ANN401
    """Put the values of each row in order.

    Args:
        values: (rows, names) float32 or float64; NaN and infinity are no values.
        orders: (rows, names) int16, written: columns by value, ascending; undefined from the count on.
        ranks: (rows, names) int16, written.
        counts: (rows, 1) int32, written: names with a value.
        tied: (rows, 1) bool, written: whether any two share a value.
    """
    names = values.shape[1]
    keys, spare = np.empty(names, np.uint64), np.empty(names, np.uint64)
    for row in range(values.shape[0]):
        order, line, rank = orders[row], values[row], ranks[row]
        count = _order_row(line, keys, spare, order)
        counts[row, 0], tied[row, 0] = count, False
        rank[:] = ABSENT
        first = 0
        while first < count:
            end = first + 1
            while end < count and line[order[end]] == line[order[first]]:
                end += 1
            tied[row, 0] |= end > first + 1
            for place in range(first, end):
                rank[order[place]] = first + end - count
            first = end


@compiled
def quantile_codes(factor: Any, quantiles: int, codes: Any) -> None:  # noqa: ANN401
    """Write each name's quantile (rows, names) int8: 1 to `quantiles`, 0 for none; `factor` as `rank_values` left it."""
    orders, ranks, counts, _ = factor
    codes[:] = 0
    for row in range(orders.shape[0]):
        count, order, rank = counts[row, 0], orders[row], ranks[row]
        if count < 2 or rank[order[0]] == rank[order[count - 1]]:  # noqa: PLR2004 - nothing is higher than anything
            continue
        code, lowest = 1, 0  # names strictly lower than this one
        for place in range(count):
            if place > 0 and rank[order[place]] != rank[order[place - 1]]:
                lowest = place
            while quantiles * lowest > code * (count - 1):
                code += 1
            codes[row, order[place]] = code


@compiled
def split_groups(whole: Any, edges: Any, orders: Any, ranks: Any, counts: Any, tied: Any) -> None:  # noqa: ANN401, PLR0917
    """Put the names of each group in order among themselves, from the order of all.

    Args:
        whole: (orders, ranks, counts, tied) of rows, of all names.
        edges: (groups + 1,) first column of each group, and the number of names.
        orders: (rows, names) int16, written: from a group's first column on, its columns by value, counted from that one.
        ranks: (rows, names) int16, written: ranks within the group.
        counts: (rows, groups) int32, written: names of the group with a value.
        tied: (rows, groups) bool, written: whether any two of the group share a value.
    """
    their_orders, their_ranks, their_counts, _ = whole
    group_of = np.empty(ranks.shape[1], np.int32)
    for group in range(edges.size - 1):
        group_of[edges[group] : edges[group + 1]] = group
    for row in range(ranks.shape[0]):
        base, size = their_ranks[row], counts[row]
        ranks[row, :], size[:] = ABSENT, 0
        for place in range(their_counts[row, 0]):
            column = their_orders[row, place]
            group = group_of[column]
            orders[row, edges[group] + size[group]] = column - edges[group]
            size[group] += 1
        for group in range(size.size):
            start, count = edges[group], size[group]
            order, out = orders[row, start : start + count], ranks[row, start:]
            tied[row, group] = False
            first = 0
            while first < count:
                end = first + 1
                while end < count and base[start + order[end]] == base[start + order[first]]:
                    end += 1
                tied[row, group] |= end > first + 1
                for place in range(first, end):
                    out[order[place]] = first + end - count
                first = end
