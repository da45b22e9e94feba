"""Models on disk: text files with their digests, written aside and swapped in whole. No pickle is written or read.

<root>/<family>/<run>/   coefficients.json or model.txt, scaler.json   the chief horizon; preprocess.json where there are steps
                         <h>d/                                         the same files of each further horizon
                         config.json VERSION METRICS.json conformal.json MANIFEST.json SHA256SUMS
<root>/<family>/latest   points to one run
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from kairos import __version__
from kairos.errors import ModelError, NotFoundError
from kairos.frames import Frame
from kairos.models.config import ModelConfig, parse_config
from kairos.models.conformal import Offsets
from kairos.models.model import Model
from kairos.models.preprocess import load_prepared
from kairos.models.registry import FAMILIES
from kairos.warehouse.aside import aside

SUMS = "SHA256SUMS"
LATEST = "latest"
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
UNSAFE = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".bin")  # loading one of these can run any code


def save_model(model: Model, *, root: Path, run_id: str, metrics: Frame, manifest: Mapping[str, Any]) -> Path:
    """Write a model and return its folder, `root/<family>/<run_id>`. Readers see all of it or nothing.

    Args:
        model: What to write.
        root: Folder of all artifacts.
        run_id: Name of the run; a folder of this name must not exist yet.
        metrics: Rows of model_metrics.
        manifest: What it was made from: table versions, code, whatever else explains it.

    Raises:
        ModelError: The run's folder exists, or its name is no plain one.
    """
    if not RUN_ID.fullmatch(run_id) or run_id == LATEST:
        raise ModelError(f"run id {run_id!r}: expected letters, digits, `-`, `_` and `.`, beginning with a letter or digit.")
    family = root / model.config.family
    folder = family / run_id
    if folder.exists():
        raise ModelError(f"artifact {folder}: exists; an artifact is never changed. Give another run id, or remove it.")
    with aside(family) as place:
        built = place / run_id
        built.mkdir()
        _write(model, built, metrics=metrics, manifest=manifest)
        return built.rename(folder)


def load_model(folder: Path) -> Model:
    """Read a model, after every file has been compared with its digest.

    Raises:
        NotFoundError: There is no such folder.
        ModelError: A file was changed, is missing or was added, or the artifact is a pickle.
    """
    verify(folder)
    config = _config(folder)
    manifest = _json(folder / "MANIFEST.json")
    conformal = _json(folder / "conformal.json")
    load = FAMILIES[config.family].load
    return Model(
        model_id=manifest["model_id"],
        config=config,
        features=tuple(manifest["features"]),
        forecasters={horizon: load_prepared(_place(folder, config, horizon), load) for horizon in config.horizons},
        offsets={int(horizon): found and Offsets(**found) for horizon, found in conformal.items()},
        trained_through=date.fromisoformat(manifest["trained_through"]),
    )


def verify(folder: Path) -> None:
    """Compare every file of an artifact with SHA256SUMS.

    Raises:
        NotFoundError: There is no such folder.
        ModelError: A file was changed, is missing or was added, or the artifact is a pickle.
    """
    _refuse_pickles(folder)
    if not folder.is_dir():
        raise NotFoundError(f"artifact {folder}: no such folder. Train the model, or check MODEL_DIR.")
    expected = _sums(folder)
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {SUMS}
    for name in sorted(expected.keys() | present):
        if name not in expected:
            raise ModelError(f"artifact {folder}: {name} is not in {SUMS}; something was added. Train again, or roll back.")
        if name not in present:
            raise ModelError(f"artifact {folder}: {name} is missing. Train again, or roll back.")
        if _digest(folder / name) != expected[name]:
            raise ModelError(f"artifact {folder}: {name} was changed since it was written. Train again, or roll back.")


def point_latest(folder: Path) -> Path:
    """Make the family's `latest` point to a verified artifact, in one step; return the pointer.

    Raises:
        NotFoundError: There is no such folder.
        ModelError: The artifact is not intact.
    """
    verify(folder)
    with aside(folder.parent) as place:
        link = place / LATEST
        link.symlink_to(folder.name, target_is_directory=True)
        return link.replace(folder.parent / LATEST)


def _write(model: Model, folder: Path, *, metrics: Frame, manifest: Mapping[str, Any]) -> None:
    for horizon, forecaster in model.forecasters.items():
        place = _place(folder, model.config, horizon)
        place.mkdir(exist_ok=True)
        forecaster.save(place)
    about = {
        "model_id": model.model_id,
        "family": model.config.family,
        "features": model.features,
        "trained_through": model.trained_through.isoformat(),
        "seed": model.config.seed,
    }
    documents = {
        "config.json": model.config.model_dump(mode="json"),
        "METRICS.json": metrics.to_dicts(),
        "conformal.json": {str(horizon): found and asdict(found) for horizon, found in model.offsets.items()},
        "MANIFEST.json": {**manifest, **about},
    }
    for name, document in documents.items():
        (folder / name).write_text(json.dumps(document, indent=1, allow_nan=False, default=str) + "\n", encoding="utf-8")
    (folder / "VERSION").write_text(__version__ + "\n", encoding="utf-8")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}" for path in files]
    (folder / SUMS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _refuse_pickles(folder: Path) -> None:
    found = [path for path in (folder, *folder.rglob("*")) if path.suffix in UNSAFE]
    if found:
        raise ModelError(
            f"artifact {folder}: {found[0].name} is of a kind ({found[0].suffix}) that can run code when it is read; "
            "expected JSON and LightGBM text alone. Train the model again."
        )


def _place(folder: Path, config: ModelConfig, horizon: int) -> Path:
    return folder if horizon == config.horizons[0] else folder / f"{horizon}d"


def _config(folder: Path) -> ModelConfig:
    return parse_config(_json(folder / "config.json"), where=str(folder / "config.json"))


def _json(file: Path) -> Any:  # noqa: ANN401 - the caller knows the document
    return json.loads(file.read_text(encoding="utf-8"))


def _sums(folder: Path) -> dict[str, str]:
    file = folder / SUMS
    if not file.is_file():
        raise ModelError(f"artifact {folder}: no {SUMS}, so nothing vouches for its files. Train again, or roll back.")
    lines = file.read_bytes().decode("utf-8", "replace").split("\n")
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines if line)}


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
