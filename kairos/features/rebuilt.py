"""Whether a year as it stands is the year built anew: the proof that increments have left nothing behind."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.core import KEY
from kairos.frames import Frame

A_ROW = "(row)"
THERE, MISSING = "there", "missing"


@dataclass(frozen=True)
class Difference:
    """The first value in which a year differs from the one built anew, by key.

    Attributes:
        column: Column, or `(row)` where one of the two lacks the row.
        permaticker: Its name.
        session: Its session.
        stored: Value that stands.
        rebuilt: Value built anew.
        rows: How many rows differ in that column.
    """

    column: str
    permaticker: int
    session: date
    stored: object
    rebuilt: object
    rows: int

    def __str__(self) -> str:
        """One line."""
        where = f"{self.column} of permaticker {self.permaticker} on {self.session}"
        return f"{where}: stored {self.stored}, built anew {self.rebuilt} ({self.rows} row(s) differ in it)"


def chosen_years(years: Sequence[str], *, day: date, table: str) -> list[str]:
    """Return the newest year, which evenings add to, and one of the others by chance; a day always draws the same.

    Args:
        years: Those that can be compared.
        day: The day of the proof.
        table: Whose years.
    """
    *older, newest = sorted(years) or [""]
    drawn = [random.Random(f"{day}/{table}").choice(older)] if older else []
    return [year for year in (*drawn, newest) if year]


def first_difference(stored: Frame, rebuilt: Frame) -> Difference | None:
    """Return the first difference of two frames in any bit, by column and then by key; None where there is none.

    Args:
        stored: permaticker, session and values, each key once.
        rebuilt: The same columns.
    """
    stored, rebuilt = (frame.sort(KEY) for frame in (stored, rebuilt.select(stored.columns)))
    if not stored.select(KEY).equals(rebuilt.select(KEY)):
        return _row_apart(stored, rebuilt)
    for name in stored.columns:
        differs = _bits(stored[name]) != _bits(rebuilt[name])
        if differs.any():
            at = int(np.argmax(differs))
            permaticker, session = stored.select(KEY).row(at)
            return Difference(name, permaticker, session, stored[name][at], rebuilt[name][at], int(differs.sum()))
    return None


def _row_apart(stored: Frame, rebuilt: Frame) -> Difference:
    gone = rebuilt.select(KEY).join(stored, on=KEY, how="anti").select(*KEY, told=pl.lit(MISSING))
    extra = stored.select(KEY).join(rebuilt, on=KEY, how="anti").select(*KEY, told=pl.lit(THERE))
    apart = pl.concat([gone, extra]).sort(KEY)
    permaticker, session, told = apart.row(0)
    return Difference(A_ROW, permaticker, session, told, MISSING if told == THERE else THERE, apart.height)


def _bits(values: pl.Series) -> NDArray[Any]:
    """Numbers that differ wherever the values do, null being a value of its own."""
    if not values.dtype.is_float():
        return values.to_physical().fill_null(np.iinfo(np.int64).min).to_numpy()
    held = values.fill_null(0.0).to_numpy()
    bits = held.view(np.uint32 if held.dtype == np.float32 else np.uint64).astype(np.int64)
    return np.where(values.is_null().to_numpy(), -1, bits)
