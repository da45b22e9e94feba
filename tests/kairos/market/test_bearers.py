"""Whose an action is."""

from datetime import date

import pytest

from kairos.market.bearers import with_bearer
from kairos.tables.market import SEP_VERSIONS


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2003, 6, 2), 1),
        (date(2008, 6, 2), 2),  # security 1 bears another name by then
        (date(2012, 6, 1), 2),
    ],
)
def test_who_bore_the_ticker_on_the_day_goes_first(raw_actions, tickers_of, day, expected):
    tickers = tickers_of(
        [
            {"permaticker": 1, "ticker": "XYZ", "valid_to": date(2005, 5, 31)},
            {"permaticker": 1, "ticker": "ABC", "valid_from": date(2005, 6, 1)},
            {"permaticker": 2, "ticker": "XYZ", "valid_from": date(2005, 7, 1), "firstpricedate": date(2005, 7, 1)},
        ]
    )
    rows = raw_actions([{"ticker": "XYZ", "date": day, "action": "split"}])
    assert with_bearer(rows, tickers, SEP_VERSIONS.empty())["permaticker"].to_list() == [expected]


@pytest.mark.parametrize(("filed", "expected"), [("ABC", 2), ("ABC1", 1), ("ABD1", None)])
def test_what_is_filed_under_a_number_belongs_to_the_dead(raw_actions, tickers_of, filed, expected):
    tickers = tickers_of(
        [
            {"permaticker": 1, "ticker": "ABC", "valid_to": date(2012, 5, 31), "lastpricedate": date(2012, 5, 31)}
            | {"isdelisted": True},
            {"permaticker": 2, "ticker": "ABC", "valid_from": date(2012, 7, 2), "firstpricedate": date(2012, 7, 2)},
        ]
    )
    rows = raw_actions([{"ticker": filed, "date": date(2012, 7, 2), "action": "delisted"}])
    assert with_bearer(rows, tickers, SEP_VERSIONS.empty())["permaticker"].to_list() == [expected]


def test_the_dead_are_left_alone_long_after(raw_actions, tickers_of):
    tickers = tickers_of([{"isdelisted": True, "lastpricedate": date(2005, 6, 1), "valid_to": date(2005, 6, 1)}])
    rows = raw_actions([{"ticker": "AAA", "date": day, "action": "x"} for day in (date(2006, 6, 1), date(2009, 6, 1))])
    assert with_bearer(rows, tickers, SEP_VERSIONS.empty())["permaticker"].to_list() == [1, None]


def test_a_file_s_symbols_are_not_the_vendor_s(raw_actions, tickers_of):
    rows = raw_actions([{"ticker": "AAA", "date": date(2015, 6, 1), "action": "split"}], source="file")
    assert with_bearer(rows, tickers_of([{}]), SEP_VERSIONS.empty())["permaticker"].to_list() == [None]
