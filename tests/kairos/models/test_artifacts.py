import json
import shutil

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos import __version__
from kairos.errors import ModelError, NotFoundError
from kairos.models.artifacts import load_model, point_latest, save_model, verify

MANIFEST = {"reads": {"feat_matrix_targets": 3}}


def seen(folder):
    """What lies in a folder, and in the one in which files are built, which is to be empty."""
    return sorted(path.name for place in (folder, folder / ".aside") for path in place.glob("[!.]*"))


def save(trained, root, run_id="run1"):
    return save_model(trained.model, root=root, run_id=run_id, metrics=trained.metrics, manifest=MANIFEST)


@pytest.fixture
def folder(trained, tmp_path):
    return save(trained, tmp_path)


@pytest.fixture
def ridge_folder(trainings, tmp_path):
    return save(trainings["ridge"], tmp_path)


def test_a_loaded_model_forecasts_the_same_bits(trained, folder, matrix):
    assert_frame_equal(load_model(folder).forecast(matrix), trained.model.forecast(matrix), check_exact=True)


def test_a_loaded_model_knows_what_the_saved_one_knew(trained, folder):
    loaded = load_model(folder)

    for name in ("model_id", "config", "features", "offsets", "trained_through"):
        assert getattr(loaded, name) == getattr(trained.model, name)


def test_every_horizon_is_kept(two_horizons, matrix, tmp_path):
    folder = save(two_horizons, tmp_path)

    assert (folder / "1d" / "coefficients.json").is_file()
    assert_frame_equal(load_model(folder).forecast(matrix), two_horizons.model.forecast(matrix), check_exact=True)


def test_the_folder_lies_under_its_family_and_holds_what_was_promised(trained, folder, tmp_path):
    state = {"lgbm": "model.txt"}.get(trained.model.config.family, "coefficients.json")

    assert folder == tmp_path / trained.model.config.family / "run1"
    assert {path.name for path in folder.iterdir()} == {
        state,
        "scaler.json",
        "config.json",
        "VERSION",
        "METRICS.json",
        "MANIFEST.json",
        "conformal.json",
        "SHA256SUMS",
    }
    assert (folder / "VERSION").read_text().strip() == __version__


def test_nothing_else_is_left_behind(folder):
    assert seen(folder.parent) == ["run1"]


def test_the_manifest_says_what_it_was_made_from(trained, folder):
    manifest = json.loads((folder / "MANIFEST.json").read_text())

    assert manifest["reads"] == {"feat_matrix_targets": 3}
    assert manifest["seed"] == 7
    assert manifest["features"] == list(trained.model.features)


def test_metrics_that_do_not_exist_are_null_in_the_file(trained, folder):
    found = json.loads((folder / "METRICS.json").read_text())

    assert pl.DataFrame(found, schema=trained.metrics.schema).equals(trained.metrics)


def test_a_changed_byte_in_any_file_is_found_and_named(folder):
    for file in sorted(folder.rglob("*")):
        content = file.read_bytes()
        for position in (0, len(content) // 2, len(content) - 1):
            changed = bytearray(content)
            changed[position] ^= 1
            file.write_bytes(changed)
            named = file.name if file.name != "SHA256SUMS" else ""
            with pytest.raises(ModelError, match=f"artifact .*{named}"):
                load_model(folder)
        file.write_bytes(content)
    verify(folder)


def test_a_missing_file_is_named(ridge_folder):
    (ridge_folder / "scaler.json").unlink()

    with pytest.raises(ModelError, match=r"scaler\.json is missing"):
        load_model(ridge_folder)


def test_an_added_file_is_named(ridge_folder):
    (ridge_folder / "extra.py").write_text("")

    with pytest.raises(ModelError, match=r"extra\.py is not in SHA256SUMS"):
        load_model(ridge_folder)


def test_without_digests_nothing_is_trusted(ridge_folder):
    (ridge_folder / "SHA256SUMS").unlink()

    with pytest.raises(ModelError, match="nothing vouches for its files"):
        load_model(ridge_folder)


@pytest.mark.parametrize("name", ["model.pkl", "state.pt", "scaler.joblib"])
def test_a_pickle_is_refused_unread(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(b"\x80\x04.")

    with pytest.raises(ModelError, match="can run code when it is read"):
        load_model(file)


def test_a_pickle_inside_a_folder_is_refused_even_with_its_digest(ridge_folder):
    from hashlib import sha256

    (ridge_folder / "model.pkl").write_bytes(b"x")
    with (ridge_folder / "SHA256SUMS").open("a") as sums:
        sums.write(f"{sha256(b'x').hexdigest()}  model.pkl\n")

    with pytest.raises(ModelError, match=r"model\.pkl .*can run code when it is read"):
        load_model(ridge_folder)


def test_an_artifact_is_never_overwritten(trainings, ridge_folder, tmp_path):
    with pytest.raises(ModelError, match="an artifact is never changed"):
        save(trainings["ridge"], tmp_path)


def test_a_failed_write_leaves_nothing(trainings, tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        save_model(
            trainings["ridge"].model,
            root=tmp_path,
            run_id="r",
            metrics=trainings["ridge"].metrics,
            manifest={"bad": float("nan")},
        )

    assert seen(tmp_path / "ridge") == []


def test_an_unknown_folder_is_said_to_be_missing(tmp_path):
    with pytest.raises(NotFoundError, match="no such folder"):
        load_model(tmp_path / "ridge" / "none")


@pytest.mark.parametrize("run_id", ["", "..", "a/b", ".hidden", "latest"])
def test_a_run_id_is_a_plain_name(trainings, tmp_path, run_id):
    with pytest.raises(ModelError, match="run id"):
        save(trainings["ridge"], tmp_path, run_id)


def test_latest_moves_from_one_run_to_the_next(trainings, tmp_path, matrix):
    for run_id in ("run1", "run2"):
        pointer = point_latest(save(trainings["ridge"], tmp_path, run_id))

    assert pointer == tmp_path / "ridge" / "latest"
    assert pointer.resolve().name == "run2"
    assert load_model(pointer).model_id == "ridge_2015"
    assert seen(tmp_path / "ridge") == ["latest", "run1", "run2"]


def test_latest_never_points_to_a_broken_artifact(trainings, tmp_path):
    first = save(trainings["ridge"], tmp_path, "run1")
    point_latest(first)
    second = save(trainings["ridge"], tmp_path, "run2")
    (second / "VERSION").write_text("0\n")

    with pytest.raises(ModelError, match="VERSION was changed"):
        point_latest(second)

    assert (tmp_path / "ridge" / "latest").resolve() == first


def test_an_artifact_may_be_moved(ridge_folder, trainings, matrix, tmp_path):
    shutil.move(ridge_folder, tmp_path / "elsewhere")

    assert load_model(tmp_path / "elsewhere").forecast(matrix).equals(trainings["ridge"].model.forecast(matrix))
