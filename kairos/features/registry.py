"""Every feature set there is, by table name. A new family is one file and one entry here."""

from kairos.features import alpha158, fundamentals, price_action, revisions, trend, volatility, volume
from kairos.features.core import FeatureSet

FEATURE_SETS: dict[str, FeatureSet] = {
    family.FEATURE_SET.name: family.FEATURE_SET for family in (price_action, trend, volatility, volume)
}

SEPARATE_SETS: dict[str, FeatureSet] = {alpha158.FEATURE_SET.name: alpha158.FEATURE_SET}
"""Sets from prices that have a table of their own and are not taken into the matrix, by table name."""

FACT_SETS: dict[str, FeatureSet] = {family.FEATURE_SET.name: family.FEATURE_SET for family in (fundamentals, revisions)}
"""The sets made from facts as known, by table name; `kairos.fundamentals` builds them."""

ALL_FEATURES = tuple(feature for family in FEATURE_SETS.values() for feature in family.features)
"""The features of the sets in `FEATURE_SETS`, in the order of the matrix."""

BASE_FEATURES = ("ret_1d", "ret_21d", "vol_21d")
"""What the base variant of the matrix holds."""
