import numpy as np
import pytest

from kairos.errors import ModelError
from kairos.models.folds import Span
from kairos.models.panel import make_panel
from kairos.models.tabular import Scaler, TabularSettings, inputs, labelled_rows, learned_labels, load_scaler


@pytest.fixture(scope="module")
def panel(matrix):
    return make_panel(matrix, features=("ret_5d", "rsi_14"))


def test_a_saved_scaler_is_read_back_exactly(tmp_path):
    scaler = Scaler("rank", ("a", "b"), ("a*b",), (0.1, 1 / 3, -2e-17), (1.0, 0.28, 3.0), unit=0.0123456789012345678)
    scaler.save(tmp_path)

    assert load_scaler(tmp_path) == scaler


def test_scaled_labels_have_root_mean_square_one_in_every_session(panel):
    labels = learned_labels(panel, "ret_5d_f_xs", settings=TabularSettings(label_clip=100))

    power = np.add.reduceat(labels.values**2, panel.starts[:-1])[:-5] / 40

    assert np.allclose(power, 1)


def test_scaled_labels_are_cut_off(panel):
    labels = learned_labels(panel, "ret_5d_f_xs", settings=TabularSettings(label_clip=1.5))

    assert np.nanmax(np.abs(labels.values)) == 1.5


def test_the_unit_of_a_window_is_its_mean_scale(panel):
    labels = learned_labels(panel, "ret_5d_f_xs", settings=TabularSettings())

    assert labels.unit(slice(0, 330)) == pytest.approx(np.mean(labels.scales[:325]))


def test_raw_labels_are_returns(panel):
    labels = learned_labels(panel, "ret_5d_f_xs", settings=TabularSettings(label="raw"))

    assert np.array_equal(labels.values, panel.labels("ret_5d_f_xs"), equal_nan=True)
    assert labels.unit(slice(0, 10)) == 1


def test_a_product_is_centred_in_every_session(panel):
    product = inputs(panel, transform="rank", products=("ret_5d*ret_5d",))[:, 2]

    assert np.allclose(np.add.reduceat(product, panel.starts[:-1]), 0, atol=1e-5)


def test_labelled_rows_lie_in_the_window_and_have_a_label(panel, sessions):
    labels = learned_labels(panel, "ret_5d_f_xs", settings=TabularSettings())

    rows = labelled_rows(panel, labels, Span(sessions[320], sessions[329]))

    assert rows.tolist() == list(range(320 * 40, 325 * 40))


def test_a_window_without_labels_is_refused(panel, sessions):
    labels = learned_labels(panel, "ret_5d_f_xs", settings=TabularSettings())

    with pytest.raises(ModelError, match="no row with a label among 80"):
        labelled_rows(panel, labels, Span(sessions[328], sessions[329]))
