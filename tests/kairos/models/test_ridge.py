import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from sklearn.linear_model import Ridge

from kairos.errors import ModelError
from kairos.models import ridge
from kairos.models.family import Task
from kairos.models.folds import Span
from kairos.models.panel import make_panel
from kairos.models.ridge import RidgeSettings

TASK = Task(horizon=5, target="xs", seed=7)
FEATURES = ("ret_5d", "mom_12_1", "vol_21d", "rsi_14")


def fit(matrix, window, features=FEATURES, task=TASK, **settings):
    panel = make_panel(matrix, features=features)
    return panel, next(ridge.train(panel, [window], task=task, settings=RidgeSettings(**settings)))


def standardised(panel, labels, window):
    """Return the labelled rows of the window as sklearn wants them."""
    days = panel.within(window)
    rows = slice(int(panel.starts[days.start]), int(panel.starts[days.stop]))
    known = np.isfinite(labels[rows])
    x = panel.values("rank")[rows][known].astype(np.float64)
    deviation = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1), labels[rows][known]


@pytest.fixture(scope="module")
def window(sessions):
    return Span(sessions[10], sessions[150])


@pytest.mark.parametrize("penalty", [1e-6, 0.1, 10.0])
def test_weights_equal_those_of_sklearn(matrix, window, penalty):
    panel, model = fit(matrix, window, penalties=(penalty,), label="raw")
    x, y = standardised(panel, panel.labels("ret_5d_f_xs"), window)

    oracle = Ridge(alpha=penalty * y.size).fit(x, y)

    assert np.allclose(model.weights, oracle.coef_, rtol=0, atol=1e-8)
    assert model.intercept == pytest.approx(oracle.intercept_, abs=1e-8)


def test_forecasts_equal_those_of_sklearn(matrix, window):
    panel, model = fit(matrix, window, penalties=(0.3,), label="raw")
    x, y = standardised(panel, panel.labels("ret_5d_f_xs"), window)

    expected = Ridge(alpha=0.3 * y.size).fit(x, y).predict(x)

    assert np.allclose(model.forecast(panel.between(window))["score"], expected, rtol=0, atol=1e-8)


def test_collinear_features_share_a_weight(matrix, window):
    twice = matrix.with_columns(pl.col("rsi_14").alias("rsi_copy"))

    _, model = fit(twice, window, features=("rsi_14", "rsi_copy"))

    assert model.weights[0] == pytest.approx(model.weights[1])


def test_a_feature_that_does_not_vary_has_no_weight(matrix, window):
    flat = matrix.with_columns(pl.lit(3.0, dtype=pl.Float32).alias("vol_21d"))

    _, model = fit(flat, window)

    assert abs(model.weights[FEATURES.index("vol_21d")]) < 1e-12


def test_more_features_than_rows_can_be_fitted(matrix, sessions):
    rng = np.random.default_rng(9)
    wide = matrix.filter(pl.col("ticker") <= "T03").with_columns(
        pl.Series(f"x{i}", rng.normal(size=4 * 330), dtype=pl.Float32) for i in range(40)
    )

    _, model = fit(wide, Span(sessions[0], sessions[3]), features=tuple(f"x{i}" for i in range(40)), penalties=(1.0,))

    assert np.isfinite(model.weights).all()


def test_noise_is_shrunk_harder_than_a_signal(matrix_of, sessions):
    window = Span(sessions[0], sessions[199])

    strong, weak = (
        sorted(fit(matrix_of(signal=signal, seed=seed), window)[1].penalty for seed in range(5)) for signal in (0.25, 0.0)
    )

    assert strong[2] <= 0.1  # the median of five panels
    assert weak[2] >= 3


def test_the_choice_of_penalty_reads_no_label_after_the_window(matrix, window):
    changed = matrix.with_columns(
        pl.when(pl.col("session") > window.last).then(9.0).otherwise("ret_5d_f_xs").alias("ret_5d_f_xs")
    )

    assert fit(matrix, window)[1] == fit(changed, window)[1]


def test_the_inner_folds_are_purged_too(matrix, window, sessions):
    folds = ridge._inner_folds(sessions[10:151], task=TASK, settings=RidgeSettings(inner_folds=3))

    assert len(folds) == 3
    assert all(sessions.index(fold.train.last) + 5 < sessions.index(fold.test.first) for fold in folds)
    assert folds[-1].test.last == window.last


def test_too_short_a_window_to_choose_a_penalty_is_refused(matrix, sessions):
    with pytest.raises(ModelError, match=r"6 training session\(s\); choosing among 8 penalties needs more than 7"):
        fit(matrix, Span(sessions[0], sessions[5]))


def test_a_declared_product_finds_what_no_single_feature_shows(matrix, window):
    rng = np.random.default_rng(10)
    crossed = matrix.with_columns(
        ret_5d_f_xs=0.02 * (pl.col("vol_21d") * pl.col("mom_12_1") + pl.Series(rng.normal(size=matrix.height)))
    )

    _, model = fit(crossed, window, products=("vol_21d*mom_12_1",))

    assert model.terms[-1] == "vol_21d*mom_12_1"
    assert abs(model.weights[-1]) > 5 * max(abs(weight) for weight in model.weights[:-1])


@pytest.mark.parametrize("product", ["vol_21d*beta", "vol_21d", "a*b*c"])
def test_a_product_of_anything_else_is_refused(matrix, window, product):
    with pytest.raises(ModelError, match="expected two of the model's features"):
        fit(matrix, window, products=(product,))


@pytest.mark.parametrize("penalties", [(), (0.0, 1.0), (1.0, 0.1), (1.0, 1.0)])
def test_penalties_are_positive_and_ascend(penalties):
    with pytest.raises(ValidationError):
        RidgeSettings(penalties=penalties)


def test_the_raw_return_keeps_its_mean(matrix, window):
    lifted = matrix.with_columns(pl.col("ret_5d_f") + 0.03)

    panel, model = fit(lifted, window, task=Task(horizon=5, target="raw", seed=7))

    assert model.forecast(panel)["score"].mean() == pytest.approx(lifted["ret_5d_f"].mean(), abs=0.004)
