import json
from functools import partial

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.errors import ModelError, SettingsError
from kairos.models.artifacts import load_model, save_model
from kairos.models.family import Task
from kairos.models.folds import Span
from kairos.models.panel import make_panel
from kairos.models.preprocess import Prepared, fit, train_prepared, with_sectors
from kairos.models.registry import FAMILIES
from kairos.models.walkforward import train_walk_forward

NAMES = ("ret_5d", "mom_12_1", "rsi_14")
STEPS = [
    {"step": "winsorise", "by": "window", "limit": 0.02},
    {"step": "fill", "value": "median", "by": "window"},
    {"step": "zscore", "by": "window"},
    {"step": "neutralise", "against": ["market", "sector", "turnover_5d"]},
    {"step": "zscore"},
]
CROSS_SECTIONAL = [{"step": "winsorise"}, {"step": "neutralise", "against": ["market"]}, {"step": "rank"}]


@pytest.fixture(scope="module")
def universe(matrix):
    names = matrix["permaticker"].unique().sort()
    sector = ["Energy", None, "Technology"] * names.len()
    return pl.DataFrame({"universe_year": [2015] * names.len(), "permaticker": names, "sector": sector[: names.len()]},
                        schema_overrides={"universe_year": pl.Int32})  # fmt: skip


@pytest.fixture(scope="module")
def rows(matrix, universe, config_of):
    """The matrix with sectors, and gaps."""
    known = with_sectors(matrix, universe, steps=config_of("ridge", preprocess=STEPS).preprocess)
    gap = pl.int_range(pl.len()) % 17 == 3
    return known.with_columns(pl.when(~gap).then("ret_5d").alias("ret_5d"))


@pytest.fixture(scope="module")
def prepared(rows, holdout, config_of):
    config = config_of("ridge", features=list(NAMES), preprocess=STEPS)
    return train_walk_forward(rows, config, holdout=holdout, model_id="ridge_2015")


def panel_of(rows):
    return make_panel(rows, features=NAMES)


def window_of(panel, first, last):
    return Span(panel.sessions[first], panel.sessions[last])


def after(rows, session, change):
    later = pl.col("session") > session
    return rows.with_columns(pl.when(later).then(change(pl.col(name))).otherwise(pl.col(name)).alias(name) for name in NAMES)


def test_the_future_of_a_training_window_does_not_change_what_is_fitted(rows, config_of):
    steps = config_of("ridge", preprocess=STEPS).preprocess
    panel = panel_of(rows)
    window = window_of(panel, 20, 150)
    spoiled = panel_of(after(rows, window.last, lambda column: column * 50 + 3))
    cut = panel_of(rows.filter(pl.col("session") <= window.last))

    found = fit(steps, panel, window)

    assert found == fit(steps, spoiled, window)
    assert found == fit(steps, cut, window)
    assert [bool(fitted) for fitted in found.fitted] == [True, True, True, False, False]


def test_the_window_itself_does_change_what_is_fitted(rows, config_of):
    steps = config_of("ridge", preprocess=STEPS).preprocess
    panel = panel_of(rows)

    assert fit(steps, panel, window_of(panel, 20, 150)) != fit(steps, panel, window_of(panel, 20, 149))


@pytest.mark.parametrize("family", ["ridge", "lgbm"])
def test_a_fold_trained_without_its_future_forecasts_the_same_bits(rows, config_of, family):
    config = config_of(family, preprocess=STEPS)
    panel = panel_of(rows)
    window, test = window_of(panel, 0, 150), window_of(panel, 157, 180)
    spoiled = panel_of(after(rows, window.last, lambda column: -column))
    train = partial(
        FAMILIES[family].train, task=Task(5, "xs", 7), settings=FAMILIES[family].settings.model_validate(config.settings)
    )

    one, other = (next(train_prepared(each, [window], steps=config.preprocess, train=train)) for each in (panel, spoiled))

    assert_frame_equal(one.forecast(panel.between(test)), other.forecast(panel.between(test)), check_exact=True)


def test_prediction_applies_the_training_windows_numbers_to_one_session_alone(rows, prepared):
    last = rows["session"].max()

    whole = prepared.model.forecast(rows).filter(pl.col("session") == last)
    alone = prepared.model.forecast(rows.filter(pl.col("session") == last))

    assert np.allclose(whole["score"], alone["score"], rtol=0, atol=1e-12)


def test_a_loaded_model_forecasts_the_same_bits(rows, prepared, tmp_path):
    folder = save_model(prepared.model, root=tmp_path, run_id="run1", metrics=prepared.metrics, manifest={})

    loaded = load_model(folder)

    assert loaded.forecasters[5] == prepared.model.forecasters[5]
    assert_frame_equal(loaded.forecast(rows), prepared.model.forecast(rows), check_exact=True)


def test_what_was_fitted_stands_in_the_artifact_as_plain_json(prepared, tmp_path):
    folder = save_model(prepared.model, root=tmp_path, run_id="run1", metrics=prepared.metrics, manifest={})
    kept = json.loads((folder / "preprocess.json").read_text())

    assert kept["features"] == list(NAMES)
    assert [step["step"] for step in kept["steps"]] == [step["step"] for step in STEPS]
    assert len(kept["fitted"][0]["low"]) == len(NAMES)


