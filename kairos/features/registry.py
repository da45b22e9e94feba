"""Every feature set there is, by table name. A new family is one file and one entry here."""

from kairos.features import (
    cross_section,
    fundamentals,
    liquidity,
    market_relative,
    momentum,
    price_action,
    reversal,
    revisions,
    seasonality,
    trend,
    volatility,
    volume,
)
from kairos.features.core import FeatureSet

_PRICES = (
    *(price_action, trend, volatility, volume),
    *(momentum, reversal, liquidity, market_relative, seasonality, cross_section),
)
FEATURE_SETS: dict[str, FeatureSet] = {family.FEATURE_SET.name: family.FEATURE_SET for family in _PRICES}
"""The sets made from returns alone, by table name."""

FACT_SETS: dict[str, FeatureSet] = {family.FEATURE_SET.name: family.FEATURE_SET for family in (fundamentals, revisions)}
"""The sets made from facts as known, by table name; `kairos.fundamentals` builds them."""

ALL_FEATURES = tuple(feature for family in FEATURE_SETS.values() for feature in family.features)
"""The features of every set, in the order of the matrix."""

BASE_FEATURES = ("ret_1d", "ret_21d", "vol_21d")
"""What the base variant of the matrix holds."""
