"""A feature followed as it is: its ranking is the feature's own, its scale the training window's."""

import numpy as np
import polars as pl
import pytest

from kairos.errors import ModelError, SettingsError
from kairos.models.family import Task
from kairos.models.folds import Span
from kairos.models.panel import make_panel
from kairos.models.single import SMALLEST_SLOPE, SingleSettings, load, train

TASK = Task(horizon=5, target="xs", seed=1)


@pytest.fixture(scope="module")
def window(sessions):
    return Span(sessions[0], sessions[199])


def fitted(panel, window, **settings):
    return next(train(panel, [window], task=TASK, settings=SingleSettings(**settings)))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("feature", ["ret_5d", "rsi_14", "vol_21d"])  # one goes down with the label, one up, one neither
def test_names_rank_by_the_feature_in_the_direction_given(matrix, window, feature, sign):
    panel = make_panel(matrix, features=[feature])
    score = fitted(panel, window, sign=sign).forecast(panel)
    ranked = score.join(matrix, on=["permaticker", "session"]).with_columns(pl.col(feature).cast(pl.Float64) * sign)
    ranks = ranked.select(pl.col("score", feature).rank().over("session"))
    assert ranks["score"].equals(ranks[feature].alias("score"))


def test_the_scale_is_the_slope_of_a_regression_whatever_the_sign_given(matrix, window):
    panel = make_panel(matrix, features=["ret_5d"])
    days = panel.within(window)
    rows = slice(0, int(panel.starts[days.stop]))
    x, y = panel.values("rank")[rows, 0].astype(float), panel.labels("ret_5d_f_xs")[rows]
    slope = np.polyfit(x / x.std(), y, 1)[0]
    made = {sign: fitted(panel, window, sign=sign, label="raw") for sign in (1, -1)}
    assert slope < 0
    assert [made[sign].weights[0] for sign in (1, -1)] == pytest.approx([-slope, slope], rel=1e-6)
    assert [made[sign].intercept for sign in (1, -1)] == [0.0, 0.0]


def test_a_feature_without_any_relation_still_ranks(matrix, window):
    flat = matrix.with_columns(ret_5d_f_xs=pl.lit(0.0))
    panel = make_panel(flat, features=["ret_5d"])
    assert fitted(panel, window, label="raw").weights == (SMALLEST_SLOPE,)


def test_labels_outside_the_window_change_nothing(matrix, window):
    later = pl.col("session") > window.last
    garbled = matrix.with_columns(pl.when(later).then(-9 * pl.col("ret_5d_f_xs")).otherwise("ret_5d_f_xs").alias("ret_5d_f_xs"))
    one, other = (fitted(make_panel(frame, features=["ret_5d"]), window) for frame in (matrix, garbled))
    assert one == other


def test_one_feature_is_needed(matrix, window):
    with pytest.raises(ModelError, match="single: found 2 features; expected one"):
        fitted(make_panel(matrix, features=["ret_5d", "rsi_14"]), window)


def test_a_window_without_labels_is_refused(matrix, window):
    blank = matrix.with_columns(pl.lit(None, dtype=pl.Float64).alias("ret_5d_f_xs"))
    with pytest.raises(ModelError, match="no row with a label"):
        fitted(make_panel(blank, features=["ret_5d"]), window)


def test_a_saved_forecaster_forecasts_the_same(matrix, window, tmp_path):
    panel = make_panel(matrix, features=["ret_5d"])
    made = fitted(panel, window, sign=-1)
    made.save(tmp_path)
    assert load(tmp_path) == made
    assert load(tmp_path).forecast(panel).equals(made.forecast(panel))


def test_the_sign_is_one_of_two(config_of):
    with pytest.raises(SettingsError, match=r"settings\.sign"):
        config_of("single", settings={"sign": 2})