def test_every_fold_has_its_own_fit(rows, config_of):
    panel = panel_of(rows)
    windows = [window_of(panel, 0, 150), window_of(panel, 0, 200)]
    config = config_of("ridge", preprocess=STEPS)
    train = partial(FAMILIES["ridge"].train, task=Task(5, "xs", 7), settings=FAMILIES["ridge"].settings())

    first, second = train_prepared(panel, windows, steps=config.preprocess, train=train)

    assert first.preparation == fit(config.preprocess, panel, windows[0])
    assert second.preparation == fit(config.preprocess, panel, windows[1])


def test_steps_that_learn_nothing_give_the_same_bits_window_by_window_and_at_once(rows, config_of):
    panel = panel_of(rows)
    steps = config_of("ridge", preprocess=CROSS_SECTIONAL).preprocess
    window = window_of(panel, 0, 150)

    whole = fit(steps, panel, window).apply(panel).between(window).values("none")
    alone = fit(steps, panel, window).apply(panel.between(window)).values("none")

    assert np.array_equal(whole, alone)


def test_ranking_as_a_step_is_the_ranking_that_families_do(matrix, holdout, config_of, trainings):
    config = config_of("ridge", preprocess=[{"step": "rank"}])

    found = train_walk_forward(matrix, config, holdout=holdout, model_id="ridge_2015")

    assert config.settings["transform"] == "none"
    assert_frame_equal(found.predictions, trainings["ridge"].predictions, check_exact=True)


def test_without_steps_a_model_is_what_its_family_makes(trained):
    assert not any(isinstance(forecaster, Prepared) for forecaster in trained.model.forecasters.values())


def test_a_configuration_without_steps_is_the_trial_it_always_was(config_of):
    assert "preprocess" not in config_of("ridge").identity()
    assert config_of("ridge", preprocess=[{"step": "rank"}]).identity()["preprocess"] == [{"step": "rank", "by": "session"}]


def test_a_transform_that_is_named_is_kept_behind_the_steps(config_of):
    named = {"settings": {"inner_folds": 2, "transform": "rank"}}

    assert config_of("ridge", preprocess=STEPS, **named).settings["transform"] == "rank"


def test_rows_that_are_dropped_are_not_learned_from_but_are_forecast(rows, config_of):
    panel = panel_of(rows)
    window = window_of(panel, 0, 150)
    steps = config_of("ridge", preprocess=[{"step": "fill", "value": "drop"}]).preprocess
    preparation = fit(steps, panel, window)
    lacking = panel.rows["ret_5d"].is_null()

    learned, used = preparation.apply(panel, learning=True), preparation.apply(panel)

    assert learned.rows.filter(lacking)["ret_5d_f_xs"].null_count() == lacking.sum() > 0
    assert learned.rows.filter(~lacking)["ret_5d_f_xs"].equals(panel.rows.filter(~lacking)["ret_5d_f_xs"])
    assert used.rows["ret_5d_f_xs"].equals(panel.rows["ret_5d_f_xs"])
    assert used.rows.height == panel.rows.height


def test_sectors_are_joined_only_where_a_step_reads_them(matrix, universe, config_of):
    without = with_sectors(matrix, universe, steps=config_of("ridge", preprocess=CROSS_SECTIONAL).preprocess)

    assert without is matrix


def test_a_matrix_without_the_column_a_step_reads_is_refused(matrix, holdout, config_of):
    config = config_of("ridge", preprocess=[{"step": "neutralise", "against": ["sector"]}])

    with pytest.raises(ModelError, match=r"preprocess: the matrix has no column sector; found \d+ columns"):
        train_walk_forward(matrix, config, holdout=holdout, model_id="ridge_2015")


def test_other_features_than_those_fitted_on_are_refused(rows, config_of):
    panel = panel_of(rows)
    preparation = fit(config_of("ridge", preprocess=STEPS).preprocess, panel, window_of(panel, 0, 150))

    with pytest.raises(ModelError, match="preprocess: fitted on 3 features, the panel has 2 others"):
        preparation.apply(make_panel(rows, features=NAMES[:2]))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            [{"step": "rank"}, {"step": "zscore", "bye": "sector"}],
            r"unknown key preprocess\.1\.zscore\.bye; .* Did you mean by\?",
        ),
        ([{"step": "neutralise"}], r"no key preprocess\.0\.neutralise\.against; expected it\. `market`"),
        ([{"step": "clip"}], r"preprocess\.0: found \{'step': 'clip'\}; .*'winsorise', 'rank', 'zscore'"),
        ([{"step": "rank", "by": "window"}], r"preprocess\.0\.rank\.by: found 'window'; expected 'session' or 'sector'"),
    ],
)
def test_a_step_that_cannot_be_is_told_in_one_line(config_of, steps, message):
    with pytest.raises(SettingsError, match=message):
        config_of("ridge", preprocess=steps)
