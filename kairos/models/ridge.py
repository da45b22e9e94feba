"""Ridge regression on ranked features: the linear family, refitted on any window from sums of sessions.

Inputs are standardised on the training window; the penalty is `penalty` times the number of rows, so 1 halves the
weight of an uncorrelated input. Daily returns are forecast with an R2 near 0.2 %, hence the large penalties. Which one
is used is decided inside the training window: by the squared error of an inner, purged walk-forward.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import Field, field_validator

from kairos.errors import ModelError
from kairos.frames import Frame
from kairos.models.family import Family, Task
from kairos.models.folds import Fold, FoldSettings, Span, walk_forward
from kairos.models.moments import Moments, session_moments
from kairos.models.panel import KEYS, Panel
from kairos.models.tabular import Scaler, TabularSettings, inputs, labelled_rows, learned_labels, load_scaler
from kairos.models.transform import Array

COEFFICIENTS_FILE = "coefficients.json"


class RidgeSettings(TabularSettings):
    """Settings of the ridge family."""

    penalties: tuple[float, ...] = Field(
        (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0), min_length=1, description="Penalties to choose from, per training row."
    )
    inner_folds: int = Field(4, ge=1, le=20, description="Inner test blocks, which share the window's second half.")
    products: tuple[str, ...] = Field((), description="Products of two features as `a*b`, or squares as `a*a`.")

    @field_validator("penalties")
    @classmethod
    def _ascending(cls, penalties: tuple[float, ...]) -> tuple[float, ...]:
        if penalties[0] <= 0 or any(later <= earlier for earlier, later in pairwise(penalties)):
            raise ValueError("expected positive numbers, ascending")
        return penalties


@dataclass(frozen=True)
class RidgeForecaster:
    """A fitted ridge regression.

    Attributes:
        scaler: How inputs are made.
        weights: (terms,) weights of the standardised inputs, in units of the label.
        intercept: Mean label of the training rows.
        penalty: Penalty per row that was chosen.
    """

    scaler: Scaler
    weights: tuple[float, ...]
    intercept: float
    penalty: float

    @property
    def features(self) -> tuple[str, ...]:
        """Features it reads."""
        return self.scaler.features

    @property
    def terms(self) -> tuple[str, ...]:
        """Features and products."""
        return self.scaler.terms

    def forecast(self, panel: Panel) -> Frame:
        """Return the panel's keys with `score`; a row's score does not depend on which rows stand beside it in memory."""
        score = self.contributions(panel).sum(axis=1) + self.intercept * self.scaler.unit
        return panel.rows.select(KEYS).with_columns(pl.Series("score", score, dtype=pl.Float64))

    def contributions(self, panel: Panel, rows: Sequence[int] | None = None) -> Array:
        """Return weight x standardised input (rows, terms): the exact Shapley values of a linear model."""
        values = inputs(panel, transform=self.scaler.transform, products=self.scaler.products)
        chosen = values if rows is None else values[np.asarray(rows, dtype=np.int64)]
        standardised = (chosen - np.array(self.scaler.means)) / np.array(self.scaler.deviations)
        return np.asarray(standardised * (np.array(self.weights) * self.scaler.unit))

    def save(self, folder: Path) -> None:
        """Write coefficients.json and scaler.json."""
        self.scaler.save(folder)
        state = {
            "weights": dict(zip(self.terms, self.weights, strict=True)),
            "intercept": self.intercept,
            "penalty": self.penalty,
        }
        (folder / COEFFICIENTS_FILE).write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")


def load(folder: Path) -> RidgeForecaster:
    """Read a saved ridge regression."""
    state = json.loads((folder / COEFFICIENTS_FILE).read_text(encoding="utf-8"))
    return RidgeForecaster(
        scaler=load_scaler(folder),
        weights=tuple(state["weights"].values()),
        intercept=state["intercept"],
        penalty=state["penalty"],
    )


def train(panel: Panel, windows: Sequence[Span], *, task: Task, settings: RidgeSettings) -> Iterator[RidgeForecaster]:
    """Yield one regression per window; the rows are read once for all of them."""
    labels = learned_labels(panel, task.label, settings=settings)
    values = inputs(panel, transform=settings.transform, products=settings.products)
    daily = session_moments(values, labels.values, panel.starts)
    for window in windows:
        labelled_rows(panel, labels, window)
        days = panel.within(window)
        penalty = _choose_penalty(daily, panel, window=window, task=task, settings=settings)
        sums = daily.over(days)
        mean, deviation = sums.scaling()
        weights = _weights(sums, (penalty,))[0]
        scaler = Scaler(
            transform=settings.transform,
            features=panel.features,
            products=settings.products,
            means=tuple(mean.tolist()),
            deviations=tuple(deviation.tolist()),
            unit=labels.unit(days),
        )
        yield RidgeForecaster(scaler=scaler, weights=tuple(weights.tolist()), intercept=float(sums.y / sums.n), penalty=penalty)


FAMILY = Family("ridge", settings=RidgeSettings, train=train, load=load)


def _weights(sums: Moments, penalties: Sequence[float]) -> list[Array]:
    """Return (Z'Z + penalty n I)^-1 Z'y per penalty, from one eigendecomposition."""
    gram, moment = sums.centred(*sums.scaling())
    values, vectors = np.linalg.eigh(gram)
    turned = vectors.T @ moment
    return [np.asarray(vectors @ (turned / (values + penalty * sums.n))) for penalty in penalties]


def _choose_penalty(daily: Moments, panel: Panel, *, window: Span, task: Task, settings: RidgeSettings) -> float:
    """Return the penalty with the least squared error over the inner folds; the larger one of equals."""
    if len(settings.penalties) == 1:
        return settings.penalties[0]
    errors = np.zeros(len(settings.penalties))
    for fold in _inner_folds(panel.sessions[panel.within(window)], task=task, settings=settings):
        sums, held = daily.over(panel.within(fold.train)), daily.over(panel.within(fold.test))
        mean, deviation = sums.scaling()
        for position, standardised in enumerate(_weights(sums, settings.penalties)):
            weights = standardised / deviation
            errors[position] += held.squared_error(float(sums.y / sums.n - mean @ weights), weights)
    return settings.penalties[int(np.flatnonzero(errors == errors.min())[-1])]


def _inner_folds(sessions: Sequence[date], *, task: Task, settings: RidgeSettings) -> tuple[Fold, ...]:
    first_test = max(len(sessions) // 2, task.horizon + 2)
    if first_test >= len(sessions):
        raise ModelError(
            f"ridge: {len(sessions)} training session(s); choosing among {len(settings.penalties)} penalties needs more than "
            f"{first_test}. Set folds.min_train_sessions higher, or give a single penalty."
        )
    length = -(-(len(sessions) - first_test) // settings.inner_folds)
    cut = FoldSettings(min_train_sessions=first_test - task.horizon, test_sessions=length)
    return walk_forward(sessions, horizon=task.horizon, holdout_first=date.max, settings=cut)
