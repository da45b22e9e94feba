"""Waivers: rows and figures that a person has looked at and lets through by name, in `KAIROS_HOME/waivers.csv`."""

from pathlib import Path

import polars as pl

from kairos.errors import SettingsError
from kairos.frames import Frame
from kairos.market.breaks import WAIVER
from kairos.market.cleaned import WAIVER_COLUMNS, no_waivers
from kairos.market.rules import WAIVABLE

WAIVERS_FILE = "waivers.csv"
QUALITY = "quality"  # of a whole table on a session, its name in place of the ticker
REASONS = (*WAIVABLE, WAIVER, QUALITY)


def read_waivers(home: Path) -> Frame:
    """Return the waivers of a home: columns ticker, session and reason; none where there is no file.

    Raises:
        SettingsError: The file cannot be read, lacks a column, or a row names no ticker, no date or no known reason.
    """
    file = home / WAIVERS_FILE
    if not file.exists():
        return no_waivers()
    try:
        found = pl.read_csv(file, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise SettingsError(f"{file}: {str(error).splitlines()[0]}. Expected the columns {','.join(WAIVER_COLUMNS)}.") from None
    missing = [name for name in WAIVER_COLUMNS if name not in found.columns]
    if missing:
        raise SettingsError(f"{file}: missing column(s) {', '.join(missing)}; expected {','.join(WAIVER_COLUMNS)}.")
    said = found.select(pl.col(name).str.strip_chars() for name in WAIVER_COLUMNS)
    dated = said.with_columns(pl.col("session").str.to_date("%Y-%m-%d", strict=False))
    named = (pl.col("ticker").str.len_chars() > 0) & pl.col("reason").is_in(REASONS)
    _refuse(file, said.filter(dated.select(~(named & pl.col("session").is_not_null()).fill_null(False)).to_series()))
    return dated


def _refuse(file: Path, faulty: Frame) -> None:
    if faulty.height:
        shown = ",".join(value or "" for value in faulty.row(0))
        raise SettingsError(
            f"{file}: {faulty.height} row(s) waive nothing, first {shown}; expected a ticker, a session as YYYY-MM-DD and "
            f"one of {', '.join(REASONS)}. Mend or remove them."
        )
