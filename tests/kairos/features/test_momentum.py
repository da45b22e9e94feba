from itertools import pairwise

import numpy as np
import pytest

from kairos.features.momentum import FEATURE_SET

RISING = [1.01**step for step in range(260)]
WAVE = [1 + 0.1 * (step % 2) for step in range(260)]


def grown(p, far, near):
    return np.log1p(p["R"][-far : -near or None]).sum()


def overnight(p, rows):
    return np.log(p["O"][-rows:] / p["C"][-rows - 1 : -1]).sum()


def discreteness(p, rows):
    r = p["R"][-rows:]
    return np.sign(np.log1p(r).sum()) * ((r < 0).mean() - (r > 0).mean())


def positive_months(p):
    closes = [p["C"][-1 - 21 * month] for month in range(1, 13)]
    return np.mean([late > early for late, early in pairwise(closes)])


def drawdown(p, end):
    close = p["C"][: len(p["C"]) - end]
    return close[-1] / close[-126:].max() - 1


def slope_times_r2(p):
    time, y = np.arange(90), np.log(p["C"][-90:])
    return 252 * np.polyfit(time, y, 1)[0] * np.corrcoef(time, y)[0, 1] ** 2


def recursive(x, rows=14):
    """Wilder's own average: the mean of the first rows, then 13/14 of the last and 1/14 of the new."""
    made = [x[:rows].mean()]
    for value in x[rows:]:
        made.append(made[-1] + (value - made[-1]) / rows)
    return np.array(made)


def movements(p):
    rise, fall = np.diff(p["H"]), -np.diff(p["L"])
    return np.where((rise > fall) & (rise > 0), rise, 0), np.where((fall > rise) & (fall > 0), fall, 0)


def true_range(p):
    return np.maximum(p["H"][1:], p["C"][:-1]) - np.minimum(p["L"][1:], p["C"][:-1])


def begun(x):
    """Wilder's average of a movement from its 14th on: the first mean counts the row without a row before it, as 0."""
    return recursive(np.append(0, x))[1:]


def balance(p):
    up, down = (begun(x) for x in movements(p))
    return 100 * (up - down) / (up + down)


def direction(p, which):
    return 100 * begun(movements(p)[which])[-1] / begun(true_range(p))[-1]


def adx(p, end=0):
    return recursive(abs(balance(p)))[-1 - end]


def channel(p):
    typical = ((p["H"] + p["L"] + p["C"]) / 3)[-20:]
    return (typical[-1] - typical.mean()) / (0.015 * abs(typical - typical.mean()).mean())


ORACLES = {
    "mom_3_1": lambda p: np.expm1(grown(p, 63, 21)),
    "mom_9_1": lambda p: np.expm1(grown(p, 189, 21)),
    "mom_6_1_less_12_7": lambda p: grown(p, 126, 21) - grown(p, 252, 126),
    "mom_6_1_scaled": lambda p: grown(p, 126, 21) / p["R"][-126:].std(ddof=1) / np.sqrt(105),
    "mom_6_1_x_volume": lambda p: grown(p, 126, 21) * np.log((1 + p["DV"][-126:].mean()) / (1 + p["DV"][-252:].mean())),
    "reward_to_risk_63d": lambda p: p["R"][-63:].mean() / p["R"][-63:].std(ddof=1),
    "positive_months_12_1": positive_months,
    "mom_12_1_x_continuity": lambda p: grown(p, 252, 21) * abs(discreteness(p, 252)),
    "information_discreteness_63d": lambda p: discreteness(p, 63),
    "slope_x_r2_90d": slope_times_r2,
    "deepest_drawdown_126d": lambda p: min(drawdown(p, end) for end in range(126)),
    "left_tail_252d": lambda p: np.quantile(p["R"][-252:], 0.05),
    "to_high_126d": lambda p: drawdown(p, 0),
    "sessions_since_high_252d": lambda p: np.argmax(p["C"][-252:][::-1]),
    "sessions_since_high_63d": lambda p: np.argmax(p["C"][-63:][::-1]),
    "ret_overnight_126d": lambda p: overnight(p, 126),
    "plus_di_14d": lambda p: direction(p, 0),
    "minus_di_14d": lambda p: direction(p, 1),
    "directional_balance_14d": lambda p: balance(p)[-1],
    "adx_14d": adx,
    "adxr_14d": lambda p: (adx(p) + adx(p, end=13)) / 2,
    "natr_14d": lambda p: 100 * recursive(true_range(p))[-1] / p["C"][-1],
    "cci_20d": channel,
    "ret_intraday_126d": lambda p: np.log(p["C"][-126:] / p["O"][-126:]).sum(),
}


