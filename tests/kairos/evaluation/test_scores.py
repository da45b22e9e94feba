from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.evaluation.scores import forecast_scores, model_metrics, target_column
from kairos.tables.models import MODEL_METRICS

HAND = pl.DataFrame(
    {
        "session": [date(2015, 1, 5)] * 4,
        "score": [0.01, -0.02, 0.03, 0.00],
        "label": [0.02, -0.01, -0.01, 0.00],
        "p05": [-0.01, -0.03, 0.02, None],
        "p95": [0.03, 0.00, 0.04, None],
    }
)


def panel(sessions=300, names=50, signal=0.3, first=date(2015, 6, 1), seed=5):
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(sessions, names))
    label = 0.02 * (signal * score + rng.normal(size=(sessions, names)))
    days = np.array([first + timedelta(days=i) for i in range(sessions)], dtype="datetime64[D]")
    return pl.DataFrame(
        {
            "session": np.repeat(days, names),
            "permaticker": np.tile(np.arange(names), sessions),
            "score": 0.002 * score.ravel(),
            "label": label.ravel(),
        }
    )


def predictions(frame, horizon=1):
    boundary = date(2016, 1, 15)
    return frame.select(
        pl.lit(2015, dtype=pl.Int32).alias("universe_year"),
        pl.lit("m_2015").alias("model_id"),
        "permaticker",
        "session",
        pl.lit(horizon, dtype=pl.Int32).alias("horizon"),
        "score",
        (pl.col("score") - 0.033).alias("p05"),
        pl.col("score").alias("p50"),
        (pl.col("score") + 0.033).alias("p95"),
        pl.when(pl.col("session") < boundary).then(pl.lit("validation")).otherwise(pl.lit("holdout")).alias("segment"),
    )


def labels(frame):
    return frame.select("permaticker", "session", pl.col("label").alias("ret_1d_f_xs"))


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("mse", (0.0001 + 0.0001 + 0.0016 + 0) / 4),
        ("r2", 1 - 0.0018 / 0.0006),
        ("accuracy", 2 / 3),  # the row with a return of 0 has no sign to be right about
        ("coverage", 2 / 3),  # rows without an interval are not judged
        ("sessions", 1),
        ("rows", 4),
        ("rank_ic", 0.5 / 22.5**0.5),  # ranks 3 1 4 2 against 4 1.5 1.5 3
    ],
)
def test_figures_agree_with_a_calculation_by_hand(figure, expected):
    assert forecast_scores(HAND, horizon=1)[figure] == pytest.approx(expected)


@pytest.mark.parametrize("figure", ["icir", "rank_icir", "rank_ic_t", "sharpe"])
def test_one_session_has_no_figure_that_needs_several(figure):
    assert forecast_scores(HAND, horizon=1)[figure] is None


def test_without_rows_every_figure_is_null_and_the_counts_are_zero():
    found = forecast_scores(HAND.clear(), horizon=1)

    assert {name for name, value in found.items() if value is not None} == {"sessions", "rows"}


def test_without_intervals_coverage_is_null():
    assert forecast_scores(HAND.drop("p05", "p95"), horizon=1)["coverage"] is None


def test_a_forecast_of_zero_has_an_r2_of_zero_because_labels_are_not_demeaned():
    rows = panel().with_columns(pl.lit(0.0).alias("score"), pl.col("label") + 0.05)

    assert forecast_scores(rows, horizon=1)["r2"] == 0.0


def test_icir_is_mean_over_sample_deviation_of_the_daily_ic():
    rows = panel(sessions=40)
    daily = [np.corrcoef(part["score"], part["label"])[0, 1] for part in rows.partition_by("session")]

    assert forecast_scores(rows, horizon=1)["icir"] == pytest.approx(np.mean(daily) / np.std(daily, ddof=1))


