"""Files of one evening tell of each other."""

from datetime import date

import polars as pl
import pytest

from kairos.errors import PlanError, SourceError
from kairos.sources.datasets import SEP
from kairos.sources.exported import check_export, check_names, check_newest_session, check_spans, newest_day

DAYS = [date(2013, 1, 2), date(2013, 1, 3), date(2013, 1, 4)]
NAMES = [f"T{n:02}" for n in range(20)]


def prices(names=NAMES, days=DAYS) -> pl.DataFrame:
    made = [(ticker, day, day) for ticker in names for day in days]
    return pl.DataFrame(made, schema=["ticker", "date", "lastupdated"], orient="row")


def tickers(names=NAMES, *, first=DAYS[0], last=DAYS[-1]) -> pl.DataFrame:
    told = [("SEP", ticker, first, last) for ticker in names]
    return pl.DataFrame(told, schema=["table", "ticker", "firstpricedate", "lastpricedate"], orient="row")


def test_a_whole_file_passes():
    check_spans(prices(), tickers())
    check_export(prices(), prices(days=DAYS[-1:]), SEP, since=DAYS[-1], before=60)


@pytest.mark.parametrize(
    ("rows", "told", "says"),
    [
        (prices(NAMES[:10]), tickers(), "30 rows of 10 names, 10 of which TICKERS has; it tells of 20 with 60 sessions"),
        (prices(days=DAYS[2:]), tickers(), "20 rows of 20 names, 20 of which TICKERS has; it tells of 20 with 60 sessions"),
        (prices(), tickers(NAMES[:10]), "60 rows of 20 names, 10 of which TICKERS has"),
        (prices(days=DAYS[:2]), tickers(NAMES, last=DAYS[1]).vstack(tickers(["NEW"])), "ends on 2013-01-03.*on 2013-01-04"),
    ],
    ids=["names", "history", "tickers", "newest"],
)
def test_what_tickers_tells_of_is_missed(rows, told, says):
    with pytest.raises(SourceError, match=says):
        check_spans(rows, told)


def test_tickers_may_look_further_back_than_prices_go():
    begun = [date(1997, 12, 31), date(1998, 1, 2)]
    check_spans(prices(days=begun), tickers(first=date(1986, 1, 2), last=begun[-1]))


def test_half_a_session_at_the_end_of_a_file_is_missed():
    half = pl.concat([prices(days=DAYS[:2]), prices(NAMES[:10], DAYS[2:])])
    with pytest.raises(SourceError, match="10 names on 2013-01-04, its last session, and 20 on the one before"):
        check_newest_session(half, dataset="daily", due=None)


def test_pages_that_show_more_than_the_file_are_believed():
    with pytest.raises(SourceError, match="the export ends on 2013-01-03, the vendor's pages on 2013-01-04"):
        check_export(prices(days=DAYS[:2]), prices(), SEP, since=DAYS[1], before=0)
    with pytest.raises(SourceError, match="has 10 rows since 2013-01-04, the vendor's pages have 20"):
        check_export(prices(NAMES[:10]), prices(days=DAYS[2:]), SEP, since=DAYS[2], before=0)


def test_a_file_smaller_than_the_one_before_is_refused():
    with pytest.raises(SourceError, match="has 60 rows, the one before it had 120"):
        check_export(prices(), prices(days=DAYS[2:]), SEP, since=DAYS[2], before=120)


def test_few_names_with_metrics_are_a_sample():
    check_names(10, 20, dataset="daily")
    with pytest.raises(PlanError, match="rows of 9 names, prices there are of 20"):
        check_names(9, 20, dataset="daily")


def test_a_file_without_rows_is_no_table():
    with pytest.raises(SourceError, match="0 rows, expected the whole table"):
        newest_day(prices().clear(), SEP)
