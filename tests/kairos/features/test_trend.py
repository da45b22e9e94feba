import numpy as np
import pytest

from kairos.features.trend import FEATURE_SET

RISING = [float(step) for step in range(1, 131)]


def ewm(x, window, decay):
    weights = decay ** np.arange(window)
    return (x[::-1][:window] * weights).sum() / weights.sum()


def fitted(p, rows):
    time, y = np.arange(rows), np.log(p["C"][-rows:])
    return np.polyfit(time, y, 1)[0], np.corrcoef(time, y)[0, 1] ** 2


def macd(p, end=0):
    past = p["C"][: len(p["C"]) - end]
    return ewm(past, 104, 11 / 13) - ewm(past, 104, 25 / 27)


def stochastic(p, end=0):
    high, low, close = (p[name][: len(p["C"]) - end] for name in ("H", "L", "C"))
    return 100 * (close[-1] - low[-14:].min()) / (high[-14:].max() - low[-14:].min())


ORACLES = {
    **{f"px_to_sma_{w}d": lambda p, w=w: p["C"][-1] / p["C"][-w:].mean() - 1 for w in (5, 10, 21, 63, 126, 200)},
    "sma_5d_to_21d": lambda p: p["C"][-5:].mean() / p["C"][-21:].mean() - 1,
    "sma_50d_to_200d": lambda p: p["C"][-50:].mean() / p["C"][-200:].mean() - 1,
    "macd": lambda p: macd(p) / p["C"][-1],
    "macd_histogram": lambda p: (macd(p) - ewm(np.array([macd(p, k) for k in range(36)])[::-1], 36, 0.8)) / p["C"][-1],
    **{f"slope_{w}d": lambda p, w=w: fitted(p, w)[0] for w in (21, 63, 126)},
    **{f"trend_r2_{w}d": lambda p, w=w: fitted(p, w)[1] for w in (21, 63, 126)},
    "efficiency_ratio_21d": lambda p: abs(np.log1p(p["R"][-21:]).sum()) / abs(np.log1p(p["R"][-21:])).sum(),
    "price_rank_63d": lambda p: (p["C"][-63:-1] < p["C"][-1]).mean(),
    "rsi_14d": lambda p: 100 * ewm(np.maximum(p["R"], 0), 84, 13 / 14) / ewm(abs(p["R"]), 84, 13 / 14),
    "stochastic_k_14d": stochastic,
    "stochastic_d_14d": lambda p: np.mean([stochastic(p, end) for end in range(3)]),
    "aroon_25d": lambda p: 4 * (np.argmin(p["L"][-26:][::-1]) - np.argmax(p["H"][-26:][::-1])),
    "bollinger_21d": lambda p: (p["C"][-1] - p["C"][-21:].mean()) / p["C"][-21:].std(ddof=1),
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
