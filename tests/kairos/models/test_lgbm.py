import numpy as np
import polars as pl
import pytest

from kairos.errors import ModelError
from kairos.models import lgbm
from kairos.models.family import Task
from kairos.models.folds import Span
from kairos.models.lgbm import LgbmSettings
from kairos.models.panel import make_panel

FEATURES = ("ret_5d", "vol_21d", "rsi_14")
SMALL = {"rounds": 30, "learning_rate": 0.1, "min_data_in_leaf": 100, "num_threads": 1}


def fit(matrix, windows, seed=7, **settings):
    panel = make_panel(matrix, features=FEATURES)
    task = Task(horizon=5, target="xs", seed=seed)
    return panel, list(lgbm.train(panel, windows, task=task, settings=LgbmSettings(**{**SMALL, **settings})))


@pytest.fixture(scope="module")
def window(sessions):
    return Span(sessions[0], sessions[150])


def test_the_number_of_threads_does_not_change_the_forecasts(matrix, window):
    scores = []
    for threads in (1, 2):
        panel, (model,) = fit(matrix, [window], num_threads=threads, rounds=5)
        scores.append(model.forecast(panel)["score"])

    assert scores[0].equals(scores[1])


def test_another_seed_gives_other_trees(matrix, window):
    assert fit(matrix, [window])[1][0].text != fit(matrix, [window], seed=8)[1][0].text


def test_one_pass_of_binning_serves_every_window_as_its_own_would(matrix, sessions):
    early, late = Span(sessions[0], sessions[150]), Span(sessions[0], sessions[200])

    panel, (_, shared) = fit(matrix, [early, late], max_bin=255)
    _, (own,) = fit(matrix, [late], max_bin=255)

    found, expected = (model.forecast(panel)["score"].to_numpy() for model in (shared, own))
    assert np.corrcoef(found, expected)[0, 1] > 0.98


def test_a_product_is_found_without_being_declared(matrix, sessions):
    noise = pl.Series(np.random.default_rng(10).normal(size=matrix.height))
    crossed = matrix.with_columns(ret_5d_f_xs=0.02 * (pl.col("vol_21d") * pl.col("rsi_14") + 0.5 * noise))
    panel, (model,) = fit(crossed, [Span(sessions[0], sessions[200])], rounds=100, num_leaves=15, feature_fraction=1.0)

    late = panel.between(Span(sessions[210], sessions[329]))
    truth = (late.rows["vol_21d"] * late.rows["rsi_14"]).to_numpy()

    assert np.corrcoef(model.forecast(late)["score"], truth)[0, 1] > 0.5


def test_tree_shap_is_lightgbms_own(matrix, window):
    import lightgbm

    panel, (model,) = fit(matrix, [window])
    values = panel.values("rank")[:50]

    oracle = lightgbm.Booster(model_str=model.text).predict(values, pred_contrib=True)

    assert np.allclose(model.contributions(panel, range(50)), oracle[:, :-1] * model.scaler.unit)


def test_a_seed_that_lightgbm_cannot_hold_is_refused(matrix, window):
    with pytest.raises(ModelError, match="seed 2147483648: LightGBM takes 0 to 2147483647"):
        fit(matrix, [window], seed=2**31)


def test_bin_edges_know_no_later_row(matrix, window):
    later = pl.col("session") > window.last
    stretched = matrix.with_columns(
        pl.when(later).then(pl.col(name) ** 5).otherwise(pl.col(name)).alias(name) for name in FEATURES
    )
    early = Span(window.first, window.last)

    found, expected = (fit(rows, [window], transform="zscore") for rows in (stretched, matrix))

    assert found[1][0].text == expected[1][0].text
    assert found[1][0].forecast(found[0].between(early)).equals(expected[1][0].forecast(expected[0].between(early)))
