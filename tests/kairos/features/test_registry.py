"""Promises that every declared feature keeps."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.features.causality import differing, future_reaches_past, neighbours_reach
from kairos.features.core import build, compute
from kairos.features.panel import price_panel
from kairos.features.registry import ALL_FEATURES, BASE_FEATURES, FEATURE_SETS, SEPARATE_SETS

FROM_PRICES = FEATURE_SETS | SEPARATE_SETS
EVERY_SET = pytest.mark.parametrize("feature_set", FROM_PRICES.values(), ids=list(FROM_PRICES))
CUTS = (date(2015, 3, 2), date(2016, 6, 30), date(2017, 8, 31))
SESSION_AFTER_LISTING = date(2015, 1, 5)
OWN_COLUMNS = ("permaticker", "session")


@pytest.fixture(scope="module")
def panel(returns):
    return price_panel(returns, first_session=date(2015, 1, 1))


@EVERY_SET
@pytest.mark.parametrize("cut", CUTS)
def test_the_future_does_not_reach_the_past(feature_set, returns, cut):
    assert future_reaches_past(feature_set, returns, cut) == []


@EVERY_SET
def test_the_future_does_not_reach_the_past_of_nasty_names(feature_set, nasty_returns):
    assert future_reaches_past(feature_set, nasty_returns, CUTS[1]) == []


def compares(feature):
    """Whether a feature compares names within the session, itself or through the market's return."""
    return len(feature.expr.reaches) > 1


@EVERY_SET
@pytest.mark.parametrize("name", [100, 104, 106, 109])
def test_no_name_reaches_another_but_through_the_session(feature_set, nasty_returns, name):
    own = {feature.name for feature in feature_set.features if not compares(feature)}
    assert own.isdisjoint(neighbours_reach(feature_set, nasty_returns, name))


@EVERY_SET
def test_a_comparison_reads_the_other_names(feature_set, nasty_returns):
    compared = {feature.name for feature in feature_set.features if compares(feature)}
    assert compared <= set(neighbours_reach(feature_set, nasty_returns, 104))


def test_the_families_that_compare_names_are_known():
    assert {name for name, family in FEATURE_SETS.items() if any(map(compares, family.features))} == {
        "feat_liquidity", "feat_market_relative", "feat_cross_section",
    }  # fmt: skip


@EVERY_SET
def test_the_first_value_comes_exactly_when_the_stated_lookback_is_there_and_none_is_missing_after(feature_set, returns):
    since_a_known_return = price_panel(returns, first_session=SESSION_AFTER_LISTING)
    values = compute(feature_set, since_a_known_return).filter(pl.col("permaticker") == 100)
    for feature in feature_set.features:
        filled = values[feature.name].is_not_null()
        first = filled.arg_max()
        assert first <= feature.lookback if feature.partial else first == feature.lookback, feature.name
        assert filled[first:].all(), feature.name


@EVERY_SET
def test_a_break_in_the_returns_empties_every_window_that_reaches_across(feature_set, nasty_returns):
    values = compute(feature_set, price_panel(nasty_returns, first_session=date(2015, 1, 1)))
    after_break = values.filter(pl.col("permaticker") == 105)[400:]
    for feature in feature_set.features:
        empty = 0 if feature.partial else feature.lookback
        assert after_break[feature.name][:empty].is_null().all(), feature.name


@EVERY_SET
def test_what_came_before_a_break_changes_no_value_after_it(feature_set, nasty_returns):
    own = nasty_returns.filter(pl.col("permaticker") == 105)
    whole, later = (price_panel(own, first_session=first) for first in (date(2015, 1, 1), own["session"][400]))
    values = compute(feature_set, whole)[400:], compute(feature_set, later)
    assert differing(*values, feature_set.names) == []


def garbled_until(returns, row):
    """The same rows, those of number `row` and before changed in every input."""
    early = pl.int_range(pl.len()).over("permaticker") <= row
    wild = {
        "ret_cc": 0.05 - 0.5 * pl.col("ret_cc"),
        "ret_oc": -pl.col("ret_oc"),
        "high_to_close": 0.1 + pl.col("high_to_close"),
        "low_to_close": pl.col("low_to_close") - 0.1,
        "dollar_volume": 1e6 + 3 * pl.col("dollar_volume").reverse(),
        "closeunadj": 2 * pl.col("closeunadj"),
    }
    return returns.with_columns(pl.when(early).then(value).otherwise(name).alias(name) for name, value in wild.items())


