from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.sources.casts import cast_column, unreadable

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
    ([[1], None], TEXT, [None, None], [True, False]),
]


@pytest.mark.parametrize(("sent", "dtype", "values", "bad"), CASES, ids=[f"{case[1]}-{case[0]}"[:40] for case in CASES])
def test_a_value_is_read_null_or_told(sent, dtype, values, bad):
    column = pl.Series("x", sent)
    cast = cast_column(column, dtype, name="x")
    assert cast.dtype == dtype
    assert cast.to_list() == values
    assert unreadable(column, cast).to_list() == bad


def test_not_available_is_no_other_company():
    sent = pl.Series(["N/A", "ZQXB"])
    assert cast_column(sent, TEXT, name="contraticker").to_list() == [None, "ZQXB"]
    assert cast_column(sent, TEXT, name="name").to_list() == ["N/A", "ZQXB"]
