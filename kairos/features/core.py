"""What a feature is, and how a set of them becomes a frame. The features themselves stand in one file per family."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.errors import ContractError
from kairos.features.fast import fast_values
from kairos.features.panel import PANEL_COLUMNS, price_panel, require_ordered
from kairos.features.reference import reference_values
from kairos.features.terms import Term
from kairos.frames import Frame, require_columns

MAX_LOOKBACK = 480  # the panel of a year begins two calendar years earlier, at least 500 sessions
KEY = ("permaticker", "session")


@dataclass(frozen=True)
class Inputs:
    """A panel that features read: one row per name and session, sorted by both.

    Attributes:
        name: What it is, for messages.
        columns: What a feature may read.
        tables: Tables it is made from.
        advice: What to do about a feature that reads anything else.
        stamps: Columns of instants that go into the feature table beside the features, with what they hold.
    """

    name: str
    columns: tuple[str, ...]
    tables: tuple[str, ...]
    advice: str
    stamps: tuple[tuple[str, str], ...] = ()


PRICES = Inputs(
    name="the price panel",
    columns=PANEL_COLUMNS,
    tables=("daily_returns",),
    advice="adjusted price levels are not among them because they know later splits and dividends",
)


@dataclass(frozen=True)
class Feature:
    """A declared feature: one number per name and session, known after that session's close.

    Attributes:
        name: Column name.
        formula: Words of t; C, O, H, L, R, V, DV, P as in `price_panel`, facts as the columns of their panel.
        expr: The formula as a term, written with the words of `kairos.features.operators`.
        lookback: Oldest row it reads, in rows before t; the value is null until the name has that many, unless `partial`.
        source: The paper or book it comes from.
        unit: Unit of the value; empty for a pure number.
        nulls: When it is null beyond an unfilled window or a missing input in it.
        inputs: The panel it reads.
        partial: Whether it has values before its lookback is filled, from the rows that are there, as `wilder` and `ema` do.
    """

    name: str
    formula: str
    expr: Term
    lookback: int
    source: str
    unit: str = ""
    nulls: str = ""
    inputs: Inputs = PRICES
    partial: bool = False

    def __post_init__(self) -> None:
        """Refuse a feature that reads what the panel has not, or reaches further back than a year's panel does."""
        object.__setattr__(self, "partial", self.partial or self.expr.begun)
        unknown = sorted(self.expr.roots - set(self.inputs.columns))
        if unknown:
            raise ContractError(
                f"feature {self.name}: reads {', '.join(unknown)}; {self.inputs.name} has {', '.join(self.inputs.columns)}. "
                f"Write it in those; {self.inputs.advice}."
            )
        if not 0 <= self.lookback <= MAX_LOOKBACK:
            raise ContractError(
                f"feature {self.name}: lookback {self.lookback} rows; expected 0 to {MAX_LOOKBACK}. "
                "A year's features are built from the two years before it; shorten the window."
            )

    @property
    def description(self) -> str:
        """Formula, when it is null, and source, in one line."""
        return ". ".join(part for part in (self.formula, self.nulls, self.source) if part)