def test_over_one_session_the_sharpe_ratio_is_the_usual_one():
    rows = panel(sessions=40, names=20)
    spreads = [
        part.sort("score")["label"][-2:].mean() - part.sort("score")["label"][:2].mean()
        for part in rows.partition_by("session")
    ]

    expected = np.mean(spreads) / np.std(spreads, ddof=1) * np.sqrt(252)

    assert forecast_scores(rows, horizon=1)["sharpe"] == pytest.approx(expected)


def test_overlapping_tranches_do_not_flatter_the_sharpe_ratio():
    # the same daily strategy, judged by its 1-day returns and by their 5-day sums over a score that hardly changes
    sessions, names = 2000, 40
    rng = np.random.default_rng(6)
    score = np.tile(np.arange(names, dtype=float), (sessions + 4, 1))
    daily = 0.02 * rng.normal(size=(sessions + 4, names)) + 1e-4 * (score - score.mean())
    summed = np.stack([daily[i : i + 5].sum(axis=0) for i in range(sessions)])
    days = np.repeat(np.array([date(2000, 1, 1) + timedelta(days=i) for i in range(sessions)], dtype="datetime64[D]"), names)
    frames = [
        pl.DataFrame({"session": days, "score": score[:sessions].ravel(), "label": label.ravel()})
        for label in (daily[:sessions], summed)
    ]

    one, five = (forecast_scores(frame, horizon=h)["sharpe"] for frame, h in zip(frames, (1, 5), strict=True))

    assert five == pytest.approx(one, rel=0.25)


def test_noise_has_no_significant_rank_ic():
    ts = [forecast_scores(panel(signal=0.0, seed=seed), horizon=5)["rank_ic_t"] for seed in range(20)]

    assert sum(abs(t) > 2 for t in ts) <= 3


def test_a_planted_signal_is_found_with_its_strength():
    found = forecast_scores(panel(signal=0.1), horizon=1)

    assert found["rank_ic"] == pytest.approx(0.095, abs=0.02)
    assert found["rank_ic_t"] > 5


def test_metrics_have_a_row_per_segment_for_each_year_and_for_all():
    frame = panel()

    found = MODEL_METRICS.validate(model_metrics(predictions(frame), labels(frame)))

    assert found.select("segment", "year").rows() == [
        ("validation", 0),
        ("validation", 2015),
        ("validation", 2016),
        ("holdout", 0),
        ("holdout", 2016),
    ]


def test_the_sessions_of_all_years_add_up():
    frame = panel()
    found = model_metrics(predictions(frame), labels(frame)).filter(pl.col("segment") == "validation")

    assert found["sessions"][0] == sum(found["sessions"][1:])


def test_metrics_do_not_depend_on_the_order_of_rows():
    frame = panel(sessions=60)

    assert model_metrics(predictions(frame), labels(frame)).equals(
        model_metrics(predictions(frame), labels(frame.sample(fraction=1, shuffle=True, seed=2)))
    )


def test_coverage_counts_all_rows():
    frame = panel()
    inside = frame["label"].is_between(frame["score"] - 0.033, frame["score"] + 0.033)
    chosen = frame["session"] < date(2016, 1, 15)

    assert model_metrics(predictions(frame), labels(frame))["coverage"][0] == pytest.approx(inside.filter(chosen).mean())


def test_no_predictions_give_no_metrics():
    frame = panel(sessions=30)

    assert model_metrics(predictions(frame).clear(), labels(frame)).equals(MODEL_METRICS.empty())


def test_a_missing_label_column_is_named():
    frame = panel(sessions=30)

    with pytest.raises(ContractError, match="missing column\\(s\\) ret_5d_f_xs"):
        model_metrics(predictions(frame, horizon=5), labels(frame))


@pytest.mark.parametrize(("target", "column"), [("xs", "ret_5d_f_xs"), ("raw", "ret_5d_f")])
def test_the_label_column_follows_the_target(target, column):
    assert target_column(5, target) == column
