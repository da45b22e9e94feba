"""Features and labels made comparable within a session. A session's values depend on that session's rows alone.

Nothing here is fitted, so nothing here can look ahead; what is fitted on a training window stands in `scaler`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = NDArray[np.float32]
Starts = NDArray[np.int64]

TransformName = Literal["rank", "zscore", "none"]
Z_LIMIT = 3.0  # Gu, Kelly and Xiu rank for the same reason: one wild value must not speak for a feature


def session_ranks(values: Values, starts: Starts) -> Values:
    """Return (mean rank - (n + 1) / 2) / n of each value within its session, in (-1/2, 1/2).

    Args:
        values: (rows, features), NaN where unknown.
        starts: (sessions + 1,) the row each session starts at, and the number of rows.

    Returns:
        (rows, features); 0, the middle, where the value is unknown.
    """
    ranked = np.zeros(values.shape, dtype=np.float32)
    for rows in _sessions(starts):
        ranked[rows] = _centred_ranks(values[rows])
    return ranked


def session_zscores(values: Values, starts: Starts) -> Values:
    """Return (value - mean) / deviation within its session, within +-3; 0 where unknown or where nothing varies.

    Args:
        values: (rows, features), NaN where unknown.
        starts: (sessions + 1,) the row each session starts at, and the number of rows.
    """
    scored = np.zeros(values.shape, dtype=np.float32)
    for rows in _sessions(starts):
        block = values[rows].astype(np.float64)
        known = np.isfinite(block)
        count = np.maximum(known.sum(axis=0), 1)
        deviation = np.where(known, block - np.where(known, block, 0.0).sum(axis=0) / count, 0.0)
        spread = np.sqrt((deviation**2).sum(axis=0) / count)
        scored[rows] = (deviation / np.where(spread > 0, spread, 1.0)).clip(-Z_LIMIT, Z_LIMIT)
    return scored


def as_they_are(values: Values, starts: Starts) -> Values:  # noqa: ARG001 - one signature for all
    """Return the values with 0 where unknown: the configuration's steps have made them comparable already."""
    return np.where(np.isfinite(values), values, np.float32(0))


TRANSFORMS: Mapping[TransformName, Callable[[Values, Starts], Values]] = {
    "rank": session_ranks,
    "zscore": session_zscores,
    "none": as_they_are,
}


def session_scales(labels: Array, starts: Starts) -> Array:
    """Return the root mean square of each session's labels (sessions,); NaN where none is known or all are 0."""
    known = np.isfinite(labels)
    counts = np.add.reduceat(known.astype(np.float64), starts[:-1])
    power = np.add.reduceat(np.where(known, labels, 0.0) ** 2, starts[:-1])
    scales = np.full(counts.size, np.nan)
    np.sqrt(np.divide(power, counts, where=counts > 0, out=np.zeros(counts.size)), where=power > 0, out=scales)
    return scales


def _sessions(starts: Starts) -> Iterator[slice]:
    for first, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        yield slice(first, end)


def _centred_ranks(block: Values) -> Array:
    order = np.argsort(block, axis=0, kind="stable")  # NaN sorts last
    ordered = np.take_along_axis(block, order, axis=0)
    position = np.arange(block.shape[0], dtype=np.float64)[:, None]
    fresh = np.ones(block.shape, dtype=bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    last = np.ones(block.shape, dtype=bool)
    last[:-1] = fresh[1:]
    lowest = np.maximum.accumulate(np.where(fresh, position, 0.0), axis=0)
    highest = np.minimum.accumulate(np.where(last, position, np.inf)[::-1], axis=0)[::-1]
    known = (~np.isnan(block)).sum(axis=0)
    centred = ((lowest + highest) / 2 - (known - 1) / 2) / np.maximum(known, 1)
    ranks = np.empty(block.shape)
    np.put_along_axis(ranks, order, np.where(position < known, centred, 0.0), axis=0)
    return ranks
