"""Leaks within a declared set, as the language of features would let one write them, and the registry's own features."""

import polars as pl

from kairos.features.core import Feature, FeatureSet, build
from kairos.features.leaks.subject import Subject
from kairos.features.operators import C, R, mean
from kairos.features.registry import FEATURE_SETS

LEAKS = {
    "tomorrow": R.shift(-1),
    "tomorrow within the name": R.shift(-1).over("permaticker"),
    "centred mean": R.rolling_mean(5, center=True).over("permaticker"),
    "scaled by the whole life": C / C.max().over("permaticker"),
    "z over the whole frame": (R - R.mean()) / R.std(),
    "filled backwards": pl.col("DV").backward_fill().over("permaticker").log1p().shift(-1),
    "rows still to come": pl.len().over("permaticker") - pl.col("row"),
    "one in ten thousand of tomorrow": mean(R, 5) + 1e-4 * R.shift(-1).fill_null(0.0),
    "the level of the chained index": C.log(),
    "the name before": R.shift(1),
    "less the session's mean": R - R.mean().over("session"),
}


def one_feature(name, expr):
    return FeatureSet("tried", "", (Feature(name=name, formula="", expr=expr, lookback=21, source=""),))


def subject_of(feature_set, *, year):
    """Return a set as its asset builds it."""
    return Subject(
        feature_set.name,
        feature_set.names,
        lambda tables: build(feature_set, tables["daily_returns"], year=year),
        per_name=True,
        windowed=True,
    )


def leaking(year):
    return {name: subject_of(one_feature(name, expr), year=year) for name, expr in LEAKS.items()}


def registered(year):
    return {name: subject_of(feature_set, year=year) for name, feature_set in FEATURE_SETS.items()}
