import numpy as np
import pytest

from kairos.models.columns import alike, quantile, residuals

NAN = np.nan


@pytest.mark.parametrize("share", [0, 0.01, 0.25, 0.5, 0.9, 1])
def test_quantiles_agree_with_numpys_of_the_known_values(share):
    values = np.random.default_rng(1).normal(size=(31, 4))
    values[np.random.default_rng(2).random(values.shape) < 0.3] = NAN

    assert quantile(values, share) == pytest.approx(np.nanquantile(values, share, axis=0))


def test_a_column_without_a_value_has_no_quantile_and_one_value_is_all_of_them():
    assert quantile(np.array([[NAN, 7.0], [NAN, NAN]]), 0.3) == pytest.approx([NAN, 7.0], nan_ok=True)


def test_residuals_are_those_of_the_normal_equations():
    rng = np.random.default_rng(3)
    exposures, values = rng.normal(size=(20, 3)), rng.normal(size=(20, 2))
    slow = values - exposures @ np.linalg.inv(exposures.T @ exposures) @ exposures.T @ values

    assert np.allclose(residuals(values, exposures), slow)


def test_exposures_that_say_the_same_count_once():
    twice = np.ones((3, 2))

    assert residuals(np.array([[1.0], [2], [6]]), twice)[:, 0] == pytest.approx([-2, -1, 3])
    assert np.isnan(residuals(np.array([[5.0]]), twice[:1])).all()


def test_columns_with_the_same_gaps_are_taken_together():
    known = np.array([[True, False, True, True], [True, True, True, False]])

    assert {tuple(pattern): columns.tolist() for pattern, columns in alike(known)} == {
        (True, True): [0, 2], (False, True): [1], (True, False): [3],
    }  # fmt: skip
