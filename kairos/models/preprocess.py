"""A configuration's steps, fitted on a training window and kept with the model; prediction applies them and never refits."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import TypeAdapter

from kairos.errors import ModelError
from kairos.frames import Frame
from kairos.models.family import Forecaster
from kairos.models.folds import Span
from kairos.models.panel import Panel
from kairos.models.steps import SECTOR, AnyStep, Fill, Fitted, Place
from kairos.models.transform import Array
from kairos.targets.checks import FORWARD_SUFFIXES

PREPROCESS_FILE = "preprocess.json"
UNKNOWN_SECTOR = "unknown"
Flags = NDArray[np.bool_]
Train = Callable[[Panel, Sequence[Span]], Iterator[Forecaster]]


@dataclass(frozen=True)
class Preparation:
    """Steps with what they found in one training window.

    Attributes:
        steps: In the order they are applied.
        fitted: What each found; empty for a step that learns nothing.
        features: Features that they were fitted on.
    """

    steps: tuple[AnyStep, ...]
    fitted: tuple[Fitted, ...]
    features: tuple[str, ...]

    def apply(self, panel: Panel, *, learning: bool = False) -> Panel:
        """Return the panel with its features after the steps.

        Args:
            panel: The whole cross-section of one or more sessions.
            learning: Whether it will be learned from: rows that `fill: drop` refuses then have no labels.

        Raises:
            ModelError: The panel has other features, or lacks a column that a step reads.
        """
        if panel.features != self.features:
            raise ModelError(
                f"preprocess: fitted on {len(self.features)} features, the panel has {len(panel.features)} others or in "
                "another order. Give the features that the model was trained on."
            )
        made = _Work(_values(panel), _place(panel, self.steps))
        for step, fitted in zip(self.steps, self.fitted, strict=True):
            made = made.after(step, fitted)
        return made.panel(panel, learning=learning)

    def save(self, folder: Path) -> None:
        """Write preprocess.json."""
        steps = [step.model_dump(mode="json") for step in self.steps]
        document = {"features": self.features, "steps": steps, "fitted": self.fitted}
        text = json.dumps(document, indent=1, allow_nan=False)
        (folder / PREPROCESS_FILE).write_text(text + "\n", encoding="utf-8")


def fit(steps: Sequence[AnyStep], panel: Panel, window: Span) -> Preparation:
    """Return the steps fitted on the rows of `window` alone, each on what those before it left.

    Raises:
        ModelError: The panel lacks a column that a step reads.
    """
    preparation, _ = _fitted(steps, panel.between(window))
    return preparation


@dataclass(frozen=True)
class _Work:
    """Values (rows, features) on their way through the steps, and the rows that `fill: drop` refused."""

    values: Array
    place: Place
    dropped: Flags | None = None

    def after(self, step: AnyStep, fitted: Fitted) -> "_Work":
        dropped = self.dropped
        if isinstance(step, Fill) and step.value == "drop":
            lacking = np.asarray(~np.isfinite(self.values).all(axis=1))
            dropped = lacking if dropped is None else np.logical_or(dropped, lacking)
        return _Work(step.apply(self.values, self.place, fitted), self.place, dropped)

    def panel(self, panel: Panel, *, learning: bool) -> Panel:
        """Return the panel with the values."""
        rows = panel.rows.with_columns(
            pl.Series(name, column, dtype=pl.Float32, nan_to_null=True)
            for name, column in zip(panel.features, np.ascontiguousarray(self.values.T, dtype=np.float32), strict=True)
        )
        refused = self.dropped if learning else None
        return replace(panel, rows=rows if refused is None else _without_labels(rows, refused), _transformed={})


def _fitted(steps: Sequence[AnyStep], inside: Panel) -> tuple[Preparation, _Work]:
    """Return the steps fitted on a window's rows, with what they make of them."""
    made, found = _Work(_values(inside), _place(inside, steps)), list[Fitted]()
    for step in steps:
        found.append(step.fit(made.values))
        made = made.after(step, found[-1])
    return Preparation(tuple(steps), tuple(found), inside.features), made


