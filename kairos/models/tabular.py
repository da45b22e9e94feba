"""What families that learn row by row share: inputs, labels in a common unit, and the scaler kept with the model."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kairos.errors import ModelError
from kairos.models.folds import Span
from kairos.models.panel import Panel
from kairos.models.transform import Array, TransformName, Values, session_scales

SCALER_FILE = "scaler.json"
TIMES = "*"  # `a*b` is the product of the features a and b


class TabularSettings(BaseModel):
    """Settings of every family that learns row by row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transform: TransformName = Field(
        "rank", description="How features are made comparable within a session; none is the default behind a `preprocess`."
    )
    label: Literal["scaled", "raw"] = Field(
        "scaled", description="Learn labels over their session's root mean square, so that loud days do not drown the rest."
    )
    label_clip: float = Field(3.0, gt=0, le=100, description="Scaled labels are cut off here, in root mean squares.")


@dataclass(frozen=True)
class Scaler:
    """How a model's inputs are made from a panel; fitted on the training window, never again.

    Attributes:
        transform: Transform within a session.
        features: Features read from the panel.
        products: Products of transformed features, as `a*b`, less their session's mean.
        means: Mean of each input over the training rows; empty for models that need none.
        deviations: Deviation of each input over the training rows; 1 where it does not vary.
        unit: Return that one unit of the learned label stands for.
    """

    transform: TransformName
    features: tuple[str, ...]
    products: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    unit: float

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the inputs: features, then products."""
        return self.features + self.products

    def save(self, folder: Path) -> None:
        """Write scaler.json."""
        (folder / SCALER_FILE).write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def load_scaler(folder: Path) -> Scaler:
    """Read scaler.json."""
    found = json.loads((folder / SCALER_FILE).read_text(encoding="utf-8"))
    return TypeAdapter(Scaler).validate_python(found)


def inputs(panel: Panel, *, transform: TransformName, products: Sequence[str] = ()) -> Values:
    """Return the transformed features and their products (rows, terms).

    Raises:
        ModelError: A product names a feature that the panel has not.
    """
    values = panel.values(transform)
    if not products:
        return values
    columns = [_product(panel, values, product) for product in products]
    return np.column_stack([values, *columns]).astype(np.float32)


def _product(panel: Panel, values: Values, product: str) -> NDArray[np.float64]:
    names = product.split(TIMES)
    unknown = [name for name in names if name not in panel.features]
    if unknown or len(names) != 2:  # noqa: PLR2004 - a product has two sides
        raise ModelError(
            f"product {product!r}: {', '.join(unknown) or 'not of the form a*b'}; expected two of the model's features. "
            "Name them as `a*b` in settings.products."
        )
    one, other = (values[:, panel.features.index(name)].astype(np.float64) for name in names)
    counts = np.diff(panel.starts)
    return np.asarray(one * other - np.repeat(np.add.reduceat(one * other, panel.starts[:-1]) / counts, counts))


@dataclass(frozen=True)
class Labels:
    """What is learned.

    Attributes:
        values: (rows,) labels, NaN where unknown.
        scales: (sessions,) return that one unit stands for, NaN where no label is known.
    """

    values: Array
    scales: Array

    def unit(self, sessions: slice) -> float:
        """Return the mean unit over some sessions."""
        known = self.scales[sessions]
        return float(known[np.isfinite(known)].mean())


def learned_labels(panel: Panel, column: str, *, settings: TabularSettings) -> Labels:
    """Return the labels of `column` as the settings want them learned."""
    raw = panel.labels(column)
    if settings.label == "raw":
        return Labels(values=raw, scales=np.ones(len(panel.sessions)))
    scales = session_scales(raw, panel.starts)
    scaled = raw / np.repeat(scales, np.diff(panel.starts))
    return Labels(values=np.clip(scaled, -settings.label_clip, settings.label_clip), scales=scales)


def labelled_rows(panel: Panel, labels: Labels, window: Span) -> NDArray[np.int64]:
    """Return the positions of the window's rows whose label is known.

    Raises:
        ModelError: There is none.
    """
    days = panel.within(window)
    first, end = int(panel.starts[days.start]), int(panel.starts[days.stop])
    rows = first + np.flatnonzero(np.isfinite(labels.values[first:end]))
    if not rows.size:
        raise ModelError(
            f"training window {window.first} to {window.last}: no row with a label among {end - first}; expected some. "
            "Run the targets, or choose another horizon."
        )
    return np.asarray(rows, dtype=np.int64)
