"""What the prover tries: a black box from tables to features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from kairos.errors import ContractError
from kairos.features.core import KEY, FeatureSet, compute
from kairos.features.panel import price_panel
from kairos.frames import Frame, duplicate_keys, require_columns

Tables = Mapping[str, Frame]
"""Frames by table name."""
Make = Callable[[Tables], Frame]
"""Makes permaticker, session and the feature columns; it may hand out fewer rows than there are sessions, never doubles."""


@dataclass(frozen=True)
class Subject:
    """A feature set as the prover sees it.

    Attributes:
        name: Name of the set.
        features: Columns that are tried.
        make: Makes them from tables.
        per_name: Whether a value may depend on the rows of its own name alone.
        windowed: Features of which no value depends on where a history begins, since its look-back is bounded and filled.
    """

    name: str
    features: tuple[str, ...]
    make: Make = field(repr=False)
    per_name: bool = False
    windowed: tuple[str, ...] = ()

    def values(self, tables: Tables) -> Frame:
        """Return the key and the features (Float32), sorted by key.

        Raises:
            ContractError: A column is missing or is no number, or a name has a session twice.
        """
        made = self.make(tables)
        require_columns(made, (*KEY, *self.features), where=self.name)
        worded = [name for name in self.features if not (made[name].dtype.is_numeric() or made[name].dtype == pl.Boolean)]
        if worded:
            raise ContractError(f"{self.name}: column {worded[0]} holds {made[worded[0]].dtype}; expected numbers. Encode it.")
        repeated = duplicate_keys(made, KEY)
        if repeated.height:
            name, session, count = repeated.row(0)
            raise ContractError(
                f"{self.name}: permaticker {name} has {count} rows on {session}; expected one. Join on keys that are unique."
            )
        return made.select(*KEY, pl.col(self.features).cast(pl.Float32)).sort(KEY)


def of_prices(feature_set: FeatureSet, make: Make) -> Subject:
    """Return a declared set over prices, made in some way.

    Where names are compared, neither may other names be changed nor may the history begin later: some would drop out of
    what is compared. A later beginning changes windows that are not full too, where they have values.
    """
    alone = not feature_set.compares_names
    return Subject(feature_set.name, feature_set.names, make, per_name=alone, windowed=feature_set.windowed if alone else ())


def declared(feature_set: FeatureSet) -> Subject:
    """Return a declared set over prices as computed from all rows of `daily_returns`, of any years."""

    def make(tables: Tables) -> Frame:
        return compute(feature_set, price_panel(tables["daily_returns"], first_session=date.min))

    return of_prices(feature_set, make)
