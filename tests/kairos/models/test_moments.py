import numpy as np
import pytest

from kairos.models.moments import session_moments

STARTS = np.array([0, 30, 60, 100])


@pytest.fixture
def rows():
    rng = np.random.default_rng(8)
    values = rng.normal(size=(100, 4)).astype(np.float32)
    values[:, 3] = 2.5  # never varies
    labels = rng.normal(size=100)
    labels[::7] = np.nan
    return values, labels


def test_sums_of_sessions_add_up_to_the_sums_of_labelled_rows(rows):
    values, labels = rows
    known = np.isfinite(labels[30:])
    x, y = values[30:][known].astype(float), labels[30:][known]

    found = session_moments(values, labels, STARTS).over(slice(1, 3))

    assert np.allclose(found.xx, x.T @ x)
    assert np.allclose(found.xy, x.T @ y)
    assert (float(found.n), float(found.y), float(found.yy)) == pytest.approx((y.size, y.sum(), y @ y))


def test_mean_and_deviation_are_those_of_the_rows(rows):
    values, labels = rows
    x = values[np.isfinite(labels)].astype(float)

    mean, deviation = session_moments(values, labels, STARTS).over(slice(0, 3)).scaling()

    assert np.allclose(mean, x.mean(axis=0))
    assert np.allclose(deviation[:3], x.std(axis=0)[:3])


def test_an_input_that_does_not_vary_has_deviation_one(rows):
    _, deviation = session_moments(*rows, STARTS).over(slice(0, 3)).scaling()

    assert deviation[3] == 1.0


def test_the_squared_error_is_that_of_the_rows(rows):
    values, labels = rows
    known = np.isfinite(labels)
    weights = np.array([0.2, -0.1, 0.3, 0.4])

    found = session_moments(values, labels, STARTS).over(slice(0, 3)).squared_error(0.7, weights)

    assert found == pytest.approx(np.sum((labels[known] - 0.7 - values[known] @ weights) ** 2))
