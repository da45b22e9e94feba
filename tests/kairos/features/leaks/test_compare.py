"""Two outcomes side by side."""

from datetime import date

import polars as pl
import pytest

from kairos.features.leaks.compare import MOST_ROUNDED, differences

DAYS = [date(2016, 1, 4), date(2016, 1, 5), date(2016, 1, 6)]


def outcome(values, days=DAYS):
    schema = {"permaticker": pl.Int64, "session": pl.Date, "x": pl.Float32}
    return pl.DataFrame({"permaticker": [1] * len(days), "session": days, "x": values}, schema=schema)


@pytest.mark.parametrize(
    ("one", "other", "example"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.5, 3.5], (2, DAYS[1], 2.0, 2.5)),
        ([1.0, None, 3.0], [1.0, 2.0, 3.0], (1, DAYS[1], None, 2.0)),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0 + 2.0**-23], (1, DAYS[2], 1.0, 1.0 + 2.0**-23)),
    ],
    ids=["values", "null", "last bit"],
)
def test_the_first_row_that_differs_is_the_example(one, other, example):
    (found,) = differences(outcome(one), outcome(other), ("x",))
    assert (found.rows, found.session, found.before, found.after) == example


def test_the_same_bits_differ_in_nothing():
    assert differences(outcome([1.0, None, 3.0]), outcome([1.0, None, 3.0]), ("x",)) == []


def test_a_row_without_a_value_that_is_there_or_not_is_told_as_well():
    (found,) = differences(outcome([1.0, 2.0, None]), outcome([1.0, 2.0], DAYS[:2]), ("x",))
    assert (found.rows, found.session, found.before) == (1, DAYS[2], None)


def test_a_rounding_is_let_pass_where_roundings_may_be_and_a_level_is_not():
    values = [1.0, 2.0, 3.0]
    assert differences(outcome(values), outcome([x + 1e-5 for x in values]), ("x",), exact=False) == []
    assert len(differences(outcome(values), outcome([x + 0.1 for x in values]), ("x",), exact=False)) == 1


def test_a_tie_broken_by_rounding_in_one_row_of_many_is_let_pass_and_in_more_is_not():
    days = pl.date_range(date(2016, 1, 1), date(2016, 10, 26), eager=True).to_list()
    allowed = round(MOST_ROUNDED * len(days))
    for flipped, told in ((allowed, 0), (allowed + 1, 1)):
        one = outcome([float(at % 7) for at in range(len(days))], days)
        other = one.with_columns(x=pl.when(pl.int_range(pl.len()) < flipped).then(pl.col("x") + 1).otherwise("x"))
        assert len(differences(one, other, ("x",), exact=False)) == told
