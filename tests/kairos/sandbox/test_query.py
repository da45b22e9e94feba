from datetime import date

import pytest

from kairos.sandbox.catalog import DAILY, SEP, TICKERS, RefusalError
from kairos.sandbox.query import Cursor, parse_query


@pytest.mark.parametrize(
    ("offer", "parameters", "code"),
    [
        (SEP, {"close": ["1"]}, "QESx08"),
        (SEP, {"permaticker": ["1"]}, "QESx04"),
        (SEP, {"date.like": ["2013"]}, "QESx07"),
        (SEP, {"date": ["yesterday"]}, "QESx03"),
        (TICKERS, {"permaticker": ["x"]}, "QESx03"),
        (SEP, {"ticker": [""]}, "QESx03"),
        (SEP, {"date.gte": ["2013-01-02,2013-01-03"]}, "QESx03"),
        (SEP, {"qopts.columns": ["ticker,vwap"]}, "QESx04"),
        (SEP, {"qopts.per_page": ["0"]}, "QESx03"),
        (SEP, {"qopts.colour": ["red"]}, "QESx04"),
        (SEP, {"qopts.export": ["true"], "qopts.cursor_id": ["x"]}, "QESx04"),
        (DAILY, {"pe.gt": ["3"]}, "QESx08"),
    ],
)
def test_what_the_vendor_does_not_understand_it_refuses(offer, parameters, code):
    with pytest.raises(RefusalError) as refusal:
        parse_query(offer, parameters)
    assert refusal.value.code == code


def test_a_page_larger_than_the_maximum_is_cut_to_it():
    assert parse_query(SEP, {"qopts.per_page": ["99999"]}).per_page == 10_000


def test_columns_come_in_the_order_asked_for():
    assert parse_query(SEP, {"qopts.columns": ["close,ticker", "date"]}).columns == ("close", "ticker", "date")


def test_a_cursor_survives_its_journey():
    cursor = Cursor("abc", date(2013, 1, 2), 500, 1)
    assert Cursor.decode(cursor.encode()) == cursor


@pytest.mark.parametrize("text", ["", "garbage", "e30=", "WzEsMl0="])
def test_a_foreign_cursor_is_refused(text):
    with pytest.raises(RefusalError, match="cursor"):
        Cursor.decode(text)
