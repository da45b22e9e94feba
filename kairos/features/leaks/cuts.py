"""Where the known ends: one cut for all names or each name its own, and which rows of a table lie after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

from kairos.calendar import session_close
from kairos.frames import UTC_TIME, Frame

NAME = "permaticker"
BY_SESSION = {"sep_base", "sep_versions", "actions"}
"""Tables whose `known_at` is of the newest version of a row; their rows exist from their session on."""
LIVES = {"tickers", "midcap_universe"}
"""Tables of whole lives: their rows are neither before nor after a cut, their dates are."""


@dataclass(frozen=True)
class Cut:
    """The last session that may matter.

    Attributes:
        session: Of every name that has none of its own.
        own: By permaticker.
    """

    session: date
    own: Mapping[int, date] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the session, or how many there are."""
        return f"{len(self.own)} cuts, each name its own" if self.own else str(self.session)

    def of(self, name: int) -> date:
        """Return the last session that may matter to a name."""
        return self.own.get(name, self.session)

    def with_cut(self, frame: Frame) -> Frame:
        """Add `_cut`, the last session that may matter to the row's name."""
        return self._beside(frame).drop("_closes")

    def after(self, table: str, frame: Frame) -> pl.Series:
        """Return which rows of a table lie after the cut; none of a table without a clock."""
        column = clock(table, frame)
        if column is None:
            return pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
        dated = self._beside(frame.select(name for name in (NAME, column) if name in frame.columns))
        bound = "_closes" if column == "known_at" else "_cut"
        return dated.select(pl.col(column) > pl.col(bound)).to_series().fill_null(False)

    @cached_property
    def _own(self) -> Frame:
        cuts = [(name, day, session_close(day)) for name, day in self.own.items()]
        return pl.DataFrame(cuts, schema={NAME: pl.Int64, "_cut": pl.Date, "_closes": UTC_TIME}, orient="row")

    def _beside(self, frame: Frame) -> Frame:
        """Add `_cut` and `_closes`, its close."""
        common = {"_cut": pl.lit(self.session), "_closes": pl.lit(session_close(self.session)).cast(UTC_TIME)}
        if not self.own or NAME not in frame.columns:
            return frame.with_columns(**common)
        joined = frame.join(self._own, on=NAME, how="left", maintain_order="left")
        return joined.with_columns(pl.col(name).fill_null(value) for name, value in common.items())


def clock(table: str, frame: Frame) -> str | None:
    """Return the column that says when a row of a table came to be known; None where rows have no such instant."""
    if table in LIVES:
        return None
    if "known_at" in frame.columns and table not in BY_SESSION:
        return "known_at"
    return "session" if "session" in frame.columns else None
