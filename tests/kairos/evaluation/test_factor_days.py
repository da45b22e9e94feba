"""Daily figures of a factor: alphalens' published cases, its values on a ragged panel, and slow twins."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from kairos.errors import ContractError
from kairos.evaluation.factor_days import (
    forward_returns,
    grouped,
    linear_ics,
    quantile_means,
    quantiles_of,
    rank_autocorrelation,
    rank_ics,
    ranked,
    turnover,
)
from kairos.evaluation.ic import daily_ic

NAN = np.nan
REFERENCE = json.loads((Path(__file__).parent / "alphalens_reference.json").read_text())
FACTOR = np.array([[1.0, 2, 3, 4], [4, 3, 2, 1]])
TURNED = [[1.0, 2, 3, 4], [4, 3, 2, 1]]
SAME = [[1.0, 2, 3, 4]]
SWAPPED = [[1.0, 2, 3, 4], [1, 3, 2, 4]]


def ics(factor, *returns, edges=None, min_names=3):
    order, forward = ranked(np.array(factor)), forward_returns(np.array(returns, dtype=float)).ranked
    if edges is not None:
        order, forward = grouped(order, np.array(edges)), grouped(forward, np.array(edges))
    return rank_ics(order, forward, min_names=min_names)[0]


def made(sessions=40, names=60, *, ties, seed=5):
    rng = np.random.default_rng(seed)
    factor, returns = rng.normal(size=(sessions, names)), rng.normal(size=(2, sessions, names))
    if ties:
        factor, returns = factor.round(1), returns.round(1)
    factor[rng.random(factor.shape) < 0.1] = NAN
    returns[rng.random(returns.shape) < 0.1] = NAN
    factor[3], factor[4], factor[6, 5:], returns[1, 8], returns[0, 9, 2:] = NAN, 1.5, NAN, 0.25, NAN
    return factor.astype(np.float32), returns


# alphalens-reloaded, test_performance: factor_information_coefficient, also with group_adjust and by_time in its variants


def test_four_assets_whose_returns_follow_the_factor_have_an_ic_of_one():
    assert ics(FACTOR, FACTOR).tolist() == [[[1.0, 1.0]]]


def test_four_assets_whose_returns_oppose_the_factor_have_an_ic_of_minus_one():
    assert ics(FACTOR, FACTOR[::-1]).tolist() == [[[-1.0, -1.0]]]


def test_four_assets_in_two_groups_have_an_ic_of_one_in_each():
    assert ics(FACTOR, FACTOR, edges=[0, 2, 4], min_names=2).tolist() == [[[1.0, 1.0]], [[1.0, 1.0]]]


def test_two_names_have_no_correlation_unless_asked():
    assert np.isnan(ics(FACTOR, FACTOR, edges=[0, 2, 4])).all()


def test_the_rank_ic_is_spearman_and_the_ic_pearson():
    factor, returns = np.array([[1.0, 2, 3, 1000]]), np.array([[1.0, 2, 3, 4]])

    assert ics(factor, returns)[0, 0, 0] == 1.0
    assert linear_ics(factor, forward_returns(returns[None]))[0, 0] == pytest.approx(1499 / (5 * 747005) ** 0.5)


# alphalens-reloaded, test_performance: mean_return_by_quantile, with its bins given
@pytest.mark.parametrize(
    ("daily", "bins", "expected"),
    [
        ([1.1, 1.2, 1.1, 1.2, 1.1, 1.2], [[1, 2, 1, 2, 1, 2]] * 3, [0.1, 0.2]),
        ([1.1, 1.1, 1.1, 1.2, 1.2, 1.2], [[1, 2, 3, 1, 2, 3]] * 3, [0.15, 0.15, 0.15]),
        ([1.5, 1.5, 1.2, 1.0, 1.0, 1.0], [[1, 1, 2, 2, 2, 2], [2, 2, 1, 2, 2, 2], [2, 2, 1, 2, 2, 2]], [0.3, 0.15]),
        ([1.5, 1.5, 1.2, 1.0, 1.0, 1.0], [[1, 1, 3, 2, 2, 2], [3, 3, 1, 2, 2, 2], [3, 3, 1, 2, 2, 2]], [0.3, 0.0, 0.4]),
        ([1.6, 1.6, 1.0, 1.0, 1.0, 1.0], [[1, 1, 2, 2, 2, 2], [2, 2, 1, 1, 1, 1], [2, 2, 1, 1, 1, 1]], [0.2, 0.4]),
    ],
)
def test_mean_returns_of_buckets_are_as_published(daily, bins, expected):
    forward = forward_returns(np.tile(np.array(daily) - 1, (1, 3, 1)))

    means, _ = quantile_means(np.array(bins, dtype=np.int8), forward, quantiles=len(expected))

    assert means[0].mean(axis=0) == pytest.approx(expected)


# alphalens-reloaded, test_performance: quantile_turnover
@pytest.mark.parametrize(
    ("codes", "quantile", "lag", "expected"),
    [
        ([*TURNED, *SAME, *SAME], 4, 1, [NAN, 1, 1, 0]),
        ([*TURNED, *SAME, *SAME], 4, 2, [NAN, NAN, 0, 1]),
        ([*TURNED, *SAME, *SAME], 4, 3, [NAN, NAN, NAN, 0]),
        (SAME * 4, 3, 1, [NAN, 0, 0, 0]),
        (SAME * 4, 3, 2, [NAN, NAN, 0, 0]),
        (SAME * 4, 3, 3, [NAN, NAN, NAN, 0]),
        (TURNED * 2, 2, 1, [NAN, 1, 1, 1]),
        (SWAPPED * 6, 3, 4, [NAN] * 4 + [0] * 8),
        ([*SWAPPED * 5, *SAME, *SAME], 3, 10, [NAN] * 10 + [0, 1]),
    ],
)
def test_turnover_is_as_published(codes, quantile, lag, expected):
    assert turnover(np.array(codes, dtype=np.int8), quantile=quantile, lag=lag) == pytest.approx(expected, nan_ok=True)


# alphalens-reloaded, test_performance: factor_rank_autocorrelation
@pytest.mark.parametrize(
    ("values", "lag", "expected"),
    [
        (SAME * 4, 1, [NAN, 1, 1, 1]),
        (TURNED[::-1] * 2, 1, [NAN, -1, -1, -1]),
        (
            [[1, 2, 3, 4], [2, 1, 4, 3], [4, 3, 2, 1], [1, 2, 3, 4], [2, 1, 4, 3], [4, 3, 2, 1], [2, 1, 4, 3],
             [4, 3, 2, 1], [1, 2, 3, 4], [2, 1, 4, 3], [2, 1, 4, 3], [4, 3, 2, 1]],
            3, [NAN, NAN, NAN, 1, 1, 1, 0.6, -0.6, -1, 1, -0.6, -1],
        ),
    ],
)  # fmt: skip
def test_rank_autocorrelation_is_as_published(values, lag, expected):
    assert rank_autocorrelation(ranked(np.array(values, dtype=float)), lag=lag) == pytest.approx(expected, nan_ok=True)


def reference(name):
    return np.array(REFERENCE[name], dtype=float)


def as_alphalens_has_it(horizon):
    """Factor and returns of the reference panel; alphalens forms quantiles of the names with a return, dead ones at 0 %."""
    held = pl.DataFrame(reference("prices"), orient="row").fill_nan(None).fill_null(strategy="forward").to_numpy()
    returns = np.full(held.shape, NAN)
    returns[:-horizon] = held[horizon:] / held[:-horizon] - 1
    factor = np.where(np.isfinite(returns), reference("factor"), NAN)
    by_group = np.argsort(reference("groups"), kind="stable")
    return factor[:, by_group], forward_returns(returns[None][:, :, by_group])


@pytest.mark.parametrize("horizon", REFERENCE["horizons"])
def test_every_day_of_a_ragged_panel_is_as_alphalens_says(horizon):
    factor, forward = as_alphalens_has_it(horizon)
    order = ranked(factor)
    codes = quantiles_of(order)
    means, average = quantile_means(codes, forward)
    edges = np.concatenate([[0], np.cumsum(np.bincount(REFERENCE["groups"]))])
    found = {
        "ic": rank_ics(order, forward.ranked)[0][0, 0],
        "group_ic": rank_ics(grouped(order, edges), grouped(forward.ranked, edges))[0][:, 0],
        "means": means[0] - average[0, :, None],
        "top": turnover(codes, quantile=5, lag=horizon),
        "bottom": turnover(codes, quantile=1, lag=horizon),
        "autocorrelation": rank_autocorrelation(order, lag=horizon),
    }

    assert (np.diff(np.sort(factor, axis=1)) == 0).any()  # there are ties
    for name, values in found.items():
        expected = reference(f"{name}_{horizon}")
        assert np.isfinite(expected).sum() > 30
        assert np.allclose(values, expected, atol=1e-9, equal_nan=True), name


@pytest.mark.parametrize("ties", [False, True])
def test_both_correlations_agree_with_scipy_over_the_pairs_of_each_session(ties):
    factor, returns = made(ties=ties)
    forward = forward_returns(returns)
    rank, pairs = rank_ics(ranked(factor), forward.ranked)
    linear = linear_ics(factor, forward)

    for horizon in range(2):
        for session in range(len(factor)):
            known = np.isfinite(factor[session]) & np.isfinite(returns[horizon, session])
            one, other = factor[session, known].astype(float), returns[horizon, session, known]
            assert pairs[0, horizon, session] == known.sum()
            if known.sum() < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
                assert np.isnan([rank[0, horizon, session], linear[horizon, session]]).all()
            else:
                assert rank[0, horizon, session] == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-12)
                assert linear[horizon, session] == pytest.approx(stats.pearsonr(one, other).statistic, abs=1e-12)


def test_both_correlations_agree_with_those_of_model_scores():
    factor, returns = made(ties=True)
    forward = forward_returns(returns)
    days = pl.date_range(pl.date(2015, 1, 1), pl.date(2015, 2, 9), eager=True)
    frame = pl.DataFrame({"session": days.repeat_by(60).explode(), "score": factor.ravel(), "label": returns[0].ravel()})
    daily = pl.DataFrame({"session": days}).join(daily_ic(frame.fill_nan(None)), on="session", how="left")

    assert np.allclose(rank_ics(ranked(factor), forward.ranked)[0][0, 0], daily["rank_ic"].to_numpy(), equal_nan=True)
    assert np.allclose(linear_ics(factor, forward)[0], daily["ic"].to_numpy(), equal_nan=True)


def test_a_group_has_the_ic_of_its_names_alone():
    factor, returns = made(ties=True)
    edges = np.array([0, 20, 22, 60])

    found = ics(factor, *returns, edges=edges)

    for group in range(3):
        inside = slice(edges[group], edges[group + 1])
        assert np.array_equal(found[[group]], ics(factor[:, inside], *returns[:, :, inside]), equal_nan=True)


def test_quantile_means_agree_with_a_slow_twin():
    factor, returns = made(ties=True)
    codes, forward = quantiles_of(ranked(factor)), forward_returns(returns)
    means, average = quantile_means(codes, forward)

    for horizon, session, quantile in np.ndindex(means.shape):
        chosen = returns[horizon, session, codes[session] == quantile + 1]
        chosen = chosen[np.isfinite(chosen)]
        assert means[horizon, session, quantile] == pytest.approx(chosen.mean() if chosen.size else NAN, nan_ok=True)
    inside = returns[0, 0, (codes[0] > 0) & np.isfinite(returns[0, 0])]
    assert average[0, 0] == pytest.approx(inside.mean())


def test_quantiles_do_not_depend_on_which_returns_are_known():
    factor, returns = made(ties=False)
    codes = quantiles_of(ranked(factor))

    fewer = quantile_means(codes, forward_returns(np.where(np.isfinite(returns), returns, 0)))[0]

    assert np.isfinite(fewer[:, 0]).all()
    assert codes[0].max() == 5


def test_a_missing_session_breaks_turnover_and_autocorrelation_at_its_lag_alone():
    factor = np.array([[1.0, 2, 3, 4, 5]] * 5)
    factor[2] = NAN
    order = ranked(factor)

    assert turnover(quantiles_of(order), quantile=5, lag=1) == pytest.approx([NAN, 0, NAN, NAN, 0], nan_ok=True)
    assert rank_autocorrelation(order, lag=1) == pytest.approx([NAN, 1, NAN, NAN, 1], nan_ok=True)
    assert rank_autocorrelation(order, lag=2) == pytest.approx([NAN, NAN, NAN, 1, NAN], nan_ok=True)


@pytest.mark.parametrize(
    ("factor", "returns"), [([5, 5, 5, 5], [1, 2, 3, 4]), ([1, 2, 3, 4], [0.1] * 4), ([1, 2], [1, 2]), ([1], [1]), ([], [])]
)
def test_a_session_without_a_correlation_has_none(factor, returns):
    one, forward = np.array([factor], dtype=float), forward_returns(np.array([[returns]], dtype=float))

    assert np.isnan(rank_ics(ranked(one), forward.ranked)[0]).all()
    assert np.isnan(linear_ics(one, forward)).all()


def test_a_factor_and_returns_in_different_groups_are_refused():
    forward = forward_returns(FACTOR[None]).ranked

    with pytest.raises(ContractError, match=r"rank IC: factor in groups \[0 2 4\], returns in \[0 4\]"):
        rank_ics(grouped(ranked(FACTOR), np.array([0, 2, 4])), forward)
