"""When a stamp of a filing, an article or a post was known, and what of the market's day it falls on."""

from datetime import UTC, datetime, time, timedelta
from functools import cache

import polars as pl

from kairos.calendar import NEW_YORK, all_sessions, session_close
from kairos.frames import UTC_TIME, Frame

OPENS = time(9, 30)  # New York
_STAMP = "%Y-%m-%d %H:%M:%S"
_OFFSET = r"(\d{2}:\d{2}(?:\.\d+)?)\s*([+-]\d{2}):?(\d{2})$"


@cache
def session_hours() -> Frame:
    """Return every session with its opening and close: session (Date), opens_at and closes_at (UTC), ascending."""
    sessions = all_sessions()
    opens = [datetime.combine(day, OPENS, tzinfo=NEW_YORK).astimezone(UTC) for day in sessions]
    return pl.DataFrame(
        {"session": list(sessions), "opens_at": opens, "closes_at": [session_close(day) for day in sessions]},
        schema={"session": pl.Date, "opens_at": UTC_TIME, "closes_at": UTC_TIME},
    )


def eastern(stamp: str) -> pl.Expr:
    """Return a column of naive New York stamps in UTC; the later instant where the clock was set back, null where none."""
    return _from_new_york(_tidy(stamp), _STAMP)


def told_instant(stamp: str) -> pl.Expr:
    """Return a column of stamps in UTC: those with an offset (or Z) by it, others as New York's (see `eastern`)."""
    tidy = _tidy(stamp).str.replace(r"(?:Z|\s*UTC)$", "+00:00")
    zoned = pl.when(tidy.str.contains(_OFFSET)).then(tidy.str.replace(_OFFSET, "$1$2:$3"))
    instant = zoned.str.to_datetime(f"{_STAMP}%.f%:z", time_unit="us", strict=False).dt.convert_time_zone("UTC")
    return pl.coalesce(instant, _from_new_york(tidy, f"{_STAMP}%.f"))


def _tidy(stamp: str) -> pl.Expr:
    return pl.col(stamp).str.strip_chars().str.replace(r"(\d)T(\d)", "$1 $2")


def _from_new_york(text: pl.Expr, form: str) -> pl.Expr:
    naive = text.str.to_datetime(form, time_unit="us", strict=False)
    there = naive.dt.replace_time_zone(str(NEW_YORK), ambiguous="latest", non_existent="null")
    return there.dt.convert_time_zone("UTC")


def new_york_day(instant: str) -> pl.Expr:
    """Return the calendar date in New York of a UTC instant."""
    return pl.col(instant).dt.convert_time_zone(str(NEW_YORK)).dt.date()


def opening(rows: Frame, column: str, *, name: str, after: timedelta) -> Frame:
    """Add the opening of the first session at least `after` behind each date, null beyond the calendar; order is kept."""
    hours = session_hours().select("session", pl.col("opens_at").alias(name))
    due = rows.select(pl.col(column).alias("_day") + after).with_row_index("_order").sort("_day")
    found = due.join_asof(hours, left_on="_day", right_on="session", strategy="forward", check_sortedness=False)
    return rows.with_columns(found.sort("_order")[name])


def with_close(panel: Frame) -> Frame:
    """Add closes_at, the close of each row's session; the rows' order is kept."""
    return panel.join(session_hours().select("session", "closes_at"), on="session", how="left", maintain_order="left")
