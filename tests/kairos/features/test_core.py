import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.features import fast
from kairos.features.core import Feature, FeatureSet, build, compute
from kairos.features.operators import C, column, mean
from kairos.features.panel import price_panel


def feature(name="x", expr=C, lookback=0):
    return Feature(name=name, formula="C[t]", expr=expr, lookback=lookback, source="none")


def test_an_adjusted_price_level_cannot_be_read():
    with pytest.raises(ContractError, match="feature x: reads closeadj; the price panel has"):
        feature(expr=column("closeadj").log())


def test_a_window_longer_than_the_panel_of_a_year_is_refused():
    with pytest.raises(ContractError, match="feature x: lookback 600 rows; expected 0 to 480"):
        feature(lookback=600)


def test_a_name_declared_twice_is_refused():
    with pytest.raises(ContractError, match=r"s: feature\(s\) x declared more than once"):
        FeatureSet("s", "d", (feature(), feature()))


def test_values_are_float32_and_infinity_is_null(returns):
    infinite = FeatureSet("s", "d", (feature(expr=1e45 * C),))
    made = build(infinite, returns, year=2017)
    assert made.schema["x"] == pl.Float32
    assert made["x"].null_count() == made.height


def test_rows_are_those_of_the_year_sorted_by_name_and_session(returns):
    made = build(FeatureSet("s", "d", (feature(),)), returns.reverse(), year=2016)
    assert made["session"].dt.year().unique().to_list() == [2016]
    assert made.select("permaticker", "session").equals(made.select("permaticker", "session").sort("permaticker", "session"))


def test_the_size_of_a_block_of_names_does_not_matter(returns, monkeypatch):
    feature_set = FeatureSet("s", "d", (feature(expr=mean(C, 21), lookback=20),))
    panel = price_panel(returns, first_session=returns["session"].min())
    whole = compute(feature_set, panel)
    monkeypatch.setattr(fast, "_BLOCK_ROWS", 10)
    assert compute(feature_set, panel).equals(whole)


def test_a_description_carries_formula_and_source():
    assert feature().description == "C[t]. none"


def test_the_panel_of_a_year_begins_two_years_earlier_however_much_is_handed_in(returns):
    continuing = returns.with_columns(pl.col("ret_cc").fill_null(0.003))
    earlier = continuing.with_columns(pl.col("session").dt.offset_by("-4y"))
    level = FeatureSet("s", "d", (feature(),))  # the index itself shows where it started
    assert build(level, pl.concat([earlier, continuing]), year=2017).equals(build(level, continuing, year=2017))
