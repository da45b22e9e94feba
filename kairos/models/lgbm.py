"""Gradient boosted trees on ranked features (LightGBM): few leaves, large leaves, slow steps, for a faint signal.

Bin edges are taken from the first training window and kept for every later one: rows are binned once, and no fit sees
an edge that later rows drew.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from kairos.errors import ModelError
from kairos.frames import Frame
from kairos.models.family import Family, Task
from kairos.models.folds import Span
from kairos.models.panel import KEYS, Panel
from kairos.models.tabular import Labels, Scaler, TabularSettings, inputs, labelled_rows, learned_labels, load_scaler
from kairos.models.transform import Array, Values

if TYPE_CHECKING:
    from lightgbm import Booster, Dataset

MODEL_FILE = "model.txt"
SEED_LIMIT = 2**31 - 1  # LightGBM keeps its seed in 32 bits


class LgbmSettings(TabularSettings):
    """Settings of the LightGBM family; what is not named here is LightGBM's default."""

    rounds: int = Field(150, ge=1, le=5000, description="Trees.")
    learning_rate: float = Field(0.02, gt=0, le=1, description="Step of one tree.")
    num_leaves: int = Field(8, ge=2, le=1024, description="Leaves of a tree.")
    min_data_in_leaf: int = Field(2000, ge=1, description="Rows a leaf needs.")
    lambda_l1: float = Field(0.0, ge=0, description="L1 penalty on leaf values.")
    lambda_l2: float = Field(100.0, ge=0, description="L2 penalty on leaf values.")
    feature_fraction: float = Field(0.4, gt=0, le=1, description="Share of features a tree may use.")
    bagging_fraction: float = Field(0.5, gt=0, le=1, description="Share of rows a tree sees.")
    max_bin: int = Field(63, ge=2, le=255, description="Bins of a feature.")
    num_threads: int = Field(
        1,
        ge=1,
        le=256,
        description="Threads; the result does not depend on it. More help on idle cores and stall on busy ones.",
    )


@dataclass(frozen=True)
class LgbmForecaster:
    """A fitted booster, held as LightGBM's own text.

    Attributes:
        scaler: How inputs are made.
        text: The booster as LightGBM writes it.
        threads: Threads to forecast with.
    """

    scaler: Scaler
    text: str
    threads: int

    @property
    def features(self) -> tuple[str, ...]:
        """Features it reads."""
        return self.scaler.features

    @property
    def terms(self) -> tuple[str, ...]:
        """The features."""
        return self.scaler.terms

    def forecast(self, panel: Panel) -> Frame:
        """Return the panel's keys with `score`."""
        values = inputs(panel, transform=self.scaler.transform)
        score = _booster(self.text).predict(values, num_threads=self.threads) * self.scaler.unit
        return panel.rows.select(KEYS).with_columns(pl.Series("score", score, dtype=pl.Float64))

    def contributions(self, panel: Panel, rows: Sequence[int]) -> Array:
        """Return exact TreeSHAP values (rows, features)."""
        values = inputs(panel, transform=self.scaler.transform)[np.asarray(rows, dtype=np.int64)]
        found = _booster(self.text).predict(values, pred_contrib=True, num_threads=self.threads)
        return np.asarray(found[:, :-1] * self.scaler.unit, dtype=np.float64)  # the last column is the expectation

    def save(self, folder: Path) -> None:
        """Write model.txt and scaler.json."""
        self.scaler.save(folder)
        (folder / MODEL_FILE).write_text(self.text, encoding="utf-8")


def load(folder: Path) -> LgbmForecaster:
    """Read a saved booster; it forecasts with the threads it was trained with."""
    text = (folder / MODEL_FILE).read_text(encoding="utf-8")
    return LgbmForecaster(scaler=load_scaler(folder), text=text, threads=int(_booster(text).params["num_threads"]))


def train(panel: Panel, windows: Sequence[Span], *, task: Task, settings: LgbmSettings) -> Iterator[LgbmForecaster]:
    """Yield one booster per window; the rows are binned once for all of them."""
    import lightgbm

    if not 0 <= task.seed <= SEED_LIMIT:
        raise ModelError(f"seed {task.seed}: LightGBM takes 0 to {SEED_LIMIT}. Give another seed.")
    labels = learned_labels(panel, task.label, settings=settings)
    values = inputs(panel, transform=settings.transform)
    parameters = _parameters(settings, seed=task.seed)
    binned = _binned(values, labels, edges=labelled_rows(panel, labels, windows[0]), parameters=parameters)
    for window in windows:
        chosen = binned.subset(labelled_rows(panel, labels, window).tolist(), params=parameters)
        booster = lightgbm.train(parameters, chosen, num_boost_round=settings.rounds)
        scaler = Scaler(settings.transform, panel.features, (), (), (), unit=labels.unit(panel.within(window)))
        yield LgbmForecaster(scaler=scaler, text=booster.model_to_string(), threads=settings.num_threads)


FAMILY = Family("lgbm", settings=LgbmSettings, train=train, load=load, incidental=frozenset({"num_threads"}))


def _parameters(settings: LgbmSettings, *, seed: int) -> dict[str, Any]:
    tabular = set(TabularSettings.model_fields)
    return {
        **settings.model_dump(exclude=tabular | {"rounds"}),
        "objective": "regression",
        "bagging_freq": 1,
        "boost_from_average": True,
        "feature_pre_filter": False,
        "deterministic": True,
        "force_col_wise": True,
        "seed": seed,
        "verbosity": -1,
    }


def _booster(text: str) -> "Booster":
    import lightgbm

    return lightgbm.Booster(model_str=text)


def _binned(values: Values, labels: Labels, *, edges: NDArray[np.int64], parameters: dict[str, Any]) -> "Dataset":
    import lightgbm

    drawn = lightgbm.Dataset(values[edges], label=labels.values[edges], params=parameters).construct()
    known = np.nan_to_num(labels.values)  # rows without a label are never chosen; LightGBM takes no NaN here
    return lightgbm.Dataset(values, label=known, reference=drawn, params=parameters).construct()
