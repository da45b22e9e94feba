"""Predictions, metrics and importances as CSV files, for people and for `kairos simulate --pred-file`."""

from pathlib import Path

import polars as pl

from kairos.evaluation.scores import target_column
from kairos.frames import Frame
from kairos.models.walkforward import Trained
from kairos.warehouse.aside import aside


def write_outputs(folder: Path, trained: Trained, matrix: Frame) -> tuple[Path, ...]:
    """Write predictions_*, metrics_* and shap_<model>_<year>.csv and return the files, each replaced in one step.

    The predictions of the first horizon bear that name; those of a further one end in `_<h>d.csv`.

    Args:
        folder: Where to; made if missing.
        trained: A training run.
        matrix: The matrix it was trained on, for the column y_true.
    """
    config = trained.model.config
    year = trained.predictions["universe_year"][0]
    label = f"{config.name}_{year}"
    files = {
        f"predictions_{label}{f'_{horizon}d' * (horizon != config.horizons[0])}.csv": _predictions(trained, matrix, horizon)
        for horizon in config.horizons
    }
    files[f"metrics_{label}.csv"] = trained.metrics
    files[f"shap_{label}.csv"] = trained.shap
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(write_csv(frame, folder / name) for name, frame in files.items())


def write_csv(frame: Frame, file: Path) -> Path:
    """Write `frame` as CSV beside `file` and move it into place; a reader sees the old file or the new one."""
    with aside(file.parent) as place:
        built = place / file.name
        frame.write_csv(built)
        return built.replace(file)


def _predictions(trained: Trained, matrix: Frame, horizon: int) -> Frame:
    truth = target_column(horizon, trained.model.config.target)
    key = ["permaticker", "session"]
    joined = trained.predictions.filter(pl.col("horizon") == horizon).join(
        matrix.select(*key, truth), on=key, how="left", validate="1:1", maintain_order="left"
    )
    return joined.select(
        pl.col("session").alias("date"), "ticker", pl.col("score").alias("y_pred"), pl.col(truth).alias("y_true")
    )
