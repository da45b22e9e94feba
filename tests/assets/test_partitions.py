"""The three partition families follow the exchange's calendar and each other."""

from datetime import UTC, date, datetime

import pytest

from assets.partitions import sessions, universe_years, years
from kairos.calendar import all_sessions


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2018, 7, 6, 1, tzinfo=UTC), "2018-07-05"),  # Thursday evening in New York
        (datetime(2018, 7, 7, 12, tzinfo=UTC), "2018-07-06"),  # Saturday
        (datetime(2018, 12, 25, 12, tzinfo=UTC), "2018-12-24"),  # Christmas
    ],
)
def test_a_session_has_its_key_from_its_evening_on(now, last):
    assert sessions.get_partition_keys(current_time=now)[-1] == last


def test_the_sessions_are_the_exchanges():
    until = datetime(2026, 1, 1, tzinfo=UTC)
    keys = sessions.get_partition_keys(current_time=until)
    assert keys == [day.isoformat() for day in all_sessions() if date(1997, 12, 31) <= day < date(2026, 1, 1)]


def test_the_current_year_is_a_partition_while_it_runs():
    assert years.get_partition_keys(current_time=datetime(2018, 3, 1, tzinfo=UTC))[-1] == "2018"


def test_a_universe_year_can_be_any_year_with_a_year_before_it():
    assert {"1998", "2008", "2014"} <= set(universe_years.get_partition_keys())
