"""A year mended is the year built anew, to the bit, and no row is computed that could not have changed."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.features import mending
from kairos.features import operators as op
from kairos.features.core import build, panel_of_year
from kairos.features.leaks.compare import differing
from kairos.features.mending import changed_rows, mend
from kairos.features.operators import DV, M, P, R
from kairos.features.registry import FEATURE_SETS, SEPARATE_SETS
from tests.kairos.features.every_word import EVERY_WORD, declared

YEAR = 2017
KEY = ["permaticker", "session"]
LAST = date(2017, 12, 12)
SOME = ("feat_trend", "feat_reversal", "feat_cross_section", "feat_alpha158")
SETS = {**{name: (FEATURE_SETS | SEPARATE_SETS)[name] for name in SOME}, "every_word": EVERY_WORD}
MONTH = declared("month", {"month": op.total(DV, 21), "day": P.log()})


def mended(feature_set, before, after, *, standing=None):
    years = (YEAR - 2, YEAR - 1, YEAR)
    held = build(feature_set, before, year=YEAR) if standing is None else standing
    changed = changed_rows(before, after, years=years)
    return mend(feature_set, panel_of_year(after, year=YEAR), year=YEAR, standing=held, changed=changed)


def assert_as_built(feature_set, before, after):
    """The mended year is the one built anew; return how many rows it took."""
    found, full = mended(feature_set, before, after), build(feature_set, after, year=YEAR)
    assert found.rows.select(KEY).equals(full.select(KEY))
    assert found.rows.columns == full.columns
    assert differing(found.rows, full, feature_set.names) == []
    return found.computed


def at(name, day):
    return (pl.col("permaticker") == name) & (pl.col("session") == day)


def until(rows, day):
    return rows.filter(pl.col("session") <= day)


def random_history(rows, seed):
    """The rows as they were before some of them were corrected, appeared, went, and names were listed or renumbered."""
    chance = np.random.default_rng(seed)
    keys = rows.select(KEY).filter(pl.col("session").dt.year() >= 2016)

    def some(count):
        return keys[sorted(chance.choice(keys.height, count, replace=False).tolist())]

    late, gone, wrong = some(2), some(2), some(3).with_columns(factor=pl.Series(chance.normal(1, 0.5, 3)))
    older = rows.join(late, on=KEY, how="anti").join(wrong, on=KEY, how="left", maintain_order="left")
    column = str(chance.choice(["ret_cc", "ret_oc", "dollar_volume", "closeunadj", "high_to_close"]))
    older = older.with_columns((pl.col(column) * pl.col("factor").fill_null(1.0)).alias(column)).drop("factor")
    new_name = int(chance.choice([100, 101, 105]))
    renumbered = int(chance.choice([102, 107]))
    as_it_was = pl.when(pl.col("permaticker") == renumbered).then(990).otherwise("permaticker").alias("permaticker")
    older = older.filter(pl.col("permaticker") != new_name).with_columns(as_it_was)
    return until(older, date(2017, 12, int(chance.integers(1, 28)))), rows.join(gone, on=KEY, how="anti")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SETS)
def test_a_mended_year_is_the_year_built_anew(name, seed, nasty_returns):
    before, after = random_history(nasty_returns, seed)
    assert_as_built(SETS[name], before, after)


@pytest.mark.parametrize("name", SETS)
def test_new_sessions_are_all_that_is_computed_of_new_sessions(name, nasty_returns):
    new = nasty_returns.filter(pl.col("session") > LAST).height
    assert 0 < assert_as_built(SETS[name], until(nasty_returns, LAST), nasty_returns) == new


def test_a_late_correction_computes_exactly_the_rows_that_it_reaches(nasty_returns):
    day = date(2017, 6, 6)
    before = nasty_returns.with_columns(dollar_volume=pl.when(at(106, day)).then(7.0).otherwise("dollar_volume"))
    assert assert_as_built(MONTH, before, nasty_returns) == 21


def test_a_correction_of_last_year_reaches_into_this_one(nasty_returns):
    sessions = nasty_returns.filter(permaticker=106)["session"].sort()
    fifth_last = sessions.filter(sessions < date(2017, 1, 1))[-5]
    before = nasty_returns.with_columns(dollar_volume=pl.when(at(106, fifth_last)).then(7.0).otherwise("dollar_volume"))
    assert assert_as_built(MONTH, before, nasty_returns) == 21 - 5


def test_a_name_that_is_compared_makes_every_name_computed(nasty_returns):
    against = declared("against", {"beta": op.beta(R, M, 21)})
    day = nasty_returns["session"].max()
    before = nasty_returns.with_columns(ret_cc=pl.when(at(106, day)).then(0.5).otherwise("ret_cc"))
    assert assert_as_built(against, before, nasty_returns) == nasty_returns.filter(pl.col("session") == day).height


def test_where_nothing_changed_nothing_is_computed(nasty_returns):
    assert assert_as_built(EVERY_WORD, nasty_returns, nasty_returns) == 0


def test_what_features_do_not_read_is_no_change(nasty_returns):
    before = nasty_returns.with_columns(ret_source=pl.lit("actions"))
    assert changed_rows(before, nasty_returns, years=(YEAR,)).is_empty()


def test_a_change_of_one_bit_is_one(nasty_returns):
    day = date(2017, 6, 6)
    before = nasty_returns.with_columns(ret_oc=pl.when(at(100, day)).then(-0.0).otherwise("ret_oc"))
    assert before.equals(nasty_returns)
    assert changed_rows(before, nasty_returns, years=(YEAR,)).rows() == [(100, day)]


def test_delisting_returns_are_read_by_no_feature(nasty_returns):
    dead = nasty_returns.filter(at(101, LAST)).with_columns(session=date(2018, 1, 2), is_delisting=True)
    more = pl.concat([nasty_returns, dead])
    assert changed_rows(nasty_returns, more, years=(2018,)).is_empty()


def test_a_year_that_holds_nothing_yet_is_built(nasty_returns):
    before = until(nasty_returns, date(2016, 12, 30))
    assert assert_as_built(MONTH, before, nasty_returns) == nasty_returns.filter(pl.col("session").dt.year() == YEAR).height


def test_beyond_half_of_the_year_all_of_it_is_built(nasty_returns, monkeypatch):
    before = until(nasty_returns, date(2017, 3, 1))
    assert assert_as_built(MONTH, before, nasty_returns) == nasty_returns.filter(pl.col("session").dt.year() == YEAR).height
    monkeypatch.setattr(mending, "MOST", 1.0)
    assert assert_as_built(MONTH, before, nasty_returns) == nasty_returns.filter(pl.col("session") > date(2017, 3, 1)).height


def test_rows_that_stand_are_taken_as_they_are(nasty_returns):
    """What stands is not looked at: that it is right is for the nightly proof to say."""
    before = until(nasty_returns, LAST)
    wrong = build(MONTH, before, year=YEAR).with_columns(day=pl.lit(7.0, pl.Float32))
    found = mended(MONTH, before, nasty_returns, standing=wrong).rows
    assert found.filter(pl.col("session") <= LAST)["day"].unique().to_list() == [7.0]
    assert 7.0 not in found.filter(pl.col("session") > LAST)["day"].to_list()


def test_where_rows_that_should_stand_are_missing_all_are_built(nasty_returns):
    held = build(MONTH, nasty_returns, year=YEAR)
    found = mended(MONTH, nasty_returns, nasty_returns, standing=held.filter(~at(100, date(2017, 6, 6))))
    assert found.rows.equals(held)
    assert found.computed == held.height


def test_the_first_row_of_the_panel_reaches_the_whole_year_of_its_name(nasty_returns):
    first = nasty_returns["session"].min()
    trend = FEATURE_SETS["feat_trend"]
    gone = nasty_returns.filter(~at(102, first))
    assert (
        assert_as_built(trend, nasty_returns, gone)
        == gone.filter(permaticker=102).filter(pl.col("session").dt.year() == YEAR).height
    )
