import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import session_offset
from kairos.errors import ModelError
from kairos.evaluation.scores import forecast_scores
from kairos.models import folds
from kairos.models.folds import Holdout
from kairos.models.walkforward import train_walk_forward
from kairos.tables.models import MODEL_METRICS, PREDICTIONS, SHAP_IMPORTANCE

FIRST_TEST = 120 + 5
FEATURES = ("ret_5d", "mom_12_1", "vol_21d", "px_to_sma_21d", "rsi_14", "turnover_5d")


def test_every_frame_keeps_its_contract(trained):
    PREDICTIONS.validate(trained.predictions)
    MODEL_METRICS.validate(trained.metrics)
    SHAP_IMPORTANCE.validate(trained.shap)


def test_every_session_after_the_first_window_is_forecast_for_every_name_once(trained, sessions):
    found = trained.predictions.group_by("session").len().sort("session")

    assert found["session"].to_list() == list(sessions[FIRST_TEST:])
    assert found["len"].unique().to_list() == [40]


def test_no_forecast_is_made_by_a_fit_that_saw_its_session_or_later(trained, sessions):
    for fold in trained.folds[5]:
        rows = trained.predictions.filter(pl.col("fold") == fold.index)

        assert session_offset(fold.train.last, 5) < rows["session"].min()
        assert rows["is_oos"].all()


def test_a_forecast_by_a_fit_whose_labels_reach_it_is_not_called_out_of_sample(matrix, holdout, config_of, monkeypatch):
    purged = folds.training_window
    monkeypatch.setattr(folds, "training_window", lambda sessions, **how: purged(sessions, **how | {"horizon": 1}))

    leaking = train_walk_forward(matrix, config_of("single"), holdout=holdout, model_id="m").predictions

    assert not leaking["is_oos"].any()


def test_segments_meet_at_the_holdout(trained, holdout):
    ends = trained.predictions.group_by("segment").agg(
        pl.col("session").min().alias("first"), pl.col("session").max().alias("last")
    )
    spans = {row["segment"]: row for row in ends.to_dicts()}

    assert spans["holdout"]["first"] == holdout.first_session
    assert spans["validation"]["last"] < holdout.first_session


def test_training_twice_gives_the_same_bits(trained, matrix, holdout):
    again = train_walk_forward(
        matrix.sample(fraction=1, shuffle=True, seed=4), trained.model.config, holdout=holdout, model_id=trained.model.model_id
    )

    for name in ("predictions", "metrics", "shap"):
        assert_frame_equal(getattr(again, name), getattr(trained, name), check_exact=True)


@pytest.mark.parametrize("cut", [165, 200, 280])
def test_the_future_does_not_reach_the_forecasts(trained, matrix, holdout, sessions, cut):
    """What is not known before session `cut`: rows from there on, and labels that end there or later."""
    rng = np.random.default_rng(13)
    noise = pl.Series(rng.normal(size=matrix.height))
    later_row, later_label = pl.col("session") >= sessions[cut], pl.col("session") >= sessions[cut - 5]
    changed = matrix.with_columns(
        *(pl.when(later_row).then(pl.col(f) + noise).otherwise(pl.col(f)).alias(f) for f in trained.model.features),
        *(pl.when(later_label).then(noise).otherwise(pl.col(y)).alias(y) for y in ("ret_5d_f", "ret_5d_f_xs")),
    )

    found = train_walk_forward(changed, trained.model.config, holdout=holdout, model_id=trained.model.model_id)

    before = pl.col("session") < sessions[cut]
    assert_frame_equal(found.predictions.filter(before), trained.predictions.filter(before), check_exact=True)
    assert not found.predictions.filter(~before).equals(trained.predictions.filter(~before))


def test_sessions_to_come_do_not_change_the_forecasts(trained, matrix, holdout, sessions):
    cut = sessions[300]  # in the holdout
    matured = pl.col("session") <= sessions[295]
    today = matrix.filter(pl.col("session") <= cut).with_columns(
        pl.when(matured).then(pl.col(label)).alias(label) for label in ("ret_5d_f", "ret_5d_f_xs")
    )

    found = train_walk_forward(today, trained.model.config, holdout=holdout, model_id=trained.model.model_id)

    assert_frame_equal(found.predictions, trained.predictions.filter(pl.col("session") <= cut), check_exact=True)


def test_intervals_stand_wherever_an_earlier_fold_has_matured(trained):
    known = trained.predictions.group_by("fold").agg(pl.col("p05", "p50", "p95").null_count()).sort("fold")

    assert known["p05"].to_list()[0] == 40 * 40  # nothing had been forecast before the first fold
    assert known.drop("fold").slice(1).sum().row(0) == (0, 0, 0)


def test_quantiles_do_not_cross(trained):
    rows = trained.predictions.drop_nulls("p05")

    assert (rows["p05"] <= rows["p50"]).all()
    assert (rows["p50"] <= rows["p95"]).all()


