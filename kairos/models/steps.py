"""The steps that features may go through before a model sees them. Their order is in the model's configuration.

A step by `session` or `sector` reads the rows of one session alone; one by `window` is fitted on the training window and
keeps what it found there. Unknown values (NaN) stay unknown until a `fill`; what is unknown at the end counts as 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from kairos.models.columns import quantile, quantiles
from kairos.models.transform import Array, Starts, Values, session_ranks, session_zscores

Fitted = Mapping[str, tuple[float | None, ...]]
"""What a step found in the training window, one number per feature; none where the feature had no value."""

MARKET, SECTOR = "market", "sector"
TO_DEVIATION = 1.4826  # a normal variable's standard deviation over its median absolute deviation


@dataclass(frozen=True)
class Place:
    """Where values stand.

    Attributes:
        starts: (sessions + 1,) the row each session starts at, and the number of rows.
        sectors: (rows,) number of each row's sector; empty where no step asks for it.
        exposures: Values (rows,) of the matrix' columns that are neutralised against, NaN where unknown.
    """

    starts: Starts
    sectors: NDArray[np.int64]
    exposures: Mapping[str, Array]


class Step(BaseModel):
    """A step as the configuration names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def is_fitted(self) -> bool:
        """Whether it learns from the training window."""
        return getattr(self, "by", "session") == "window"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the matrix that it reads besides the features."""
        return (SECTOR,) if getattr(self, "by", "session") == SECTOR else ()

    def fit(self, values: Array) -> Fitted:  # noqa: ARG002 - most steps find nothing
        """Return what the training window's values (rows, features) tell."""
        return {}

    def apply(self, values: Array, place: Place, fitted: Fitted) -> Array:
        """Return the values after the step (rows, features)."""
        raise NotImplementedError


class Winsorise(Step):
    """Holds values inside limits: quantiles, or the median and so many deviations around it."""

    step: Literal["winsorise"]
    by: Literal["session", "window"] = Field("session", description="Limits of each session, or of the training window.")
    method: Literal["quantile", "mad"] = Field("quantile", description="Quantiles, or median absolute deviations.")
    limit: float = Field(0.01, gt=0, le=20, description="Share cut off on each side; for mad, deviations to either side.")

    def fit(self, values: Array) -> Fitted:
        """Return the limits of each feature."""
        if not self.is_fitted:
            return {}
        low, high = self._limits(values)
        return {"low": _numbers(low), "high": _numbers(high)}

    def apply(self, values: Array, place: Place, fitted: Fitted) -> Array:
        """Return the values within their limits."""
        if fitted:
            return values.clip(_array(fitted["low"], -np.inf), _array(fitted["high"], np.inf))
        held = values.copy()
        for rows in _groups(place.starts):
            low, high = self._limits(values[rows])
            held[rows] = values[rows].clip(np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high))
        return held

    def _limits(self, values: Array) -> tuple[Array, Array]:
        if self.method == "quantile":
            share = min(self.limit, 0.5)
            low, high = quantiles(values, (share, 1 - share))
            return low, high
        middle = quantile(values, 0.5)
        reach = self.limit * TO_DEVIATION * quantile(np.abs(values - middle), 0.5)
        reach = np.where(reach > 0, reach, np.inf)  # most values are the same: nothing says what is far
        return middle - reach, middle + reach


class Rank(Step):
    """Centred mean rank over the number of names, in (-1/2, 1/2)."""

    step: Literal["rank"]
    by: Literal["session", "sector"] = Field("session", description="Among all names, or those of the sector.")

    def apply(self, values: Array, place: Place, fitted: Fitted) -> Array:  # noqa: ARG002 - one signature for all
        """Return the ranks."""
        return _within_groups(values, place, session_ranks, by=self.by)


class ZScore(Step):
    """Less the mean, over the deviation, within +-3."""

    step: Literal["zscore"]
    by: Literal["session", "sector", "window"] = Field(
        "session", description="Mean and deviation of the session, of the sector on it, or of the training window."
    )

    def fit(self, values: Array) -> Fitted:
        """Return mean and deviation of each feature; a feature that does not vary has a deviation of 1."""
        if not self.is_fitted:
            return {}
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, values, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, values - mean, 0.0) ** 2).sum(axis=0) / count)
        return {"mean": _numbers(mean), "deviation": _numbers(np.where(spread > 0, spread, 1.0))}

    def apply(self, values: Array, place: Place, fitted: Fitted) -> Array:
        """Return the z-scores."""
        if fitted:
            return np.asarray(((values - _array(fitted["mean"], 0.0)) / _array(fitted["deviation"], 1.0)).clip(-3, 3))
        return _within_groups(values, place, session_zscores, by=self.by)


