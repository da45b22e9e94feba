"""Leaks within a declared set, as the language of features would let one write them, and the registry's own features."""

import polars as pl

from kairos.features.core import Feature, FeatureSet, build
from kairos.features.leaks.subject import of_prices
from kairos.features.operators import C, R, mean
from kairos.features.registry import FEATURE_SETS
from kairos.features.terms import by_polars

r, c = pl.col("R"), pl.col("C")
LEAKS = {
    "tomorrow": by_polars(r.shift(-1)),
    "tomorrow within the name": by_polars(r.shift(-1).over("permaticker")),
    "centred mean": by_polars(r.rolling_mean(5, center=True).over("permaticker")),
    "scaled by the whole life": by_polars(c / c.max().over("permaticker")),
    "z over the whole frame": by_polars((r - r.mean()) / r.std()),
    "filled backwards": by_polars(pl.col("DV").backward_fill().over("permaticker").log1p().shift(-1)),
    "rows still to come": by_polars(pl.len().over("permaticker") - pl.col("row")),
    "one in ten thousand of tomorrow": mean(R, 5) + 1e-4 * by_polars(r.shift(-1).fill_null(0.0)),
    "the level of the chained index": C.log(),
    "the name before": by_polars(r.shift(1)),
    "less the session's mean": by_polars(r - r.mean().over("session")),
}


def one_feature(name, expr):
    return FeatureSet("tried", "", (Feature(name=name, formula="", expr=expr, lookback=21, source=""),))


def subject_of(feature_set, *, year):
    """Return a set as its asset builds it."""
    return of_prices(feature_set, lambda tables: build(feature_set, tables["daily_returns"], year=year))


def leaking(year):
    return {name: subject_of(one_feature(name, expr), year=year) for name, expr in LEAKS.items()}


def registered(year):
    return {name: subject_of(feature_set, year=year) for name, feature_set in FEATURE_SETS.items()}
