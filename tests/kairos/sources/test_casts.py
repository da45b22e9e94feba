from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kairos.sources.casts import cast_columns, unreadable

DAY = date(2015, 1, 2)
NUMBER, WHOLE, DATE, TEXT = pl.Float64(), pl.Int64(), pl.Date(), pl.String()
CASES = [
    (["1.5", " 2 ", "1e3"], NUMBER, [1.5, 2.0, 1000.0], [False] * 3),
    (["", "null", "NaN", "N/A", None], NUMBER, [None] * 5, [False] * 5),
    (["abc", "1,000", "inf", "12.5.1"], NUMBER, [None] * 4, [True] * 4),
    ([1.0, float("nan"), float("inf"), None], NUMBER, [1.0, None, None, None], [False, False, True, False]),
    ([True, None], NUMBER, [None, None], [True, False]),
    (["3674", "3674.0", "3.5", "x"], WHOLE, [3674, 3674, None, None], [False, False, True, True]),
    (["2015-01-02", "20150102", "2015-01-02 00:00:00-05:00", " 2015-01-02 "], DATE, [DAY] * 4, [False] * 4),
    (["01/02/2015", "2015-02-30", "2015-1-2x", "x"], DATE, [None] * 4, [True] * 4),
    ([20150102, 1], DATE, [DAY, None], [False, True]),
    ([datetime(2015, 1, 2, 16, tzinfo=UTC)], DATE, [DAY], [False]),
    (["NA", "TRUE", "NULL", ""], TEXT, ["NA", "TRUE", "NULL", None], [False] * 4),
    ([datetime(2015, 1, 2, 16, tzinfo=UTC), None], TEXT, ["2015-01-02 16:00:00+00:00", None], [False] * 2),
    ([datetime(2015, 1, 2, 16, 30, 1)], TEXT, ["2015-01-02 16:30:01"], [False]),
    ([[1], None], TEXT, [None, None], [True, False]),
]


def cast_one(sent, dtype, *, name):
    return cast_columns(pl.DataFrame([sent.rename(name)]), {name: dtype})[name]


def told(sent, cast):
    lost = unreadable(sent, cast)
    return [False] * sent.len() if lost is None else lost.to_list()


@pytest.mark.parametrize(("sent", "dtype", "values", "bad"), CASES, ids=[f"{case[1]}-{case[0]}"[:40] for case in CASES])
def test_a_value_is_read_null_or_told(sent, dtype, values, bad):
    column = pl.Series("x", sent)
    cast = cast_one(column, dtype, name="x")
    assert cast.dtype == dtype
    assert cast.to_list() == values
    assert told(column, cast) == bad


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.floats(width=32, allow_nan=False, allow_infinity=False), st.floats(1 / 128, 2**20, width=32))))
@example([24.05, 0.0, -0.0, 12256.875, 13927.725, 16777216.0, 205467107328.0, 0.0009911041, 1e-45, 3.4e38])
def test_single_precision_is_read_as_the_decimal_it_stands_for(numbers):
    single = pl.Series("x", numbers, dtype=pl.Float32)
    cast = cast_one(single, NUMBER, name="x")
    assert cast.to_list() == single.cast(pl.String).cast(pl.Float64).to_list()
    assert cast.cast(pl.Float32).to_list() == single.to_list()


def test_what_is_no_number_in_single_precision_is_told():
    single = pl.Series("x", [24.05, None, float("nan"), float("inf")], dtype=pl.Float32)
    cast = cast_one(single, NUMBER, name="x")
    assert cast.to_list() == [24.05, None, None, None]
    assert told(single, cast) == [False, False, False, True]


def test_not_available_is_no_other_company():
    sent = pl.Series(["N/A", "ZQXB"])
    assert cast_one(sent, TEXT, name="contraticker").to_list() == [None, "ZQXB"]
    assert cast_one(sent, TEXT, name="name").to_list() == ["N/A", "ZQXB"]
