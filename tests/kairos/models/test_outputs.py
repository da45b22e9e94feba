import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.models.outputs import write_csv, write_outputs


def seen(folder):
    """What lies in a folder, and in the one in which files are built, which is to be empty."""
    return sorted(path.name for place in (folder, folder / ".aside") for path in place.glob("[!.]*"))


def test_the_three_files_bear_the_model_and_the_year(trained, matrix, tmp_path):
    name = trained.model.config.name

    files = write_outputs(tmp_path / "new", trained, matrix)

    assert [file.name for file in files] == [f"{kind}_{name}_2015.csv" for kind in ("predictions", "metrics", "shap")]
    assert seen(tmp_path / "new") == sorted(file.name for file in files)


def test_predictions_stand_beside_what_came_true(trained, matrix, tmp_path):
    file = write_outputs(tmp_path, trained, matrix)[0]

    found = pl.read_csv(file, try_parse_dates=True)
    truth = matrix.select(pl.col("session").alias("date"), "ticker", pl.col("ret_5d_f_xs").alias("y_true"))
    expected = trained.predictions.select(pl.col("session").alias("date"), "ticker", pl.col("score").alias("y_pred"))

    assert found.columns == ["date", "ticker", "y_pred", "y_true"]
    assert_frame_equal(found.drop("y_true"), expected)
    assert_frame_equal(found.drop("y_pred"), expected.join(truth, on=["date", "ticker"], maintain_order="left").drop("y_pred"))


def test_an_unknown_outcome_is_an_empty_cell(trained, matrix, tmp_path):
    last = write_outputs(tmp_path, trained, matrix)[0].read_text().splitlines()[-1]

    assert last.endswith(",")


def test_further_horizons_have_files_of_their_own(two_horizons, matrix, tmp_path):
    files = [file.name for file in write_outputs(tmp_path, two_horizons, matrix)]

    assert files[:2] == ["predictions_ridge_2015.csv", "predictions_ridge_2015_1d.csv"]


def test_writing_again_replaces_the_files(trained, matrix, tmp_path):
    first = [file.read_bytes() for file in write_outputs(tmp_path, trained, matrix)]
    second = [file.read_bytes() for file in write_outputs(tmp_path, trained, matrix)]

    assert first == second


def test_a_failed_write_leaves_the_old_file(tmp_path):
    file = write_csv(pl.DataFrame({"a": [1]}), tmp_path / "x.csv")

    with pytest.raises(pl.exceptions.ComputeError):
        write_csv(pl.DataFrame({"a": [[1, 2]]}), file)

    assert file.read_text() == "a\n1\n"
    assert seen(tmp_path) == [file.name]
