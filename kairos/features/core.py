"""What a feature is, and how a set of them becomes a frame. The features themselves stand in one file per family."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from kairos.errors import ContractError
from kairos.features.panel import PANEL_COLUMNS, price_panel
from kairos.frames import Frame

MAX_LOOKBACK = 480  # the panel of a year begins two calendar years earlier, at least 500 sessions
KEY = ("permaticker", "session")
_BLOCK_ROWS = 150_000  # a block of names whose columns fit the processor's cache; values do not depend on it


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
        expr: Polars expression over the panel's columns, windows written with `kairos.features.operators`.
        lookback: Oldest row it reads, in rows before t; the value is null until the name has that many.
        source: The paper or book it comes from.
        unit: Unit of the value; empty for a pure number.
        nulls: When it is null beyond an unfilled window or a missing input in it.
        inputs: The panel it reads.
        partial: Whether it has values before its lookback is filled, from the rows that are there.
    """

    name: str
    formula: str
    expr: pl.Expr
    lookback: int
    source: str
    unit: str = ""
    nulls: str = ""
    inputs: Inputs = PRICES
    partial: bool = False

    def __post_init__(self) -> None:
        """Refuse a feature that reads what the panel has not, or reaches further back than a year's panel does."""
        unknown = sorted(set(self.expr.meta.root_names()) - set(self.inputs.columns))
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
        all_at_once: Makes the key and all of them from a panel, with the values that their expressions stand for.
    """

    name: str
    description: str
    features: tuple[Feature, ...]
    inputs: Inputs = PRICES
    all_at_once: Callable[[Frame], Frame] | None = None

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


def compute(feature_set: FeatureSet, panel: Frame) -> Frame:
    """Return the key, the stamps of the inputs and the features (Float32, finite or null) for every row of `panel`.

    Args:
        feature_set: What to compute.
        panel: The set's inputs, as `price_panel` makes them for prices.
    """
    if feature_set.all_at_once is not None:
        return feature_set.all_at_once(panel).select(*KEY, *feature_set.names)
    values = [feature.expr.cast(pl.Float32).alias(feature.name) for feature in feature_set.features]
    kept = (*KEY, *(name for name, _ in feature_set.inputs.stamps))
    finite = [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in feature_set.names]
    blocks = [
        block.lazy().select(*kept, *values).with_columns(finite).collect(engine="in-memory") for block in _name_blocks(panel)
    ]
    return pl.concat(blocks, rechunk=True)


def build(feature_set: FeatureSet, daily_returns: Frame, *, year: int) -> Frame:
    """Return the set's features for the sessions of one calendar year, sorted by name and session.

    The panel always begins on the first session of `year` - 2, so that the values are the same to the bit however much
    history or future is handed in.

    Args:
        feature_set: What to compute.
        daily_returns: Rows of the `daily_returns` table that cover `year` - 2 (or the first year there is) to `year`.
        year: Calendar year of the rows returned.
    """
    until_then = daily_returns.filter(pl.col("session") <= date(year, 12, 31))
    panel = price_panel(until_then, first_session=date(year - 2, 1, 1))
    return compute(feature_set, panel).filter(pl.col("session") >= date(year, 1, 1))


def _name_blocks(panel: Frame) -> Iterator[Frame]:
    """Cut the panel at name boundaries into blocks of at least `_BLOCK_ROWS` rows, the last one shorter."""
    lengths = panel["permaticker"].rle().struct.field("len").to_list()
    start = size = 0
    for length in lengths:
        size += length
        if size >= _BLOCK_ROWS:
            yield panel.slice(start, size)
            start, size = start + size, 0
    if size or not lengths:
        yield panel.slice(start, size)
