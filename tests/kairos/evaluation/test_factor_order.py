from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from kairos.errors import ContractError
from kairos.evaluation.factor_days import grouped, quantiles_of, ranked
from kairos.evaluation.factor_order import ABSENT, FEW

NAN = np.nan


def rows(*lists, dtype=np.float32):
    return np.array(lists, dtype=dtype)


def ragged(sessions, names, *, seed=1, ties=True):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(sessions, names))
    values = values.round(1) if ties else values
    values[rng.random(values.shape) < 0.1] = NAN
    return values


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("names", [5, FEW, FEW + 1, 300])
def test_ranks_are_twice_the_mean_rank_less_its_centre(names, dtype):
    values = ragged(20, names).astype(dtype)
    found = ranked(values)

    for session, row in enumerate(values):
        known = np.isfinite(row)
        expected = 2 * stats.rankdata(row[known]) - 1 - known.sum()
        assert found.ranks[session, known].tolist() == expected.tolist()
        assert (found.ranks[session, ~known] == ABSENT).all()
        assert found.counts[session, 0] == known.sum()
        assert found.tied[session, 0] == (np.unique(row[known]).size < known.sum())


@pytest.mark.parametrize("names", [5, 300])
def test_the_order_is_that_of_the_values(names):
    values = ragged(20, names)
    found = ranked(values)

    for session, row in enumerate(values):
        order = found.orders[session, : found.counts[session, 0]]
        assert sorted(order.tolist()) == np.flatnonzero(np.isfinite(row)).tolist()
        assert (np.diff(row[order]) >= 0).all()


@pytest.mark.parametrize("names", [4, 200])
def test_values_that_single_precision_cannot_tell_apart_are_told_apart(names):
    values = 1 + np.arange(names)[::-1][None] * 1e-12

    assert ranked(values).ranks[0].tolist() == list(range(names - 1, -names, -2))


def test_extremes_zeros_and_infinities():
    found = ranked(rows([-0.0, 0.0, 1e-45, -1e-45, 3e38, -3e38, np.inf, -np.inf, NAN]))

    assert found.counts[0, 0] == 6
    assert found.ranks[0].tolist() == [0, 0, 3, -3, 5, -5, ABSENT, ABSENT, ABSENT]


def test_no_names_and_no_values_have_no_ranks():
    assert ranked(rows([NAN, NAN])).counts.tolist() == [[0]]
    assert ranked(np.empty((3, 0))).counts.tolist() == [[0], [0], [0]]


def test_more_names_than_ranks_are_refused():
    with pytest.raises(ContractError, match="32768 names; expected at most 32767"):
        ranked(np.zeros((1, 2**15)))


# alphalens-reloaded, test_utils: quantize_factor
@pytest.mark.parametrize(("quantiles", "expected"), [(4, [[1, 2, 3, 4], [4, 3, 2, 1]]), (2, [[1, 1, 2, 2], [2, 2, 1, 1]])])
def test_four_assets_fall_into_quantiles_as_published(quantiles, expected):
    assert quantiles_of(ranked(rows([1, 2, 3, 4], [4, 3, 2, 1])), quantiles=quantiles).tolist() == expected


def test_quantiles_count_names_where_bins_of_equal_width_would_not():
    assert quantiles_of(ranked(rows([1, 2, 3, 1000])), quantiles=2).tolist() == [[1, 1, 2, 2]]


@pytest.mark.parametrize("names", [6, 7, 23, 101])
def test_quantiles_are_those_of_interpolated_percentiles(names):
    values = ragged(30, names, ties=False)
    found = quantiles_of(ranked(values))

    for session, row in enumerate(values):
        known = row[np.isfinite(row)]
        edges = np.quantile(known, [0.2, 0.4, 0.6, 0.8])
        edges[np.isclose(edges[:, None], known).any(axis=1)] += 1e-9  # an edge on a name is that name's, not rounding's
        assert found[session, np.isfinite(row)].tolist() == (1 + np.searchsorted(edges, known)).tolist()
        assert (found[session, ~np.isfinite(row)] == 0).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], [1, 3, 5]),  # fewer names than quantiles
        ([1, 2], [1, 5]),
        ([7], [0]),  # one name
        ([3, 3, 3, 3], [0, 0, 0, 0]),  # a constant
        ([NAN, NAN], [0, 0]),
        ([1, 1, 1, 2, 3, 4], [1, 1, 1, 3, 4, 5]),  # tied names stay together, and leave quantile 2 empty
        ([1, 2, 3, 4, 5, 6, NAN], [1, 1, 2, 3, 4, 5, 0]),
    ],
)
def test_quantiles_of_few_tied_or_missing_names_are_defined(values, expected):
    assert quantiles_of(ranked(rows(values))).tolist() == [expected]


@pytest.mark.parametrize("edges", [[0, 40], [0, 13, 13, 30, 40], [0, 1, 40]])
def test_groups_are_ranked_as_if_the_others_were_not_there(edges):
    values = ragged(25, 40)
    found = grouped(ranked(values), np.array(edges))

    for group, (first, end) in enumerate(pairwise(edges)):
        alone = ranked(values[:, first:end])
        assert np.array_equal(found.ranks[:, first:end], alone.ranks)
        assert np.array_equal(found.counts[:, group], alone.counts[:, 0])
        assert np.array_equal(found.tied[:, group], alone.tied[:, 0])
        for session, count in enumerate(alone.counts[:, 0]):
            assert np.array_equal(found.orders[session, first : first + count], alone.orders[session, :count])
