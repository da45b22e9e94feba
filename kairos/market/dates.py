"""Sessions as frames: which dates are sessions, which session an event falls on, and when its prices are out."""

from datetime import date, timedelta
from functools import cache

import polars as pl

from kairos.calendar import session_frame, session_offset
from kairos.errors import CalendarError
from kairos.frames import Frame

CONTEXT = timedelta(days=15)  # neighbours that the rules of a year's first and last sessions look at


@cache
def session_table() -> Frame:
    """Return every session: session (Date), session_index (Int32), known_at (UTC), ascending."""
    return session_frame()


@cache
def _indices() -> dict[date, int]:
    return dict(zip(session_table()["session"], session_table()["session_index"], strict=True))


def session_index(session: date) -> int:
    """Return the running number of a session.

    Raises:
        CalendarError: The date is no session.
    """
    if session not in _indices():
        raise CalendarError(f"{session} is no NYSE session; give one of the calendar's sessions.")
    return _indices()[session]


def session_after(session: date) -> date:
    """Return the session that follows."""
    return session_offset(session, 1)


def on_or_after(dates: Frame, column: str, *, name: str = "session") -> Frame:
    """Add the first session on or after each date, null beyond the calendar; the rows' order is kept."""
    calendar = session_table().select(pl.col("session").alias(name))
    numbered = dates.with_row_index("_order").sort(column)
    joined = numbered.join_asof(calendar, left_on=column, right_on=name, strategy="forward", coalesce=False)
    return joined.sort("_order").drop("_order")


def before(dates: Frame, column: str, *, name: str = "session") -> Frame:
    """Add the last session before each date, null ahead of the calendar; the rows' order is kept."""
    calendar = session_table().select(pl.col("session").alias(name))
    numbered = dates.with_row_index("_order").sort(column)
    joined = numbered.join_asof(
        calendar, left_on=column, right_on=name, strategy="backward", allow_exact_matches=False, coalesce=False
    )
    return joined.sort("_order").drop("_order")


def within_year(year: int, *, context: timedelta = timedelta(0)) -> tuple[date, date]:
    """Return the first and the last calendar date of `year`, widened by `context` on both sides."""
    return date(year, 1, 1) - context, date(year, 12, 31) + context
