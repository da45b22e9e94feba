"""Walk-forward training: every forecast is made by a fit that had seen no label of its session or later.

The model for use is fitted last, on everything, and no figure reported here comes from it.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import count

import numpy as np
import polars as pl

from kairos.calendar import session_offset
from kairos.evaluation.scores import model_metrics
from kairos.frames import Frame
from kairos.models.config import ModelConfig, family_settings, select_features
from kairos.models.conformal import Offsets, fold_offsets, residual_offsets
from kairos.models.family import Forecaster, Task
from kairos.models.folds import Fold, Holdout, Span, training_window, walk_forward
from kairos.models.model import Model, with_quantiles
from kairos.models.panel import Panel, make_panel
from kairos.models.preprocess import train_prepared
from kairos.models.registry import FAMILIES
from kairos.models.transform import Array
from kairos.tables.models import PREDICTIONS, SHAP_IMPORTANCE

SHAP_ROWS = 10_000  # out-of-sample rows explained per horizon, spread over the folds

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trained:
    """What a training run leaves.

    Attributes:
        model: The model for use, fitted through the last label.
        predictions: Rows of the table predictions, out of sample only.
        metrics: Rows of the table model_metrics.
        shap: Rows of the table shap_importance.
        folds: Folds per horizon.
    """

    model: Model
    predictions: Frame
    metrics: Frame
    shap: Frame
    folds: dict[int, tuple[Fold, ...]]


@dataclass(frozen=True)
class _Walk:
    final: Forecaster
    predictions: Frame
    residuals: Array
    shap: Frame
    trained_through: date


def train_walk_forward(
    matrix: Frame, config: ModelConfig, *, holdout: Holdout, model_id: str, on_fold: Progress | None = None
) -> Trained:
    """Train a configuration on one universe year and forecast every session after the first training window.

    Args:
        matrix: Rows of feat_matrix_targets of one universe year.
        config: What to train.
        holdout: The sealed sessions; no test block lies on both sides of their first.
        model_id: Name of the configuration and the universe year.
        on_fold: Called with the number of fits done and of all fits.

    Raises:
        ModelError: A column is missing, empty or not finite, or the history is too short.
        SettingsError: The family's settings are not valid.
    """
    features = select_features(matrix, config)
    panel = make_panel(matrix, features=features)
    tasks = [Task(horizon=horizon, target=config.target, seed=config.seed) for horizon in config.horizons]
    folds = {
        task.horizon: walk_forward(
            panel.sessions, horizon=task.horizon, holdout_first=holdout.first_session, settings=config.folds
        )
        for task in tasks
    }
    tick = _counter(sum(len(found) + 1 for found in folds.values()), on_fold)
    walks = {task.horizon: _walk(panel, folds[task.horizon], task=task, config=config, tick=tick) for task in tasks}
    tag = pl.lit(model_id).alias("model_id")
    predictions = PREDICTIONS.conform(pl.concat([walk.predictions for walk in walks.values()]).with_columns(tag))
    return Trained(
        model=_model_for_use(walks, model_id=model_id, config=config, features=features),
        predictions=predictions,
        metrics=model_metrics(judged(predictions, panel.sessions, holdout), panel.rows, target=config.target),
        shap=SHAP_IMPORTANCE.conform(pl.concat([walk.shap for walk in walks.values()]).with_columns(tag)),
        folds=folds,
    )


def _model_for_use(walks: dict[int, _Walk], *, model_id: str, config: ModelConfig, features: tuple[str, ...]) -> Model:
    return Model(
        model_id=model_id,
        config=config,
        features=features,
        forecasters={horizon: walk.final for horizon, walk in walks.items()},
        offsets={horizon: residual_offsets(walk.residuals) for horizon, walk in walks.items()},
        trained_through=max(walk.trained_through for walk in walks.values()),
    )


def judged(predictions: Frame, sessions: Sequence[date], holdout: Holdout) -> Frame:
    """Leave out the last forecasts of the validation: their labels end inside the sealed sessions.

    Args:
        predictions: Rows of that table.
        sessions: All sessions of the matrix, ascending.
        holdout: The sealed sessions.
    """
    boundary = bisect_left(sessions, holdout.first_session)
    reaching = {horizon: sessions[max(0, boundary - horizon)] for horizon in predictions["horizon"].unique()}
    first = pl.col("horizon").replace_strict(reaching, return_dtype=pl.Date)
    return predictions.filter((pl.col("segment") == "holdout") | (pl.col("session") < first))


def _walk(panel: Panel, folds: Sequence[Fold], *, task: Task, config: ModelConfig, tick: Callable[[], None]) -> _Walk:
    family = FAMILIES[config.family]
    labels = panel.labels(task.label)
    final_window = training_window(
        panel.sessions, known_before=len(panel.sessions), horizon=task.horizon, settings=config.folds
    )
    windows = [*(fold.train for fold in folds), final_window]
    train = partial(family.train, task=task, settings=family_settings(config))
    fits = train_prepared(panel, windows, steps=config.preprocess, train=train)
    tests, weights = [], []
    for fold, forecaster in zip(folds, fits, strict=False):  # the last fit, for use, is left in the iterator
        part = panel.between(fold.test)
        tests.append(forecaster.forecast(part))
        weights.append(_explained(forecaster, part, seed=(task.seed, task.horizon, fold.index), rows=SHAP_ROWS // len(folds)))
        tick()
    final = next(fits)
    tick()
    residuals = _residuals(panel, labels, tests, first=folds[0].test.first)
    offsets = fold_offsets(panel, residuals, folds, horizon=task.horizon)
    rows = [_as_predictions(*each, task=task) for each in zip(tests, folds, offsets, strict=True)]
    shap = _importance(weights, final.terms, panel=panel, task=task)
    known = residuals[np.isfinite(residuals)]
    return _Walk(final, pl.concat(rows), known, shap, trained_through=_last_labelled(panel, labels, final_window))


def _residuals(panel: Panel, labels: Array, tests: Sequence[Frame], *, first: date) -> Array:
    """Return label less score (rows,), NaN before the first test and where the label is unknown."""
    residuals = np.full(labels.size, np.nan)
    start = int(panel.starts[panel.within(Span(first, first)).start])
    residuals[start:] = labels[start:] - np.concatenate([test["score"].to_numpy() for test in tests])
    return residuals


def _as_predictions(forecasts: Frame, fold: Fold, offsets: Offsets | None, *, task: Task) -> Frame:
    last_seen = session_offset(fold.train.last, task.horizon)  # by the calendar, not by what cut the folds
    return with_quantiles(forecasts, offsets).with_columns(
        pl.lit(task.horizon).alias("horizon"),
        pl.lit(fold.index).alias("fold"),
        pl.lit(last_seen < fold.test.first).alias("is_oos"),
        pl.lit(fold.segment).alias("segment"),
    )


def _explained(forecaster: Forecaster, part: Panel, *, seed: tuple[int, ...], rows: int) -> Array:
    """Return absolute contributions (sampled rows, terms) of a fold's own fit on its own test rows."""
    sampled = np.random.default_rng(seed).choice(part.rows.height, size=min(rows, part.rows.height), replace=False)
    return np.abs(forecaster.contributions(part, np.sort(sampled).tolist()))


def _importance(weights: Sequence[Array], terms: Sequence[str], *, panel: Panel, task: Task) -> Frame:
    mean = np.concatenate(weights).mean(axis=0)
    found = pl.DataFrame({"feature": list(terms), "mean_abs_shap": mean}).sort(
        ["mean_abs_shap", "feature"], descending=[True, False]
    )
    return found.with_columns(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).alias("rank"),
        pl.lit(task.horizon).alias("horizon"),
        pl.lit(panel.rows["universe_year"][0]).alias("universe_year"),
    )


def _last_labelled(panel: Panel, labels: Array, window: Span) -> date:
    end = int(panel.starts[panel.within(window).stop])
    last: date = panel.rows["session"][int(np.flatnonzero(np.isfinite(labels[:end]))[-1])]
    return last


def _counter(total: int, on_fold: Progress | None) -> Callable[[], None]:
    done = count(1)

    def tick() -> None:
        number = next(done)
        if on_fold is not None:
            on_fold(number, total)

    return tick
