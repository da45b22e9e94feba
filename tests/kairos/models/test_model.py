import polars as pl
import pytest

from kairos.errors import ModelError
from kairos.models.model import with_quantiles


def test_a_forecast_has_a_row_per_name_and_horizon(two_horizons, matrix, sessions):
    today = matrix.filter(pl.col("session") == sessions[-1])

    found = two_horizons.model.forecast(today)

    assert found.group_by("horizon").len().sort("horizon").rows() == [(1, 40), (5, 40)]
    assert found["model_id"].unique().to_list() == ["ridge_2015"]


def test_its_intervals_are_as_wide_as_all_residuals_say(trained, matrix, sessions):
    found = trained.model.forecast(matrix.filter(pl.col("session") == sessions[-1]))
    offsets = trained.model.offsets[5]

    assert offsets.residuals == 40 * (330 - 125 - 5)
    assert (found["p95"] - found["p05"]).to_list() == pytest.approx([offsets.p95 - offsets.p05] * 40)


def test_labels_are_not_needed(trained, matrix, sessions):
    today = matrix.filter(pl.col("session") == sessions[-1])
    bare = today.drop(name for name in matrix.columns if "_f" in name)

    assert trained.model.forecast(bare).equals(trained.model.forecast(today))


def test_one_name_alone_cannot_be_forecast(trained, matrix):
    with pytest.raises(ModelError, match=r"at most 1 name\(s\).*Give the whole universe"):
        trained.model.forecast(matrix.filter(pl.col("ticker") == "T00"))


def test_a_missing_feature_is_named(trained, matrix):
    with pytest.raises(ModelError, match=r"missing feature\(s\) rsi_14"):
        trained.model.forecast(matrix.drop("rsi_14"))


def test_without_offsets_quantiles_are_null():
    found = with_quantiles(pl.DataFrame({"score": [0.01, 0.02]}), None)

    assert found.select("p05", "p50", "p95").null_count().row(0) == (2, 2, 2)
    assert found.schema["p05"] == pl.Float64
