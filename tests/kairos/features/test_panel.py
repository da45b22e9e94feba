from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.errors import ContractError
from kairos.features.panel import PANEL_COLUMNS, price_panel

DAYS = [date(2020, 1, day) for day in (2, 3, 6, 7)]


def rows(**columns):
    base = {
        "permaticker": [1, 1, 1, 1],
        "session": DAYS,
        "ret_cc": [None, 0.10, -0.50, 0.20],
        "ret_oc": [0.25, 0.10, -0.50, 0.0],
        "high_to_close": [0.0, 0.1, 1.0, 0.0],
        "low_to_close": [-0.2, -0.1, 0.0, -0.5],
        "dollar_volume": [100.0, 110.0, 0.0, None],
        "closeunadj": [10.0, 11.0, 5.5, 6.6],
        "is_delisting": [False] * 4,
    }
    return pl.DataFrame({**base, **columns})


def panel(frame, first=date(2020, 1, 1)):
    return price_panel(frame, first_session=first)


def test_prices_chain_from_one():
    assert panel(rows())["C"].to_list() == pytest.approx([1.0, 1.1, 0.55, 0.66])


def test_open_high_and_low_stand_on_the_scale_of_the_close():
    made = panel(rows())
    assert made["O"].to_list() == pytest.approx([0.8, 1.0, 1.1, 0.66])
    assert made["H"].to_list() == pytest.approx([1.0, 1.21, 1.1, 0.66])
    assert made["L"].to_list() == pytest.approx([0.8, 0.99, 0.55, 0.33])


def test_volume_is_dollar_volume_over_the_index():
    assert panel(rows())["V"].to_list() == [100.0, pytest.approx(100.0), 0.0, None]


def test_the_first_row_kept_is_one_whatever_came_before_and_keeps_its_return():
    made = panel(rows(), first=DAYS[2])
    assert made["C"].to_list() == pytest.approx([1.0, 1.2])
    assert made["R"].to_list() == [-0.5, 0.2]


def test_a_row_without_return_starts_a_new_chain():
    made = panel(rows(ret_cc=[None, 0.1, None, 0.2]))
    assert made["C"].to_list() == pytest.approx([1.0, 1.1, 1.0, 1.2])
    assert made["row"].to_list() == [0, 1, 0, 1]


def test_a_missing_high_stays_missing():
    assert panel(rows(high_to_close=[0.0, None, 1.0, 0.0]))["H"].is_null().to_list() == [False, True, False, False]


def test_not_a_number_counts_as_missing():
    assert panel(rows(dollar_volume=[1.0, float("nan"), 1.0, 1.0]))["DV"].to_list() == [1.0, None, 1.0, 1.0]


def test_delisting_returns_are_no_feature_rows():
    assert panel(rows(is_delisting=[False, False, False, True])).height == 3


def test_the_order_of_the_rows_handed_in_does_not_matter():
    two = pl.concat([rows(), rows(permaticker=[2] * 4)])
    assert_frame_equal(panel(two), panel(two.reverse()))


def test_no_adjusted_price_level_is_a_panel_column():
    assert not set(PANEL_COLUMNS) & {"close", "closeadj", "closeunadj", "open", "high", "low", "volume"}


def test_a_missing_input_is_named():
    with pytest.raises(ContractError, match=r"daily_returns: missing column\(s\) ret_oc"):
        panel(rows().drop("ret_oc"))
