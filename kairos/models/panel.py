"""A matrix made ready for models: rows by session, features checked, cross-sections transformed once."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.errors import ModelError
from kairos.evaluation.ic import MIN_NAMES
from kairos.frames import Frame, duplicate_keys, require_columns
from kairos.models.folds import Span
from kairos.models.transform import TRANSFORMS, Array, Starts, TransformName, Values

KEYS = ("universe_year", "permaticker", "ticker", "session")


@dataclass(frozen=True)
class Panel:
    """Rows of one universe year; build with `make_panel`.

    Attributes:
        rows: The matrix, sorted by session and permaticker.
        features: Names of the features, in the model's order.
        sessions: The sessions of the rows, ascending.
        starts: (sessions + 1,) the row each session starts at, and the number of rows.
    """

    rows: Frame
    features: tuple[str, ...]
    sessions: tuple[date, ...]
    starts: Starts
    _transformed: dict[TransformName, Values] = field(default_factory=dict, repr=False, compare=False)

    def values(self, transform: TransformName) -> Values:
        """Return the features (rows, features), transformed within each session; worked out once."""
        if transform not in self._transformed:
            raw = self.rows.select(pl.col(self.features).cast(pl.Float32)).to_numpy()
            self._transformed[transform] = TRANSFORMS[transform](np.asarray(raw, dtype=np.float32), self.starts)
        return self._transformed[transform]

    def labels(self, column: str) -> Array:
        """Return a label column (rows,), NaN where the label is not known.

        Raises:
            ModelError: The column is missing, or holds NaN or infinite values.
        """
        if column not in self.rows.columns:
            raise ModelError(
                f"matrix: no label column {column}; found {_labels_of(self.rows)}. Run the targets of the horizon."
            )
        series = self.rows[column].cast(pl.Float64)
        bad = self.rows.filter(~series.is_finite())
        if bad.height:
            raise ModelError(
                f"matrix: {column} is NaN or infinite in {bad.height} row(s), first ticker {bad['ticker'][0]} on "
                f"{bad['session'][0]}; expected a number, or null where unknown. Mend the targets."
            )
        return np.asarray(series.to_numpy(), dtype=np.float64)

    def within(self, span: Span) -> slice:
        """Return the positions of the sessions in `span`."""
        return slice(bisect_left(self.sessions, span.first), bisect_right(self.sessions, span.last))

    def between(self, span: Span) -> "Panel":
        """Return the part inside `span`, with whatever was worked out so far."""
        days = self.within(span)
        first, end = int(self.starts[days.start]), int(self.starts[days.stop])
        return replace(
            self,
            rows=self.rows[first:end],
            sessions=self.sessions[days],
            starts=self.starts[days.start : days.stop + 1] - first,
            _transformed={name: values[first:end] for name, values in self._transformed.items()},
        )


def make_panel(matrix: Frame, *, features: Sequence[str]) -> Panel:
    """Return `matrix` as a panel.

    Args:
        matrix: Columns universe_year, permaticker, ticker, session and the features; labels where there are any.
        features: Names of the features.

    Raises:
        ModelError: A feature is missing or holds no value, a key repeats, or no session has three names.
    """
    require_columns(matrix, KEYS, where="matrix")
    _require_features(matrix, features)
    rows = matrix.sort("session", "permaticker")
    _require_cross_section(rows)
    counts = rows.group_by("session", maintain_order=True).agg(pl.len().cast(pl.Int64))
    starts: NDArray[np.int64] = np.concatenate([[0], np.cumsum(counts["len"].to_numpy())]).astype(np.int64)
    return Panel(rows=rows, features=tuple(features), sessions=tuple(counts["session"]), starts=starts)


def _require_features(matrix: Frame, features: Sequence[str]) -> None:
    missing = [name for name in features if name not in matrix.columns]
    if missing or not features:
        raise ModelError(
            f"matrix: missing feature(s) {', '.join(missing) or '- none chosen'}; found {matrix.width} columns. "
            "Build the features and the matrix again, or name other features in the configuration."
        )
    odd = [name for name in features if not matrix.schema[name].is_numeric()]
    if odd:
        raise ModelError(f"matrix: feature(s) {', '.join(odd)} are no numbers ({matrix.schema[odd[0]]}). Name others.")
    counts = matrix.select(pl.col(features).count()).row(0)
    empty = [name for name, count in zip(features, counts, strict=True) if not count]
    if empty:
        raise ModelError(
            f"matrix: feature(s) {', '.join(empty)} hold no value in {matrix.height} rows; expected some. "
            "Run the full matrix (kairos matrix --full), or name other features in the configuration."
        )


def _require_cross_section(rows: Frame) -> None:
    years = rows["universe_year"].unique().sort().to_list()
    if len(years) != 1:
        raise ModelError(f"matrix: universe years {years}; expected exactly one. Give one year's rows.")
    repeated = duplicate_keys(rows, ("permaticker", "session"))
    if repeated.height:
        raise ModelError(f"matrix: {repeated.height} rows repeat, first {repeated.row(0, named=True)}. Build the matrix again.")
    widest = int(rows.group_by("session").len()["len"].cast(pl.Int64).to_numpy().max())
    if widest < MIN_NAMES:
        raise ModelError(
            f"matrix {years[0]}: at most {widest} name(s) on a session; expected at least {MIN_NAMES}, since features are "
            "ranked across names. Give the whole universe."
        )


def _labels_of(rows: Frame) -> str:
    return ", ".join(name for name in rows.columns if name.startswith("ret_") and "_f" in name) or "no labels"
