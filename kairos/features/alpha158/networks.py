"""Tables of comparators that sort windows row by row; `order` runs them. A comparator is a pair of places: lower, higher."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Comparators = list[tuple[int, int]]
KEPT = 13  # of thirty sorted values the lowest and the highest this many are all that a quantile of sixty asks for

FIVE: Comparators = [(0, 3), (1, 4), (0, 2), (1, 3), (0, 1), (2, 4), (1, 2), (3, 4), (2, 3)]


def merge(left: Sequence[int], right: Sequence[int]) -> tuple[Comparators, list[int]]:
    """Return comparators that merge two sorted lists of places, and the places in sorted order, after Batcher (1968)."""
    if not left or not right:
        return [], [*left, *right]
    if len(left) == len(right) == 1:
        return [(left[0], right[0])], [left[0], right[0]]
    net, odd = merge(left[::2], right[::2])
    more, even = merge(left[1::2], right[1::2])
    last = list(zip(even, odd[1:], strict=False))
    order = [odd[0], *(place for pair in last for place in pair), *even[len(last) :], *odd[len(last) + 1 :]]
    return [*net, *more, *last], order


def needed(net: Comparators, places: Sequence[int]) -> Comparators:
    """Return the comparators on which the values at `places` depend."""
    wanted, kept = set(places), []
    for pair in reversed(net):
        if wanted & set(pair):
            wanted |= set(pair)
            kept.append(pair)
    return kept[::-1]


def table(net: Comparators) -> NDArray[np.int64]:
    """Return the comparators as an array of two columns."""
    return np.array(net, dtype=np.int64).reshape(-1, 2)


_ten, TEN_ORDER = merge(range(5), range(5, 10))
_twenty, TWENTY_ORDER = merge(range(10), range(10, 20))
_thirty, _thirty_order = merge(range(20), range(20, 30))
THIRTY_ORDER = [*_thirty_order[:KEPT], *_thirty_order[-KEPT:]]

TEN, TWENTY, THIRTY = table(_ten), table(_twenty), table(needed(_thirty, THIRTY_ORDER))
