"""Scores from a user's own file: `date,ticker,y_pred[,y_true]`."""

from pathlib import Path

import polars as pl

from kairos.calendar import is_session
from kairos.errors import SourceError
from kairos.frames import Frame, stack
from kairos.market.tickers import without_number

COLUMNS = ("date", "ticker", "y_pred")
SHOWN = 3


def read_prediction_file(path: Path, tickers: Frame) -> Frame:
    """Return the file's scores: permaticker, ticker, session, score, sorted by session and permaticker.

    A ticker means the security that bore it on the row's date; `ABC1` also means a dead one that bore ABC, as the vendor
    files it. `y_true`, where there is one, plays no part.

    Args:
        path: CSV file with a header.
        tickers: Rows of `tickers`.

    Raises:
        SourceError: The file is missing, empty, or a row of it cannot be used; the message shows the first ones.
    """
    rows = _typed(_read(path), path)
    closed = [day for day in rows["session"].unique().sort() if not is_session(day)]
    _refuse(path, [str(day) for day in closed], "date(s) that are no NYSE session", "Date each score by the close it follows.")
    _refuse_duplicates(path, rows, ("session", "ticker"))
    known = _borne(rows, tickers)
    left = rows.join(known, on=["session", "ticker"], how="anti")
    known = stack(known, _borne(left, tickers, numbered=True))
    strangers = rows.join(known, on=["session", "ticker"], how="anti").unique("ticker", keep="first", maintain_order=True)
    shown = [f"{ticker} on {day}" for day, ticker in strangers.select("session", "ticker").iter_rows()]
    _refuse(path, shown, "ticker(s) that no security bore on their dates", "Load them first, or leave them out.")
    _refuse_duplicates(path, known, ("session", "permaticker"))
    return known.select("permaticker", "ticker", "session", "score").sort("session", "permaticker")


def _borne(rows: Frame, tickers: Frame, *, numbered: bool = False) -> Frame:
    """Return the rows whose ticker, or that without its number, a security bore on the date, with its permaticker."""
    asked = pl.col("ticker")
    named = rows.with_columns((without_number(asked) if numbered else asked).alias("_borne"))
    lives = tickers.select("permaticker", pl.col("ticker").alias("_borne"), "valid_from", "valid_to")
    within = (pl.col("session") >= pl.col("valid_from")) & (pl.col("session") <= pl.col("valid_to")).fill_null(True)
    return named.join(lives, on="_borne").filter(within).select("permaticker", *rows.columns)


def _read(path: Path) -> Frame:
    try:
        raw = pl.read_csv(path, infer_schema=False)
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file. Give a CSV with the columns {','.join(COLUMNS)}.") from None
    except pl.exceptions.NoDataError:
        raise SourceError(f"{path}: the file is empty, expected the columns {','.join(COLUMNS)} and rows.") from None
    except (pl.exceptions.PolarsError, IsADirectoryError) as error:
        raise SourceError(f"{path}: cannot be read as CSV: {str(error).splitlines()[0]}. Check the file.") from None
    missing = [name for name in COLUMNS if name not in raw.columns]
    if missing:
        raise SourceError(
            f"{path}: missing column(s) {', '.join(missing)}; found {', '.join(raw.columns)}. "
            f"The header must be {','.join(COLUMNS)}[,y_true]."
        )
    if raw.is_empty():
        raise SourceError(f"{path}: no rows below the header. Write one per date and ticker.")
    return raw.select(pl.col(name).str.strip_chars() for name in COLUMNS)


def _typed(raw: Frame, path: Path) -> Frame:
    rows = raw.select(
        pl.col("date").str.to_date("%Y-%m-%d", strict=False).alias("session"),
        "ticker",
        pl.col("y_pred").cast(pl.Float64, strict=False).alias("score"),
    )
    for name, column, expected in (("date", "session", "YYYY-MM-DD"), ("y_pred", "score", "a finite number")):
        usable = pl.col(column).is_not_null() & (pl.lit(True) if column == "session" else pl.col(column).is_finite())
        bad = raw.filter(rows.select(~usable).to_series())
        _refuse(path, [repr(value) for value in bad[name]], f"{name} value(s) that are not {expected}", "Mend these rows.")
    nameless = raw["ticker"].null_count() + (raw["ticker"] == "").sum()
    if nameless:
        raise SourceError(f"{path}: {nameless} row(s) without a ticker. Name the security of every row.")
    return rows


def _refuse_duplicates(path: Path, rows: Frame, key: tuple[str, str]) -> None:
    repeated = rows.filter(rows.select(key).is_duplicated()).unique(key, keep="first", maintain_order=True)
    shown = [f"{ticker} on {day}" for day, ticker in repeated.select("session", "ticker").iter_rows()]
    _refuse(path, shown, "security(ies) with more than one score on a date", "Keep one score per date and ticker.")


def _refuse(path: Path, found: list[str], what: str, advice: str) -> None:
    if found:
        more = ", ..." if len(found) > SHOWN else ""
        raise SourceError(f"{path}: {len(found)} {what}: {', '.join(found[:SHOWN])}{more}. {advice}")
