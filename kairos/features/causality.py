"""Proof by trial that a feature knows only its own name's past: change the rest and compare bits."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import polars as pl

from kairos.features.core import FeatureSet, compute
from kairos.features.panel import price_panel
from kairos.frames import Frame

_GARBLED = {
    "ret_cc": 0.013 - 0.7 * pl.col("ret_cc"),
    "ret_oc": 0.004 - 0.5 * pl.col("ret_oc"),
    "high_to_close": 0.02 + 3 * pl.col("high_to_close"),
    "low_to_close": 0.5 * pl.col("low_to_close") - 0.01,
    "dollar_volume": 7 * pl.col("dollar_volume") + 1e6,
    "closeunadj": 3 * pl.col("closeunadj"),
}


def future_reaches_past(feature_set: FeatureSet, daily_returns: Frame, cut: date) -> list[str]:
    """Return the features whose values up to `cut` change in any bit with what comes after it.

    The rows after `cut` are left as they are, garbled, thinned and emptied in turn; the yardstick has none of them.

    Args:
        feature_set: What to try.
        daily_returns: Rows of the `daily_returns` table, some of them after `cut`.
        cut: Last session that may matter.
    """
    known = _values(feature_set, daily_returns.filter(pl.col("session") <= cut))
    found: set[str] = set()
    for variant in _futures(daily_returns, cut):
        later = _values(feature_set, variant).filter(pl.col("session") <= cut)
        found.update(differing(known, later, feature_set.names))
    return [name for name in feature_set.names if name in found]


def neighbours_reach(feature_set: FeatureSet, daily_returns: Frame, permaticker: int) -> list[str]:
    """Return the features whose values for one name change in any bit with the other names of the frame."""
    own = pl.col("permaticker") == permaticker
    alone = _values(feature_set, daily_returns.filter(own))
    among_others = _values(feature_set, daily_returns).filter(own)
    return differing(alone, among_others, feature_set.names)


def differing(one: Frame, other: Frame, names: tuple[str, ...]) -> list[str]:
    """Return the columns in which two frames of the same rows differ in any bit, nulls included."""
    return [name for name in names if not np.array_equal(_bits(one[name]), _bits(other[name]))]


def _bits(values: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return values.cast(pl.Float32).to_numpy(writable=True).view(np.uint32)


def _values(feature_set: FeatureSet, daily_returns: Frame) -> Frame:
    return compute(feature_set, price_panel(daily_returns, first_session=date.min))


def _futures(daily_returns: Frame, cut: date) -> Iterator[Frame]:
    after = pl.col("session") > cut
    yield daily_returns
    yield daily_returns.with_columns(
        pl.when(after).then(garbled).otherwise(name).alias(name) for name, garbled in _GARBLED.items()
    )
    yield daily_returns.filter(~after | (pl.int_range(pl.len()) % 3 == 0))
    yield daily_returns.with_columns(pl.when(~after).then(name).alias(name) for name in _GARBLED)
