"""The frame type that engine functions exchange, and the few helpers every layer needs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from kairos.errors import ContractError

Frame = pl.DataFrame
"""An eager polars frame. Engine functions are pure: frames in, frame out, never changed in place."""

LazyFrame = pl.LazyFrame
"""Rows still to be read, of a table too large to be held."""


@dataclass(frozen=True)
class Parts:
    """Rows that are made a part at a time, because all of them at once would be too many.

    Attributes:
        make: Yields the parts, anew at every call: at least one, all with the same columns, the sessions of each after those
            of the one before.
    """

    make: Callable[[], Iterator[Frame]]

    def __iter__(self) -> Iterator[Frame]:
        """Make them."""
        return self.make()

    def within(self, most_bytes: int) -> "Frame | Parts":
        """Return one frame where all parts together take at most so many bytes, else the parts as they are."""
        held: list[Frame] = []
        taken = 0
        for part in self:
            taken += int(part.estimated_size())
            if taken > most_bytes:
                return self
            held.append(part)
        return stack(*held)


UTC_TIME = pl.Datetime("us", "UTC")
"""Type of every timestamp in the warehouse."""


def require_columns(frame: Frame, columns: Iterable[str], *, where: str) -> None:
    """Raise a `ContractError` naming the columns that `frame` lacks.

    Args:
        frame: Any frame.
        columns: Names that must be there.
        where: What the frame is, for the message.

    Raises:
        ContractError: One or more columns are missing.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ContractError(
            f"{where}: missing column(s) {', '.join(missing)}; found {', '.join(frame.columns) or 'no columns'}. "
            "Provide them, or map them from your own names."
        )


def duplicate_keys(frame: Frame, key: Sequence[str]) -> Frame:
    """Return one row per key that occurs more than once, with its count in column `n`."""
    return frame.group_by(key).agg(pl.len().alias("n")).filter(pl.col("n") > 1).sort(key)


def is_sorted_by(frame: Frame, key: Sequence[str]) -> bool:
    """Tell whether the rows of `frame` ascend by `key`."""
    return frame.select(key).equals(frame.select(key).sort(key))


def newest_versions(rows: Frame, key: Sequence[str]) -> Frame:
    """Return the row of each key with the latest `known_at`, sorted by key; of equally late ones the last."""
    return rows.sort(*key, "known_at", maintain_order=True).unique(key, keep="last", maintain_order=True)


def stack(*frames: Frame) -> Frame:
    """Return the rows of frames with the same columns, one after the other."""
    return pl.concat(frames, how="vertical")
