import math

import numpy as np
import pytest

from kairos.features.liquidity import FEATURE_SET

PAIR = 3 - 2 * math.sqrt(2)


def corwin_schultz(p, t):
    """The paper's formula for the sessions t-1 and t, with its exponential."""
    high, low, before = p["H"][t], p["L"][t], p["C"][t - 1]
    gap = max(0, before - high) - max(0, low - before)
    high, low = high + gap, low + gap
    beta = math.log(p["H"][t - 1] / p["L"][t - 1]) ** 2 + math.log(high / low) ** 2
    gamma = math.log(max(p["H"][t - 1], high) / min(p["L"][t - 1], low)) ** 2
    alpha = (math.sqrt(2 * beta) - math.sqrt(beta)) / PAIR - math.sqrt(gamma / PAIR)
    return max(0, 2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha)))


def abdi_ranaldo(p, t):
    middle = (np.log(p["H"]) + np.log(p["L"])) / 2
    close = math.log(p["C"][t - 1])
    return math.sqrt(max(0, 4 * (close - middle[t - 1]) * (close - middle[t])))


def over_a_month(pair):
    return lambda p: np.mean([pair(p, t) for t in range(len(p["C"]) - 21, len(p["C"]))])


def roll(p):
    return 2 * math.sqrt(max(0, -np.cov(p["R"][-63:], p["R"][-64:-1])[0, 1]))


def impact(p, rows):
    return 1e6 * abs(p["R"][-rows:]) / p["DV"][-rows:]


def log_mean(x):
    return math.log(1e-6 + x.mean())


def pastor_stambaugh(p):
    excess = p["R"] - p["M"]
    signed = np.sign(excess) * p["DV"] / 1e6
    regressors = np.column_stack([np.ones(63), p["R"][-64:-1], signed[-64:-1]])
    return np.linalg.lstsq(regressors, excess[-63:], rcond=None)[0][2]


ORACLES = {
    "corwin_schultz_21d": over_a_month(corwin_schultz),
    "abdi_ranaldo_21d": over_a_month(abdi_ranaldo),
    "roll_63d": roll,
    "zero_return_share_63d": lambda p: (p["R"][-63:] == 0).mean(),
    "amihud_21d_to_252d": lambda p: log_mean(impact(p, 21)) - log_mean(impact(p, 252)),
    "amihud_down_to_up_63d": lambda p: log_mean(impact(p, 63)[p["R"][-63:] < 0]) - log_mean(impact(p, 63)[p["R"][-63:] > 0]),
    "impact_variation_63d": lambda p: impact(p, 63).std(ddof=1) / impact(p, 63).mean(),
    "kyle_lambda_63d": lambda p: 1e3 * np.polyfit((np.sign(p["R"]) * np.sqrt(p["DV"]))[-63:], p["R"][-63:], 1)[0],
    "pastor_stambaugh_63d": pastor_stambaugh,
    "dollar_volume_variation_252d": lambda p: p["DV"][-252:].std(ddof=1) / p["DV"][-252:].mean(),
    "dollar_volume_peak_21d": lambda p: p["DV"][-21:].max() / p["DV"][-21:].sum(),
    "dollar_volume_trough_63d": lambda p: p["DV"][-63:].min() / p["DV"][-63:].mean(),
    "sessions_since_volume_peak_63d": lambda p: np.argmax(p["V"][-63:][::-1]),
}


def volume_commonality(every):
    news = np.diff(np.log1p(every["DV"]))
    return np.corrcoef(news[1, -126:], news.mean(axis=0)[-126:])[0, 1]


def illiquidity_beta(every):
    common = np.log(1e-6 + 1e6 * abs(every["R"]) / every["DV"]).mean(axis=0)
    return np.polyfit(np.diff(common)[-252:], every["R"][1, -252:], 1)[0]


ACROSS = {"volume_commonality_126d": volume_commonality, "illiquidity_beta_252d": illiquidity_beta}


def test_every_feature_has_an_oracle():
    assert set(ORACLES) | set(ACROSS) == set(FEATURE_SET.names)


@pytest.mark.parametrize("name", ORACLES)
def test_a_feature_equals_its_formula(name, columns_of_a_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ORACLES[name](columns_of_a_name), rel=2e-5, abs=1e-7)


@pytest.mark.parametrize("name", ACROSS)
def test_a_comparison_equals_its_formula(name, columns_of_every_name, last_value):
    assert last_value(FEATURE_SET, name) == pytest.approx(ACROSS[name](columns_of_every_name), rel=2e-5, abs=1e-7)


def test_a_price_that_bounces_between_bid_and_ask_shows_their_distance(value_of):
    """Roll's own case: the mid stands still, every trade is at the bid or the ask by the toss of a coin."""
    coin = np.random.default_rng(5).integers(0, 2, 64)
    closes = [100 + (0.5 if side else -0.5) for side in coin]
    moves = np.diff(closes) / closes[:-1]
    assert value_of(FEATURE_SET, "roll_63d", R=[0.0, *moves]) == pytest.approx(roll({"R": np.array([0.0, *moves])}), rel=1e-5)
    assert 0.005 < value_of(FEATURE_SET, "roll_63d", R=[0.0, *moves]) < 0.015


def test_highs_at_the_ask_and_lows_at_the_bid_of_a_still_price_are_its_spread(value_of):
    """Corwin and Schultz' bounds: with no variance, beta is twice and gamma once the squared log spread."""
    rows, spread = 22, 0.02
    high, low = [1 + spread / 2] * rows, [1 - spread / 2] * rows
    value = value_of(FEATURE_SET, "corwin_schultz_21d", C=[1.0] * rows, H=high, L=low)
    assert value == pytest.approx(spread, rel=1e-5)


def test_closes_at_the_ask_of_a_still_price_are_half_a_spread_from_the_middle(value_of):
    rows = 22
    value = value_of(FEATURE_SET, "abdi_ranaldo_21d", C=[1.01] * rows, H=[1.01] * rows, L=[1 / 1.01] * rows)
    assert value == pytest.approx(2 * math.log(1.01), rel=1e-5)


def test_a_trend_has_no_roll_spread(value_of):
    assert value_of(FEATURE_SET, "roll_63d", R=[0.001 * step for step in range(64)]) == 0


def test_a_third_of_the_sessions_without_a_move_by_hand(value_of):
    assert value_of(FEATURE_SET, "zero_return_share_63d", R=[0.0, 0.01, -0.01] * 21) == pytest.approx(1 / 3)


def test_impact_twice_as_large_on_falls_is_told_as_ln_2(value_of):
    returns = [0.02, -0.04] * 32
    assert value_of(FEATURE_SET, "amihud_down_to_up_63d", R=returns, DV=[1e6] * 64) == pytest.approx(math.log(2), rel=1e-4)


def test_a_name_that_only_rises_has_no_asymmetry_of_impact(value_of):
    assert value_of(FEATURE_SET, "amihud_down_to_up_63d", R=[0.01] * 64, DV=[1e6] * 64) is None


def test_one_session_with_half_the_months_volume_is_its_peak(value_of):
    assert value_of(FEATURE_SET, "dollar_volume_peak_21d", R=[0.0] * 21, DV=[5.0] * 20 + [100.0]) == pytest.approx(0.5)


def test_the_quotient_stands_for_the_hyperbolic_tangent_of_any_spread_there_is():
    x = np.linspace(0, 0.5, 51)
    np.testing.assert_allclose(x * (15 + x * x) / (15 + 6 * x * x), np.tanh(x), rtol=1e-5)
