"""Deflation and CSCV reproduce the printed values, and behave as they must where the truth is known."""

import math

import numpy as np
import pytest

from kairos.errors import SimulationError
from kairos.evaluation.overfitting import (
    Form,
    Track,
    deviation_of_maximum,
    dsr,
    expected_max_sharpe,
    min_backtest_years,
    min_backtest_years_bound,
    min_track_record,
    pbo_cscv,
    psr,
    track_of,
)

DAILY = 2.5 / math.sqrt(250)
VARIANCE = 0.5 / 250
MONTHS = Track(0.456, 24, -2.448, 10.164)
UNROUNDED = Track(0.036 / 0.079, 24, -2.448, 10.164)  # what the 2025 paper rounds to .456


@pytest.mark.parametrize(
    ("n_trials", "skew", "kurtosis", "hurdle", "deflated"),
    [
        (100, -3, 10, 0.1132, 0.9004),
        (46, -3, 10, 0.1004, 0.9505),
        (10, -3, 10, 0.0704, 0.9939),
        (10, 0, 3, 0.0704, 0.9990),
        (88, 0, 3, 0.1111, 0.9505),
        (100, 0, 3, 0.1132, 0.9428),
    ],
)
def test_the_2014_example_is_reproduced(n_trials, skew, kurtosis, hurdle, deflated):
    track = Track(DAILY, 1250, skew, kurtosis)
    assert round(expected_max_sharpe(n_trials, VARIANCE), 4) == hurdle
    assert round(dsr(track, n_trials=n_trials, variance=VARIANCE), 4) == deflated


def test_the_2012_example_is_reproduced():
    assert round(psr(Track(0.458, 24, -2.448, 10.164)), 4) == 0.9134
    assert round(psr(Track(0.458, 24)), 4) == 0.9817


def test_the_two_forms_differ_as_printed():
    assert round(psr(MONTHS), 3) == 0.913
    assert round(psr(MONTHS, form=Form.NULL), 3) == 0.987
    assert round(min_track_record(MONTHS), 1) == 34.7
    assert round(min_track_record(MONTHS, benchmark=0.1), 1) == 56.3
    assert round(min_track_record(UNROUNDED, form=Form.NULL), 2) == 13.03
    assert round(min_track_record(UNROUNDED, benchmark=0.1, form=Form.NULL), 2) == 27.11
    assert round(dsr(UNROUNDED, n_trials=10, variance=0.1, form=Form.NULL), 3) == 0.416


@pytest.mark.parametrize(("n_trials", "variance", "value"), [(10, 0.1, 0.4979), (100, 1, 2.5306), (1000, 1, 3.2551)])
def test_the_expected_maximum_is_reproduced(n_trials, variance, value):
    assert round(expected_max_sharpe(n_trials, variance), 4) == value


@pytest.mark.parametrize(("n_trials", "value"), [(1, 1.0), (2, 0.82565), (10, 0.58681), (100, 0.42942)])
def test_the_deviation_of_the_maximum_is_reproduced(n_trials, value):
    assert round(deviation_of_maximum(n_trials), 5) == value


def test_forty_five_trials_need_five_years():
    assert round(min_backtest_years(45), 3) == 4.998
    assert round(min_backtest_years_bound(45), 1) == 7.6


def test_one_trial_has_no_hurdle():
    assert expected_max_sharpe(1, 0.7) == 0.0
    assert dsr(MONTHS, n_trials=1, variance=0.7) == psr(MONTHS)


def test_no_trials_are_refused():
    with pytest.raises(SimulationError, match="0 trials, expected at least 1"):
        expected_max_sharpe(0, 1.0)


def test_the_minimum_track_record_reaches_its_confidence():
    needed = min_track_record(MONTHS, benchmark=0.1)
    assert psr(Track(0.456, needed, -2.448, 10.164), benchmark=0.1) == pytest.approx(0.95)
    assert min_track_record(MONTHS, benchmark=0.5) == math.inf


