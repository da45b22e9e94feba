"""Some rows alone have the bits that a full build gives them."""

from datetime import date

import polars as pl
import pytest

from kairos.features import incremental
from kairos.features import operators as op
from kairos.features.causality import differing
from kairos.features.core import build
from kairos.features.incremental import build_rows, build_sessions, rows_reached
from kairos.features.operators import DV, M, P, R
from kairos.features.registry import FEATURE_SETS, SEPARATE_SETS
from tests.kairos.features.every_word import EVERY_WORD, UNCHAINED, declared

KEY = ["permaticker", "session"]
SETS = {**FEATURE_SETS, **SEPARATE_SETS, "every_word": EVERY_WORD, "unchained": UNCHAINED}
EVERY_SET = pytest.mark.parametrize("feature_set", SETS.values(), ids=list(SETS))
AT = date(2016, 9, 14)
OF_104 = (pl.col("permaticker") == 104) & (pl.col("session") == AT)
CORRECTIONS = {
    "another return": lambda rows: rows.with_columns(ret_cc=pl.when(OF_104).then(0.031).otherwise("ret_cc")),
    "a return that is withdrawn": lambda rows: rows.with_columns(ret_cc=pl.when(~OF_104).then("ret_cc")),
    "another volume": lambda rows: rows.with_columns(dollar_volume=pl.when(OF_104).then(5e7).otherwise("dollar_volume")),
    "a row that goes": lambda rows: rows.filter(~OF_104),
}


@pytest.fixture(scope="module")
def rows(nasty_returns):
    """The nasty names, one of which is gone by the time that sessions are added."""
    return nasty_returns.filter((pl.col("permaticker") != 110) | (pl.col("session") < date(2017, 12, 11)))


def built(feature_set, rows):
    return pl.concat([build(feature_set, rows, year=year) for year in (2015, 2016, 2017)]).sort(KEY)


@EVERY_SET
@pytest.mark.parametrize("since", [date(2017, 12, 29), date(2017, 6, 6), date(2016, 11, 30)])
def test_new_sessions_alone_have_the_bits_of_the_full_build(feature_set, rows, since):
    alone = build_sessions(feature_set, rows, since=since)
    full = built(feature_set, rows).filter(pl.col("session") >= since)
    assert alone.select(KEY).equals(full.select(KEY))
    assert differing(alone, full, feature_set.names) == []


@EVERY_SET
def test_in_parts_by_reach_they_have_them_too(feature_set, rows, monkeypatch):
    monkeypatch.setattr(incremental, "LARGE", 0)
    since = date(2017, 12, 20)
    alone, full = build_sessions(feature_set, rows, since=since), build(feature_set, rows, year=2017)
    assert alone.columns == full.columns
    assert differing(alone, full.filter(pl.col("session") >= since), feature_set.names) == []


@EVERY_SET
@pytest.mark.parametrize("correction", CORRECTIONS)
def test_a_late_correction_changes_no_row_but_those_it_is_said_to_reach(feature_set, rows, correction):
    corrected = CORRECTIONS[correction](rows)
    before, after = built(feature_set, rows), built(feature_set, corrected)
    reached = rows_reached(feature_set, pl.DataFrame({"permaticker": [104], "session": [AT]}), corrected)
    again = build_rows(feature_set, corrected, reached)
    kept = before.join(again, on=KEY, how="anti").join(after.select(KEY), on=KEY, how="semi")
    mended = pl.concat([kept, again]).sort(KEY)
    assert mended.select(KEY).equals(after.select(KEY))
    assert differing(mended, after, feature_set.names) == []


def test_a_correction_reaches_as_many_rows_of_its_name_as_the_set_looks_back(rows):
    month = declared("month", {"month": op.total(DV, 21), "day": P.log()})
    own = rows.filter((pl.col("permaticker") == 104) & (pl.col("session") >= AT))["session"].sort()
    reached = rows_reached(month, pl.DataFrame({"permaticker": [104], "session": [AT]}), rows)
    assert reached.rows() == [(104, AT, own[20])]


def test_a_correction_reaches_every_name_where_names_are_compared(rows):
    against = declared("against", {"beta": op.beta(R, M, 21)})
    reached = rows_reached(against, pl.DataFrame({"permaticker": [104], "session": [AT]}), rows)
    last = rows.filter((pl.col("permaticker") == 100) & (pl.col("session") >= AT))["session"].sort()[20]
    assert reached.filter(pl.col("permaticker") == 100).rows() == [(100, AT, last)]
    assert reached["permaticker"].to_list() == [100, 101, 102, 104, 105, 106, 107, 108, 109, 110]  # 103 had ended


def test_what_reads_the_index_is_reached_until_the_years_built_from_it_end(nasty_returns):
    reached = rows_reached(FEATURE_SETS["feat_trend"], pl.DataFrame({"permaticker": [104], "session": [AT]}), nasty_returns)
    assert reached.rows() == [(104, AT, date(2018, 12, 31))]


def test_nothing_corrected_reaches_nothing(nasty_returns):
    none = pl.DataFrame(schema={"permaticker": pl.Int64, "session": pl.Date})
    reached = rows_reached(EVERY_WORD, none, nasty_returns)
    assert reached.is_empty()
    assert build_rows(EVERY_WORD, nasty_returns, reached).is_empty()