@dataclass(frozen=True)
class FeatureSet:
    """Features that share a table and the panel they read.

    Attributes:
        name: Name of the table.
        description: What it holds.
        features: Its features, in order.
        inputs: The panel that all of them read.
        all_at_once: Makes the key and all of them from a panel, with the values that their expressions stand for, for all
            of its sessions or for those from one on.
    """

    name: str
    description: str
    features: tuple[Feature, ...]
    inputs: Inputs = PRICES
    all_at_once: Callable[[Frame, date | None], Frame] | None = None

    def __post_init__(self) -> None:
        """Refuse a set in which a name occurs twice, or a feature that reads another panel."""
        names = self.names
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ContractError(f"{self.name}: feature(s) {', '.join(repeated)} declared more than once. Rename or drop one.")
        strangers = [feature.name for feature in self.features if feature.inputs != self.inputs]
        if strangers:
            raise ContractError(
                f"{self.name}: feature(s) {', '.join(strangers)} do not read {self.inputs.name} as the set does. "
                "Give the features of one set the same inputs."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names, in order."""
        return tuple(feature.name for feature in self.features)

    @property
    def windowed(self) -> tuple[str, ...]:
        """Features that have values of full windows alone, so that where a name's rows begin changes none."""
        return tuple(feature.name for feature in self.features if not feature.partial)

    @property
    def compares_names(self) -> bool:
        """Whether a value may depend on other names' rows of the same session."""
        return any(len(feature.expr.reaches) > 1 for feature in self.features)


def compute(
    feature_set: FeatureSet,
    panel: Frame,
    *,
    threads: int = 1,
    since: date | None = None,
) -> Frame:
    """Return the key, the stamps of the inputs and the features (Float32, finite or null) for the rows of `panel`.

    Args:
        feature_set: What to compute.
        panel: The set's inputs, as `price_panel` makes them for prices: one row per name and session, sorted by both.
        threads: How many blocks of names are worked on at a time; values do not depend on it.
        since: First session wanted; all if None. The rows before it are read only.

    Raises:
        ContractError: The panel lacks a column that the set reads, is not sorted, or has a key twice.
    """
    _checked(feature_set, panel)
    if feature_set.all_at_once is not None:
        return feature_set.all_at_once(panel, since).select(*KEY, *feature_set.names)
    made = compute_ordered(feature_set, panel, threads=threads)
    return made if since is None else made.filter(pl.col("session") >= since)


def compute_ordered(
    feature_set: FeatureSet,
    panel: Frame,
    *,
    threads: int = 1,
    compared_from: date | None = None,
    wanted: NDArray[np.bool_] | None = None,
) -> Frame:
    """Return what `compute` does, by the set's terms, of a panel that is known to be ordered and to have what they read.

    Args:
        feature_set: What to compute.
        panel: As for `compute`.
        threads: As for `compute`.
        compared_from: First session on which names need be compared; all if None. What follows from earlier comparisons is
            null.
        wanted: Rows that are asked for; all if None. Values of other rows have no meaning.
    """
    terms = [feature.expr for feature in feature_set.features]
    values = fast_values(terms, panel, threads=threads, compared_from=compared_from, wanted=wanted)
    return _beside_the_key(feature_set, panel, values)


def compute_reference(feature_set: FeatureSet, panel: Frame) -> Frame:
    """Return what `compute` returns, by the slow and plain form of every operator."""
    terms = _checked(feature_set, panel)
    values = (value.cast(pl.Float32) for value in reference_values(terms, panel))
    return _beside_the_key(
        feature_set, panel, [pl.select(pl.when(value.is_finite()).then(value)).to_series() for value in values]
    )


def _checked(feature_set: FeatureSet, panel: Frame) -> list[Term]:
    terms = [feature.expr for feature in feature_set.features]
    stamps = [name for name, _ in feature_set.inputs.stamps]
    read = sorted(frozenset().union(*(term.roots for term in terms)))
    require_columns(panel, dict.fromkeys([*KEY, *stamps, *read]), where=f"{feature_set.name}, {feature_set.inputs.name}")
    require_ordered(panel, where=f"{feature_set.name}, {feature_set.inputs.name}")
    return terms


def _beside_the_key(feature_set: FeatureSet, panel: Frame, values: list[pl.Series]) -> Frame:
    kept = panel.select(*KEY, *(name for name, _ in feature_set.inputs.stamps))
    return kept.with_columns(value.alias(name) for name, value in zip(feature_set.names, values, strict=True))


def build(feature_set: FeatureSet, daily_returns: Frame, *, year: int) -> Frame:
    """Return the set's features for the sessions of one calendar year, sorted by name and session.

    The panel always begins on the first session of `year` - 2, so that the values are the same to the bit however much
    history or future is handed in.

    Args:
        feature_set: What to compute.
        daily_returns: Rows of the `daily_returns` table that cover `year` - 2 (or the first year there is) to `year`.
        year: Calendar year of the rows returned.
    """
    return compute(feature_set, panel_of_year(daily_returns, year=year)).filter(pl.col("session") >= date(year, 1, 1))


def panel_of_year(daily_returns: Frame, *, year: int) -> Frame:
    """Return the price panel that a calendar year's features are computed from, the two years before it included."""
    until_then = daily_returns.filter(pl.col("session") <= date(year, 12, 31))
    return price_panel(until_then, first_session=date(year - 2, 1, 1))