class Neutralise(Step):
    """What a regression across the session's names on these exposures leaves; unknown where names are too few for it."""

    step: Literal["neutralise"]
    against: tuple[str, ...] = Field(
        min_length=1, description="`market` (the same for all names), `sector`, or columns of the matrix such as a size."
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The exposures that stand in the matrix."""
        return tuple(name for name in self.against if name != MARKET)

    def apply(self, values: Array, place: Place, fitted: Fitted) -> Array:  # noqa: ARG002 - one signature for all
        """Return the residuals."""
        from kairos.models.loops import residual_lines

        left = np.empty(values.shape, order="F")
        exposures = self._exposures(place)
        groups = place.sectors if SECTOR in self.against else np.zeros(len(values), dtype=np.int64)
        for rows in _groups(place.starts):
            found = np.empty((values.shape[1], rows.stop - rows.start))
            residual_lines(np.ascontiguousarray(values[rows].T), exposures[:, rows].copy(), groups[rows], found)
            left.T[:, rows] = found
        return left

    def _exposures(self, place: Place) -> Array:
        """Return (exposures, rows): each column standardised within its session, 0 where unknown."""
        columns = [place.exposures[name] for name in self.columns if name != SECTOR]
        raw = np.array(columns, dtype=np.float32).reshape(len(columns), int(place.starts[-1]))
        return session_zscores(raw.T, place.starts).T.astype(np.float64)


class Fill(Step):
    """Puts a number where none is known, or keeps such rows out of the training."""

    step: Literal["fill"]
    value: Literal["zero", "median", "drop"] = Field(
        "zero", description="0, the median, or no learning from rows that lack a feature; those are forecast with 0."
    )
    by: Literal["session", "window"] = Field("session", description="Whose median.")

    @property
    def is_fitted(self) -> bool:
        """A median of the training window is fitted."""
        return self.value == "median" and self.by == "window"

    def fit(self, values: Array) -> Fitted:
        """Return the medians."""
        return {"median": _numbers(quantile(values, 0.5))} if self.is_fitted else {}

    def apply(self, values: Array, place: Place, fitted: Fitted) -> Array:
        """Return the values without gaps; for `drop` the gaps stay, to be seen by who trains."""
        if self.value == "drop":
            return values
        if self.value == "zero":
            return np.where(np.isfinite(values), values, 0.0)
        if fitted:
            return np.where(np.isfinite(values), values, _array(fitted["median"], 0.0))
        filled = values.copy()
        for rows in _groups(place.starts):
            middle = quantile(values[rows], 0.5)
            filled[rows] = np.where(np.isfinite(values[rows]), values[rows], np.where(np.isnan(middle), 0.0, middle))
        return filled


STEPS: dict[str, type[Step]] = {
    "winsorise": Winsorise, "rank": Rank, "zscore": ZScore, "neutralise": Neutralise, "fill": Fill
}  # fmt: skip
AnyStep = Annotated[Winsorise | Rank | ZScore | Neutralise | Fill, Field(discriminator="step")]


def _groups(starts: Starts) -> list[slice]:
    return [slice(first, end) for first, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]


def _within_groups(values: Array, place: Place, make: Callable[[Values, Starts], Values], *, by: str) -> Array:
    """Return what is made of the rows among those of their session, or of their sector on it; unknown where the value was."""
    lines = values.T.astype(np.float32)
    if by == SECTOR:
        order, starts = _by_sector(place)
        made = make(lines[:, order].T, starts).T[:, np.argsort(order)]
    else:
        made = make(lines.T, place.starts).T
    return np.where(np.isfinite(values.T), made, np.nan).T


def _by_sector(place: Place) -> tuple[NDArray[np.int64], Starts]:
    """Return the rows of each session by sector, and where each sector of each session starts."""
    session = np.repeat(np.arange(place.starts.size - 1), np.diff(place.starts))
    order = np.lexsort((place.sectors, session))
    fresh = np.flatnonzero((np.diff(session[order]) != 0) | (np.diff(place.sectors[order]) != 0)) + 1
    return order, np.concatenate([[0], fresh, [order.size]]).astype(np.int64)


def _numbers(values: Array) -> tuple[float | None, ...]:
    return tuple(value if np.isfinite(value) else None for value in values.tolist())


def _array(numbers: tuple[float | None, ...], unknown: float) -> Array:
    return np.array([unknown if number is None else number for number in numbers])
