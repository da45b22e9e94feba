"""Feature tables, one per feature set; columns, units and descriptions come from the declarations."""

import pandera.polars as pa
import polars as pl

from kairos.features.core import Feature, FeatureSet
from kairos.features.plugins import Column, FrameSet
from kairos.features.registry import FACT_SETS, FEATURE_SETS, SEPARATE_SETS
from kairos.frames import UTC_TIME, Frame
from kairos.tables.core import Check, Outcome, Partition, Schema, Table


def column(dtype: type[pl.DataType] | pl.DataType, description: str, *, unit: str = "", nullable: bool = False) -> pa.Column:
    """Declare a column of a schema built from declarations."""
    return pa.Column(dtype, nullable=nullable, description=description, metadata={"unit": unit})


def feature_column(feature: Feature | Column) -> pa.Column:
    """Declare the column of a feature."""
    return column(pl.Float32, feature.description, unit=feature.unit, nullable=True)


def _all_finite(frame: Frame) -> Outcome:
    floats = frame.select(pl.selectors.float())
    bad = {name: count for name, count in floats.select((~pl.all().is_finite()).sum()).row(0, named=True).items() if count}
    worst = max(bad, key=lambda name: bad[name], default="")
    summary = f"{len(bad)} column(s) hold NaN or infinity, most of all {worst}" if bad else "no NaN and no infinity"
    return Outcome(not bad, summary, {"columns": len(bad), "values": sum(bad.values())})


ALL_FINITE = Check("values_are_finite", "No value is NaN or infinite; what is not known is null.", _all_finite)


def _schema(feature_set: FeatureSet | FrameSet) -> Schema:
    return pa.DataFrameSchema(
        {
            "permaticker": column(pl.Int64, "Permanent security id"),
            "session": column(pl.Date, "NYSE session after whose close the values are known"),
            **{name: column(UTC_TIME, text, nullable=True) for name, text in feature_set.inputs.stamps},
            **{feature.name: feature_column(feature) for feature in feature_set.features},
        }
    )


def table_of(feature_set: FeatureSet | FrameSet) -> Table:
    """Return the table of a set, one of a user's own too."""
    return _table(feature_set)


def _table(feature_set: FeatureSet | FrameSet) -> Table:
    return Table(
        feature_set.name,
        group="features",
        key=("permaticker", "session"),
        rows=_schema(feature_set),
        origin=", ".join(feature_set.inputs.tables),
        description=feature_set.description,
        partition=Partition.YEARS,
        partition_by=("year",),
        checks=(ALL_FINITE,),
    )


FEAT_PRICE_ACTION = _table(FEATURE_SETS["feat_price_action"])
FEAT_TREND = _table(FEATURE_SETS["feat_trend"])
FEAT_VOLATILITY = _table(FEATURE_SETS["feat_volatility"])
FEAT_VOLUME = _table(FEATURE_SETS["feat_volume"])
FEAT_ALPHA158 = _table(SEPARATE_SETS["feat_alpha158"])
FEAT_MOMENTUM = _table(FEATURE_SETS["feat_momentum"])
FEAT_REVERSAL = _table(FEATURE_SETS["feat_reversal"])
FEAT_LIQUIDITY = _table(FEATURE_SETS["feat_liquidity"])
FEAT_MARKET_RELATIVE = _table(FEATURE_SETS["feat_market_relative"])
FEAT_SEASONALITY = _table(FEATURE_SETS["feat_seasonality"])
FEAT_CROSS_SECTION = _table(FEATURE_SETS["feat_cross_section"])
FEAT_FUNDAMENTALS = _table(FACT_SETS["feat_fundamentals"])
FEAT_REVISIONS = _table(FACT_SETS["feat_revisions"])

FROM_PRICES = (
    *(FEAT_PRICE_ACTION, FEAT_TREND, FEAT_VOLATILITY, FEAT_VOLUME),
    *(FEAT_MOMENTUM, FEAT_REVERSAL, FEAT_LIQUIDITY, FEAT_MARKET_RELATIVE, FEAT_SEASONALITY, FEAT_CROSS_SECTION),
)
"""The tables made from returns alone."""
SEPARATE = (FEAT_ALPHA158,)
"""The tables made from returns alone that the matrix takes in only where they were built."""
FROM_FACTS = (FEAT_FUNDAMENTALS, FEAT_REVISIONS)
"""The tables made from facts as known."""
TABLES = (*FROM_PRICES, *SEPARATE, *FROM_FACTS)
