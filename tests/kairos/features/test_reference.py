"""Both forms of every feature and every word agree."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairos.errors import ContractError
from kairos.features import operators as op
from kairos.features.core import Feature, compute, compute_reference
from kairos.features.facts import FACTS, FORECASTS
from kairos.features.fast import fast_values
from kairos.features.operators import R, column
from kairos.features.panel import price_panel
from kairos.features.reference import reference_values
from kairos.features.registry import FACT_SETS, FEATURE_SETS
from kairos.features.terms import constant
from tests.kairos.features.conftest import FIRST, SESSIONS, changed
from tests.kairos.features.every_word import EVERY_SECTOR_WORD, EVERY_WORD

PRICE_SETS = {**FEATURE_SETS, "every_word": EVERY_WORD}
EVERY_SET = pytest.mark.parametrize("feature_set", PRICE_SETS.values(), ids=list(PRICE_SETS))
SINGLE = 2e-6  # single precision, and a few operations before it


def assert_agree(one, other, names, *, of_spread=0.0):
    """Equal but for rounding, relative to the value or to the column's spread; missing in the same rows."""
    for name in names:
        a, b = (frame[name].to_numpy().astype(float) for frame in (one, other))
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b), err_msg=name)
        spread = np.nanstd(b) if not np.isnan(b).all() else 0.0
        np.testing.assert_allclose(a, b, rtol=SINGLE, atol=of_spread * spread + 1e-12, err_msg=name)


@EVERY_SET
def test_both_forms_agree_on_ordinary_names(feature_set, returns):
    panel = price_panel(returns, first_session=FIRST)
    assert_agree(compute(feature_set, panel), compute_reference(feature_set, panel), feature_set.names, of_spread=1e-6)


@EVERY_SET
def test_both_forms_agree_on_nasty_names(feature_set, nasty_returns):
    rows = spoiled(nasty_returns).filter(pl.col("permaticker") != 109)  # polars' running sums keep a rest of huge rows
    panel = price_panel(rows, first_session=FIRST)
    assert_agree(compute(feature_set, panel), compute_reference(feature_set, panel), feature_set.names, of_spread=1e-6)


def spoiled(rows):
    """The nasty names with values that are no numbers, and a name of which nothing is known."""
    day = pl.int_range(pl.len()).over("permaticker")
    rows = changed(rows, 102, dollar_volume=pl.when(day % 60 == 7).then(float("inf")).otherwise("dollar_volume"))
    rows = changed(rows, 104, high_to_close=pl.when(day % 90 == 5).then(float("nan")).otherwise("high_to_close"))
    columns = ("ret_cc", "ret_oc", "high_to_close", "low_to_close", "dollar_volume", "closeunadj")
    return changed(rows, 107, **dict.fromkeys(columns))


@pytest.mark.parametrize("inputs", [FACTS, FORECASTS], ids=["facts", "forecasts"])
def test_both_forms_agree_on_facts(inputs):
    feature_set = next(each for each in FACT_SETS.values() if each.inputs == inputs)
    chance, rows = np.random.default_rng(3), 3000
    columns = {
        name: chance.choice([0.0, -1.0, 2.5, np.nan, np.inf], rows) * chance.lognormal(9, 2, rows) for name in inputs.columns
    }
    keys = {"permaticker": np.repeat(np.arange(6), 500), "session": list(SESSIONS[:500]) * 6, "facts_known_at": [None] * rows}
    panel = pl.DataFrame({**keys, **columns})
    assert_agree(compute(feature_set, panel), compute_reference(feature_set, panel), feature_set.names)


def test_both_forms_agree_within_sectors(nasty_returns):
    panel = price_panel(nasty_returns, first_session=FIRST)
    sector = pl.when(pl.col("permaticker") < 106).then(pl.lit("A")).when(pl.col("permaticker") > 108).then(pl.lit("B"))
    panel = panel.with_columns(sector=sector)
    made, plain = (form(EVERY_SECTOR_WORD, panel) for form in (compute, compute_reference))
    assert_agree(made, plain, EVERY_SECTOR_WORD.names, of_spread=1e-6)
    in_a, in_b = (made.filter(pl.col("permaticker") == name)["rank_in_sector"] for name in (101, 110))
    assert in_a.is_not_null().sum() > 500
    assert in_b.is_null().all()  # two names are too few


