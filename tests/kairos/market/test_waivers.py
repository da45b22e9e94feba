"""Rows that a person lets through by name."""

from datetime import date

import pytest

from kairos.errors import SettingsError
from kairos.market.cleaned import WAIVER_COLUMNS, no_waivers
from kairos.market.waivers import REASONS, WAIVERS_FILE, read_waivers


@pytest.fixture
def read(tmp_path):
    def write_and_read(text):
        (tmp_path / WAIVERS_FILE).write_text(text)
        return read_waivers(tmp_path)

    return write_and_read


def test_no_file_waives_nothing(tmp_path):
    found = read_waivers(tmp_path)
    assert found.is_empty()
    assert found.schema == no_waivers().schema


def test_a_file_is_read_in_any_order_of_columns_and_with_more_of_them(read):
    found = read("reason,ticker,session,why\nbad_print,TRUE,2015-06-01,looked at it\n")
    assert found.columns == list(WAIVER_COLUMNS)
    assert found.schema == no_waivers().schema
    assert found.rows() == [("TRUE", date(2015, 6, 1), "bad_print")]


@pytest.mark.parametrize("reason", REASONS)
def test_every_rule_that_can_be_waived_has_its_reason(read, reason):
    assert read(f"ticker,session,reason\nAAA,2015-06-01,{reason}\n")["reason"].to_list() == [reason]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ticker,session\nAAA,2015-06-01\n", "missing column"),
        ("ticker,session,reason\nAAA,01.06.2015,bad_print\n", "first AAA,01.06.2015,bad_print; expected"),
        ("ticker,session,reason\nAAA,2015-06-01,bad_prnt\n", "bad_prnt"),
        ("ticker,session,reason\nAAA,,bad_print\n", "1 row(s) waive nothing, first AAA,,bad_print"),
        ("", "waivers.csv"),
    ],
    ids=["no_reason", "no_date", "no_such_reason", "empty_date", "empty_file"],
)
def test_a_faulty_file_is_refused_in_one_line(read, text, says):
    with pytest.raises(SettingsError) as caught:
        read(text)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
