"""Arithmetic on columns with gaps (NaN), for the steps that features go through."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kairos.models.transform import Array

Places = NDArray[np.int64]
MANY_ROWS = 4096  # from here on a column at a time is faster than a block


def quantile(values: Array, share: float) -> Array:
    """Return a quantile of each column's known values, between neighbours in proportion; NaN where none is known."""
    (found,) = quantiles(values, (share,))
    return found


def quantiles(values: Array, shares: Sequence[float]) -> list[Array]:
    """Return several quantiles of each column's known values, as `quantile` does."""
    count = np.isfinite(values).sum(axis=0)
    places = [share * np.maximum(count - 1, 0) for share in shares]
    below = [np.floor(place).astype(np.int64) for place in places]
    above = [np.minimum(low + 1, np.maximum(count - 1, 0)) for low in below]
    ordered = _in_order(values, np.array([*below, *above]))
    columns = np.arange(values.shape[1])
    found = []
    for place, one, other in zip(places, below, above, strict=True):
        low, high = (np.where(count > 0, ordered[at, columns], np.nan) for at in (one, other))
        found.append(np.asarray(low + (place - one) * (high - low)))
    return found


def _in_order(values: Array, wanted: Places) -> Array:
    """Return each column's values in order, unknown ones last; of many rows, those at the `wanted` places (places, columns).

    Args:
        values: (rows, columns), NaN where unknown.
        wanted: Places, lower neighbours first, then the upper ones.
    """
    filled = np.where(np.isfinite(values), values, np.inf)
    if len(values) < MANY_ROWS:
        return np.asarray(np.sort(filled, axis=0))
    lines = np.ascontiguousarray(filled.T)  # as it is where values lie by column
    shares = len(wanted) // 2
    for line, places in zip(lines, wanted.T.tolist(), strict=True):
        found = [(low, high, *_neighbours(line, low, high)) for low, high in zip(places[:shares], places[shares:], strict=True)]
        for low, high, below, above in found:
            line[low], line[high] = below, above
    return lines.T


def _neighbours(line: Array, low: int, high: int) -> tuple[float, float]:
    """Return the values at two places in order, the same or neighbours; the line is left in another order."""
    line.partition(high)
    return float(line[low] if low == high else line[:high].max()), float(line[high])
