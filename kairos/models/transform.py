"""Features and labels made comparable within a session. A session's values depend on that session's rows alone.

Nothing here is fitted, so nothing here can look ahead; what is fitted on a training window stands in `scaler`.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Values = NDArray[np.float32]
Starts = NDArray[np.int64]

TransformName = Literal["rank", "zscore", "none"]
LARGEST = np.finfo(np.float32).max
CHUNK_ROWS = 2048
Z_LIMIT = 3.0  # Gu, Kelly and Xiu rank for the same reason: one wild value must not speak for a feature


def session_ranks(values: Values, starts: Starts) -> Values:
    """Return (mean rank - (n + 1) / 2) / n of each value within its session, in (-1/2, 1/2).

    Args:
        values: (rows, features), NaN where unknown.
        starts: (sessions + 1,) the row each session starts at, and the number of rows.

    Returns:
        (rows, features); 0, the middle, where the value is unknown.
    """
    made = np.empty(values.shape, dtype=np.float32, order="F")
    for sessions in _chunks(starts):
        rows = slice(int(sessions[0]), int(sessions[-1]))
        made.T[:, rows] = _centred_ranks(values.T[:, rows], np.diff(sessions))
    return made


def session_zscores(values: Values, starts: Starts) -> Values:
    """Return (value - mean) / deviation within its session, within +-3; 0 where unknown or where nothing varies.

    Args:
        values: (rows, features), NaN where unknown.
        starts: (sessions + 1,) the row each session starts at, and the number of rows.
    """
    from kairos.models.loops import zscore_lines

    scored = np.empty(values.shape, dtype=np.float32, order="F")
    zscore_lines(np.ascontiguousarray(values.T), starts, Z_LIMIT, scored.T)
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


def _chunks(starts: Starts) -> Iterator[Starts]:
    """Yield the starts of neighbouring sessions, the end of the last with them: few enough rows to stay in the cache."""
    ends = np.searchsorted(starts, np.arange(0, int(starts[-1]), CHUNK_ROWS))
    bounds = np.unique([0, *ends.tolist(), starts.size - 1])
    for first, last in pairwise(bounds.tolist()):
        yield starts[first : last + 1]


def _centred_ranks(lines: Values, lengths: Starts) -> Array:
    """Return the ranks of the values (features, rows) of sessions that have so many rows each; 0 where unknown."""
    from kairos.evaluation.factor_days import ranked

    inside = np.arange(lengths.max(initial=0)) < lengths[:, None]
    padded = np.full((len(lines), *inside.shape), np.nan, dtype=np.float32)
    padded[:, inside] = lines.clip(-LARGEST, LARGEST)  # infinite ones are the highest and lowest here
    found = ranked(padded.reshape(-1, inside.shape[1]))
    centred = (found.ranks / 2 / np.maximum(found.counts, 1)).reshape(padded.shape)[:, inside]
    return np.asarray(np.where(np.isnan(lines), 0.0, centred))
