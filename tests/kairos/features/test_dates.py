from datetime import date

import polars as pl
import pytest

from kairos.calendar import all_sessions
from kairos.features.dates import calendar_fact

DAYS = [date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 28), date(2024, 12, 24), date(2024, 9, 3), date(2024, 2, 1)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("month", [2, 2, 3, 12, 9, 2]),
        ("weekday", [4, 4, 4, 2, 2, 4]),
        ("session_of_month", [1, 20, 20, 17, 1, 1]),
        ("weekdays_left", [20, 0, 1, 5, 19, 20]),  # Good Friday and Christmas are weekdays too
    ],
)
def test_facts_of_the_date_by_hand(word, expected):
    assert calendar_fact(word, pl.Series("session", DAYS)).to_list() == expected


def test_the_first_session_of_every_month_is_its_first():
    sessions = pl.Series("session", all_sessions())
    firsts = sessions.filter(calendar_fact("session_of_month", sessions) == 1)
    assert firsts.len() == sessions.dt.truncate("1mo").n_unique()
    assert firsts.dt.day().max() <= 4
