import numpy as np
import pytest

from kairos.features import windows

CHANCE = np.random.default_rng(5)
VALUES = np.where(CHANCE.random(120) < 0.02, np.nan, CHANCE.normal(size=120).round(1))
WINDOWS = (1, 2, 3, 5, 8, 21, 26, 63)

TWINS = {
    "geometric_sum": (windows.geometric_sum, lambda x: x.sum()),
    "geometric_sum with decay": (
        lambda a, w: windows.geometric_sum(a, w, decay=0.9),
        lambda x: sum(value * 0.9**age for age, value in enumerate(x[::-1])),
    ),
    "age_weighted_sum": (windows.age_weighted_sum, lambda x: sum(age * value for age, value in enumerate(x[::-1]))),
    "highest": (windows.highest, lambda x: x.max()),
    "age_of_highest": (windows.age_of_highest, lambda x: np.argmax(x[::-1])),
}


def slow(values, window, summary):
    out = np.full(values.size, np.nan)
    for t in range(window - 1, values.size):
        inside = values[t - window + 1 : t + 1]
        out[t] = np.nan if np.isnan(inside).any() else summary(inside)
    return out


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", TWINS)
def test_a_window_equals_its_obvious_twin(name, window):
    fast, summary = TWINS[name]
    np.testing.assert_allclose(fast(VALUES, window), slow(VALUES, window, summary), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("window", [2, 3, 21])
def test_rank_equals_its_obvious_twin(window):
    def share_below(x):
        return sum((other < x[-1]) + 0.5 * (other == x[-1]) for other in x[:-1]) / (len(x) - 1)

    np.testing.assert_allclose(windows.rank(VALUES, window), slow(VALUES, window, share_below), rtol=1e-12)


@pytest.mark.parametrize("name", TWINS)
def test_a_window_keeps_no_bit_of_what_came_before_it(name):
    fast, _ = TWINS[name]
    wild = np.concatenate([np.array([1e300, np.inf, np.nan, -1e12]), VALUES])
    np.testing.assert_array_equal(fast(wild, 21)[4 + 20 :], fast(VALUES, 21)[20:])


def test_a_window_longer_than_the_array_gives_no_value():
    assert np.isnan(windows.geometric_sum(np.ones(3), 5)).all()


def test_shifting_by_more_rows_than_there_are_leaves_nothing():
    assert np.isnan(windows.shifted(np.ones(3), 7)).all()
