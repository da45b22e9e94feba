"""Waivers: rows that a person has looked at and lets through by name, in `KAIROS_HOME/waivers.csv`."""

from pathlib import Path

import polars as pl

from kairos.errors import SettingsError
from kairos.frames import Frame
from kairos.market.cleaned import WAIVER_COLUMNS, no_waivers

WAIVERS_FILE = "waivers.csv"


def read_waivers(home: Path) -> Frame:
    """Return the waivers of a home: columns ticker, session and reason; none where there is no file.

    Raises:
        SettingsError: The file cannot be read, or lacks a column.
    """
    file = home / WAIVERS_FILE
    if not file.exists():
        return no_waivers()
    try:
        found = pl.read_csv(file, schema_overrides={"ticker": pl.String, "session": pl.Date, "reason": pl.String})
    except pl.exceptions.PolarsError as error:
        raise SettingsError(f"{file}: {str(error).splitlines()[0]}. Expected the columns {','.join(WAIVER_COLUMNS)}.") from None
    missing = [name for name in WAIVER_COLUMNS if name not in found.columns]
    if missing:
        raise SettingsError(f"{file}: missing column(s) {', '.join(missing)}; expected {','.join(WAIVER_COLUMNS)}.")
    return found.select(WAIVER_COLUMNS)
