"""Which session, and group within it, a row belongs to, and where its value stands there."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.reference import FEWEST, NO_SPREAD
from kairos.frames import Frame

Column = NDArray[np.float64]
Rows = NDArray[np.int32]
_PIECE = 1_000_000  # rows whose codes are held at a time


class Grouping:
    """Numbers the sessions of a panel, or its sessions and the groups in each.

    Attributes:
        size: How many codes there are.
        sessions: Sessions of the panel, ascending; without a group, code k is the k-th of them.
    """

    def __init__(self, panel: Frame, group: str = "") -> None:
        self.sessions = panel["session"].unique().sort()
        days = self.sessions.to_physical().to_numpy()
        self._days = panel["session"].to_physical().to_numpy()
        self._first = int(days[0]) if days.size else 0
        self._code = np.full(int(days[-1]) - self._first + 1 if days.size else 0, -1, np.int32)
        self._code[days - self._first] = np.arange(days.size, dtype=np.int32)
        self._label = _labels(panel[group]) if group else None
        self._labels = int(self._label.max(initial=-1)) + 1 if self._label is not None else 1
        self.size = days.size * self._labels

    def codes(self, start: int, stop: int) -> Rows:
        """Return the code of each row from `start` to before `stop`; -1 for a row without a group."""
        session: Rows = self._code[self._days[start:stop] - self._first]
        if self._label is None:
            return session
        label = self._label[start:stop]
        return np.where(label < 0, -1, session * self._labels + label).astype(np.int32)

    def pieces(self) -> Iterator[tuple[int, Rows]]:
        """Yield the codes of all rows, piece by piece, each with its first row."""
        for start in range(0, self._days.size, _PIECE):
            yield start, self.codes(start, min(start + _PIECE, self._days.size))


def _labels(groups: pl.Series) -> Rows:
    return (groups.rank("dense").cast(pl.Int32) - 1).fill_null(-1).to_numpy()


def standing(word: str, values: Column, grouping: Grouping) -> Column | NDArray[np.float32]:
    """Return one number per code for `mean` and `std`, one per row for `rank`; NaN where fewer than 5 have a value.

    Args:
        word: `mean`, `std` or `rank`.
        values: One per row of the panel, NaN where missing.
        grouping: What is compared with what.
    """
    return _ranks(values, grouping) if word == "rank" else _moments(word, values, grouping)


def _moments(word: str, values: Column, grouping: Grouping) -> Column:
    from kairos.features import groups

    count, total, square, spread = np.zeros((4, grouping.size))
    for start, codes in grouping.pieces():
        groups.group_sums(values[start : start + codes.size], codes, count, total, square)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(count >= FEWEST, total / count, np.nan)
        if word == "mean":
            return mean
        for start, codes in grouping.pieces():
            groups.group_spreads(values[start : start + codes.size], codes, mean, spread)
        deviation: Column = np.sqrt(np.where(spread <= NO_SPREAD * square, 0.0, spread) / (count - 1)) + (mean - mean)
    return deviation


def _ranks(values: Column, grouping: Grouping) -> NDArray[np.float32]:
    """Shares of the others that are below, in single precision: there is one for every row of the panel."""
    out = np.full(values.size, np.nan, np.float32)
    for rows in _members(grouping):
        own = values[rows]
        there = own[~np.isnan(own)]
        if there.size >= FEWEST:
            there.sort()
            below = np.searchsorted(there, own, "left") + np.searchsorted(there, own, "right") - 1
            out[rows] = np.where(np.isnan(own), np.nan, below / 2 / (there.size - 1))
    return out


def _members(grouping: Grouping) -> Iterator[Rows]:
    """Yield the rows of each code, ascending."""
    from kairos.features import groups

    count = np.zeros(grouping.size, np.int64)
    for _, codes in grouping.pieces():
        count += np.bincount(codes[codes >= 0], minlength=grouping.size)
    ends = np.cumsum(count)
    order, filled = np.empty(int(count.sum()), np.int32), ends - count
    for start, codes in grouping.pieces():
        groups.by_code(codes, start, filled, order)
    for end, rows in zip(ends.tolist(), count.tolist(), strict=True):
        yield order[end - rows : end]
