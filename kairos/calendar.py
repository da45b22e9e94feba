"""NYSE sessions, what is known when, and the clock. Every other module takes time from here or as an argument."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl

from kairos import nyse
from kairos.errors import CalendarError

NEW_YORK = ZoneInfo("America/New_York")
FIRST_DATE = date(1997, 1, 2)
LAST_DATE = date(2030, 12, 31)
SATURDAY = 5
SEP_PUBLISHED = time(17, 30)  # Sharadar publishes a session's prices around 17:30 Eastern


class Clock(Protocol):
    """Tells the time; a test or the embedded market passes its own."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is set."""

    instant: datetime

    def now(self) -> datetime:
        """Return the instant it was set to."""
        return self.instant


@cache
def all_sessions() -> tuple[date, ...]:
    """Return every XNYS session from 1997-01-02 to 2030-12-31, ascending."""
    closed = _days(nyse.CLOSED)
    days = (date.fromordinal(day) for day in range(FIRST_DATE.toordinal(), LAST_DATE.toordinal() + 1))
    return tuple(day for day in days if day.weekday() < SATURDAY and day not in closed)


def _days(years: dict[int, str]) -> frozenset[date]:
    """Return the days of a table of `kairos.nyse`, month and day by year."""
    return frozenset(date(year, int(day[:2]), int(day[2:])) for year, days in years.items() for day in days.split())


@cache
def _positions() -> dict[date, int]:
    return {session: index for index, session in enumerate(all_sessions())}


@cache
def early_closes() -> frozenset[date]:
    """Return the sessions that close at 13:00 Eastern."""
    return _days(nyse.HALF_DAYS)


def is_session(day: date) -> bool:
    """Tell whether the NYSE trades on `day`."""
    return day in _positions()


def require_session(day: date) -> date:
    """Return `day`, or raise with the sessions around it.

    Raises:
        CalendarError: `day` is a weekend, a holiday or outside the calendar.
    """
    if is_session(day):
        return day
    if not FIRST_DATE <= day <= LAST_DATE:
        raise CalendarError(f"{day}: outside the calendar {FIRST_DATE} to {LAST_DATE}. Give a date inside it.")
    before = max(session for session in all_sessions() if session < day)
    after = min(session for session in all_sessions() if session > day)
    raise CalendarError(
        f"{day} ({day:%A}) is no NYSE session. The sessions around it are {before} and {after}; give one of them."
    )


def sessions_between(first: date, last: date) -> tuple[date, ...]:
    """Return the sessions in [first, last], ascending; empty when there are none."""
    return tuple(session for session in all_sessions() if first <= session <= last)


def session_offset(day: date, sessions: int) -> date:
    """Return the session `sessions` after (before, if negative) the session `day`."""
    index = _positions()[require_session(day)] + sessions
    if not 0 <= index < len(all_sessions()):
        raise CalendarError(f"{day}{sessions:+d} sessions is outside the calendar {FIRST_DATE} to {LAST_DATE}.")
    return all_sessions()[index]


def first_session_of(year: int) -> date:
    """Return the first session of the calendar year."""
    found = sessions_between(date(year, 1, 1), date(year, 1, 15))
    if not found:
        raise CalendarError(f"year {year}: no sessions known; expected {FIRST_DATE.year} to {LAST_DATE.year}.")
    return found[0]


def session_close(session: date) -> datetime:
    """Return the close of `session` in UTC: 16:00 Eastern, 13:00 on half days."""
    hour = 13 if session in early_closes() else 16
    return datetime.combine(session, time(hour), tzinfo=NEW_YORK).astimezone(UTC)


def prices_known_at(session: date) -> datetime:
    """Return when a session's end-of-day prices are first published, in UTC (17:30 Eastern, `assumed`)."""
    return datetime.combine(session, SEP_PUBLISHED, tzinfo=NEW_YORK).astimezone(UTC)


def latest_published_session(now: datetime) -> date:
    """Return the newest session whose prices are out at `now`."""
    day = now.astimezone(NEW_YORK).date()
    while not (is_session(day) and prices_known_at(day) <= now):
        day -= timedelta(days=1)
        if day < FIRST_DATE:
            raise CalendarError(f"{now.isoformat()}: before the first session {FIRST_DATE}.")
    return day


def session_frame(sessions: Sequence[date] | None = None) -> pl.DataFrame:
    """Return sessions with their running number: columns session (Date), session_index (Int32), known_at (UTC)."""
    chosen = all_sessions() if sessions is None else tuple(sessions)
    positions = _positions()
    return pl.DataFrame(
        {
            "session": list(chosen),
            "session_index": [positions[require_session(day)] for day in chosen],
            "known_at": [prices_known_at(day) for day in chosen],
        },
        schema={"session": pl.Date, "session_index": pl.Int32, "known_at": pl.Datetime("us", "UTC")},
    )
