"""Arithmetic on columns with gaps (NaN), for the steps that features go through."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kairos.models.transform import Array

Flags = NDArray[np.bool_]


def quantile(values: Array, share: float) -> Array:
    """Return a quantile of each column's known values, between neighbours in proportion; NaN where none is known."""
    count = np.isfinite(values).sum(axis=0)
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=0)
    place = share * np.maximum(count - 1, 0)
    below = np.floor(place).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(count - 1, 0))
    columns = np.arange(values.shape[1])
    low, high = (np.where(count > 0, ordered[at, columns], np.nan) for at in (below, above))
    return np.asarray(low + (place - below) * (high - low))


def residuals(values: Array, exposures: Array) -> Array:
    """Return what least squares leaves (names, columns); NaN where there are not more names than exposures tell apart."""
    if not values.size:
        return values
    weights, _, rank, _ = np.linalg.lstsq(exposures, values, rcond=None)
    return np.asarray(values - exposures @ weights) if len(values) > rank else np.full(values.shape, np.nan)


def alike(known: Flags) -> Iterator[tuple[Flags, NDArray[np.int64]]]:
    """Yield each pattern (rows,) of known values, with the columns that have it."""
    columns: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(np.ascontiguousarray(known.T)):
        columns.setdefault(pattern.tobytes(), []).append(column)
    for found in columns.values():
        yield known[:, found[0]], np.array(found)