@dataclass(frozen=True)
class Prepared:
    """A forecaster that sees features as the steps left them.

    Attributes:
        preparation: The steps, fitted on the training window.
        forecaster: What was trained behind them.
    """

    preparation: Preparation
    forecaster: Forecaster

    @property
    def features(self) -> tuple[str, ...]:
        """Features it reads from a panel, in its order."""
        return self.preparation.features

    @property
    def terms(self) -> tuple[str, ...]:
        """Those of the forecaster."""
        return self.forecaster.terms

    def forecast(self, panel: Panel) -> Frame:
        """Return the panel's keys with `score`."""
        return self.forecaster.forecast(self.preparation.apply(panel))

    def contributions(self, panel: Panel, rows: Sequence[int]) -> Array:
        """Return the Shapley values of the terms for the given rows of the panel."""
        return self.forecaster.contributions(self.preparation.apply(panel), rows)

    def save(self, folder: Path) -> None:
        """Write the forecaster's files, and preprocess.json."""
        self.forecaster.save(folder)
        self.preparation.save(folder)


def train_prepared(panel: Panel, windows: Sequence[Span], *, steps: Sequence[AnyStep], train: Train) -> Iterator[Forecaster]:
    """Yield one forecaster per window, behind the steps; without any, what the family itself yields.

    Steps that learn nothing are applied to all rows at once; others are fitted and applied window by window.
    """
    if not steps:
        yield from train(panel, windows)
        return
    if not any(step.is_fitted for step in steps):
        preparation = Preparation(tuple(steps), tuple({} for _ in steps), panel.features)
        for forecaster in train(preparation.apply(panel, learning=True), windows):
            yield Prepared(preparation, forecaster)
        return
    for window in windows:
        inside = panel.between(window)
        preparation, made = _fitted(steps, inside)
        prepared = made.panel(inside, learning=True)
        yield from (Prepared(preparation, forecaster) for forecaster in train(prepared, [window]))


def load_prepared(folder: Path, load: Callable[[Path], Forecaster]) -> Forecaster:
    """Read a saved forecaster, with its steps where it has any."""
    file = folder / PREPROCESS_FILE
    if not file.is_file():
        return load(folder)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return Prepared(TypeAdapter(Preparation).validate_python(found), load(folder))


def with_sectors(matrix: Frame, midcap_universe: Frame, *, steps: Sequence[AnyStep]) -> Frame:
    """Return the matrix with each member's sector when the universe was decided, where a step reads it; else as it is."""
    if not any(SECTOR in step.columns for step in steps):
        return matrix
    sectors = midcap_universe.select("universe_year", "permaticker", SECTOR)
    return matrix.join(sectors, on=["universe_year", "permaticker"], how="left", validate="m:1", maintain_order="left")


def _values(panel: Panel) -> Array:
    raw = panel.rows.select(pl.col(panel.features).cast(pl.Float64)).to_numpy(writable=True)
    raw[~np.isfinite(raw)] = np.nan
    return np.asarray(raw)


def _place(panel: Panel, steps: Sequence[AnyStep]) -> Place:
    wanted = list(dict.fromkeys(name for step in steps for name in step.columns))
    missing = [name for name in wanted if name not in panel.rows.columns]
    if missing:
        raise ModelError(
            f"preprocess: the matrix has no column {', '.join(missing)}; found {panel.rows.width} columns. Add it "
            "(`with_sectors` adds the sector), or take it out of the configuration's steps."
        )
    exposures = {name: panel.rows[name].cast(pl.Float64).to_numpy() for name in wanted if name != SECTOR}
    sectors = np.empty(0, dtype=np.int64)
    if SECTOR in wanted:
        named = panel.rows[SECTOR].fill_null(UNKNOWN_SECTOR)
        sectors = named.cast(pl.Enum(named.unique().sort())).to_physical().to_numpy()
    return Place(panel.starts, sectors.astype(np.int64), exposures)


def _without_labels(rows: Frame, dropped: Flags) -> Frame:
    labels = [name for name in rows.columns if name.endswith(FORWARD_SUFFIXES)]
    return rows.with_columns(pl.when(~pl.lit(pl.Series(dropped))).then(pl.col(labels)))
