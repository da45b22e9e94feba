"""Each fault spoils its answer in its own way, and no other."""

from datetime import date

import polars as pl
import pytest

from kairos.sandbox.catalog import SEP
from kairos.sandbox.faults import Fault, FaultKind
from kairos.sandbox.protocol import Request
from kairos.sandbox.spoils import LEAKED, early_answer, spoiled, spoiled_page

DAY = date(2013, 12, 27)
ROWS = pl.DataFrame({"ticker": ["A", "B", "C", "D"], "date": [DAY] * 4, "close": [1.0, 2.0, 3.0, 4.0]})


def spoil(kind, **options):
    return spoiled(ROWS, Fault(kind, **options), offer=SEP, known=DAY)


@pytest.mark.parametrize(
    ("kind", "columns", "height"),
    [
        (FaultKind.EMPTY_TABLE, ["ticker", "date", "close"], 0),
        (FaultKind.HALF_SESSION, ["ticker", "date", "close"], 2),
        (FaultKind.LATE_SESSION, ["ticker", "date", "close"], 0),
        (FaultKind.SHRUNKEN_EXPORT, ["ticker", "date", "close"], 2),
        (FaultKind.FORGOTTEN_PAST, ["ticker", "date", "close"], 2),
        (FaultKind.MISSING_COLUMN, ["ticker", "date"], 4),
        (FaultKind.EXTRA_COLUMN, ["ticker", "date", "close", "esgscore"], 4),
        (FaultKind.REORDERED_COLUMNS, ["close", "date", "ticker"], 4),
        (FaultKind.WRONG_SCHEMA, ["ticker", "date", "close_v2"], 4),
        (FaultKind.SLOW, ["ticker", "date", "close"], 4),
    ],
)
def test_a_fault_leaves_these_columns_and_rows(kind, columns, height):
    found = spoil(kind)
    assert (found.columns, found.height) == (columns, height)


def test_words_stand_in_place_of_one_number_or_of_all():
    assert spoil(FaultKind.TEXT_VALUE)["close"].to_list() == ["n.a. yet", "2.0", "3.0", "4.0"]
    assert spoil(FaultKind.TEXT_COLUMN)["close"].unique().to_list() == ["n.a. yet"]


def test_pages_repeat_skip_or_double_rows():
    def page(kind):
        return spoiled_page(ROWS, 2, 2, kind)["ticker"].to_list()

    assert page(None) == ["C", "D"]
    assert page(FaultKind.OVERLAPPING_PAGE) == ["A", "B", "C", "D"]
    assert page(FaultKind.DUPLICATE_ROWS) == ["C", "D", "D"]
    assert page(FaultKind.SKIPPED_ROWS) == ["C"]


def test_a_failure_may_repeat_the_key_and_a_redirect_bears_a_signature():
    asked = Request("/files/f.zip", {"Expires": ["1"]}, "mykey")
    told = early_answer(Fault(FaultKind.TELLS_SECRETS), asked, "http://x")
    moved = early_answer(Fault(FaultKind.REDIRECTED), asked, "http://x")
    assert told is not None
    assert b"mykey" in told.body
    assert moved is not None
    assert LEAKED in moved.headers["Location"]
