"""Proof by trial that a declared feature knows only its own name's past; the prover itself is in `leaks`."""

from datetime import date

import polars as pl

from kairos.features.core import FeatureSet
from kairos.features.leaks.compare import differing
from kairos.features.leaks.cuts import Cut
from kairos.features.leaks.prover import WORLDS, tried
from kairos.features.leaks.subject import declared
from kairos.frames import Frame

__all__ = ["differing", "future_reaches_past", "neighbours_reach"]


def future_reaches_past(feature_set: FeatureSet, daily_returns: Frame, cut: date) -> list[str]:
    """Return the features whose values up to `cut` change in any bit with what comes after it.

    Args:
        feature_set: What to try.
        daily_returns: Rows of the `daily_returns` table, some of them after `cut`.
        cut: Last session that may matter.
    """
    subject, tables = declared(feature_set), {"daily_returns": daily_returns}
    whole = subject.values(tables)
    exact = [world for world in WORLDS if world.exact]
    found = {leak.feature for world in exact for leak in tried(subject, tables, Cut(cut), whole, world)}
    return [name for name in feature_set.names if name in found]


def neighbours_reach(feature_set: FeatureSet, daily_returns: Frame, permaticker: int) -> list[str]:
    """Return the features whose values for one name change in any bit with the other names of the frame."""
    subject, own = declared(feature_set), pl.col("permaticker") == permaticker
    alone = subject.values({"daily_returns": daily_returns.filter(own)})
    among_others = subject.values({"daily_returns": daily_returns}).filter(own)
    return differing(alone, among_others, feature_set.names)
