from contextlib import nullcontext

import pytest

from kairos.errors import SourceError
from kairos.sources.datasets import SEP
from kairos.sources.ndl import Page, PagingError
from kairos.sources.paging import Walk
from tests.kairos.sources.vendor_double import SEP_NAMES, sep_row


def made(*tickers: str, cursor: str | None = None, names: list[str] = SEP_NAMES) -> Page:
    return Page(tuple(names), [sep_row(ticker) for ticker in tickers], cursor)


def test_pages_that_lead_on_pass():
    walk = Walk(SEP, page_rows=100, overlap_allowed=False)
    walk.follow(made("A", "B", cursor="1"))
    walk.follow(made("C", cursor="2"))
    walk.follow(made())


def test_a_cursor_seen_before_is_a_circle():
    walk = Walk(SEP, page_rows=100, overlap_allowed=True)
    walk.follow(made("A", cursor="1"))
    with pytest.raises(PagingError, match="same cursor came twice"):
        walk.follow(made("B", cursor="1"))


@pytest.mark.parametrize("allowed", [True, False])
def test_a_page_that_comes_twice_is_never_taken(allowed):
    walk = Walk(SEP, page_rows=100, overlap_allowed=allowed)
    walk.follow(made("A", "B", cursor="1"))
    with pytest.raises(PagingError, match="repeats 2 of its 2 rows"):
        walk.follow(made("A", "B", cursor="2"))


def test_rows_that_moved_to_the_next_page_pass_only_where_allowed():
    for allowed in (True, False):
        walk = Walk(SEP, page_rows=100, overlap_allowed=allowed)
        walk.follow(made("A", "B", cursor="1"))
        if allowed:
            walk.follow(made("B", "C"))
        else:
            with pytest.raises(PagingError, match="repeats 1 of its 2 rows"):
                walk.follow(made("B", "C"))


def test_a_page_without_an_expected_column_is_refused():
    with pytest.raises(SourceError, match="closeunadj missing from SHARADAR/SEP"):
        Walk(SEP, page_rows=100, overlap_allowed=True).follow(made(names=[name for name in SEP_NAMES if name != "closeunadj"]))


def test_a_last_page_that_is_full_may_not_be_the_last():
    walk = Walk(SEP, page_rows=2, overlap_allowed=True)
    with pytest.raises(PagingError, match=r"the last page is full \(2 of 2 rows; 2 in all\)"):
        walk.follow(made(sep_row("A"), sep_row("B")))


def test_rows_that_come_twice_in_a_page_pass_only_where_allowed():
    for allowed in (True, False):
        walk = Walk(SEP, page_rows=100, overlap_allowed=allowed)
        with nullcontext() if allowed else pytest.raises(PagingError, match="1 of a page's 3 rows come twice"):
            walk.follow(made(sep_row("A"), sep_row("B"), sep_row("A")))
