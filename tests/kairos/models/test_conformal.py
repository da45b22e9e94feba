import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kairos.models.conformal import MIN_RESIDUALS, fold_offsets, matured_residuals, residual_offsets
from kairos.models.folds import FoldSettings, walk_forward
from kairos.models.panel import make_panel


def test_the_interval_holds_at_least_nine_tenths_of_exchangeable_labels():
    rng = np.random.default_rng(12)
    covered = []
    for _ in range(400):
        offsets = residual_offsets(rng.standard_t(3, size=250))
        fresh = rng.standard_t(3, size=200)
        covered.append(np.mean((offsets.p05 <= fresh) & (fresh <= offsets.p95)))

    assert 0.90 <= np.mean(covered) < 0.915


@settings(max_examples=60, deadline=None)
@given(arrays(float, st.integers(MIN_RESIDUALS, 400), elements=st.floats(-1, 1)))
def test_quantiles_never_cross(residuals):
    offsets = residual_offsets(residuals)

    assert offsets.p05 <= offsets.p50 <= offsets.p95


def test_offsets_are_the_stated_order_statistics():
    offsets = residual_offsets(np.random.default_rng(1).permutation(np.arange(1.0, 400.0)))

    assert (offsets.p05, offsets.p50, offsets.p95) == (20.0, 200.0, 380.0)  # floor(.05 x 400), median, ceil(.95 x 400)


@pytest.mark.parametrize("count", [0, MIN_RESIDUALS - 1])
def test_too_few_residuals_give_none(count):
    assert residual_offsets(np.ones(count)) is None


@pytest.mark.parametrize(("before", "sessions_known"), [(0, 0), (5, 0), (6, 1), (100, 95)])
def test_a_residual_counts_once_its_label_has_ended(matrix, before, sessions_known):
    panel = make_panel(matrix, features=("rsi_14",))

    found = matured_residuals(panel, np.ones(matrix.height), before=before, horizon=5)

    assert found.size == 40 * sessions_known  # the label of session 0 ends in session 5, which is before session 6


def test_a_fold_knows_no_residual_that_ends_in_it_or_later(matrix, sessions, holdout):
    panel = make_panel(matrix, features=("rsi_14",))
    cut = FoldSettings(min_train_sessions=120, test_sessions=40)
    folds = walk_forward(sessions, horizon=5, holdout_first=holdout.first_session, settings=cut)
    residuals = np.repeat(np.arange(330.0), 40)
    residuals[: 125 * 40] = np.nan

    found = fold_offsets(panel, residuals, folds, horizon=5)

    assert found[0] is None
    for fold, offsets in zip(folds[1:], found[1:], strict=True):
        first = sessions.index(fold.test.first)
        assert offsets.residuals == 40 * (first - 5 - 125)
        assert offsets.p95 < first - 5
