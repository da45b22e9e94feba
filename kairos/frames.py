"""The frame type that engine functions exchange, and the few helpers every layer needs."""

from collections.abc import Iterable, Sequence

import polars as pl

from kairos.errors import ContractError

Frame = pl.DataFrame
"""An eager polars frame. Engine functions are pure: frames in, frame out, never changed in place."""

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
