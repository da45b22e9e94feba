"""All 158 against values of Qlib 0.9.7 on a panel with halts, gaps, holes, constants, a single row, early and late names.

`python -m benchmarks.features_vs_qlib --write-reference` stores them. Infinite values of Qlib count as missing: ours are null.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from kairos.features.alpha158 import FEATURE_SET
from kairos.features.alpha158.reference import INPUTS, WINDOWS
from kairos.features.core import compute

STORED = pl.read_ipc(Path(__file__).parent / "qlib.arrow")
PANEL = STORED.select("permaticker", "session", "row", *(pl.col(name).cast(pl.Float64) for name in INPUTS))
WHERE_NOTHING_WAS_TRADED = 1e6  # a ratio to no volume is of the order of 1e18: compared by its own size
TOLERANCE = 1e-4  # of the feature's standard deviation


@pytest.fixture(scope="module")
def values():
    return compute(FEATURE_SET, PANEL)


def finite(column):
    values = column.cast(pl.Float64).to_numpy(writable=True)
    values[~np.isfinite(values)] = np.nan
    return values


def test_the_names_are_those_of_qlib_in_its_order():
    assert list(FEATURE_SET.names) == [name for name in STORED.columns if name not in PANEL.columns]
    assert len(FEATURE_SET.names) == 13 + 29 * len(WINDOWS) == 158


@pytest.mark.parametrize("name", FEATURE_SET.names)
def test_a_value_is_missing_exactly_where_that_of_qlib_is(values, name):
    assert np.array_equal(np.isnan(finite(STORED[name])), np.isnan(finite(values[name])))


@pytest.mark.parametrize("name", FEATURE_SET.names)
def test_a_value_equals_that_of_qlib(values, name):
    theirs, ours = finite(STORED[name]), finite(values[name])
    common = np.abs(theirs) < WHERE_NOTHING_WAS_TRADED
    scale = np.where(common, np.nanstd(theirs[common]), np.abs(theirs))
    assert np.nanmax(np.abs(ours - theirs) / scale) < TOLERANCE


def test_the_stored_panel_has_every_kind_of_fault():
    own = {name: PANEL.filter(pl.col("permaticker") == name) for name in range(9)}
    assert (own[1]["V"] == 0).sum() > 10
    assert own[2]["C"].null_count() > 10
    assert own[3]["H"].null_count() > 5
    assert own[4]["V"].null_count() > 10
    assert own[5]["C"].rle().len() < own[5].height / 2
    assert [own[name].height for name in (6, 7, 8)] == [1, 70, 70]
