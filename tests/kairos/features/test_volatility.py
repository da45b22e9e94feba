import math

import numpy as np
import pytest
from scipy import stats

from kairos.features.volatility import FEATURE_SET


def sd(p, rows, end=None):
    return p["R"][:end][-rows:].std(ddof=1)


def logs(p, rows=21):
    return (np.log(p[name][-rows:] / p["O"][-rows:]) for name in ("H", "L", "C"))


def parkinson(p):
    high, low, _ = logs(p)
    return math.sqrt(((high - low) ** 2).mean() / (4 * math.log(2)))


def garman_klass(p):
    high, low, close = logs(p)
    return math.sqrt((0.5 * (high - low) ** 2 - (2 * math.log(2) - 1) * close**2).mean())


def rogers_satchell(p):
    high, low, close = logs(p)
    return math.sqrt((high * (high - close) + low * (low - close)).mean())


def true_range(p):
    before = p["C"][:-1]
    return (np.maximum(p["H"][1:], before) - np.minimum(p["L"][1:], before)) / before


def wilder(x):
    """Wilder's average of 14, last value: the mean of the first, then a fourteenth of each new one."""
    average = x[:14].mean()
    for value in x[14:]:
        average += (value - average) / 14
    return average


def vol_of_vol(p):
    weekly = np.array([sd(p, 5, len(p["R"]) - age) for age in range(63)])
    return weekly.std(ddof=1) / weekly.mean()


def bipower_share(p):
    size = abs(p["R"][-22:])
    return 1 - math.pi / 2 * (size[1:] * size[:-1]).sum() / (size[1:] ** 2).sum()


ORACLES = {
    **{f"vol_{w}d": lambda p, w=w: sd(p, w) for w in (5, 10, 21, 63, 126, 252)},
    **{f"downside_vol_{w}d": lambda p, w=w: math.sqrt((np.minimum(p["R"][-w:], 0) ** 2).mean()) for w in (21, 63)},
    "vol_ratio_5d_63d": lambda p: sd(p, 5) / sd(p, 63) - 1,
    "vol_riskmetrics": lambda p: math.sqrt(
        (p["R"][::-1][:126] ** 2 * 0.94 ** np.arange(126)).sum() / (0.94 ** np.arange(126)).sum()
    ),
    "vol_of_vol_63d": vol_of_vol,
    "parkinson_21d": parkinson,
    "garman_klass_21d": garman_klass,
    "rogers_satchell_21d": rogers_satchell,
    "true_range_1d": lambda p: true_range(p)[-1],
    "atr_14d": lambda p: wilder(true_range(p)),
    "drawdown_63d": lambda p: p["C"][-1] / p["C"][-63:].max() - 1,
    "max_ret_21d": lambda p: p["R"][-21:].max(),
    "min_ret_21d": lambda p: p["R"][-21:].min(),
    "skew_63d": lambda p: stats.skew(p["R"][-63:]),
    "kurt_63d": lambda p: stats.kurtosis(p["R"][-63:]),
    "signed_variation_21d": lambda p: (np.sign(p["R"]) * p["R"] ** 2)[-21:].sum() / (p["R"][-21:] ** 2).sum(),
    "jump_share_21d": bipower_share,
    "autocorr_63d": lambda p: np.corrcoef(p["R"][-63:], p["R"][-64:-1])[0, 1],
    "ret_5d_scaled": lambda p: np.log1p(p["R"][-5:]).sum() / sd(p, 63) / math.sqrt(5),
    "ret_1d_scaled": lambda p: p["R"][-1] / sd(p, 63),
    "mom_12_1_scaled": lambda p: np.log1p(p["R"][-252:-21]).sum() / sd(p, 126),
    "reversal_x_vol": lambda p: (1 - np.prod(1 + p["R"][-5:])) * sd(p, 21),
    "reversal_x_vol_ratio": lambda p: (1 - np.prod(1 + p["R"][-5:])) * (sd(p, 21) / sd(p, 126) - 1),
}


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=2e-5, abs=1e-7)


def test_the_deviation_of_one_to_five_percent_by_hand(value_of):
    returns = [0.01, 0.02, 0.03, 0.04, 0.05]
    assert value_of(FEATURE_SET, "vol_5d", R=returns) == pytest.approx(math.sqrt(0.00025))


def test_equal_returns_have_no_volatility_and_no_skew(value_of):
    assert value_of(FEATURE_SET, "vol_63d", R=[0.01] * 70) == 0
    assert value_of(FEATURE_SET, "skew_63d", R=[0.01] * 70) is None


def test_an_earlier_jump_leaves_no_trace_once_it_has_left_the_window(value_of):
    quiet = [0.001, -0.001] * 40
    assert value_of(FEATURE_SET, "vol_21d", R=[1e6, *quiet]) == value_of(FEATURE_SET, "vol_21d", R=[0.0, *quiet])


def test_the_true_range_takes_in_the_gap(value_of):
    still = [10.0] * 14
    value = value_of(FEATURE_SET, "atr_14d", C=[*still, 12.0], H=[*still, 12.0], L=[*still, 11.0])
    assert value == pytest.approx(0.2 / 14)
