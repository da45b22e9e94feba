"""The first bit that differs is named; a date always draws the same years."""

from datetime import date

import polars as pl
import pytest

from kairos.features.rebuilt import chosen_years, first_difference

DAY = date(2018, 7, 6)
STORED = pl.DataFrame(
    {"permaticker": [1, 2], "session": [DAY, DAY], "a": [0.5, None], "b": [0.0, 2.0]},
    schema_overrides={"a": pl.Float32, "b": pl.Float32},
)


def changed(column, *values):
    return STORED.with_columns(pl.Series(column, values, pl.Float32))


def test_a_frame_is_itself_in_any_order_of_rows_and_columns():
    assert first_difference(STORED, STORED.reverse().select(STORED.columns[::-1])) is None


@pytest.mark.parametrize(
    ("rebuilt", "said"),
    [
        (changed("b", 0.0, 2.0000002), "b of permaticker 2 on 2018-07-06: stored 2.0, built anew 2.000000238418579 (1 row(s)"),
        (changed("b", -0.0, 2.0), "b of permaticker 1 on 2018-07-06: stored 0.0, built anew -0.0 (1 row(s)"),
        (changed("a", 0.5, 0.0), "a of permaticker 2 on 2018-07-06: stored None, built anew 0.0 (1 row(s)"),
        (changed("a", None, None), "a of permaticker 1 on 2018-07-06: stored 0.5, built anew None (1 row(s)"),
        (changed("b", 1.0, 1.0), "b of permaticker 1 on 2018-07-06: stored 0.0, built anew 1.0 (2 row(s)"),
        (STORED.head(1), "(row) of permaticker 2 on 2018-07-06: stored there, built anew missing (1 row(s)"),
        (
            STORED.with_columns(permaticker=pl.Series([0, 2])),
            "(row) of permaticker 0 on 2018-07-06: stored missing, built anew",
        ),
    ],
    ids=["a bit", "a sign", "no null", "a null", "two rows", "a row too many", "another name"],
)
def test_the_first_difference_is_named(rebuilt, said):
    assert str(first_difference(STORED, rebuilt)).startswith(said)


def test_nothing_drawn_of_nothing():
    assert chosen_years([], day=DAY, table="feat_trend") == []


def test_the_newest_year_is_always_drawn_and_another_by_the_date():
    years = [str(year) for year in range(2000, 2019)]
    drawn = [chosen_years(years, day=date(2018, 7, day), table="feat_trend") for day in range(1, 31)]
    assert {newest for _, newest in drawn} == {"2018"}
    assert len({other for other, _ in drawn}) > 10
    assert drawn[5] == chosen_years(years[::-1], day=DAY, table="feat_trend")
    assert chosen_years(["2018"], day=DAY, table="feat_trend") == ["2018"]
