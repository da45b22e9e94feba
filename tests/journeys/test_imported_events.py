"""Archives of headlines, posts and earnings, brought in as `kairos import` does: a row of each is known when it was told."""

from datetime import date

import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from kairos_dagster.steps import import_step
from tests.journeys.story_home import at_home, silent

pytestmark = pytest.mark.slow
DAYS = sessions_between(date(2014, 1, 2), date(2014, 3, 31))
PRICES = [
    {"ticker": name, "date": day, "open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0 + 0.1 * (n % 3), "volume": 1e6}
    for name in ("AAA", "BBB")
    for n, day in enumerate(DAYS)
]
HEADLINES = [
    {"stock": "AAA", "date": "2014-02-03 09:00:00-05:00", "headline": "Broker Upgrades Aaa to Buy, Raises PT from $10 to $12"},
    {"stock": "AAA", "date": "2014-02-03 17:30:00-05:00", "headline": "Aaa Opens a Shop"},
    {"stock": "ZZZ", "date": "2014-02-03 17:30:00-05:00", "headline": "Nobody Knows Zzz"},
]
POSTS = [
    {"symbol": "AAA", "created_at": "2014-02-03T15:00:00Z", "tokens": "buy it"},
    {"symbol": "AAA", "created_at": "2014-02-03T16:00:00Z", "tokens": "RT @someone buy it"},
]
EARNINGS = [
    {"symbol": "AAA", "date": "2014-02-04", "qtr": "Q4", "eps_est": 1.0, "eps": 1.2, "surp": 0.2, "release_time": "pre"},
    {"symbol": "BBB", "date": "2014-02-04", "qtr": "Q4", "eps_est": 2.0, "eps": 1.9, "surp": -0.1, "release_time": "post"},
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    home, files = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("files")

    def bring(rows, dataset, mapping=""):
        file = files / f"{dataset}.csv"
        pl.DataFrame(rows).write_csv(file)
        import_step([file], dataset=dataset, mapping=mapping, source="file", progress=silent())

    with at_home(home):
        bring(PRICES, "sep")
        bring(HEADLINES, "fmp_news", "symbol=stock,published_date=date,title=headline")
        bring(POSTS, "social_posts", "posted_at=created_at,text=tokens")
        bring(EARNINGS, "earnings_surprises", "quarter=qtr,eps_estimated=eps_est,eps_actual=eps,eps_surprise=surp")
    return Warehouse(home / "warehouse")


def test_every_headline_is_an_article_or_stands_in_quarantine(warehouse):
    news = warehouse.read(TABLES["fmp_news"]).sort("known_at")
    assert news["title"].to_list() == [HEADLINES[0]["headline"], HEADLINES[1]["headline"]]
    set_aside = warehouse.read(TABLES["quarantine"]).filter(writer="fmp_news")
    assert [("Zzz" in detail or "ZZZ" in detail) for detail in set_aside["detail"]] == [True]


def test_an_analysts_action_is_read_out_of_its_headline(warehouse):
    told = warehouse.read(TABLES["fmp_news"]).filter(pl.col("rating_action").is_not_null())
    (row,) = told.select("rating_firm", "rating_to", "price_target_from", "price_target_to").rows()
    assert row == ("Broker", "buy", 10.0, 12.0)


def test_a_repeated_post_counts_as_one_of_its_reposts(warehouse):
    (row,) = warehouse.read(TABLES["social_features"]).select("posts", "reposts").rows()
    assert row == (2, 1)


def test_earnings_told_after_the_close_are_known_a_session_later(warehouse):
    told = warehouse.read(TABLES["earnings_surprises"]).sort("known_at").select("symbol", pl.col("known_at").dt.date()).rows()
    assert told == [("AAA", date(2014, 2, 4)), ("BBB", date(2014, 2, 5))]
