"""Which security a raw row belongs to."""

from datetime import UTC, date, datetime

import pytest

from kairos.market.identity import with_permaticker
from kairos.sources.files import minted_permaticker

YEARS = {year: datetime(year, 1, 1, tzinfo=UTC) for year in range(2005, 2017)}


@pytest.fixture
def reused(raw_tickers):
    """XYZ was security 1 until 2010 and is security 2 since 2012; the vendor then calls the first XYZ1."""
    first = {"permaticker": 1, "firstpricedate": date(2000, 1, 3)}
    return raw_tickers(
        [
            {**first, "ticker": "XYZ", "fetched_at": YEARS[2009]},
            {**first, "ticker": "XYZ", "fetched_at": YEARS[2011], "isdelisted": "Y", "lastpricedate": date(2010, 6, 1)},
            {**first, "ticker": "XYZ1", "fetched_at": YEARS[2014], "isdelisted": "Y", "lastpricedate": date(2010, 6, 1)},
            {"ticker": "XYZ", "permaticker": 2, "fetched_at": YEARS[2014], "firstpricedate": date(2012, 1, 3)},
        ]
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("XYZ", 2010, date(2009, 6, 1)), 1),  # as the vendor had it then
        (("XYZ", 2015, date(2013, 6, 3)), 2),
        (("XYZ1", 2015, date(2009, 6, 1)), 1),
        (("XYZ", 2013, date(2012, 6, 1)), 2),  # the last snapshot before knew only a dead one
        (("XYZ", 2005, date(2004, 6, 1)), 1),  # before the first snapshot the earliest decides
        (("QQQ", 2015, date(2013, 6, 3)), None),
    ],
)
def test_a_ticker_means_who_bore_it_when_the_payload_was_received(reused, raw_sep, bar, row, expected):
    ticker, fetched, day = row
    rows = raw_sep([{"ticker": ticker, "date": day, **bar(1.0)}], fetched_at=YEARS[fetched])
    assert with_permaticker(rows, reused)["permaticker"].to_list() == [expected]


def test_a_source_without_tickers_gets_minted_ids(reused, raw_sep, bar):
    rows = raw_sep([{"ticker": "XYZ", "date": date(2013, 6, 3), **bar(1.0)}], source="file")
    assert with_permaticker(rows, reused)["permaticker"].to_list() == [minted_permaticker("file", "XYZ")]


def test_a_snapshot_of_the_same_evening_counts(raw_tickers, raw_sep, bar):
    evening = datetime(2015, 6, 1, 22, 0, tzinfo=UTC)
    tickers = raw_tickers(
        [
            {"ticker": "XYZ", "permaticker": 1, "fetched_at": YEARS[2014]},
            {"ticker": "XYZ", "permaticker": 2, "fetched_at": evening.replace(minute=9)},
        ]
    )
    rows = raw_sep([{"ticker": "XYZ", "date": date(2015, 6, 1), **bar(1.0)}], fetched_at=evening)
    assert with_permaticker(rows, tickers)["permaticker"].to_list() == [2]


def test_rows_of_other_vendor_tables_name_nobody(raw_tickers, raw_sep, bar):
    tickers = raw_tickers([{"ticker": "XYZ", "permaticker": 1, "table": "SF1"}, {"ticker": "ABC", "permaticker": 2}])
    rows = raw_sep([{"ticker": "XYZ", "date": date(2015, 6, 1), **bar(1.0)}])
    assert with_permaticker(rows, tickers)["permaticker"].to_list() == [None]


def test_the_order_of_rows_is_kept(raw_tickers, raw_sep, bar):
    tickers = raw_tickers([{"ticker": name, "permaticker": place} for place, name in enumerate("CAB")])
    rows = raw_sep([{"ticker": name, "date": date(2015, 6, 1), **bar(1.0)} for name in "ABCBA"])
    assert with_permaticker(rows, tickers)["permaticker"].to_list() == [1, 2, 0, 2, 1]
