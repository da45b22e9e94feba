import math

import numpy as np
import pytest

from kairos.features.price_action import FEATURE_SET

ORACLES = {
    "ret_1d": lambda p: p["R"][-1],
    "ret_5d": lambda p: np.prod(1 + p["R"][-5:]) - 1,
    "ret_21d": lambda p: np.prod(1 + p["R"][-21:]) - 1,
    "ret_252d": lambda p: np.prod(1 + p["R"][-252:]) - 1,
    "mom_12_1": lambda p: np.prod(1 + p["R"][-252:-21]) - 1,
    "mom_6_1": lambda p: np.prod(1 + p["R"][-126:-21]) - 1,
    "mom_12_7": lambda p: np.prod(1 + p["R"][-252:-126]) - 1,
    "ret_5d_skip_1d": lambda p: np.prod(1 + p["R"][-6:-1]) - 1,
    "gap": lambda p: p["O"][-1] / p["C"][-2] - 1,
    "ret_intraday": lambda p: p["C"][-1] / p["O"][-1] - 1,
    "ret_overnight_21d": lambda p: np.log(p["O"][-21:] / p["C"][-22:-1]).sum(),
    "ret_intraday_21d": lambda p: np.log(p["C"][-21:] / p["O"][-21:]).sum(),
    "to_high_252d": lambda p: p["C"][-1] / p["C"][-252:].max() - 1,
    "to_low_252d": lambda p: p["C"][-1] / p["C"][-252:].min() - 1,
    "up_share_21d": lambda p: (p["R"][-21:] > 0).mean(),
    "information_discreteness_252d": lambda p: (
        np.sign(np.log1p(p["R"][-252:]).sum()) * ((p["R"][-252:] < 0).mean() - (p["R"][-252:] > 0).mean())
    ),
    "log_price": lambda p: np.log(p["P"][-1]),
}
CANDLE = {"O": [10.0], "H": [16.0], "L": [8.0], "C": [12.0]}


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("name", "expected"), [("close_location", 0.0), ("candle_body", 0.25), ("upper_shadow", 4 / 12), ("lower_shadow", 2 / 12)]
)
def test_a_candle_by_hand(value_of, name, expected):
    assert value_of(FEATURE_SET, name, **CANDLE) == pytest.approx(expected, rel=1e-6)


def test_a_session_without_range_has_no_close_location(value_of):
    assert value_of(FEATURE_SET, "close_location", O=[10.0], H=[10.0], L=[10.0], C=[10.0]) is None


def test_two_days_of_ten_percent_make_21_percent(value_of):
    assert value_of(FEATURE_SET, "ret_2d", C=[100.0, 110.0, 121.0]) == pytest.approx(0.21)


def test_a_log_price_is_of_the_price_as_traded(value_of):
    assert value_of(FEATURE_SET, "log_price", C=[1.0], P=[math.e]) == pytest.approx(1.0)