def test_every_feature_has_an_oracle():
    assert set(ORACLES) == set(FEATURE_SET.names)


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=2e-5, abs=1e-6)


def test_a_price_that_only_rises_is_at_its_high_after_eleven_months_of_gains(value_of):
    assert value_of(FEATURE_SET, "sessions_since_high_252d", C=RISING) == 0
    assert value_of(FEATURE_SET, "positive_months_12_1", C=RISING) == 1
    assert value_of(FEATURE_SET, "information_discreteness_63d", C=RISING) == -1


def test_momentum_leaves_out_the_last_month(value_of):
    late = [1.0] * 240 + [2.0] * 20
    assert value_of(FEATURE_SET, "mom_3_1", C=late) == 0
    assert value_of(FEATURE_SET, "mom_3_1", C=[1.0] * 220 + [2.0] * 40) == pytest.approx(1)


def test_a_high_five_sessions_ago_is_five_sessions_old(value_of):
    assert value_of(FEATURE_SET, "sessions_since_high_63d", C=[1.0] * 70 + [2.0] + [1.5] * 5) == 5


def test_the_deepest_of_many_drawdowns_is_the_one_told(value_of):
    path = [1.0] * 200 + [0.6] + [1.0] * 30 + [0.9] + [1.0] * 28
    assert value_of(FEATURE_SET, "deepest_drawdown_126d", C=path) == pytest.approx(-0.4)


def test_a_zigzag_that_ends_low_is_one_fall_over_its_risk(value_of):
    assert value_of(FEATURE_SET, "mom_6_1_scaled", C=WAVE) == pytest.approx(
        -np.log(1.1) / np.sqrt(105) / zigzag_std(), rel=1e-5
    )


def zigzag_std():
    """Deviation of 126 returns, half +10 %, half -1/11."""
    return (0.1 + 1 / 11) / 2 * np.sqrt(126 / 125)


def test_a_price_that_stands_still_has_no_reward_to_risk(value_of):
    assert value_of(FEATURE_SET, "reward_to_risk_63d", C=[7.0] * 70) is None


def test_a_price_that_climbs_evenly_moves_one_way_only(value_of):
    steps = [10.0 + step for step in range(170)]
    bars = {"C": steps, "H": [close + 0.5 for close in steps], "L": [close - 0.5 for close in steps]}
    assert value_of(FEATURE_SET, "adx_14d", **bars) == pytest.approx(100)
    assert value_of(FEATURE_SET, "directional_balance_14d", **bars) == pytest.approx(100)
    assert value_of(FEATURE_SET, "natr_14d", **bars) == pytest.approx(150 / steps[-1])
    assert value_of(FEATURE_SET, "minus_di_14d", **bars) == 0
    assert value_of(FEATURE_SET, "plus_di_14d", **bars) == pytest.approx(100 / 1.5)


def test_a_rise_of_as_many_ticks_as_the_fall_is_no_movement(value_of):
    close = [0.3 + 0.01 * (step % 7) for step in range(60)]
    wide = [0.005 * step for step in range(60)]
    bars = {"C": close, "H": [1 + x for x in wide], "L": [0.3 - x for x in wide]}  # 0.005 both ways, but for rounding
    assert value_of(FEATURE_SET, "plus_di_14d", **bars) == value_of(FEATURE_SET, "minus_di_14d", **bars) == 0
    assert value_of(FEATURE_SET, "directional_balance_14d", **bars) is None


def test_the_last_of_twenty_even_steps_stands_at_the_channels_edge(value_of):
    bars = {key: [float(step) for step in range(1, 21)] for key in ("C", "H", "L")}
    assert value_of(FEATURE_SET, "cci_20d", **bars) == pytest.approx(9.5 / (0.015 * 5), rel=1e-6)
