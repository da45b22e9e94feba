"""Matrix tables: the members of a universe year with all their features, and the same with forward returns."""

import pandera.polars as pa
import polars as pl

from kairos.features.registry import ALL_FEATURES
from kairos.tables.core import Partition, Schema, Table
from kairos.tables.features import ALL_FINITE, column, feature_column

HORIZONS = (1, 5, 21)
"""Sessions ahead for which forward returns are made."""

KEY_COLUMNS = {
    "universe_year": column(pl.Int32, "First year of the universe"),
    "permaticker": column(pl.Int64, "Permanent security id"),
    "ticker": column(pl.String, "Ticker at the decision"),
    "session": column(pl.Date, "NYSE session after whose close the features are known"),
}


def target_columns(horizons: tuple[int, ...] = HORIZONS) -> tuple[str, ...]:
    """Return the names of the forward columns, plain ones first."""
    return (*(f"ret_{h}d_f" for h in horizons), *(f"ret_{h}d_f_xs" for h in horizons))


def _forward(name: str) -> pa.Column:
    what = "Total return from this close to the close {h} session(s) later; null where that is not known"
    horizon = name.split("_")[1].removesuffix("d")
    minus_mean = ", minus the mean over the session's rows that have one" if name.endswith("_xs") else ""
    return column(pl.Float64, what.format(h=horizon) + minus_mean, unit="fraction", nullable=True)


def _matrix(name: str, description: str, origin: str, forward: tuple[str, ...] = ()) -> Table:
    features = {feature.name: feature_column(feature) for feature in ALL_FEATURES}
    schema: Schema = pa.DataFrameSchema({**KEY_COLUMNS, **features, **{column: _forward(column) for column in forward}})
    return Table(
        name,
        group="matrix",
        key=("universe_year", "permaticker", "session"),
        rows=schema,
        origin=origin,
        description=description,
        partition=Partition.UNIVERSE_YEARS,
        partition_by=("universe_year",),
        yearly_view=f"{name}_{{year}}",
        checks=(ALL_FINITE,),
        optional=frozenset(features),
    )


FEAT_MATRIX_COMPLETE = _matrix(
    "feat_matrix_complete",
    "The features of one member of a universe year on one session.",
    "midcap_universe and the feature tables",
)
FEAT_MATRIX_TARGETS = _matrix(
    "feat_matrix_targets",
    "The features of one member of a universe year on one session, with the returns that followed.",
    "feat_matrix_complete, daily_returns, tickers",
    forward=target_columns(),
)

TABLES = (FEAT_MATRIX_COMPLETE, FEAT_MATRIX_TARGETS)
