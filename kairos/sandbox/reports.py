"""When companies report: fiscal calendars, acceptance instants, late and missing filings. What they report is in `accounts`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kairos.calendar import NEW_YORK, all_sessions
from kairos.sandbox.arrays import AnyArray, Bools, Floats, Ints

PAST_QUARTERS = 9  # reported before the market opens, so that trailing years and growth exist from the start
FUTURE_QUARTERS = 13  # after the market ends, so that estimates have periods to speak of
YEAR_ENDS, YEAR_END_SHARES = (12, 1, 3, 6, 9), (0.70, 0.06, 0.06, 0.09, 0.09)
SATURDAYS = 0.15  # share of names whose periods end on the last Saturday of the month
QUARTER_LAG, YEAR_EXTRA = (20, 45), (8, 20)  # days from the period's end to acceptance; a 10-K takes that many more
LATE_SHARE, LATE_LAG = 0.03, (60, 120)
MISSING_SHARE = 0.02  # reports that the vendors never show
AFTER_CLOSE, BEFORE_OPEN = 0.45, 0.35  # shares of filings accepted after 16:00 and before 9:30 Eastern
_SATURDAY, _EPOCH_WEEKDAY = 5, 3  # Monday is 0; 1970-01-01 was a Thursday


@dataclass(frozen=True)
class Schedule:
    """Fiscal quarters of N names, oldest first, (K, N) each.

    Attributes:
        ends: Period end, datetime64[D].
        quarter: Fiscal quarter, 1 to 4.
        fiscal_year: Calendar year in which the fiscal year ends.
        accepted: Session on which the report is accepted, datetime64[D].
        minute: Minute of that day in New York.
        missing: Whether no vendor ever shows the report.
    """

    ends: AnyArray
    quarter: Ints
    fiscal_year: Ints
    accepted: AnyArray
    minute: Ints
    missing: Bools


def make_schedule(rng: np.random.Generator, names: int, *, first: date, last: date) -> Schedule:
    """Draw the fiscal calendars and reporting habits of `names` companies for a market from `first` to `last`."""
    ends, quarter, fiscal_year = _fiscal_quarters(rng, names, first, last)
    shape = ends.shape
    lag = np.clip(rng.integers(22, 40, names) + rng.integers(-2, 6, shape), *QUARTER_LAG)
    lag += np.where(quarter == 4, rng.integers(*YEAR_EXTRA, shape), 0)  # noqa: PLR2004 - the annual report
    lag = np.where(rng.random(shape) < LATE_SHARE, rng.integers(*LATE_LAG, shape), lag)
    return Schedule(
        ends=ends,
        quarter=quarter,
        fiscal_year=fiscal_year,
        accepted=session_from(ends + lag),
        minute=_minutes(rng, shape),
        missing=rng.random(shape) < MISSING_SHARE,
    )


def _fiscal_quarters(rng: np.random.Generator, names: int, first: date, last: date) -> tuple[AnyArray, Ints, Ints]:
    year_end = np.array(YEAR_ENDS)[rng.choice(len(YEAR_ENDS), names, p=YEAR_END_SHARES)]
    start = (first.year * 12 + first.month - 1) // 3 * 3 - 3 * PAST_QUARTERS
    count = PAST_QUARTERS + (last.year - first.year + 1) * 4 + FUTURE_QUARTERS
    month = start + 3 * np.arange(count)[:, None] + (year_end - 1) % 3
    ends = (month - 1970 * 12 + 1).astype("datetime64[M]").astype("datetime64[D]") - 1
    weekday = (ends.astype(np.int64) + _EPOCH_WEEKDAY) % 7
    saturday = rng.random(names) < SATURDAYS
    ends -= np.where(saturday, (weekday - _SATURDAY) % 7, 0)
    number = month % 12 + 1
    quarter = ((number - year_end) // 3 - 1) % 4 + 1
    return ends, quarter, month // 12 + (number > year_end)


def session_from(days: AnyArray) -> AnyArray:
    """Return the first session on or after each day, datetime64[D]."""
    sessions = np.array(all_sessions(), dtype="datetime64[D]")
    return sessions[np.minimum(np.searchsorted(sessions, days), len(sessions) - 1)]


def _minutes(rng: np.random.Generator, shape: tuple[int, ...]) -> Ints:
    drawn = rng.random(shape)
    after, before = rng.integers(16 * 60 + 1, 17 * 60 + 25, shape), rng.integers(6 * 60, 9 * 60 + 29, shape)
    during = rng.integers(9 * 60 + 31, 15 * 60 + 59, shape)
    return np.where(drawn < AFTER_CLOSE, after, np.where(drawn < AFTER_CLOSE + BEFORE_OPEN, before, during))


def utc_instants(days: AnyArray, minutes: Ints, seconds: Ints) -> pl.Series:
    """Return instants from New York days, minutes and seconds: UTC, microseconds."""
    naive = days.astype("datetime64[s]") + minutes * 60 + seconds
    local = pl.Series("instant", naive.astype("datetime64[us]")).dt.replace_time_zone(NEW_YORK.key)
    return local.dt.convert_time_zone("UTC")


def rows_at(sessions: Sequence[date], days: AnyArray) -> Ints:
    """Return the number of the last session on or before each day; -1 before the first."""
    return np.searchsorted(np.array(sessions, dtype="datetime64[D]"), days, side="right") - 1


def quarter_growth(yearly: Floats, quarters: Ints) -> Floats:
    """Return the growth factor over a number of quarters at a yearly rate of the log."""
    return np.exp(yearly * quarters / 4.0)
