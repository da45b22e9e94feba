"""Pictures of models: every one is a small PNG, its figures are drawn, and empty input says so."""

from datetime import date
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from PIL import Image

from kairos.calendar import sessions_between
from kairos.plots.models import coverage, ic_by_year, known_answer_curve, quantile_fan, shap_bars
from kairos.tables.models import MODEL_METRICS, PREDICTIONS, SHAP_IMPORTANCE

SESSIONS = sessions_between(date(2014, 1, 2), date(2016, 12, 30))


def is_small_png(data):
    return len(data) < 100_000 and Image.open(BytesIO(data)).format == "PNG"


def colour_count(data, colour):
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    pixels = np.asarray(Image.open(BytesIO(data)).convert("RGB")).astype(int)
    return int((np.abs(pixels - wanted).sum(axis=2) < 30).sum())


@pytest.fixture
def metrics():
    rows = [
        {
            "universe_year": 2008, "model_id": "lgbm_2008", "horizon": horizon, "segment": segment, "year": year,
            "sessions": 250, "rows": 10_000, "rank_ic": 0.02 - 0.01 * (year % 4), "rank_ic_t": 1.5, "coverage": 0.91,
        }
        for horizon in (1, 5, 21)
        for year in (0, *range(2008, 2024))
        for segment in (("validation", "holdout") if year in (0, 2023) else ("validation",))
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=MODEL_METRICS.dtypes)


def test_sixteen_years_of_three_horizons_make_a_small_picture(metrics):
    assert is_small_png(ic_by_year(metrics))


def test_validation_and_holdout_are_told_apart(metrics):
    orange = "#e08a1e"
    both, one = ic_by_year(metrics), ic_by_year(metrics.filter(segment="validation"))
    assert colour_count(both, orange) > 100
    assert colour_count(one, orange) == 0


def test_a_model_without_a_t_is_drawn(metrics):
    assert is_small_png(ic_by_year(metrics.with_columns(rank_ic_t=pl.lit(None, pl.Float64))))


def test_coverage_stands_against_the_nominal_line(metrics):
    assert is_small_png(coverage(metrics))


def test_the_heaviest_features_are_drawn():
    rows = [
        {"universe_year": 2014, "model_id": "m", "horizon": horizon, "feature": f"a_feature_with_a_rather_long_name_{i}d",
         "mean_abs_shap": 1e-3 / i, "rank": i}
        for horizon in (1, 5, 21)
        for i in range(1, 200)
    ]  # fmt: skip
    assert is_small_png(shap_bars(pl.DataFrame(rows, schema=SHAP_IMPORTANCE.dtypes)))


def test_weights_of_zero_are_drawn():
    row = {"universe_year": 2014, "model_id": "m", "horizon": 1, "feature": "f", "mean_abs_shap": 0.0, "rank": 1}
    assert is_small_png(shap_bars(pl.DataFrame([row], schema=SHAP_IMPORTANCE.dtypes)))


def test_the_fan_of_a_security_is_drawn():
    p50 = np.random.default_rng(1).normal(0, 0.003, len(SESSIONS))
    frame = pl.DataFrame({"session": SESSIONS, "p50": p50, "p05": p50 - 0.05, "p95": p50 + 0.05}).with_columns(
        permaticker=7, ticker=pl.lit("ACME"), horizon=5
    )
    data = quantile_fan(frame, permaticker=7, horizon=5)
    assert is_small_png(data)
    assert data != quantile_fan(frame, permaticker=8, horizon=5)


def known(horizons=(1, 5)):
    rng = np.random.default_rng(2)
    frame = pl.DataFrame({"session": SESSIONS}).join(pl.DataFrame({"horizon": list(horizons)}), how="cross")
    signals = {name: 0.05 + 0.1 * rng.normal(size=frame.height) for name in ("rank_ic", "oracle", "oracle_prices")}
    segment = pl.when(pl.col("session") >= SESSIONS[-252]).then(pl.lit("holdout")).otherwise(pl.lit("validation"))
    return frame.with_columns(segment.alias("segment"), **{name: pl.Series(values) for name, values in signals.items()})


def test_model_and_oracle_run_side_by_side_with_the_holdout_shaded():
    data = known_answer_curve(known(), title="m_2014")
    assert is_small_png(data)
    assert min(colour_count(data, colour) for colour in ("#1257a6", "#2a8a57", "#8592a0")) > 200
    assert colour_count(data, "#fcf2e8") > 5000


def test_a_session_without_a_correlation_is_drawn_past():
    gap = pl.when(pl.col("session") != SESSIONS[3]).then(pl.col("rank_ic")).alias("rank_ic")
    assert is_small_png(known_answer_curve(known((5,)).with_columns(gap), title="m_2014"))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: known_answer_curve(known(()), title="m_2014"),
        lambda: ic_by_year(MODEL_METRICS.empty()),
        lambda: coverage(MODEL_METRICS.empty()),
        lambda: shap_bars(SHAP_IMPORTANCE.empty()),
        lambda: quantile_fan(PREDICTIONS.empty(), permaticker=1, horizon=5),
    ],
)
def test_nothing_to_draw_is_said(draw):
    assert is_small_png(draw())
