"""What a model family is. The families stand in one file each, and `registry` lists them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel

from kairos.evaluation.scores import target_column
from kairos.frames import Frame
from kairos.models.folds import Span
from kairos.models.panel import Panel
from kairos.models.transform import Array

S = TypeVar("S", bound=BaseModel)
S_contra = TypeVar("S_contra", bound=BaseModel, contravariant=True)


@dataclass(frozen=True)
class Task:
    """What is to be learned.

    Attributes:
        horizon: Sessions ahead.
        target: `xs` for the return less its session's mean, `raw` for the return itself.
        seed: Source of all chance.
    """

    horizon: int
    target: str
    seed: int

    @property
    def label(self) -> str:
        """Name of the label column."""
        return target_column(self.horizon, self.target)


class Forecaster(Protocol):
    """A trained model of one horizon."""

    @property
    def features(self) -> tuple[str, ...]:
        """Features it reads from a panel, in its order."""
        ...

    @property
    def terms(self) -> tuple[str, ...]:
        """What `contributions` speaks of: the features, and products of them where there are any."""
        ...

    def forecast(self, panel: Panel) -> Frame:
        """Return the panel's keys with `score`, the forecast of the return as a fraction."""
        ...

    def contributions(self, panel: Panel, rows: Sequence[int]) -> Array:
        """Return the Shapley values of the terms for the given rows of the panel (len(rows), terms), as fractions."""
        ...

    def save(self, folder: Path) -> None:
        """Write what `load` needs into an existing folder."""
        ...


class Train(Protocol[S_contra]):
    """Fits a family's models."""

    def __call__(self, panel: Panel, windows: Sequence[Span], *, task: Task, settings: S_contra) -> Iterator[Forecaster]:
        """Yield one forecaster per window, fitted on that window's labelled rows and on nothing else."""
        ...


@dataclass(frozen=True)
class Family(Generic[S]):
    """A way to learn.

    Attributes:
        name: Name in configurations and of the artifact folder.
        settings: Its settings, with bounds and defaults.
        train: Fits one forecaster per training window.
        load: Reads a saved forecaster from its folder.
        incidental: Settings that do not change a forecast, such as the number of threads.
    """

    name: str
    settings: type[S]
    train: Train[S]
    load: Callable[[Path], Forecaster]
    incidental: frozenset[str] = frozenset()
