"""Labels on a hand-made market of eight sessions."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import sessions_between
from kairos.errors import CalendarError, ContractError
from kairos.targets.forward import with_forward_returns

SESSIONS = sessions_between(date(2020, 1, 2), date(2020, 1, 14))  # nine: 2, 3, 6, 7, 8, 9, 10, 13, 14 January
TRADING, DELISTED, HALTED, ENDING, MERGED, BROKEN = 1, 2, 3, 4, 5, 6


def series(name, returns, *, sessions=SESSIONS, delisting=()):
    return pl.DataFrame(
        {
            "permaticker": [name] * len(returns),
            "session": list(sessions)[: len(returns)],
            "ret_cc": returns,
            "is_delisting": [place in delisting for place in range(len(returns))],
        },
        schema_overrides={"ret_cc": pl.Float64},
    )


RETURNS = pl.concat(
    [
        series(TRADING, [None, 0.10, 0.10, -0.50, 0.20, 0.0, 0.0, 0.10, 0.10]),
        series(DELISTED, [None, 0.10, 0.0, -0.55], delisting=(3,)),
        series(HALTED, [None, 0.10, 0.20, 0.50], sessions=(*SESSIONS[:3], SESSIONS[7])),
        series(ENDING, [None, 0.10, 0.10]),
        series(MERGED, [None, 0.10, 0.30]),
        series(BROKEN, [None, 0.10, None, 0.30, 0.10, 0.0, 0.0, 0.0, 0.0]),
    ]
)
TICKERS = pl.DataFrame(
    {
        "permaticker": [TRADING, DELISTED, HALTED, ENDING, MERGED, BROKEN],
        "delisting_reason": [None, "performance", None, "unknown", "merger", None],
    }
)
MATRIX = RETURNS.filter(~pl.col("is_delisting")).select("permaticker", "session")


def labels(name, horizon, returns=RETURNS, matrix=MATRIX):
    made = with_forward_returns(matrix, returns, tickers=TICKERS, horizons=(horizon,))
    return made.filter(pl.col("permaticker") == name)[f"ret_{horizon}d_f"].to_list()


def near(*values):
    return [None if value is None else pytest.approx(value, abs=1e-12) for value in values]


def test_one_session_ahead_is_the_next_return():
    assert labels(TRADING, 1) == near(0.10, 0.10, -0.50, 0.20, 0.0, 0.0, 0.10, 0.10, None)


def test_a_horizon_compounds_its_returns_and_is_null_beyond_the_last_loaded_session():
    first = 1.1 * 1.1 * 0.5 * 1.2 - 1
    assert labels(TRADING, 5) == near(
        first, 1.1 * 0.5 * 1.2 - 1, 0.5 * 1.2 * 1.1 - 1, 1.2 * 1.1 * 1.1 - 1, *[None] * 5
    )  # fmt: skip


def test_a_delisting_return_is_part_of_the_label_and_cash_follows():
    assert labels(DELISTED, 1) == near(0.10, 0.0, -0.55)
    assert labels(DELISTED, 5) == near(1.1 * 0.45 - 1, -0.55, -0.55)


def test_a_dead_name_has_every_label_up_to_the_last_loaded_session():
    assert None not in labels(DELISTED, 6)
    assert labels(DELISTED, 7)[-1] is None


def test_a_merged_name_is_cash_after_its_last_price():
    assert labels(MERGED, 1) == near(0.10, 0.30, 0.0)
    assert labels(MERGED, 5) == near(1.1 * 1.3 - 1, 0.30, 0.0)


def test_a_halted_name_counts_at_its_last_price_until_it_trades_again():
    assert labels(HALTED, 1) == near(0.10, 0.20, 0.0, None)
    assert labels(HALTED, 5) == near(1.1 * 1.2 - 1, 0.20, 0.50, None)


def test_a_series_that_merely_ends_has_no_label_beyond_its_end():
    assert labels(ENDING, 1) == near(0.10, 0.10, None)
    assert labels(ENDING, 5) == [None, None, None]


def test_no_label_reaches_across_a_return_that_is_not_known():
    assert labels(BROKEN, 1)[:4] == near(0.10, None, 0.30, 0.10)
    assert labels(BROKEN, 5)[:3] == near(None, None, 1.3 * 1.1 - 1)


def test_horizons_count_market_sessions_not_days_of_the_week():
    friday = labels(TRADING, 1)[1]  # 3 January to Monday 6 January
    assert friday == pytest.approx(0.10)


def test_demeaned_labels_sum_to_zero_over_the_rows_of_a_session_that_have_one():
    made = with_forward_returns(MATRIX, RETURNS, tickers=TICKERS)
    sums = made.group_by("session").agg(pl.col("ret_1d_f_xs").sum())
    assert sums["ret_1d_f_xs"].to_list() == near(*[0.0] * sums.height)
    assert made["ret_1d_f_xs"].is_null().equals(made["ret_1d_f"].is_null())


def test_a_demeaned_label_by_hand():
    two = MATRIX.filter(pl.col("permaticker").is_in([TRADING, DELISTED]))
    made = with_forward_returns(two, RETURNS, tickers=TICKERS).filter(session=SESSIONS[2])
    assert made["ret_1d_f_xs"].to_list() == near(-0.50 + 0.525, -0.55 + 0.525)


def test_the_default_horizons_give_the_columns_of_the_table():
    made = with_forward_returns(MATRIX, RETURNS, tickers=TICKERS)
    assert made.columns[2:] == ["ret_1d_f", "ret_5d_f", "ret_21d_f", "ret_1d_f_xs", "ret_5d_f_xs", "ret_21d_f_xs"]


def test_history_before_the_matrix_and_the_order_of_rows_change_no_bit():
    late = MATRIX.filter(pl.col("session") >= SESSIONS[1])
    known = RETURNS.filter(pl.col("session") >= SESSIONS[1])
    assert_frame_equal(
        with_forward_returns(late, known, tickers=TICKERS, horizons=(1, 5)),
        with_forward_returns(late.reverse(), RETURNS.reverse(), tickers=TICKERS, horizons=(1, 5)),
        check_exact=True,
    )


def test_a_label_equals_an_obvious_loop():
    index = {session: place for place, session in enumerate(SESSIONS)}
    growth = dict(zip(SESSIONS, RETURNS.filter(permaticker=TRADING)["ret_cc"], strict=True))
    for start, label in zip(SESSIONS, labels(TRADING, 5), strict=True):
        wealth = 1.0
        for session in SESSIONS[index[start] + 1 : index[start] + 6]:
            wealth *= 1 + growth[session]
        assert label == (pytest.approx(wealth - 1) if index[start] + 5 < len(SESSIONS) else None)


def test_a_matrix_row_without_a_price_is_refused():
    stray = pl.concat([MATRIX, pl.DataFrame({"permaticker": [9], "session": [SESSIONS[0]]})])
    with pytest.raises(
        ContractError, match=r"matrix: 1 row\(s\) without a row in daily_returns, first permaticker 9 on 2020-01-02"
    ):
        with_forward_returns(stray, RETURNS, tickers=TICKERS)


def test_a_price_on_no_session_is_refused():
    sunday = RETURNS.with_columns(pl.col("session").replace(SESSIONS[2], date(2020, 1, 5)))
    with pytest.raises(CalendarError, match="no NYSE session, first 2020-01-05"):
        with_forward_returns(MATRIX.filter(pl.col("session") < SESSIONS[2]), sunday, tickers=TICKERS)


def test_a_matrix_without_rows_gives_one_without_rows():
    made = with_forward_returns(MATRIX.clear(), RETURNS, tickers=TICKERS)
    assert made.height == 0
    assert made.schema["ret_21d_f"] == pl.Float64
