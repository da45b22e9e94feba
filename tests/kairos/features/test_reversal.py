import math

import numpy as np
import pytest

from kairos.features.reversal import FEATURE_SET


def grown(p, far, near):
    return np.prod(1 + p["R"][-far : -near or None]) - 1


def large_moves(p):
    r = p["R"]
    ends = range(len(r) - 21, len(r))
    return sum(r[t] for t in ends if abs(r[t]) > 2 * r[t - 63 : t].std(ddof=1))


def overnight(p, rows):
    return np.log(p["O"][-rows:] / p["C"][-rows - 1 : -1])


def intraday(p, rows):
    return np.log(p["C"][-rows:] / p["O"][-rows:])


def log_dv(p, rows):
    return np.log1p(p["DV"][-rows:])


def illiquidity(p):
    return math.log(1e-6 + 1e6 * (abs(p["R"][-63:]) / p["DV"][-63:]).mean())


ORACLES = {
    "ret_5d_skip_5d": lambda p: grown(p, 10, 5),
    "ret_21d_skip_5d": lambda p: grown(p, 21, 5),
    "ret_2m_skip_1m": lambda p: grown(p, 42, 21),
    "ret_22_13": lambda p: grown(p, 462, 252),
    "range_location_5d": lambda p: (p["C"][-1] - p["L"][-5:].min()) / (p["H"][-5:].max() - p["L"][-5:].min()),
    "up_moves_5d": lambda p: np.maximum(p["R"][-5:], 0).sum() / abs(p["R"][-5:]).sum(),
    "large_moves_21d": large_moves,
    "ret_overnight_5d": lambda p: overnight(p, 5).sum(),
    "ret_intraday_5d": lambda p: intraday(p, 5).sum(),
    "daytime_reversals_63d": lambda p: ((overnight(p, 63) > 0) & (intraday(p, 63) < 0)).mean(),
    "ret_1d_x_volume": lambda p: p["R"][-1] * (log_dv(p, 63)[-1] - log_dv(p, 63).mean()),
    "ret_21d_x_volume": lambda p: np.log1p(grown(p, 21, 0)) * np.log((1 + p["DV"][-21:].mean()) / (1 + p["DV"][-252:].mean())),
    "reversal_x_illiquidity": lambda p: -grown(p, 5, 0) * (14 + illiquidity(p)),
}


def test_every_feature_has_an_oracle():
    assert set(ORACLES) == set(FEATURE_SET.names)


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=2e-5, abs=1e-7)


def test_a_move_before_the_last_year_is_long_past_and_a_later_one_is_not(value_of):
    early, late = [1.0] * 100 + [3.0] * 400, [1.0] * 300 + [3.0] * 200
    assert value_of(FEATURE_SET, "ret_22_13", C=early) == pytest.approx(2)
    assert value_of(FEATURE_SET, "ret_22_13", C=late) == 0


def test_a_jump_on_a_quiet_name_is_large_and_counts_whole(value_of):
    quiet = [0.001, -0.001] * 45
    assert value_of(FEATURE_SET, "large_moves_21d", R=[*quiet, 0.05, 0.001]) == pytest.approx(0.05)
    assert value_of(FEATURE_SET, "large_moves_21d", R=quiet) == 0


def test_a_move_is_large_beside_the_sessions_before_it_and_does_not_widen_its_own_measure(value_of):
    quiet = [0.001, -0.001] * 45  # two deviations are 0.00202, with the move itself among them 0.00207
    assert value_of(FEATURE_SET, "large_moves_21d", R=[*quiet, 0.00204]) == pytest.approx(0.00204)


def test_three_ups_against_one_down_of_the_same_size_by_hand(value_of):
    assert value_of(FEATURE_SET, "up_moves_5d", R=[0.02, 0.02, -0.02, 0.0, 0.02]) == pytest.approx(0.75)


def test_a_name_bid_up_overnight_and_sold_by_day_reverses_daily(value_of):
    rows = 64
    assert value_of(FEATURE_SET, "daytime_reversals_63d", C=[10.0] * rows, O=[10.1] * rows) == 1
    assert value_of(FEATURE_SET, "daytime_reversals_63d", C=[10.0] * rows, O=[9.9] * rows) == 0


def test_a_reversal_weighs_more_where_trading_is_dear(value_of):
    path = [1.0] * 62 + [1.0, 1.0, 1.0, 1.0, 1.1]
    dear, cheap = (value_of(FEATURE_SET, "reversal_x_illiquidity", C=path, DV=[dv] * len(path)) for dv in (1e4, 1e9))
    assert dear < cheap < 0
