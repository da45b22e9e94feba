"""Regressions by session, against the normal equations and by hand."""

import numpy as np
import pytest

from kairos.models.loops import residual_lines

NAN = np.nan


def left_of(lines, exposures, groups):
    lines = np.array(lines, dtype=float)
    found = np.empty_like(lines)
    held = np.array(exposures, dtype=float).reshape(len(exposures), lines.shape[1])
    residual_lines(lines, held, np.array(groups), found)
    return found


def test_residuals_are_those_of_least_squares_on_ones_groups_and_exposures_over_the_known_names():
    rng = np.random.default_rng(3)
    lines, exposures, groups = rng.normal(size=(6, 40)), rng.normal(size=(2, 40)), rng.integers(0, 4, 40)
    lines[1:4, 5:9], lines[4, ::3] = NAN, NAN
    all_of = np.column_stack([np.ones(40), groups[:, None] == np.arange(4), *exposures])

    found = left_of(lines, exposures, groups)

    for line, left in zip(lines, found, strict=True):
        known = np.isfinite(line)
        slow = line[known] - all_of[known] @ np.linalg.lstsq(all_of[known], line[known], rcond=None)[0]
        assert np.allclose(left[known], slow, rtol=0, atol=1e-12)
        assert np.isnan(left[~known]).all()


def test_exposures_that_say_the_same_count_once():
    assert left_of([[1, 2, 6]], [[1, 1, 1], [3, 3, 3]], [0, 0, 0])[0] == pytest.approx([-2, -1, 3])
    assert left_of([[1, 2, 6, 0]], [[1, 2, 3, 5], [2, 4, 6, 10]], [0] * 4)[0] == pytest.approx(
        left_of([[1, 2, 6, 0]], [[1, 2, 3, 5]], [0] * 4)[0]
    )


def test_no_more_names_than_the_exposures_tell_apart_leave_nothing_known():
    assert np.isnan(left_of([[5.0, NAN]], [], [0, 1])).all()
    assert np.isnan(left_of([[5.0, 6.0]], [[1, 2]], [0, 0])).all()
    assert left_of([[5.0, 7.0, 6.0]], [], [0, 0, 1])[0] == pytest.approx([-1, 1, 0])


def test_what_is_explained_but_for_rounding_leaves_nothing_to_be_ranked():
    exposure = np.random.default_rng(1).normal(size=30)

    assert (left_of([np.full(30, 0.1), 0.3 + exposure / 7], [exposure], [0] * 30) == 0).all()
