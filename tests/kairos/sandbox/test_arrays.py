import numpy as np

from kairos.sandbox.arrays import autoregression, chance, decayed_sum, delayed, garch


def test_a_decayed_sum_is_the_sum_it_says():
    shocks = np.array([[1.0], [0.0], [2.0]])
    assert np.allclose(decayed_sum(shocks, 0.6)[:, 0], [0.8, 0.48, 0.8 * (0.36 + 2.0)])


def test_an_autoregression_has_unit_variance_from_the_first_row():
    values = autoregression(chance(0, 99), (50, 4000), 0.98)
    assert abs(values[0].std() - 1) < 0.05
    assert abs(values[-1].std() - 1) < 0.05


def test_delaying_moves_later_and_back():
    values = np.arange(4.0)
    assert delayed(values, 1).tolist() == [0, 0, 1, 2]
    assert delayed(values, -1).tolist() == [1, 2, 3, 0]
    assert delayed(values, 0).tolist() == values.tolist()


def test_volatility_rises_after_a_large_shock_only():
    noise = np.array([[0.0], [5.0], [0.0], [0.0]])
    variance = garch(noise, news=0.1, memory=0.8)[:, 0]
    assert np.allclose(variance, [1.0, 0.9, 0.1 + 0.9 * (2.5 + 0.8), 0.1 + 0.8 * (0.1 + 0.9 * 3.3)])


def test_chance_differs_by_purpose_and_repeats_by_seed():
    assert chance(1, 2).random() == chance(1, 2).random()
    assert chance(1, 2).random() != chance(1, 3).random()
