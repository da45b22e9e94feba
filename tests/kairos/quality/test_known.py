"""Windows by day, and the sessions that are judged."""

from datetime import UTC, date, datetime

import polars as pl

from kairos.quality.feeds import PRICES, PROFILES
from kairos.quality.known import Dated, Known, by_day, judged_sessions, sessions_after, trading

DAYS = [date(2017, 3, 1), date(2017, 3, 2), date(2017, 3, 2), date(2017, 3, 6)]
DATED = Dated(pl.DataFrame({"permaticker": [1, 2, 3, 4], "day": DAYS}))


def test_a_window_leaves_its_first_day_out_and_holds_its_last():
    assert DATED.between(date(2017, 3, 1), date(2017, 3, 2))["permaticker"].to_list() == [2, 3]


def test_the_newest_day_is_by_the_day_asked():
    assert [DATED.newest(day) for day in (date(2017, 2, 1), date(2017, 3, 5), date(2017, 9, 1))] == [
        None,
        date(2017, 3, 2),
        date(2017, 3, 6),
    ]


def test_rows_that_were_not_read_count_for_the_newest_fact():
    known = Known(PRICES, DATED, date(2012, 5, 4))
    assert known.newest(date(2017, 2, 1)) == date(2012, 5, 4)
    assert known.since == date(2012, 5, 4)


def test_a_fact_is_of_the_new_york_day_it_was_known_on():
    rows = pl.DataFrame(
        {"permaticker": [1], "known_at": [datetime(2017, 1, 7, 1, 30, tzinfo=UTC)]}
        | {name: [None] for name in (*PROFILES.filled, *PROFILES.steady)}
    )
    assert by_day(PROFILES, rows).rows["day"].to_list() == [date(2017, 1, 6)]


def test_the_ends_of_two_years_months_and_the_last_loaded_session_are_judged():
    days = judged_sessions(2018, date(2018, 3, 14))
    assert len(days) == 12 + 2 + 1
    assert days[0] == date(2017, 1, 31)
    assert days[-3:] == (date(2018, 1, 31), date(2018, 2, 28), date(2018, 3, 14))


def test_a_past_year_is_judged_to_its_end():
    assert judged_sessions(2016, date(2018, 3, 14))[-1] == date(2016, 12, 30)


def test_sessions_are_counted_by_the_calendar():
    assert sessions_after(date(2017, 3, 3), date(2017, 3, 8)) == 3
    assert sessions_after(date(2017, 7, 3), date(2017, 7, 5)) == 1


def test_companies_that_trade_are_common_stocks_with_a_price_of_late():
    assert sorted(trading(DATED, [1, 2, 4], date(2017, 3, 6), days=5)) == [2, 4]
    assert sorted(trading(DATED, None, date(2017, 3, 6), days=5)) == [2, 3, 4]
