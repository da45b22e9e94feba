from datetime import date

import numpy as np
import pytest

from kairos.features.seasonality import FEATURE_SET
from tests.kairos.features.conftest import SESSIONS


def days(p, rows):
    return [day.astype(object) for day in p["session"][-rows:]]


def grown(p, ago, rows):
    closes = p["C"]
    return closes[-1 - ago + rows] / closes[-1 - ago] - 1


def habit(p, holds):
    returns = p["R"][-252:]
    return returns[np.array([holds(day) for day in days(p, 252)])].mean() - returns.mean()


def at_turn(day):
    """On one of the first three sessions of a month, or its last weekday."""
    month = [other for other in SESSIONS if (other.year, other.month) == (day.year, day.month)]
    first_of_next = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    later = range(day.toordinal() + 1, first_of_next.toordinal())
    return day in month[:3] or not any(date.fromordinal(other).weekday() < 5 for other in later)


def in_winter(day):
    return day.month in {11, 12, 1, 2, 3, 4}


def last(p):
    return days(p, 1)[0]


ORACLES = {
    **{f"same_month_ret_{m}m": lambda p, m=m: grown(p, 21 * m, 21) for m in (6, 9, 12)},
    "quarterly_months_12m": lambda p: np.mean([grown(p, ago, 21) for ago in (63, 126, 189, 252)]),
    "same_week_ret_12m": lambda p: grown(p, 252, 5),
    "same_weekday_ret_4w": lambda p: np.mean([p["R"][-1 - back] for back in (4, 9, 14, 19)]),
    "same_month_volume_12m": lambda p: np.log((1 + p["DV"][-252:-231].mean()) / (1 + p["DV"][-252:].mean())),
    "same_month_vol_12m": lambda p: p["R"][-252:-231].std(ddof=1) / p["R"][-252:].std(ddof=1) - 1,
    "weekday_habit_252d": lambda p: habit(p, lambda day: day.weekday() == (last(p).weekday() + 1) % 5),
    "monday_habit_252d": lambda p: habit(p, lambda day: day.weekday() == 0),
    "turn_of_month_habit_252d": lambda p: habit(p, at_turn),
    "winter_habit_252d": lambda p: habit(p, in_winter),
    "tax_loss_season": lambda p: p["C"][-1] / p["C"][-252:].max() - 1 if last(p).month in {12, 1} else 0,
    "weekday": lambda p: last(p).isoweekday(),
    "month": lambda p: last(p).month,
    "session_of_month": lambda p: sum((d.year, d.month) == (last(p).year, last(p).month) for d in days(p, 30)),
    "turn_of_month": lambda p: int(at_turn(last(p))),
    "winter_half": lambda p: int(in_winter(last(p))),
}


def test_every_feature_has_an_oracle():
    assert set(ORACLES) == set(FEATURE_SET.names)


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=2e-5, abs=1e-7)


@pytest.fixture
def value_on(value_of):
    """Give a feature's value on a day of a hand-made panel whose return is decided by the day."""

    def run(name, until, decide):
        returns = [decide(day) for day in SESSIONS if day <= until]
        return value_of(FEATURE_SET, name, R=returns, C=list(np.cumprod(np.array(returns) + 1)))

    return run


def test_a_name_that_rises_on_tuesdays_alone_is_expected_to_on_a_monday(value_on):
    def rises(day):
        return 0.01 if day.weekday() == 1 else 0.0

    monday, friday = (value_on("weekday_habit_252d", date(2016, 6, day), rises) for day in (6, 10))
    assert monday > 0.007
    assert friday == pytest.approx(monday - 0.01)


def test_a_name_that_rises_at_the_turn_of_the_month_alone_has_that_habit(value_on):
    value = value_on("turn_of_month_habit_252d", date(2016, 6, 15), lambda day: 0.01 if at_turn(day) else 0.0)
    assert value == pytest.approx(0.01 * (1 - share_of(at_turn, date(2016, 6, 15))))


def share_of(holds, until):
    return np.mean([holds(day) for day in [day for day in SESSIONS if day <= until][-252:]])


@pytest.mark.parametrize(("day", "expected"), [(date(2016, 1, 4), 1), (date(2016, 1, 6), 1), (date(2016, 1, 7), 0)])
def test_the_first_three_sessions_are_the_turn_of_the_month(value_on, day, expected):
    assert value_on("turn_of_month", day, lambda _: 0.0) == expected


@pytest.mark.parametrize(("day", "expected"), [(date(2016, 7, 29), 1), (date(2016, 7, 28), 0)])
def test_so_is_its_last_weekday(value_on, day, expected):
    assert value_on("turn_of_month", day, lambda _: 0.0) == expected


def test_a_loser_is_in_tax_loss_season_in_december_and_not_in_november(value_on):
    def falls(day):
        return -0.5 if day == date(2015, 3, 2) else 0.0

    assert value_on("tax_loss_season", date(2016, 1, 15), falls) == pytest.approx(-0.5)
    assert value_on("tax_loss_season", date(2016, 2, 1), falls) == 0


def test_a_gain_in_the_month_to_come_a_year_ago_is_told_now(value_on):
    now = SESSIONS[300]
    gains = set(SESSIONS[49:70])
    value = value_on("same_month_ret_12m", now, lambda day: 0.01 if day in gains else 0.0)
    assert value == pytest.approx(1.01**21 - 1, rel=1e-5)
