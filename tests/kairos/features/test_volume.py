import math

import numpy as np
import pytest

from kairos.features.volume import FEATURE_SET


def log_dv(p, rows, end=None):
    return np.log1p(p["DV"][:end][-rows:])


def relative(p, rows):
    return math.log1p(p["DV"][-1]) - math.log1p(p["DV"][-rows:].mean())


def impact(p, rows):
    return math.log(1e-6 + 1e6 * (abs(p["R"][-rows:]) / p["DV"][-rows:]).mean())


def signed(p, rows):
    return (np.sign(p["R"]) * p["V"])[-rows:].sum() / p["V"][-rows:].sum()


def money_flow(p):
    high, low, close, volume = (p[name][-21:] for name in ("H", "L", "C", "V"))
    return ((2 * close - high - low) / (high - low) * volume).sum() / volume.sum()


def money_flow_index(p):
    typical = ((p["H"] + p["L"] + p["C"]) / 3)[-15:]
    flow, rose = typical[1:] * p["V"][-14:], typical[1:] > typical[:-1]
    return 100 * flow[rose].sum() / flow.sum()


ORACLES = {
    **{f"dollar_volume_to_mean_{w}d": lambda p, w=w: relative(p, w) for w in (5, 21, 63)},
    "dollar_volume_5d_to_63d": lambda p: p["DV"][-5:].mean() / p["DV"][-63:].mean() - 1,
    "dollar_volume_21d_to_252d": lambda p: p["DV"][-21:].mean() / p["DV"][-252:].mean() - 1,
    "log_adv_21d": lambda p: math.log1p(p["DV"][-21:].mean()),
    "log_adv_126d": lambda p: math.log1p(p["DV"][-126:].mean()),
    "volume_rank_50d": lambda p: (p["V"][-50:-1] < p["V"][-1]).mean(),
    "volume_z_63d": lambda p: (log_dv(p, 1)[0] - log_dv(p, 63).mean()) / log_dv(p, 63).std(ddof=1),
    "zero_volume_share_63d": lambda p: 0,
    "volume_trend_63d": lambda p: np.polyfit(np.arange(63), log_dv(p, 63), 1)[0],
    "volume_vol_63d": lambda p: log_dv(p, 63).std(ddof=1),
    **{f"amihud_{w}d": lambda p, w=w: impact(p, w) for w in (21, 126)},
    **{f"signed_volume_{w}d": lambda p, w=w: signed(p, w) for w in (5, 21, 63)},
    "price_volume_corr_21d": lambda p: np.corrcoef(np.log(p["C"][-21:]), log_dv(p, 21))[0, 1],
    "return_volume_corr_63d": lambda p: np.corrcoef(p["R"][-63:], np.diff(log_dv(p, 64)))[0, 1],
    "move_volume_corr_63d": lambda p: np.corrcoef(abs(p["R"][-63:]), log_dv(p, 63))[0, 1],
    "money_flow_21d": money_flow,
    "money_flow_index_14d": money_flow_index,
    "px_to_vwap_21d": lambda p: p["C"][-1] / (p["DV"][-21:].sum() / p["V"][-21:].sum()) - 1,
    "reversal_x_volume": lambda p: (
        (1 - np.prod(1 + p["R"][-5:])) * (math.log1p(p["DV"][-5:].mean()) - math.log1p(p["DV"][-63:].mean()))
    ),
}


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=2e-5, abs=1e-6)


def test_illiquidity_by_hand_leaves_out_the_sessions_without_volume(value_of):
    returns, dollars = [0.01] * 20 + [0.05], [1e6] * 20 + [0.0]
    assert value_of(FEATURE_SET, "amihud_21d", R=returns, DV=dollars) == pytest.approx(math.log(0.01 + 1e-6), rel=1e-6)


def test_a_name_that_never_trades_has_no_illiquidity(value_of):
    assert value_of(FEATURE_SET, "amihud_21d", R=[0.0] * 21, DV=[0.0] * 21) is None


def test_a_third_of_the_sessions_without_volume_by_hand(value_of):
    assert value_of(FEATURE_SET, "zero_volume_share_63d", R=[0.0] * 63, DV=[0.0, 5.0, 5.0] * 21) == pytest.approx(1 / 3)


def test_volume_on_rising_days_only_is_signed_one(value_of):
    assert value_of(FEATURE_SET, "signed_volume_5d", R=[0.1, -0.1, 0.1, -0.1, 0.1], V=[9.0, 0.0, 9.0, 0.0, 9.0]) == 1


def test_missing_volume_is_not_zero_volume(value_of):
    assert value_of(FEATURE_SET, "zero_volume_share_63d", R=[0.0] * 63, DV=[None] + [5.0] * 62) is None
