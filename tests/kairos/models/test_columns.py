import numpy as np
import pytest

from kairos.models.columns import MANY_ROWS, quantile, quantiles

NAN = np.nan


@pytest.mark.parametrize("share", [0, 0.01, 0.25, 0.5, 0.9, 1])
def test_quantiles_agree_with_numpys_of_the_known_values(share):
    values = np.random.default_rng(1).normal(size=(31, 4))
    values[np.random.default_rng(2).random(values.shape) < 0.3] = NAN

    assert quantile(values, share) == pytest.approx(np.nanquantile(values, share, axis=0))


def test_a_column_without_a_value_has_no_quantile_and_one_value_is_all_of_them():
    assert quantile(np.array([[NAN, 7.0], [NAN, NAN]]), 0.3) == pytest.approx([NAN, 7.0], nan_ok=True)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99, 1])
def test_many_rows_have_the_quantiles_of_their_order(share):
    values = np.random.default_rng(5).integers(0, 900, size=(MANY_ROWS + 3, 3)).astype(float)
    values[:-1, 1], values[:, 2] = NAN, NAN
    values[::7, 0] = NAN

    low, high = quantiles(values, (share, 1 - share))

    assert low == pytest.approx([np.nanquantile(values[:, 0], share), values[-1, 1], NAN], nan_ok=True, abs=0)
    assert high == pytest.approx([np.nanquantile(values[:, 0], 1 - share), values[-1, 1], NAN], nan_ok=True, abs=0)
