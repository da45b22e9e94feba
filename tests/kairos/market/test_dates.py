"""Sessions around dates."""

from datetime import date

import polars as pl

from kairos.market.dates import CONTEXT, before, on_or_after, within_year

DAYS = pl.DataFrame(
    {"day": [date(2015, 7, 4), date(2015, 7, 6), None, date(1990, 1, 1), date(2040, 1, 1)]}, schema={"day": pl.Date}
)


def test_a_holiday_falls_on_the_session_after_it():
    found = on_or_after(DAYS, "day")["session"].to_list()
    assert found == [date(2015, 7, 6), date(2015, 7, 6), None, date(1997, 1, 2), None]


def test_the_session_before_is_strictly_before():
    found = before(DAYS, "day", name="eve")["eve"].to_list()
    assert found[:4] == [date(2015, 7, 2), date(2015, 7, 2), None, None]


def test_a_year_is_widened_on_both_sides():
    assert within_year(2015, context=CONTEXT) == (date(2014, 12, 17), date(2016, 1, 15))
