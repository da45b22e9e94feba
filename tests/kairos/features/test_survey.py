"""How features look on a market, and that no two of ours say the same."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from kairos.errors import ContractError
from kairos.features.core import Feature
from kairos.features.operators import C
from kairos.features.registry import FACT_SETS, FEATURE_SETS, features_of
from kairos.features.survey import rank_correlations, survey

MEASURED = json.loads((Path(__file__).parents[3] / "docs" / "feature_facts.json").read_text())["features"]
SAME = 0.995
ALIKE = {  # pairs that agree on the demo's market, and why both stay
    frozenset(
        {"px_to_sma_21d", "px_to_vwap_21d"}
    ): "they part where volume comes in bursts, which the demo's names know little",
    frozenset({"garman_klass_21d", "rogers_satchell_21d"}): "they part where a session drifts, which the demo's bars hardly do",
}


def declared(*names, lookback=0):
    return [Feature(name=name, formula="C[t]", expr=C, lookback=lookback, source="none") for name in names]


def values(rows=1200, **columns):
    made = {name: column(np.random.default_rng(4).normal(size=rows)) for name, column in columns.items()}
    return pl.DataFrame({"permaticker": [1] * rows, "session": list(range(rows)), **made})


def test_every_feature_was_surveyed_and_no_other():
    assert set(MEASURED) == {feature.name for feature in features_of(FEATURE_SETS | FACT_SETS)}


def test_no_two_features_say_the_same_but_for_reasons_given():
    twins = {frozenset({name, facts["nearest"]}) for name, facts in MEASURED.items() if (facts["rank_correlation"] or 0) > SAME}
    assert twins - set(ALIKE) == set()


def test_every_exception_is_still_needed():
    assert {frozenset({name, facts["nearest"]}) for name, facts in MEASURED.items()} >= set(ALIKE)


def test_no_feature_is_null_everywhere():
    assert [name for name, facts in MEASURED.items() if facts["null_rate"] == 1] == []


def test_null_rates_by_hand():
    frame = pl.DataFrame({"permaticker": [1, 1, 1, 2], "session": [1, 2, 3, 1], "x": [None, None, 5.0, None]})
    (found,) = survey(frame, declared("x", lookback=1)).values()
    assert (found.null_rate, found.null_rate_full) == (0.75, 0.5)
    assert (found.nearest, found.rank_correlation) == ("", None)


def test_a_feature_is_nearest_to_its_own_curve_turned_over():
    made = survey(values(x=lambda x: x, y=lambda x: -np.exp(x), z=lambda x: x + 3 * np.roll(x, 1)), declared("x", "y", "z"))
    assert {name: found.nearest for name, found in made.items()} == {"x": "y", "y": "x", "z": "x"}
    assert made["x"].rank_correlation == 1


def test_rank_correlations_are_spearmans():
    frame = values(x=lambda x: x, y=lambda x: x**3 + np.roll(x, 5)).select("x", "y")
    assert rank_correlations(frame)[0, 1] == pytest.approx(stats.spearmanr(frame["x"], frame["y"]).statistic)


def test_rows_that_lack_one_of_the_two_are_left_out():
    frame = values(x=lambda x: x, y=lambda x: np.where(np.arange(x.size) < 1100, 2 * x, -x)).select(
        "x", y=pl.when(pl.int_range(pl.len()) < 1100).then("y")
    )
    assert rank_correlations(frame)[0, 1] > 0.9999


def test_what_does_not_vary_or_is_seldom_known_is_compared_with_nothing():
    made = survey(values(x=lambda x: x, flat=lambda x: 0 * x), declared("x", "flat"))
    assert made["flat"].nearest == ""
    assert np.isnan(rank_correlations(values(rows=900, x=lambda x: x, y=lambda x: x).select("x", "y"))).all()


def test_no_rows_are_refused():
    with pytest.raises(ContractError, match="survey of features: no rows"):
        survey(values(x=lambda x: x).clear(), declared("x"))