def test_the_moments_are_those_of_the_series():
    track = track_of([0.01, -0.01, 0.02, 0.0])
    assert track.sharpe == pytest.approx(np.mean([1, -1, 2, 0]) / np.std([1, -1, 2, 0], ddof=1))
    assert (track.sessions, track.skew, track.kurtosis) == (4, pytest.approx(0.0, abs=1e-12), pytest.approx(1.64))


@pytest.mark.parametrize("returns", [[], [0.1, 0.2, 0.3], [0.01] * 50, [0.0] * 50])
def test_a_series_without_deviation_has_no_moments(returns):
    assert track_of(returns) is None


def noise(seed, *shape):
    return np.random.default_rng(seed).normal(0, 0.01, shape)


def test_a_dominant_strategy_is_never_overfitted():
    returns = noise(1, 160, 10)
    returns[:, 4] += 0.05
    assert pbo_cscv(returns) == 0.0


def test_noise_is_overfitted_every_second_time():
    assert np.mean([pbo_cscv(noise(seed, 96, 10), blocks=8) for seed in range(200)]) == pytest.approx(0.5, abs=0.05)


def test_what_wins_one_half_and_loses_the_other_is_overfitted():
    returns = noise(2, 320, 2) * 0.01
    returns[:, 0] += np.where(np.arange(320) < 160, 0.01, -0.01)
    returns[:, 1] -= np.where(np.arange(320) < 160, 0.01, -0.01)
    assert pbo_cscv(returns, blocks=2) == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_strategies_and_their_scale_play_no_part(seed):
    returns = noise(seed, 128, 9)
    shuffled = returns[:, np.random.default_rng(seed).permutation(9)]
    assert pbo_cscv(shuffled, blocks=8) == pytest.approx(pbo_cscv(returns, blocks=8), abs=1e-12)
    assert pbo_cscv(returns * 7, blocks=8) == pytest.approx(pbo_cscv(returns, blocks=8), abs=1e-12)


def test_equal_strategies_never_beat_their_median():
    column = noise(3, 128, 1)
    assert pbo_cscv(np.repeat(column, 4, axis=1)) == 1.0


def test_a_strategy_that_holds_cash_is_ranked_at_zero():
    returns = np.column_stack([noise(4, 160) + 0.02, np.zeros(160)])
    assert pbo_cscv(returns) == 0.0
    assert pbo_cscv(np.zeros((160, 3))) == 1.0


def test_the_share_of_splits_equals_a_direct_count():
    returns = noise(5, 24, 5)
    blocks = returns.reshape(4, 6, 5)
    lost = 0
    for pair in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)):
        rest = [block for block in range(4) if block not in pair]
        inside, outside = np.concatenate(blocks[list(pair)]), np.concatenate(blocks[rest])
        best = np.argmax(inside.mean(axis=0) / inside.std(axis=0, ddof=1))
        ratios = outside.mean(axis=0) / outside.std(axis=0, ddof=1)
        relative = (np.argsort(np.argsort(ratios))[best] + 1) / 6
        lost += math.log(relative / (1 - relative)) <= 0
    assert pbo_cscv(returns, blocks=4) == pytest.approx(lost / 6)


def test_the_oldest_sessions_are_left_out_when_blocks_do_not_divide():
    returns = noise(6, 131, 4)
    assert pbo_cscv(returns, blocks=8) == pytest.approx(pbo_cscv(returns[3:], blocks=8))


@pytest.mark.parametrize(
    ("returns", "blocks", "message"),
    [
        (np.zeros((64, 1)), 16, r"shape \(64, 1\), expected at least 32 sessions x 2 strategies"),
        (np.zeros((31, 2)), 16, r"shape \(31, 2\)"),
        (np.zeros((64, 2)), 5, "5 blocks, expected an even number"),
        (np.full((64, 2), np.nan), 16, "a return is missing or infinite"),
    ],
)
def test_an_unusable_matrix_is_refused(returns, blocks, message):
    with pytest.raises(SimulationError, match=message):
        pbo_cscv(returns, blocks=blocks)
