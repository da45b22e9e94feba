import numpy as np
import pytest

from kairos.features.trend import FEATURE_SET

RISING = [float(step) for step in range(1, 131)]


def fitted(p, rows):
    time, y = np.arange(rows), np.log(p["C"][-rows:])
    return np.polyfit(time, y, 1)[0], np.corrcoef(time, y)[0, 1] ** 2


def recursive(x, period, newest):
    """The mean of the first rows, then so much of each new one, without an end."""
    made = [x[:period].mean()]
    for value in x[period:]:
        made.append((1 - newest) * made[-1] + newest * value)
    return np.array(made)


def macd(p):
    """MACD and its signal, last values; both averages of C begin at row 25."""
    line = recursive(p["C"][14:], 12, 2 / 13) - recursive(p["C"], 26, 2 / 27)
    return line[-1], recursive(line, 9, 2 / 10)[-1]


def rsi(p):
    moves = np.diff(p["C"])
    return 100 * recursive(np.maximum(moves, 0), 14, 1 / 14)[-1] / recursive(abs(moves), 14, 1 / 14)[-1]


def stochastic(p, end=0):
    high, low, close = (p[name][: len(p["C"]) - end] for name in ("H", "L", "C"))
    return 100 * (close[-1] - low[-14:].min()) / (high[-14:].max() - low[-14:].min())


ORACLES = {
    **{f"px_to_sma_{w}d": lambda p, w=w: p["C"][-1] / p["C"][-w:].mean() - 1 for w in (5, 10, 21, 63, 126, 200)},
    "sma_5d_to_21d": lambda p: p["C"][-5:].mean() / p["C"][-21:].mean() - 1,
    "sma_50d_to_200d": lambda p: p["C"][-50:].mean() / p["C"][-200:].mean() - 1,
    "macd": lambda p: macd(p)[0] / p["C"][-1],
    "macd_signal": lambda p: macd(p)[1] / p["C"][-1],
    "macd_histogram": lambda p: (macd(p)[0] - macd(p)[1]) / p["C"][-1],
    **{f"slope_{w}d": lambda p, w=w: fitted(p, w)[0] for w in (21, 63, 126)},
    **{f"trend_r2_{w}d": lambda p, w=w: fitted(p, w)[1] for w in (21, 63, 126)},
    "efficiency_ratio_21d": lambda p: abs(np.log1p(p["R"][-21:]).sum()) / abs(np.log1p(p["R"][-21:])).sum(),
    "price_rank_63d": lambda p: (p["C"][-63:-1] < p["C"][-1]).mean(),
    "rsi_14d": rsi,
    "stochastic_k_14d": stochastic,
    "stochastic_d_14d": lambda p: np.mean([stochastic(p, end) for end in range(3)]),
    "aroon_25d": lambda p: 4 * (np.argmin(p["L"][-26:][::-1]) - np.argmax(p["H"][-26:][::-1])),
    "bollinger_21d": lambda p: 0.5 + (p["C"][-1] - p["C"][-21:].mean()) / p["C"][-21:].std() / 4,
    "bollinger_width_21d": lambda p: 4 * p["C"][-21:].std() / p["C"][-21:].mean(),
    "donchian_63d": lambda p: (p["C"][-1] - p["L"][-63:].min()) / (p["H"][-63:].max() - p["L"][-63:].min()),
    "trend_acceleration_63d": lambda p: np.log(p["C"][-1] / p["C"][-22]) - np.log(p["C"][-22] / p["C"][-64]) / 2,
}


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=1e-5, abs=1e-7)


def test_a_mean_by_hand(value_of):
    assert value_of(FEATURE_SET, "px_to_sma_5d", C=[1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(5 / 3 - 1)


def test_a_price_that_only_rises_has_an_rsi_of_100(value_of):
    assert value_of(FEATURE_SET, "rsi_14d", C=RISING) == 100


def test_a_price_that_only_rises_has_an_aroon_of_100(value_of):
    assert value_of(FEATURE_SET, "aroon_25d", C=RISING, H=RISING, L=RISING) == 100


def test_an_exponential_path_is_straight(value_of):
    path = [1.01**step for step in range(21)]
    assert value_of(FEATURE_SET, "slope_21d", C=path) == pytest.approx(np.log(1.01), rel=1e-5)
    assert value_of(FEATURE_SET, "trend_r2_21d", C=path) == pytest.approx(1)


def test_a_price_that_stands_still_has_no_r2_and_no_rsi(value_of):
    assert value_of(FEATURE_SET, "trend_r2_21d", C=[7.3] * 130) is None
    assert value_of(FEATURE_SET, "rsi_14d", C=[7.3] * 130) is None
