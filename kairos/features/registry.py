"""Every feature set there is, by table name. A new family is one file and one entry here."""

from kairos.features import (
    alpha158,
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
from kairos.features.core import Feature, FeatureSet

CORE_SETS: dict[str, FeatureSet] = {
    family.FEATURE_SET.name: family.FEATURE_SET for family in (price_action, trend, volatility, volume)
}
"""The sets that a model reads whose configuration names none, by table name."""

FEATURE_SETS: dict[str, FeatureSet] = CORE_SETS | {
    family.FEATURE_SET.name: family.FEATURE_SET
    for family in (momentum, reversal, liquidity, market_relative, seasonality, cross_section)
}
"""The sets made from returns alone, by table name."""

SEPARATE_SETS: dict[str, FeatureSet] = {alpha158.FEATURE_SET.name: alpha158.FEATURE_SET}
"""Sets from prices that nothing needs: the full matrix takes them in where their table was built, by table name."""

FACT_SETS: dict[str, FeatureSet] = {family.FEATURE_SET.name: family.FEATURE_SET for family in (fundamentals, revisions)}
"""The sets made from facts as known, by table name; `kairos.fundamentals` builds them."""


def features_of(sets: dict[str, FeatureSet]) -> tuple[Feature, ...]:
    """Return the features of several sets, in order."""
    return tuple(feature for feature_set in sets.values() for feature in feature_set.features)


ALL_FEATURES = features_of(FEATURE_SETS | FACT_SETS | SEPARATE_SETS)
"""The features of every set, in the order of the matrix."""

BASE_FEATURES = ("ret_1d", "ret_21d", "vol_21d")
"""What the base variant of the matrix holds."""
