"""Dividends as paid, whichever way the vendor states them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kairos.market.actions import corporate_actions

EVE, EX = date(2015, 6, 1), date(2015, 6, 2)
THEN, LATER = datetime(2015, 6, 3, tzinfo=UTC), datetime(2016, 6, 3, tzinfo=UTC)
PAID = 1.0  # USD per share; the share stood at 40 on the eve and closed at 39.5 on the ex-date
# four-for-one in 2016: everything adjusted is a quarter of what was traded
AFTER_SPLIT = [
    {"session": EVE, "close": 10.0, "closeunadj": 40.0, "closeadj": 10.0 * (1 - 1 / 40)},
    {"session": EX, "close": 9.875, "closeunadj": 39.5, "closeadj": 9.875},
]
BEFORE_SPLIT = [
    {"session": EVE, "close": 40.0, "closeunadj": 40.0, "closeadj": 39.0},
    {"session": EX, "close": 39.5, "closeunadj": 39.5, "closeadj": 39.5},
]
SPLIT = {"ticker": "AAA", "date": date(2016, 2, 1), "action": "split", "value": 4.0}


@pytest.fixture
def paid(raw_actions, tickers_of):
    def value(rows, prices):
        found = corporate_actions(raw_actions(rows), tickers_of([{}]), prices, year=2015).rows
        return found["value"].to_list()

    return value


def dividend(value, fetched=LATER):
    return {"ticker": "AAA", "date": EX, "action": "dividend", "value": value, "fetched_at": fetched}


def test_a_split_adjusted_value_is_turned_back(paid, versions_of):
    assert paid([dividend(PAID / 4)], versions_of(AFTER_SPLIT, fetched_at=LATER)) == [PAID]


def test_a_value_stated_as_paid_stays(paid, versions_of):
    assert paid([dividend(PAID)], versions_of(AFTER_SPLIT, fetched_at=LATER)) == [PAID]


def test_where_nothing_tells_values_count_as_adjusted(paid, versions_of):
    blind = [{**row, "closeadj": None} for row in AFTER_SPLIT]
    assert paid([dividend(0.3)], versions_of(blind, fetched_at=LATER)) == [1.2]


def test_before_any_split_the_value_is_what_was_paid(paid, versions_of):
    assert paid([dividend(PAID, THEN)], versions_of(BEFORE_SPLIT, fetched_at=THEN)) == [PAID]


def test_recorded_splits_make_a_rounded_factor_exact(paid, versions_of):
    rounded = [{**row, "close": row["close"] + 0.0004} for row in AFTER_SPLIT]
    prices = versions_of(rounded, fetched_at=LATER)
    assert paid([dividend(PAID / 4)], prices) != [PAID]
    assert paid([dividend(PAID / 4), {**SPLIT, "fetched_at": LATER}], prices) == [PAID]


def test_a_split_told_late_does_not_move_what_was_paid(paid, versions_of):
    prices = versions_of([{**row, "close": row["close"] + 0.0004} for row in AFTER_SPLIT], fetched_at=LATER)
    told, again = LATER + timedelta(days=30), LATER + timedelta(days=31)
    as_first_said = paid([dividend(PAID / 4)], prices)
    assert as_first_said != [PAID]
    assert paid([dividend(PAID / 4), {**SPLIT, "fetched_at": told}], prices) == as_first_said
    assert paid([dividend(PAID / 4), {**SPLIT, "fetched_at": told}, dividend(PAID / 4, again)], prices) == as_first_said


def test_a_later_split_does_not_move_what_was_paid(paid, versions_of):
    odd, thirds = 0.37, round(0.37 / 3, 3)
    first = versions_of([{**row, "closeadj": None} for row in BEFORE_SPLIT], fetched_at=THEN)
    third = [
        {"session": row["session"], "close": round(row["close"] / 3, 3), "closeunadj": row["close"]} for row in BEFORE_SPLIT
    ]
    second = versions_of([{**row, "closeadj": None} for row in third], fetched_at=LATER)
    both = first.vstack(second)
    assert paid([dividend(odd, THEN)], first) == [odd]
    assert paid([dividend(odd, THEN), dividend(thirds, LATER)], both) == [odd]


def test_a_corrected_dividend_is_taken_over(paid, versions_of):
    prices = versions_of(BEFORE_SPLIT, fetched_at=THEN)
    assert paid([dividend(0.500, THEN), dividend(0.501, LATER)], prices) == [0.501]