@pytest.mark.parametrize("feature_set", FEATURE_SETS.values(), ids=list(FEATURE_SETS))
def test_the_stated_lookback_bounds_what_a_value_reads(feature_set, returns, panel):
    at = 600
    value = compute(feature_set, panel)
    for lookback in sorted({feature.lookback for feature in feature_set.features}):
        names = [feature.name for feature in feature_set.features if feature.lookback == lookback]
        changed = price_panel(garbled_until(returns, at - lookback - 1), first_session=date(2015, 1, 1))
        pair = [frame.group_by("permaticker", maintain_order=True).agg(pl.col(names).get(at)) for frame in
                (value, compute(feature_set, changed))]  # fmt: skip
        for name in names:
            np.testing.assert_allclose(pair[0][name], pair[1][name], rtol=2e-5, atol=1e-7, err_msg=name)


def slack(feature_set, values):
    """What another scale of the chain may change: kernels read the panel at float32's precision."""
    return 1e-3 * np.nanstd(values) if feature_set.all_at_once else 1e-6


@EVERY_SET
def test_a_later_start_changes_no_value_whose_window_is_full(feature_set, returns, panel):
    start = 150
    later = price_panel(returns, first_session=panel["session"][start])
    whole, short = compute(feature_set, panel), compute(feature_set, later)
    for feature in feature_set.features:
        name, reach = feature.name, start + feature.lookback + 1
        own = [frame.filter(pl.col("permaticker") == 100)[name].to_numpy() for frame in (whole, short)]
        np.testing.assert_allclose(
            own[0][reach:], own[1][reach - start :], rtol=2e-5, atol=slack(feature_set, own[0]), err_msg=name
        )


@EVERY_SET
def test_a_year_built_from_its_own_panel_equals_one_built_from_everything(feature_set, nasty_returns):
    own = nasty_returns.with_columns(pl.col("ret_cc").fill_null(0.003))  # no name begins with the frame
    earlier, later = (own.with_columns(pl.col("session").dt.offset_by(years)) for years in ("-4y", "4y"))
    alone = build(feature_set, own, year=2017)
    among_more = build(feature_set, pl.concat([later, earlier, own]), year=2017)
    assert alone.select(OWN_COLUMNS).equals(among_more.select(OWN_COLUMNS))
    assert differing(alone, among_more, feature_set.names) == []


@EVERY_SET
def test_a_year_rebuilt_session_by_session_equals_the_full_rebuild(feature_set, nasty_returns):
    full = build(feature_set, nasty_returns, year=2017)
    for until in (date(2017, 1, 3), date(2017, 7, 5)):
        so_far = build(feature_set, nasty_returns.filter(pl.col("session") <= until), year=2017)
        assert differing(so_far, full.filter(pl.col("session") <= until), feature_set.names) == []


@EVERY_SET
def test_nasty_names_give_no_infinity_and_no_nan(feature_set, nasty_returns):
    values = compute(feature_set, price_panel(nasty_returns, first_session=date(2015, 1, 1)))
    assert values.select(pl.col(feature_set.names).is_finite().all()).row(0) == (True,) * len(feature_set.names)


@EVERY_SET
def test_a_name_with_one_row_has_a_row(feature_set, nasty_returns):
    assert build(feature_set, nasty_returns, year=2015).filter(pl.col("permaticker") == 103).height == 1


@EVERY_SET
def test_a_frame_without_rows_gives_one_without_rows(feature_set, returns):
    assert build(feature_set, returns.clear(), year=2017).columns == ["permaticker", "session", *feature_set.names]


def test_feature_names_are_unique_over_all_sets():
    names = [name for feature_set in FROM_PRICES.values() for name in feature_set.names]
    assert len(names) == len(set(names))


def test_every_feature_names_its_source_and_formula():
    features = [feature for feature_set in FROM_PRICES.values() for feature in feature_set.features]
    assert [feature.name for feature in features if not (feature.source and feature.formula)] == []


def test_there_are_enough_features():
    assert len(ALL_FEATURES) >= 250


def test_the_base_features_are_declared():
    assert set(BASE_FEATURES) <= {feature.name for feature in ALL_FEATURES}
