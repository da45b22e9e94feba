"""Columns as sent into columns as declared. What cannot be read becomes null here and is told by `unreadable`."""

import polars as pl

NO_VALUE = ("", "null", "none", "nan", "na", "n/a", "nat", "-", "#n/a")
"""Texts that stand for no value in columns of numbers and dates, lower case."""
CONTRA = ("contraticker", "contraname")
ISO_DAY = r"^(\d{4}-\d{2}-\d{2})(?:[ T].*)?$"
ROUNDED_EXACTLY = (1e-2, 1e9)  # where rounding to seven digits gives the very number that the text would
SINGLE_DIGITS = 7  # decimal digits that single precision always carries; few of its numbers need more
PLAIN_DAY = r"^(\d{4})(\d{2})(\d{2})$"


def cast_column(sent: pl.Series, dtype: pl.DataType, *, name: str) -> pl.Series:
    """Return a column in its declared type, null where nothing was sent or where it cannot be read.

    Args:
        sent: As the source delivers it, of any type.
        dtype: Declared type: text, whole number, number or date.
        name: Name of the result.
    """
    if dtype == pl.Date:
        cast = _to_date(sent)
    elif dtype == pl.Float64:
        cast = _to_float(sent)
    elif dtype == pl.Int64:
        cast = _to_int(sent)
    else:
        cast = _to_text(sent, name=name)
    return cast.rename(name)


def unreadable(sent: pl.Series, cast: pl.Series) -> pl.Series:
    """Return, row by row, whether a value was sent that the cast could not read."""
    lost = sent.is_not_null() & cast.is_null()
    if not lost.any():
        return lost
    if sent.dtype.is_float():
        return lost & sent.is_not_nan()
    if sent.dtype == pl.String:
        blank = sent.str.strip_chars().str.to_lowercase().is_in(NO_VALUE)
        return lost & ~(blank if cast.dtype != pl.String else pl.repeat(True, sent.len(), eager=True))
    return lost


def _to_int(sent: pl.Series) -> pl.Series:
    if sent.dtype.is_integer():
        return sent.cast(pl.Int64, strict=False)
    number = _to_float(sent)
    return number.set(number != number.floor(), None).cast(pl.Int64, strict=False)  # 3674.0 is a whole number too


def _to_float(sent: pl.Series) -> pl.Series:
    if sent.dtype == pl.String:
        number = sent.str.strip_chars().cast(pl.Float64, strict=False)
    elif sent.dtype == pl.Float32:
        number = _as_written(sent)
    elif sent.dtype.is_numeric():
        number = sent.cast(pl.Float64)
    else:
        number = pl.repeat(None, sent.len(), dtype=pl.Float64, eager=True)
    return number.set(~number.is_finite(), None)


def _as_written(sent: pl.Series) -> pl.Series:
    """Single precision as the shortest decimal that it stands for: 24.05, not 24.0499992.

    So a file says the same in every format, and its delivery as CSV corrects nothing of the one as Parquet.
    """
    number = sent.cast(pl.Float64).round_sig_figs(SINGLE_DIGITS)
    exact = (number.cast(pl.Float32) == sent) & (number.abs().is_between(*ROUNDED_EXACTLY) | (number == 0))
    others = (~exact).fill_null(False).arg_true()
    return number.scatter(others, sent.gather(others).cast(pl.String).cast(pl.Float64)) if others.len() else number


def _to_date(sent: pl.Series) -> pl.Series:
    if sent.dtype == pl.Date:
        return sent
    if isinstance(sent.dtype, pl.Datetime):
        return sent.dt.date()
    if not (sent.dtype == pl.String or sent.dtype.is_integer()):
        return pl.repeat(None, sent.len(), dtype=pl.Date, eager=True)
    text = sent.cast(pl.String)
    days = text.str.to_date("%Y-%m-%d", strict=False)
    if days.null_count() == text.null_count():
        return days
    tidy = text.str.strip_chars().str.replace(ISO_DAY, "$1").str.replace(PLAIN_DAY, "$1-$2-$3")
    return tidy.str.to_date("%Y-%m-%d", strict=False)


def _to_text(sent: pl.Series, *, name: str) -> pl.Series:
    if sent.dtype.is_nested() or sent.dtype == pl.Binary:
        return pl.repeat(None, sent.len(), dtype=pl.String, eager=True)
    text = sent.cast(pl.String)
    blank = text.str.strip_chars() == ""
    if name in CONTRA:  # the vendor writes N/A where there is no other company
        blank = blank | text.is_in(["N/A"])
    return text.set(blank, None)