@pytest.mark.parametrize("form", [compute, compute_reference])
@pytest.mark.parametrize(
    "spoil", [lambda panel: panel.reverse(), lambda panel: pl.concat([panel, panel]).sort("permaticker", "session")]
)
def test_rows_out_of_order_or_twice_are_refused(form, spoil, returns):
    panel = price_panel(returns, first_session=FIRST)
    with pytest.raises(ContractError, match=r"feat_trend, the price panel: row \d+ .* does not come after the row before it"):
        form(FEATURE_SETS["feat_trend"], spoil(panel))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(returns, threads, monkeypatch):
    monkeypatch.setattr("kairos.features.fast._BLOCK_ROWS", 100)
    panel = price_panel(returns, first_session=FIRST)
    assert compute(EVERY_WORD, panel, threads=threads).equals(compute(EVERY_WORD, panel))


LEAVES = st.sampled_from([column("x"), column("y"), constant(2), constant(0)])
ROWS = st.integers(3, 9)


def _grown(terms):
    one_window = st.sampled_from(
        [op.lag, op.total, op.highest, op.lowest, op.age_of_highest, op.rank, op.std, op.slope, op.r_squared, op.median,
         op.product, op.skew, op.kurt, op.days_since, op.count, op.wilder, op.ema]
    )  # fmt: skip
    two_window = st.sampled_from([op.corr, op.beta, op.residual_std, op.sum_where, op.mean_where])
    two = st.sampled_from(
        [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, op.ratio, op.minimum, op.maximum, op.equal,
         lambda a, b: a > b, lambda a, b: op.where(a >= b, a), lambda a, b: op.differs(a, b) | (a <= b)]
    )  # fmt: skip
    one = st.sampled_from(
        [op.by_session_rank, op.by_session_demeaned, op.known, lambda a: a.abs().log1p(), lambda a: a.sign(), lambda a: -a]
    )
    return (
        st.builds(lambda word, x, rows: word(x, rows), one_window, terms, ROWS)
        | st.builds(lambda word, x, y, rows: word(x, y, rows), two_window, terms, terms, ROWS)
        | st.builds(lambda word, x, y: word(x, y), two, terms, terms)
        | st.builds(lambda word, x: word(x), one, terms)
    )


TERMS = st.recursive(LEAVES, _grown, max_leaves=4)
SMALL = st.sampled_from([0.0, 0.0, 1.0, -1.0, 0.5, 3.0, -2.25, 8.0, None, math.nan, math.inf])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(TERMS, st.lists(st.tuples(SMALL, SMALL), min_size=72, max_size=72), st.integers(0, 11))
def test_both_forms_agree_on_any_term_over_any_numbers(term, pairs, broken):
    x, y = zip(*pairs, strict=True)
    rows = [(row - broken) if row >= broken else row for row in range(12)]
    panel = pl.DataFrame(
        {"permaticker": np.repeat(np.arange(6), 12), "session": list(SESSIONS[:12]) * 6, "row": rows * 6, "x": x, "y": y},
        schema_overrides={"x": pl.Float64, "y": pl.Float64, "row": pl.Int32},
    )
    fast, plain = fast_values([term], panel)[0].cast(pl.Float64), reference_values([term], panel)[0]
    plain = pl.select(pl.when(plain.cast(pl.Float32).is_finite()).then(plain)).to_series()
    assert fast.is_null().to_list() == plain.is_null().to_list(), term
    np.testing.assert_allclose(fast.to_numpy(), plain.to_numpy(), rtol=1e-5, atol=1e-6, err_msg=str(term))


def test_a_feature_is_refused_that_reads_what_the_panel_has_not():
    with pytest.raises(ContractError, match="feature x: reads sector; the price panel has"):
        Feature(name="x", formula="", expr=op.by_session_rank(R, within="sector"), lookback=0, source="")
