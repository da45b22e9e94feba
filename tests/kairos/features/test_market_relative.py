import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

from kairos.features.core import compute
from kairos.features.market_relative import FEATURE_SET
from tests.kairos.features.conftest import SESSIONS


def both(p, rows, lag=0):
    end = len(p["R"])
    return p["R"][-rows:], p["M"][end - rows - lag : end - lag]


def beta(p, rows=252):
    own, market = both(p, rows)
    return np.polyfit(market, own, 1)[0]


def residuals(p, rows=252):
    own, market = both(p, rows)
    return own - np.polyval(np.polyfit(market, own, 1), market)


def error(p, rows=252):
    return math.sqrt((residuals(p, rows) ** 2).sum() / (rows - 2))


def shrunk(p):
    own, market = (np.log1p(p[name]) for name in ("R", "M"))
    three = [np.convolve(x, np.ones(3), "valid")[-252:] for x in (own, market)]
    return 0.4 + 0.6 * np.corrcoef(*three)[0, 1] * own[-252:].std(ddof=1) / market[-252:].std(ddof=1)


def two_lags(p):
    return np.column_stack([np.ones(252), p["M"][-252:], p["M"][-253:-1]])


def fitted(p):
    return np.linalg.lstsq(two_lags(p), p["R"][-252:], rcond=None)[0]


def downside(p):
    own, market = both(p, 252)
    return np.polyfit(market[market < 0], own[market < 0], 1)[0]


def coskewness(p):
    left, market = residuals(p), p["M"][-252:] - p["M"][-252:].mean()
    return (left * market**2).mean() / (math.sqrt((left**2).mean()) * (market**2).mean())


def delay(p):
    own = p["R"][-252:]
    full = 1 - ((own - two_lags(p) @ fitted(p)) ** 2).sum() / ((own - own.mean()) ** 2).sum()
    return 1 - np.corrcoef(*both(p, 252))[0, 1] ** 2 / full


def unexplained(p, far, near=0):
    own, market = (p[name][-far : -near or None].sum() for name in ("R", "M"))
    return own - beta(p) * market


ORACLES = {
    **{f"beta_{w}d": lambda p, w=w: beta(p, w) for w in (63, 252)},
    "beta_shrunk_252d": shrunk,
    "beta_two_lags_252d": lambda p: fitted(p)[1:].sum(),
    "beta_change_63d": lambda p: beta(p, 63) - beta(p),
    "downside_beta_252d": downside,
    "downside_beta_excess_252d": lambda p: downside(p) - beta(p),
    "coskewness_252d": coskewness,
    **{f"market_corr_{w}d": lambda p, w=w: np.corrcoef(*both(p, w))[0, 1] for w in (63, 252)},
    "market_lag_corr_126d": lambda p: np.corrcoef(*both(p, 126, lag=1))[0, 1],
    "price_delay_252d": delay,
    **{f"idio_vol_{w}d": lambda p, w=w: error(p, w) for w in (21, 63, 252)},
    "idio_skew_126d": lambda p: stats.skew((p["R"] - p["M"])[-126:]),
    "max_excess_ret_21d": lambda p: (p["R"] - p["M"])[-21:].max(),
    "residual_ret_1d": lambda p: unexplained(p, 1),
    "residual_ret_5d": lambda p: unexplained(p, 5),
    "residual_ret_21d": lambda p: unexplained(p, 21) / error(p) / math.sqrt(21),
    "residual_mom_12_1": lambda p: unexplained(p, 252, 21) / error(p) / math.sqrt(231),
    "residual_mom_6_1": lambda p: unexplained(p, 126, 21) / error(p) / math.sqrt(105),
}


def test_every_feature_has_an_oracle():
    assert set(ORACLES) == set(FEATURE_SET.names)


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=5e-5, abs=1e-7)


def market_of(*names, rows=260):
    """Values on the last session of names whose returns are given as functions of a common one."""
    common = np.random.default_rng(3).normal(0, 0.01, rows)
    returns = np.array([name(common) for name in names])
    frame = pl.DataFrame(
        {
            "permaticker": np.repeat(np.arange(len(names)), rows),
            "session": list(SESSIONS[:rows]) * len(names),
            "row": list(range(rows)) * len(names),
            "R": returns.ravel(),
        },
        schema_overrides={"row": pl.Int32},
    )
    return compute(FEATURE_SET, frame).group_by("permaticker", maintain_order=True).last()


def times(factor):
    return lambda common: factor * common


def test_names_that_move_by_factors_of_the_market_have_them_as_betas_and_leave_nothing():
    values = market_of(*(times(factor) for factor in (0.2, 0.6, 1.0, 1.4, 1.8)))
    for name in ("beta_252d", "downside_beta_252d"):
        assert values[name].to_list() == pytest.approx([0.2, 0.6, 1.0, 1.4, 1.8], rel=1e-5)
    assert values["idio_vol_252d"].to_list() == pytest.approx([0] * 5, abs=1e-7)
    assert values["market_corr_63d"].to_list() == pytest.approx([1] * 5)


def test_a_name_that_falls_twice_as_hard_has_a_downside_beta_above_its_beta():
    falling = market_of(times(1), times(1), times(1), times(1), lambda common: np.where(common < 0, 2, 1) * common)
    assert falling["downside_beta_excess_252d"][4] > 0.2
    assert falling["coskewness_252d"][4] < -0.3


def test_a_name_that_follows_a_session_late_has_delay_and_the_others_none():
    late = market_of(*[times(1)] * 40, lambda common: np.roll(common, 1))
    assert late["price_delay_252d"][0] < 0.05
    assert late["price_delay_252d"][40] > 0.9
    assert late["market_lag_corr_126d"][40] > 0.95


def test_what_a_name_earned_beside_the_market_is_its_residual():
    drifting = market_of(*[times(1)] * 19, lambda common: common + np.where(np.arange(260) >= 239, 0.001, 0))
    assert drifting["residual_ret_5d"][19] == pytest.approx(5 * 0.001 * 19 / 20, abs=2e-4)


def test_fewer_than_five_names_make_no_market():
    assert market_of(*[times(1)] * 4)["beta_252d"].to_list() == [None] * 4


def test_a_market_that_never_fell_has_no_downside():
    assert market_of(*[lambda common: abs(common) + 0.001] * 5)["downside_beta_252d"].to_list() == [None] * 5
