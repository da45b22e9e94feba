"""Bulk CSVs as FMP sends them: a header, then every value in quotes, empty for null."""

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
