from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.features import operators as op
from kairos.features.fast import fast_values
from kairos.features.reference import reference_values

FRAME = pl.DataFrame({"x": [1.0, 4.0, 2.0, 8.0, 5.0, 7.0], "row": [0, 1, 2, 0, 1, 2]})
X, Y = op.column("x"), op.column("y")
FORMS = {"fast": fast_values, "reference": reference_values}


@pytest.fixture(params=FORMS)
def values(request):
    """Give a term's values on a frame of one name, in either form."""

    def run(term, frame=FRAME):
        days = [date(2020, 1, 1) + timedelta(days=row) for row in range(frame.height)]
        return FORMS[request.param]([term], frame.with_columns(permaticker=1, session=pl.Series(days)))[0].to_list()

    return run


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (op.lag(X, 1), [None, 1, 4, None, 8, 5]),
        (op.change(X, 2), [None, None, 1, None, None, 7 / 8 - 1]),
        (op.total(X, 2), [None, 5, 6, None, 13, 12]),
        (op.mean(X, 3), [None, None, 7 / 3, None, None, 20 / 3]),
        (op.share(X > 3, 2), [None, 0.5, 0.5, None, 1, 1]),
        (op.highest(X, 2), [None, 4, 4, None, 8, 7]),
        (op.lowest(X, 2), [None, 1, 2, None, 5, 5]),
        (op.age_of_highest(X, 3), [None, None, 1, None, None, 2]),
        (op.age_of_lowest(X, 3), [None, None, 2, None, None, 1]),
        (op.rank(X, 3), [None, None, 0.5, None, None, 0.5]),
        (op.std(X, 2), [None, 3 / np.sqrt(2), np.sqrt(2), None, 3 / np.sqrt(2), np.sqrt(2)]),
        (op.ewm(X, 2, decay=0.5), [None, 3, 8 / 3, None, 6, 19 / 3]),
        (op.slope(X, 3), [None, None, 0.5, None, None, -0.5]),
        (op.corr(X, -X, 3), [None, None, -1, None, None, -1]),
    ],
)
def test_a_window_stays_within_its_name(values, expr, expected):
    assert values(expr) == [pytest.approx(value) if value is not None else None for value in expected]


def test_a_missing_input_empties_every_window_it_is_in_and_no_other(values):
    gap = pl.DataFrame({"x": [1.0, None, 3.0, 4.0, 5.0], "row": [0, 1, 2, 3, 4]})
    assert values(op.mean(X, 2), gap) == [None, None, None, 3.5, 4.5]


def test_a_ratio_to_zero_is_null(values):
    assert values(op.ratio(X, X - 4)) == [pytest.approx(-1 / 3), None, -1, 2, 5, pytest.approx(7 / 3)]


def test_a_straight_line_has_an_r2_of_one(values):
    line = pl.DataFrame({"x": [1.0, 3.0, 5.0], "row": [0, 1, 2]})
    assert values(op.r_squared(X, 3), line)[-1] == pytest.approx(1)


@pytest.mark.parametrize("level", [0.1, 7.3, 1e9])
def test_a_constant_has_no_spread_and_no_correlation_whatever_its_level(values, level):
    flat = pl.DataFrame({"x": [level] * 30, "y": list(range(30)), "row": list(range(30))})
    assert values(op.std(X, 21), flat)[-1] == 0
    assert values(op.corr(X, Y, 21), flat)[-1] is None


def test_skew_and_kurtosis_of_two_points_by_hand(values):
    coin = pl.DataFrame({"x": [0.0, 0.0, 0.0, 1.0], "row": [0, 1, 2, 3]})  # p = 1/4
    assert values(op.skew(X, 4), coin)[-1] == pytest.approx((1 - 0.5) / np.sqrt(3 / 16))
    assert values(op.kurt(X, 4), coin)[-1] == pytest.approx((1 - 6 * 3 / 16) / (3 / 16))


ONE_TO_SIX = pl.DataFrame({"x": [1.0, 2.0, 6.0, 4.0, 8.0, 1.0], "row": range(6)})


def test_averages_begin_with_the_mean_of_the_first_rows_and_go_on_from_it(values):
    assert values(op.wilder(X, 3), ONE_TO_SIX)[2:] == pytest.approx([3, 3 + 1 / 3, 4.888889, 3.592593])
    assert values(op.ema(X, 3), ONE_TO_SIX)[2:] == pytest.approx([3, 3.5, 5.75, 3.375])
    assert values(op.ema(X, 3), ONE_TO_SIX)[:2] == [None, None]


def test_an_average_begins_anew_after_a_missing_row_and_where_a_chain_does(values):
    gap = pl.DataFrame({"x": [5.0, 7.0, None, 1.0, 3.0, 5.0, 2.0, 4.0], "row": [0, 1, 2, 3, 4, 5, 0, 1]})
    assert values(op.wilder(X, 2), gap) == [None, 6, None, None, 2, 3.5, None, 3]


@pytest.mark.parametrize(("word", "periods"), [(op.wilder, 16), (op.ema, 9)])
def test_an_average_forgets_what_is_older_than_its_window(values, word, periods):
    rows = periods * 4 + 5
    x = np.sin(np.arange(rows))
    own, other = (pl.DataFrame({"x": np.append(first, x[4:]), "row": range(rows)}) for first in (x[:4], x[:4] + 9))
    assert values(word(X, 4), own)[periods * 4 + 3 :] == values(word(X, 4), other)[periods * 4 + 3 :]
    assert values(word(X, 4), own)[periods * 4 + 2] != values(word(X, 4), other)[periods * 4 + 2]


@pytest.mark.parametrize("period", [1, 0, 2.5, True])
def test_an_average_over_fewer_than_two_rows_is_refused(period):
    with pytest.raises(ContractError, match=f"wilder: period of {period} rows; expected a whole number, at least 2"):
        op.wilder(X, period)
