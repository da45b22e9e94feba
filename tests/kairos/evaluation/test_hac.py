import numpy as np
import pytest

from kairos.evaluation.hac import hac_lag, long_run_variance, mean_t, mean_ts


def test_variance_and_t_agree_with_a_calculation_by_hand():
    # m = 2.5, g(0) = 1.25, g(1) = (.75 - .25 + .75) / 4 = .3125; V = 1.25 + 2 x 1/2 x .3125
    series = [1.0, 2.0, 3.0, 4.0]

    assert long_run_variance(series, lag=1) == pytest.approx(1.5625)
    assert mean_t(series, lag=1) == pytest.approx(2.5 / np.sqrt(1.5625 / 4))


@pytest.mark.parametrize("lag", [1, 4, 10])
def test_variance_agrees_with_a_slow_double_loop(lag):
    series = np.random.default_rng(1).normal(size=60).cumsum()
    size, mean = len(series), series.mean()
    slow = sum(
        (1 - abs(t - s) / (lag + 1)) * (series[t] - mean) * (series[s] - mean)
        for t in range(size)
        for s in range(size)
        if abs(t - s) <= lag
    )

    assert long_run_variance(series, lag=lag) == pytest.approx(slow / size)


def test_without_a_lag_it_is_the_population_variance():
    series = np.random.default_rng(2).normal(size=50)

    assert long_run_variance(series, lag=0) == pytest.approx(series.var())


@pytest.mark.parametrize(("horizon", "lag"), [(1, 10), (5, 10), (6, 12), (21, 42)])
def test_the_lag_is_ten_or_twice_the_horizon(horizon, lag):
    assert hac_lag(horizon) == lag


@pytest.mark.parametrize("series", [[], [1.0], [3.0] * 40, list(range(10))])
def test_what_cannot_be_estimated_is_none(series):
    assert mean_t(series, lag=10) is None


def test_overlapping_noise_is_called_significant_as_rarely_as_promised():
    rng = np.random.default_rng(3)
    horizon, trials = 5, 400
    noise = rng.normal(size=(trials, 600 + horizon - 1))
    overlapping = np.apply_along_axis(np.convolve, 1, noise, np.ones(horizon), "valid")
    hac = np.array([mean_t(row, lag=hac_lag(horizon)) for row in overlapping])
    naive = np.array([mean_t(row, lag=0) for row in overlapping])

    assert np.mean(np.abs(hac) > 1.96) < 0.12
    assert np.mean(np.abs(naive) > 1.96) > 0.25


@pytest.mark.parametrize("lag", [0, 1, 10, 59, 126])
def test_many_series_at_once_have_the_t_of_each_alone(lag):
    series = np.random.default_rng(4).normal(size=(6, 140)).cumsum(axis=1) / 9
    series[1, 20:50], series[2], series[3, 8:], series[4] = np.nan, 2.5, np.nan, np.nan

    found = mean_ts(series, lag=lag)

    alone = [mean_t(row[np.isfinite(row)], lag=lag) for row in series]
    assert found == pytest.approx([np.nan if t is None else t for t in alone], nan_ok=True)
    assert mean_ts(series[:, :0], lag=lag) == pytest.approx([np.nan] * 6, nan_ok=True)
