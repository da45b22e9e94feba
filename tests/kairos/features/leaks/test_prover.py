"""What the prover says of a leak: the probe, the cut, the row and both values."""

from datetime import date

import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.features.leaks.cuts import Cut
from kairos.features.leaks.prover import prove
from kairos.features.leaks.subject import Subject
from tests.kairos.features.leaks.cases import KEY, NAME, of_labels, of_prices, of_rows, rows, with_lives

CUTS = [Cut(date(2016, 6, 30)), Cut(date(2016, 12, 16))]
R, S = pl.col("r"), pl.col("session")


def found(make, market, reads, *, per_name=False, thorough=False):
    tables = {name: market[name] for name in ("daily_returns", *reads)}
    return prove(Subject("s", ("x",), make, per_name=per_name), tables, CUTS, thorough=thorough)


@pytest.mark.parametrize(
    ("make", "reads", "probe"),
    [
        (of_rows(R.shift(-1).over(NAME)), (), "future"),
        (of_rows(R.rank().over(NAME)), (), "fit_window"),
        (of_labels(pl.col("ret_5d_f").shift(3).over(NAME)), ("targets",), "label"),
        (with_lives(pl.col("isdelisted")), ("tickers",), "universe"),
        (of_prices(pl.col("closeadj").log()), ("sep_base",), "as_known"),
    ],
    ids=["future", "fit_window", "label", "universe", "as_known"],
)
@pytest.mark.parametrize("thorough", [False, True], ids=["quick", "thorough"])
def test_a_leak_is_shown_by_the_probe_of_its_kind(make, reads, probe, thorough, market):
    assert probe in {leak.probe for leak in found(make, market, reads, thorough=thorough)}


def test_a_reader_of_other_names_is_shown_by_the_neighbours_alone(market):
    leaks = found(of_rows(R - R.mean().over("session")), market, (), per_name=True)
    assert {leak.probe for leak in leaks} == {"neighbours"}


def test_the_same_is_honest_where_names_may_look_at_each_other(market):
    assert found(of_rows(R - R.mean().over("session")), market, ()) == []


def test_the_example_is_the_row_before_the_cut_with_both_values(market):
    leak = next(leak for leak in found(of_rows(R.shift(-1).over(NAME)), market, (), thorough=True) if leak.probe == "future")
    truth = rows(market).filter(pl.col(NAME) == leak.permaticker, leak.session == S)["n"][0]
    assert leak.session == date(2016, 6, 30)
    assert (leak.before, leak.after) == (pytest.approx(truth), None)
    assert str(leak).startswith("x fails future (rows after the cut left out, cut 2016-06-30): permaticker")


def test_a_row_that_is_there_only_for_survivors_is_a_leak(market):
    def make(tables):
        made = rows(tables)
        return made.filter(S.max().over(NAME) == S.max()).select(*KEY, x=R)

    assert found(make, market, ())[0].probe == "future"


def test_a_millionth_of_tomorrow_is_seen(market):
    assert found(of_rows(pl.col("p") + 1e-6 * pl.col("n").fill_null(0.0)), market, ()) != []


def test_a_name_with_two_rows_on_a_session_is_refused(market):
    with pytest.raises(ContractError, match=r"s: permaticker 1000 has 2 rows on 2015-01-02; expected one"):
        found(lambda tables: pl.concat([rows(tables).select(*KEY, x=R)] * 2), market, ())


def test_words_are_refused(market):
    with pytest.raises(ContractError, match="s: column x holds String; expected numbers"):
        found(lambda tables: rows(tables).select(*KEY, x=pl.lit("high")), market, ())
