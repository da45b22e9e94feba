"""Bulk CSVs as FMP sends them: a header, then every value in quotes, empty for null."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from kairos.frames import Frame


def as_text(frame: Frame) -> Frame:
    """Return every value as FMP writes it in CSV: plain decimals, `true` and `false`, nothing for null."""
    floats = [pl.col(name).cast(pl.Decimal(38, 8)).cast(pl.String) for name, kind in frame.schema.items() if kind == pl.Float64]
    trimmed = [text.str.strip_chars_end("0").str.strip_chars_end(".") for text in floats]
    return frame.with_columns(*trimmed, pl.col(pl.Boolean).cast(pl.String)).with_columns(pl.all().cast(pl.String).fill_null(""))


def bulk_csv(texts: Frame) -> bytes:
    """Return the CSV of a frame of `as_text`."""
    return texts.write_csv(quote_style="always").encode()


def bulk_csvs(texts: Frame, lengths: Sequence[int]) -> Iterator[bytes]:
    """Yield the CSVs of consecutive pieces of a frame of `as_text`, as `bulk_csv` would write them one by one.

    Args:
        texts: The frame; no text holds a line break.
        lengths: Rows of each piece; they add up to the frame's.
    """
    whole = bulk_csv(texts)
    ends = np.flatnonzero(np.frombuffer(whole, dtype=np.uint8) == ord("\n")) + 1
    header, cuts = whole[: ends[0]], ends[np.concatenate([[0], np.cumsum(lengths)])]
    for start, end in pairwise(cuts.tolist()):
        yield header + whole[start:end]
