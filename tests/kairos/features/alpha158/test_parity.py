"""The kernels against the obvious form of each feature."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairos.features.alpha158 import FEATURE_SET
from kairos.features.alpha158.reference import INPUTS, reference
from kairos.features.core import compute
from kairos.features.panel import price_panel

EXPRESSIONS = {feature.name: feature.expr.expr for feature in FEATURE_SET.features}
HUGE = 1e6  # a ratio to no volume is compared by its own size
LEAST = 1e-2  # of the value's own size: a feature that hardly varies is compared at the precision of its inputs


def distance(panel):
    """The largest difference of each feature, in its standard deviations, and the columns whose nulls differ."""
    obvious, fast = reference(panel, EXPRESSIONS), compute(FEATURE_SET, panel)
    assert obvious.select("permaticker", "session").equals(fast.select("permaticker", "session"))
    far, holes = {}, []
    for name in FEATURE_SET.names:
        one, other = (frame[name].cast(pl.Float64).to_numpy() for frame in (obvious, fast))
        common = np.abs(one) < HUGE
        spread = np.nanstd(one[common]) if common.any() else 1.0
        scale = np.maximum(np.where(common, spread, np.abs(one)), LEAST * np.abs(one) + 1e-9)
        far[name] = np.nan_to_num(np.abs(one - other) / scale).max(initial=0)
        if not np.array_equal(np.isnan(one), np.isnan(other)):
            holes.append(name)
    return far, holes


def assert_equal(panel, *, tolerance=1e-4):
    far, holes = distance(panel)
    assert holes == []
    assert {name: value for name, value in far.items() if value > tolerance} == {}


def test_well_behaved_names_agree(returns):
    assert_equal(
        price_panel(returns, first_session=returns["session"].min()).filter(
            (pl.col("permaticker") < 102) & (pl.col("row") < 150)
        )
    )


@pytest.mark.parametrize("name", range(100, 111))
def test_nasty_names_agree(nasty_returns, name):
    own = nasty_returns.filter(pl.col("permaticker") == name)
    assert_equal(price_panel(own, first_session=own["session"].min()).filter(pl.col("row") < 125))


def drawn_panel(seed, rows, missing, coarse):
    """One name per entry of `rows`: prices on a grid where ties are common, with rows, highs and volumes left out."""
    chance = np.random.default_rng(seed)
    parts = []
    for name, count in enumerate(rows):
        close = np.exp(3 + np.cumsum(chance.normal(0, 0.03, count)))
        close = np.round(close, 0) if coarse else close
        open_ = close * (1 + chance.choice([0, 0.01, -0.01], count))
        prices = {
            "O": open_,
            "H": np.maximum(open_, close) * (1 + chance.choice([0, 0.01], count)),
            "L": np.minimum(open_, close) * (1 - chance.choice([0, 0.01], count)),
            "C": close,
            "V": chance.integers(0, 5, count) * 1e5,
        }
        holes = {key: np.where(chance.random(count) < missing, np.nan, value) for key, value in prices.items()}
        parts.append(pl.DataFrame({"permaticker": [name] * count, "session": range(count), "row": range(count)} | holes))
    return pl.concat(parts).with_columns(
        pl.col("session").cast(pl.Date), pl.col("row").cast(pl.Int32), pl.col(INPUTS).fill_nan(None)
    )


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 90), min_size=1, max_size=3),
    st.sampled_from([0, 0.05, 0.5]),
    st.booleans(),
)
def test_made_up_names_agree(seed, rows, missing, coarse):
    assert_equal(drawn_panel(seed, rows, missing, coarse))
