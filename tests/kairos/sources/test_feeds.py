from datetime import UTC, date, datetime
from itertools import combinations

import pytest

from kairos.calendar import FixedClock
from kairos.errors import SourceError
from kairos.sources.core import BOOKKEEPING, RECORD
from kairos.sources.datasets import DATASETS, EVERY, dataset_named
from kairos.sources.feeds import FEEDS
from kairos.sources.files import read_files
from kairos.sources.parse import parse
from kairos.tables.feeds import FEED_COLUMNS
from tests.kairos.sources.vendor_double import RECEIVED

SPELLED = [feed for feed in FEEDS.values() if feed.spellings]


def test_there_is_a_feed_for_every_raw_table_of_the_feeds():
    assert tuple(FEEDS) == tuple(FEED_COLUMNS)


def test_prices_and_feeds_are_both_known_by_name_and_share_none():
    assert not set(DATASETS) & set(FEEDS)
    assert all(dataset_named(name) is dataset for name, dataset in EVERY.items())


@pytest.mark.parametrize("feed", FEEDS.values(), ids=list(FEEDS))
def test_every_column_named_by_a_feed_is_one_of_its_table(feed):
    named = {*feed.key, *feed.required, *feed.expected, *feed.rejecting, *feed.aliases, *feed.spellings, *feed.from_request}
    assert named <= set(feed.dtypes)


@pytest.mark.parametrize("feed", FEEDS.values(), ids=list(FEEDS))
def test_delivered_and_added_columns_make_up_the_raw_table(feed):
    assert {*BOOKKEEPING, *feed.dtypes, RECORD} == set(feed.table.columns)
    assert feed.keeps_record


@pytest.mark.parametrize("feed", FEEDS.values(), ids=list(FEEDS))
def test_what_every_row_must_fill_is_expected_and_rejects(feed):
    assert set(feed.never_null) <= set(feed.required) & set(feed.rejecting) & set(feed.expected)


@pytest.mark.parametrize("feed", SPELLED, ids=[feed.name for feed in SPELLED])
def test_no_spelling_means_two_columns_but_the_exchange_of_profiles(feed):
    shared = {
        name for one, other in combinations(feed.spellings, 2) for name in set(feed.spellings[one]) & set(feed.spellings[other])
    }
    assert shared == ({"exchange"} if feed.name == "fmp_profile" else set())
    assert set(feed.spellings) == set(feed.dtypes)


def test_a_capture_bears_the_instant_of_its_name_and_needs_no_mapping(tmp_path):
    file = tmp_path / "fmp_analyst_estimates_2024-03-01T213000Z.csv"
    file.write_text("symbol,date,period,revenueAvg,epsAvg,numAnalystsEps\nZQXA,2024-12-31,annual,5400000000,6.71,15\n")
    (made,) = read_files([file], "fmp_analyst_estimates", source="captured", clock=FixedClock(RECEIVED))
    assert made.fetched_at == datetime(2024, 3, 1, 21, 30, tzinfo=UTC)
    rows = parse(made).rows
    assert rows.select("date", "period", "revenue_avg", "eps_avg", "analysts_eps", "received_year").rows() == [
        (date(2024, 12, 31), "annual", 5.4e9, 6.71, 15.0, 2024)
    ]


def test_a_capture_of_profiles_keeps_short_and_full_name_apart(tmp_path):
    file = tmp_path / "fmp_profile_2024-03-01T213000Z.csv"
    file.write_text(
        "symbol,companyName,exchange,exchangeFullName,sector\nZQXA,Zequixa,NASDAQ,NASDAQ Global Select,Technology\n"
    )
    (made,) = read_files([file], "fmp_profile", source="captured", clock=FixedClock(RECEIVED))
    assert parse(made).rows.select("exchange", "exchange_full_name").rows() == [("NASDAQ", "NASDAQ Global Select")]


def test_a_capture_of_sf1_bears_the_instant_of_its_name_too(tmp_path):
    file = tmp_path / "sf1_2024-03-01T213000Z.csv"
    names = FEEDS["sf1"].required
    file.write_text(f"{','.join(names)}\nZQXA,ARQ,2024-02-20,2023-12-31,2023-12-31\n")
    (made,) = read_files([file], "sf1", source="captured", clock=FixedClock(RECEIVED))
    assert made.fetched_at == datetime(2024, 3, 1, 21, 30, tzinfo=UTC)
    assert parse(made).rows.select("ticker", "datekey").rows() == [("ZQXA", date(2024, 2, 20))]


def test_a_capture_of_another_dataset_is_refused(tmp_path):
    file = tmp_path / "fmp_profile_2024-03-01T213000Z.csv"
    file.write_text("symbol\nZQXA\n")
    with pytest.raises(SourceError, match="the name says fmp_profile, expected fmp_rating"):
        list(read_files([file], "fmp_rating", source="captured", clock=FixedClock(RECEIVED)))


def test_a_capture_of_no_instant_is_refused(tmp_path):
    file = tmp_path / "fmp_rating_2024-13-01T213000Z.csv"
    file.write_text("symbol\nZQXA\n")
    with pytest.raises(SourceError, match="the name holds no instant"):
        list(read_files([file], "fmp_rating", source="captured", clock=FixedClock(RECEIVED)))


def test_a_file_of_the_vendors_json_is_read_with_its_mapping(tmp_path):
    file = tmp_path / "ratings.json"
    file.write_text('[{"symbol": "ZQXA", "rating": "A-", "overallScore": 4}]')
    mapping = {"rating_score": "overallScore"}
    (made,) = read_files([file], "fmp_rating", mapping=mapping, source="mine", clock=FixedClock(RECEIVED))
    assert parse(made).rows.select("symbol", "rating_score").rows() == [("ZQXA", 4.0)]
