from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from kairos.models.transform import TRANSFORMS, as_they_are, session_ranks, session_scales, session_zscores

COMPARED = ("rank", "zscore")


@pytest.fixture
def values():
    rng = np.random.default_rng(7)
    found = rng.integers(0, 12, size=(90, 5)).astype(np.float32)  # ties
    found[rng.random(found.shape) < 0.1] = np.nan
    found[:30, 2] = np.nan  # a session without any value
    found[30:60, 3] = 4.0  # a session without variation
    return found


STARTS = np.array([0, 30, 60, 90])


def test_ranks_agree_with_scipy_ties_and_gaps_included(values):
    expected = np.zeros(values.shape)
    for first, end in pairwise(STARTS):
        for column in range(values.shape[1]):
            block = values[first:end, column]
            known = ~np.isnan(block)
            ranks = stats.rankdata(block[known])
            expected[first:end, column][known] = (ranks - (ranks.size + 1) / 2) / max(ranks.size, 1)

    assert np.allclose(session_ranks(values, STARTS), expected, atol=1e-7)


def test_three_names_rank_as_by_hand():
    assert session_ranks(np.array([[5], [9], [1]], dtype=np.float32), np.array([0, 3]))[:, 0] == pytest.approx(
        [0, 1 / 3, -1 / 3]
    )


def test_zscores_have_mean_zero_and_deviation_one_where_nothing_is_cut_off():
    block = np.random.default_rng(1).uniform(size=(50, 2)).astype(np.float32)

    found = session_zscores(block, np.array([0, 50]))

    assert np.allclose(found.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(found.std(axis=0), 1, atol=1e-6)


@pytest.mark.parametrize("name", COMPARED)
def test_what_is_unknown_or_equal_becomes_the_middle(name, values):
    found = TRANSFORMS[name](values, STARTS)

    assert np.all(found[np.isnan(values)] == 0)
    assert np.all(found[30:60, 3] == 0)


@pytest.mark.parametrize("name", COMPARED)
def test_results_are_finite_and_bounded(name, values):
    values[5, 0], values[6, 0] = np.inf, -1e30

    assert np.abs(TRANSFORMS[name](values, STARTS)).max() <= 3


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_session_depends_on_its_own_rows_alone(name, values):
    whole = TRANSFORMS[name](values, STARTS)

    assert np.array_equal(whole[30:60], TRANSFORMS[name](values[30:60], np.array([0, 30])))


@pytest.mark.parametrize("factor", [1e-3, 1e3])
@pytest.mark.parametrize("name", COMPARED)
def test_the_unit_of_a_feature_does_not_matter(name, values, factor):
    assert np.allclose(TRANSFORMS[name](values, STARTS), TRANSFORMS[name](values * np.float32(factor), STARTS), atol=1e-4)


def test_values_left_as_they_are_have_zero_where_unknown():
    values = np.array([[2.5, np.nan], [-7.0, np.inf]], dtype=np.float32)

    assert as_they_are(values, np.array([0, 2])).tolist() == [[2.5, 0.0], [-7.0, 0.0]]


def test_the_scale_of_a_session_is_its_root_mean_square():
    labels = np.array([0.03, -0.04, np.nan, 0.0, 0.0, np.nan])

    found = session_scales(labels, np.array([0, 3, 5, 6]))

    assert found[0] == pytest.approx(np.sqrt((0.0009 + 0.0016) / 2))
    assert np.isnan(found[1:]).all()