def test_nine_tenths_of_all_returns_lie_in_their_interval(trained):
    whole = trained.metrics.filter(pl.col("year") == 0)

    assert whole["coverage"].is_between(0.87, 0.93).all()


def test_the_metrics_are_those_of_the_predictions(trained, matrix):
    rows = trained.predictions.filter(pl.col("segment") == "holdout").join(matrix, on=["permaticker", "session"])

    expected = forecast_scores(rows, horizon=5, label="ret_5d_f_xs")
    found = trained.metrics.filter((pl.col("segment") == "holdout") & (pl.col("year") == 0)).row(0, named=True)

    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_no_label_of_the_sealed_sessions_enters_the_metrics_of_the_validation(trained, matrix, holdout, config_of):
    spoiled = matrix.with_columns(
        pl.when(pl.col("session") >= session_offset(holdout.first_session, -5))
        .then(pl.col("ret_5d_f_xs") + 0.5)
        .otherwise(pl.col("ret_5d_f_xs"))
        .alias("ret_5d_f_xs")
    )
    again = train_walk_forward(spoiled, trained.model.config, holdout=holdout, model_id="m")
    validation = pl.col("segment") == "validation"
    assert_frame_equal(again.metrics.filter(validation).drop("model_id"), trained.metrics.filter(validation).drop("model_id"))


def test_the_planted_signal_is_found_in_both_segments(trained):
    assert trained.metrics.filter(pl.col("year") == 0)["rank_ic"].min() > 0.15


def test_a_model_finds_nothing_in_noise(family, matrix_of, holdout, config_of):
    found = train_walk_forward(matrix_of(signal=0.0), config_of(family), holdout=holdout, model_id="noise")

    assert found.metrics.filter(pl.col("year") == 0)["rank_ic_t"].abs().max() < 3


def test_the_planted_features_lead_the_importances(trained):
    assert set(trained.shap.head(2)["feature"]) <= {"ret_5d", "rsi_14"}
    assert trained.shap["rank"].to_list() == list(range(1, trained.shap.height + 1))
    assert trained.shap["mean_abs_shap"].is_sorted(descending=True)


def test_the_model_for_use_has_learned_from_the_last_label(trained, sessions):
    assert trained.model.trained_through == sessions[-1 - 5]


def test_no_reported_forecast_comes_from_the_model_for_use(trained, matrix):
    live = trained.model.forecast(matrix).filter(pl.col("session") >= trained.predictions["session"].min())

    joined = live.join(trained.predictions, on=["permaticker", "session"])
    assert (joined["score"] != joined["score_right"]).mean() > 0.99


def test_progress_counts_every_fit(matrix, holdout, config_of):
    seen = []

    train_walk_forward(
        matrix, config_of("ridge"), holdout=holdout, model_id="m", on_fold=lambda done, total: seen.append((done, total))
    )

    assert seen == [(i, 7) for i in range(1, 8)]  # 4 validation folds, 2 of the holdout, the model for use


def test_horizons_are_trained_side_by_side(two_horizons, trainings, sessions):
    alone = trainings["ridge"].predictions

    assert_frame_equal(two_horizons.predictions.filter(pl.col("horizon") == 5), alone, check_exact=True)
    assert two_horizons.predictions.filter(pl.col("horizon") == 1)["session"].min() == sessions[121]
    assert two_horizons.model.trained_through == sessions[-2]


def test_the_raw_return_can_be_the_target(matrix, holdout, config_of):
    found = train_walk_forward(matrix, config_of("ridge", target="raw"), holdout=holdout, model_id="m")

    assert found.metrics.filter(pl.col("year") == 0)["rank_ic"].min() > 0.2


def test_a_base_matrix_is_sent_back_for_the_full_one(matrix, holdout, config_of):
    base = matrix.with_columns(pl.lit(None, dtype=pl.Float32).alias(name) for name in FEATURES if name != "ret_5d")

    with pytest.raises(ModelError, match=r"feature\(s\) mom_12_1, .* hold no value in 13200 rows.*Run the full matrix"):
        train_walk_forward(base, config_of("ridge"), holdout=holdout, model_id="m")


def test_a_feature_named_but_empty_is_refused(matrix, holdout, config_of):
    base = matrix.with_columns(pl.lit(None, dtype=pl.Float32).alias("mom_12_1"))

    with pytest.raises(ModelError, match=r"feature\(s\) mom_12_1 hold no value"):
        train_walk_forward(base, config_of("ridge", features=["ret_5d", "mom_12_1"]), holdout=holdout, model_id="m")


def test_a_missing_label_is_named(matrix, holdout, config_of):
    with pytest.raises(ModelError, match="no label column ret_21d_f_xs"):
        train_walk_forward(matrix, config_of("ridge", horizons=[21]), holdout=holdout, model_id="m")


def test_too_short_a_history_is_refused_with_its_numbers(matrix, sessions, config_of):
    early = Holdout(sessions[100], sessions[329])

    with pytest.raises(ModelError, match=r"100 sessions before the holdout of .* expected more than 125"):
        train_walk_forward(matrix, config_of("ridge"), holdout=early, model_id="m")
