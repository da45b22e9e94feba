"""Columns as sent into columns as declared. What cannot be read becomes null here and is told by `unreadable`."""

from collections.abc import Mapping

import polars as pl

from kairos.frames import Frame

NO_VALUE = ("", "null", "none", "nan", "na", "n/a", "nat", "-", "#n/a")
"""Texts that stand for no value in columns of numbers and dates, lower case."""
CONTRA = ("contraticker", "contraname")
ISO_DAY = r"^(\d{4}-\d{2}-\d{2})(?:[ T].*)?$"
ROUNDED_EXACTLY = (1e-2, 1e9)  # where rounding to seven digits gives the very number that the text would
SINGLE_DIGITS = 7  # decimal digits that single precision always carries; few of its numbers need more
PLAIN_DAY = r"^(\d{4})(\d{2})(\d{2})$"


def cast_columns(sent: Frame, dtypes: Mapping[str, pl.DataType]) -> Frame:
    """Return columns in their declared types, null where nothing was sent or where it cannot be read.

    Args:
        sent: As the source delivers them, of any type.
        dtypes: Names of the columns wanted, with their declared types: text, whole number, number or date.
    """
    columns = [sent[name] for name in dtypes]
    told = pl.DataFrame([_as_written(column) if column.dtype == pl.Float32 else column for column in columns])
    found = told.schema
    read = told.select([_read(name, found[name], dtype) for name, dtype in dtypes.items()])
    cast = read.select([_kept(name, dtype) for name, dtype in dtypes.items()])
    odd = [name for name, dtype in dtypes.items() if dtype == pl.Date and _loses(told[name], cast[name])]
    return cast.with_columns([_odd_days(told[name]) for name in odd if _may_tell_days(found[name])]) if odd else cast


def unreadable(sent: pl.Series, cast: pl.Series) -> pl.Series | None:
    """Return, row by row, whether a value was sent that the cast could not read; None where there is no such value."""
    if not _loses(sent, cast) or (sent.dtype == pl.String and cast.dtype == pl.String):
        return None
    lost = sent.is_not_null() & cast.is_null()
    if sent.dtype.is_float():
        lost &= sent.is_not_nan()
    if sent.dtype == pl.String:
        lost &= ~sent.str.strip_chars().str.to_lowercase().is_in(NO_VALUE)
    return lost if lost.any() else None


def _loses(sent: pl.Series, cast: pl.Series) -> bool:
    return cast.null_count() > sent.null_count()  # what was null stays null


def _read(name: str, found: pl.DataType, dtype: pl.DataType) -> pl.Expr:
    """Read a column: whole numbers that were not sent as such are still doubles, and blank texts still there."""
    if dtype == pl.Date:
        read = _days(pl.col(name), found)
    elif dtype.is_numeric():
        read = _numbers(pl.col(name), found, whole=dtype == pl.Int64)
    else:
        read = _texts(pl.col(name), found)
    return pl.repeat(None, pl.len(), dtype=dtype).alias(name) if read is None else read


def _texts(value: pl.Expr, found: pl.DataType) -> pl.Expr | None:
    """Read texts; an instant as a vendor's text would write it, with its offset where it has one."""
    if isinstance(found, pl.Datetime):
        return value.dt.to_string("%Y-%m-%d %H:%M:%S%.f%:z" if found.time_zone else "%Y-%m-%d %H:%M:%S%.f")
    return None if found.is_nested() or found == pl.Binary else value.cast(pl.String)


def _days(value: pl.Expr, found: pl.DataType) -> pl.Expr | None:
    if _may_tell_days(found):
        return value.cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    if isinstance(found, pl.Datetime):
        return value.dt.date()
    return value if found == pl.Date else None


def _numbers(value: pl.Expr, found: pl.DataType, *, whole: bool) -> pl.Expr | None:
    if found == pl.String:
        return value.str.strip_chars().cast(pl.Float64, strict=False)
    if whole and found.is_integer():
        return value.cast(pl.Int64, strict=False)
    return value.cast(pl.Float64) if found.is_numeric() else None


def _kept(name: str, dtype: pl.DataType) -> pl.Expr:
    """Drop what is no value of the type: infinities and NaN, whole numbers with a fraction, blank texts."""
    value = pl.col(name)
    if dtype == pl.Float64:
        return pl.when(value.is_finite()).then(value)
    if dtype == pl.Int64:
        return pl.when(value == value.floor()).then(value).cast(pl.Int64, strict=False)  # 3674.0 is a whole number too
    if dtype == pl.String:
        blank = value.str.strip_chars() == ""
        if name in CONTRA:  # the vendor writes N/A where there is no other company
            blank |= value == "N/A"
        return pl.when(~blank).then(value)
    return value


def _as_written(sent: pl.Series) -> pl.Series:
    """Single precision as the shortest decimal that it stands for: 24.05, not 24.0499992.

    So a file says the same in every format, and its delivery as CSV corrects nothing of the one as Parquet.
    """
    number = sent.cast(pl.Float64).round_sig_figs(SINGLE_DIGITS)
    exact = (number.cast(pl.Float32) == sent) & (number.abs().is_between(*ROUNDED_EXACTLY) | (number == 0))
    others = (~exact).fill_null(False).arg_true()
    return number.scatter(others, sent.gather(others).cast(pl.String).cast(pl.Float64)) if others.len() else number


def _may_tell_days(found: pl.DataType) -> bool:
    return found == pl.String or found.is_integer()


def _odd_days(sent: pl.Series) -> pl.Series:
    tidy = sent.cast(pl.String).str.strip_chars().str.replace(ISO_DAY, "$1").str.replace(PLAIN_DAY, "$1-$2-$3")
    return tidy.str.to_date("%Y-%m-%d", strict=False)
