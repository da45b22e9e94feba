"""Which version of a price returns are made from: the first one seen, unless the price as traded was corrected.

A vendor rewrites a security's whole history at every split and dividend. Returns made from first sight never move with it.
"""

import numpy as np
import polars as pl

from kairos.frames import Frame

CORRECTED = 1e-6  # relative change of closeunadj that is a correction rather than rounding
_ORDER = ("permaticker", "session", "known_at")

Array = np.ndarray


def first_sight(versions: Frame) -> Frame:
    """Return one version per security and session, sorted by key, with what stood on the security's session before.

    Chosen is the first version whose closeunadj agrees with the newest one's: the first ever seen, unless that price was
    corrected. Where the newest has no closeunadj, as in most files, it is the first ever seen.

    Added are `session_before` and `closeunadj_before`, as chosen there; `close_before` and `closeadj_before`, in force there
    when the chosen row was received, so that both lie on one adjustment basis; and `same_delivery`, whether these came
    with the row. All are null on a security's first session.
    """
    lean = versions.select(*_ORDER, "fetched_at", "closeunadj").with_row_index("_at")
    lean = lean if _is_ordered(lean) else lean.sort(_ORDER)
    place = lean["_at"].to_numpy()
    starts, ends = _runs(lean)
    chosen = _uncorrected(lean["closeunadj"].to_numpy(), starts, ends)
    rows = versions[place[chosen]]
    known = rows["permaticker"].to_numpy()
    has_before = np.append(np.zeros(min(known.size, 1), dtype=bool), known[1:] == known[:-1])
    before = np.maximum(np.arange(known.size) - 1, 0)
    received = lean["fetched_at"].to_physical().to_numpy()
    at = _in_force(received, received[chosen], starts=starts[before], last=ends[before] - 1)
    return _with_before(rows, versions[place[at]], has_before)


def _is_ordered(rows: Frame) -> bool:
    later = pl.lit(False)
    for name in reversed(_ORDER):
        later = (pl.col(name) > pl.col(name).shift(1)) | ((pl.col(name) == pl.col(name).shift(1)) & later)
    return bool(rows.select(later.fill_null(True).all()).item())


def _runs(ordered: Frame) -> tuple[Array, Array]:
    """Where the versions of each key start and end."""
    moved = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in _ORDER[:2])
    starts = np.flatnonzero(ordered.select(moved.alias("moved"))["moved"].to_numpy())
    return starts, np.append(starts[1:], ordered.height).astype(np.int64)[: starts.size]


def _uncorrected(traded: Array, starts: Array, ends: Array) -> Array:
    """The first version of each key whose price as traded is the newest one's."""
    newest = traded[ends - 1]
    chosen = starts.copy()
    open_keys = np.flatnonzero(np.isfinite(newest))
    while open_keys.size:
        agrees = np.abs(traded[chosen[open_keys]] / newest[open_keys] - 1) <= CORRECTED
        open_keys = open_keys[~agrees]
        chosen[open_keys] += 1
    return chosen


def _in_force(received: Array, wanted: Array, *, starts: Array, last: Array) -> Array:
    """The newest version between `starts` and `last` that was received by `wanted`, or else the first."""
    at = last.copy()
    late = np.flatnonzero(at > starts)
    while late.size:
        late = late[(received[at[late]] > wanted[late]) & (at[late] > starts[late])]
        at[late] -= 1
    return at


def _with_before(rows: Frame, in_force: Frame, has_before: Array) -> Frame:
    known = pl.Series(has_before)
    came_along = (in_force["payload_id"] == rows["payload_id"]) | (in_force["fetched_at"] == rows["fetched_at"])
    added = rows.select(
        pl.col("session").shift(1).alias("session_before"),
        pl.col("closeunadj").shift(1).alias("closeunadj_before"),
        in_force["close"].alias("close_before"),
        in_force["closeadj"].alias("closeadj_before"),
        came_along.alias("same_delivery"),
    )
    return rows.hstack(added.select(pl.when(known).then(pl.col(name)).alias(name) for name in added.columns))
