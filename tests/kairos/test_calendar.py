"""Sessions, closes and what is known when."""

from datetime import UTC, date, datetime

import pytest

from kairos.calendar import (
    all_sessions,
    is_session,
    latest_published_session,
    prices_known_at,
    require_session,
    session_close,
    session_offset,
)
from kairos.errors import CalendarError

SESSIONS_PER_YEAR = {1998: 252, 2001: 248, 2006: 251, 2008: 253, 2012: 250, 2018: 251, 2020: 253, 2023: 250, 2025: 250}


@pytest.mark.parametrize(("year", "count"), SESSIONS_PER_YEAR.items())
def test_a_year_has_its_sessions(year, count):
    assert sum(day.year == year for day in all_sessions()) == count


@pytest.mark.parametrize("day", [date(2001, 9, 11), date(2012, 10, 29), date(2018, 12, 5), date(2025, 1, 9), date(2015, 7, 3)])
def test_closures_are_no_sessions(day):
    assert not is_session(day)


def test_a_holiday_is_refused_with_the_sessions_around_it():
    with pytest.raises(CalendarError, match=r"2015-07-03 \(Friday\).*2015-07-02 and 2015-07-06"):
        require_session(date(2015, 7, 3))


def test_half_days_close_at_one_eastern():
    assert session_close(date(2014, 11, 28)) == datetime(2014, 11, 28, 18, tzinfo=UTC)
    assert session_close(date(2014, 11, 26)) == datetime(2014, 11, 26, 21, tzinfo=UTC)


def test_prices_are_known_at_half_past_five_eastern_in_summer_and_winter():
    assert prices_known_at(date(2014, 7, 1)) == datetime(2014, 7, 1, 21, 30, tzinfo=UTC)
    assert prices_known_at(date(2014, 1, 2)) == datetime(2014, 1, 2, 22, 30, tzinfo=UTC)


def test_a_session_is_published_from_its_instant_on():
    at = prices_known_at(date(2014, 7, 7))
    assert latest_published_session(at) == date(2014, 7, 7)
    assert latest_published_session(at.replace(minute=29)) == date(2014, 7, 3)


def test_offsets_count_sessions():
    assert session_offset(date(2015, 7, 2), 1) == date(2015, 7, 6)
    assert session_offset(date(2015, 7, 6), -1) == date(2015, 7, 2)
