"""The prover itself, on leaks planted for it."""

from datetime import date

import polars as pl
import pytest

from kairos.features.causality import future_reaches_past, neighbours_reach
from kairos.features.core import Feature, FeatureSet
from kairos.features.operators import C, R, mean, std
from kairos.features.terms import by_polars
from tests.kairos.features.every_word import EVERY_WORD

CUT = date(2016, 6, 30)
NAME = pl.col("permaticker")
LEAKS = {
    "tomorrow": by_polars(pl.col("R").shift(-1)),
    "tomorrow_within_the_name": by_polars(pl.col("R").shift(-1).over("permaticker")),
    "centred_mean": by_polars(pl.col("R").rolling_mean(5, center=True).over("permaticker")),
    "scaled_by_the_whole_life": C / by_polars(pl.col("C").max().over("permaticker")),
    "z_over_the_whole_frame": by_polars((pl.col("R") - pl.col("R").mean()) / pl.col("R").std()),
    "filled_backwards": by_polars(pl.col("DV").backward_fill().over("permaticker").log1p().shift(-1)),
    "rows_still_to_come": by_polars(pl.len().over("permaticker") - pl.col("row")),
    "one_in_ten_thousand_of_tomorrow": mean(R, 5) + 1e-4 * by_polars(pl.col("R").shift(-1).fill_null(0.0)),
}
HONEST = {"mean": mean(R, 5), "deviation": std(R, 21), "return": R}

ACROSS = [
    by_polars(pl.col("R").shift(1)),
    by_polars(pl.col("C").rolling_mean(21)),
    R - by_polars(pl.col("R").mean().over("session")),
]


def declared(name, expr):
    return FeatureSet("tried", "", (Feature(name=name, formula="", expr=expr, lookback=21, source=""),))


@pytest.mark.parametrize("name", LEAKS)
def test_a_planted_leak_is_caught(name, returns):
    assert future_reaches_past(declared(name, LEAKS[name]), returns, CUT) == [name]


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_feature_raises_no_alarm(name, returns):
    assert future_reaches_past(declared(name, HONEST[name]), returns, CUT) == []


def test_the_leaking_feature_is_named_among_honest_ones(returns):
    features = [Feature(name=name, formula="", expr=expr, lookback=21, source="") for name, expr in HONEST.items()]
    leaky = Feature(name="leaky", formula="", expr=LEAKS["tomorrow"], lookback=0, source="")
    assert future_reaches_past(FeatureSet("tried", "", (*features, leaky)), returns, CUT) == ["leaky"]


@pytest.mark.parametrize("expr", ACROSS)
def test_a_feature_that_reads_other_names_is_caught(expr, returns):
    assert neighbours_reach(declared("across", expr), returns, 102) == ["across"]


@pytest.mark.parametrize("cut", [CUT, date(2017, 8, 31)])
def test_no_word_reads_the_future(nasty_returns, cut):
    assert future_reaches_past(EVERY_WORD, nasty_returns, cut) == []


def test_only_comparisons_across_the_session_read_other_names(nasty_returns):
    across = [feature.name for feature in EVERY_WORD.features if len(feature.expr.reaches) > 1]
    assert set(neighbours_reach(EVERY_WORD, nasty_returns, 104)) == set(across)
