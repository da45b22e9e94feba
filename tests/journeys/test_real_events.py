"""Real headlines, posts and announced earnings through the file source: all of them counted, none known too early.

They lie beside the checkout and are not part of it; without them these tests are skipped.
"""

import re
from datetime import date, timedelta

import polars as pl
import pytest

from benchmarks.real_events import CLOCK, FILES, FOLDER, event_names, event_rows, event_tables
from kairos.calendar import FixedClock, session_close
from kairos.fundamentals.checks import nothing_from_the_future
from kairos.fundamentals.surprises import not_before_its_release
from kairos.tables.fundamentals import EARNINGS_SURPRISES, FMP_NEWS, SOCIAL_FEATURES

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="real events are not on this machine")

RETWEETED = re.compile(r"^[^\w$#@]*rt\s+(AT_USER|@\w+)\s*:?\s*", re.IGNORECASE)
HEADLINES, POSTS, EARNINGS = 5_756, 47_256, 36_559


@pytest.fixture(scope="module")
def rows():
    return {dataset: event_rows(dataset) for dataset in FILES}


@pytest.fixture(scope="module")
def tickers(rows):
    return event_names(*rows.values())


@pytest.fixture(scope="module")
def made(rows, tickers):
    return event_tables(rows, tickers)


@pytest.fixture(scope="module")
def news(made):
    return made["fmp_news"]


@pytest.fixture(scope="module")
def social(made):
    return made["social_posts"]


@pytest.fixture(scope="module")
def surprises(made):
    return made["earnings_surprises"]


def test_every_row_of_the_files_is_a_raw_row(rows):
    assert {name: frame.height for name, frame in rows.items()} == {
        "fmp_news": HEADLINES, "social_posts": POSTS, "earnings_surprises": EARNINGS
    }  # fmt: skip


def test_every_headline_is_an_article_or_the_same_one_again(rows, news):
    assert FMP_NEWS.validate(news.rows).height + news.repeated == HEADLINES
    assert news.repeated == HEADLINES - rows["fmp_news"].unique(["symbol", "published_date", "title"]).height == 9
    assert news.quarantine.is_empty()


def test_a_headline_is_known_from_the_instant_that_the_file_gives_it(news):
    file = pl.read_parquet(FOLDER / FILES["fmp_news"][0]).unique()
    assert (
        file.join(news.rows, left_on=["symbol", "published_at", "headline"], right_on=["symbol", "known_at", "title"]).height
        == news.rows.height
    )
    assert set(news.rows["known_source"]) == {"vendor"}


def test_analysts_actions_are_what_the_headlines_say(news):
    acted = news.rows.filter(pl.col("rating_action").is_not_null())
    assert acted.height == 778
    for mark in ("rating_from", "rating_to"):
        plain = pl.col("title").str.to_lowercase().str.replace_all("-", " ").str.contains(pl.col(mark), literal=True)
        assert acted.filter(pl.col(mark).is_not_null()).select(plain.all()).item()
    for target in ("price_target_from", "price_target_to"):
        whole = pl.col(target).floor().cast(pl.Int64).cast(pl.String)
        assert (
            acted.filter(pl.col(target).is_not_null())
            .select(pl.col("title").str.contains("$" + whole, literal=True).all())
            .item()
        )
    up = pl.col("price_target_to") > pl.col("price_target_from")
    says = pl.col("title").str.contains("Raises|Increases")
    odd = acted.filter(up.is_not_null() & (up != says))["title"].sort().to_list()
    assert odd == [  # the source contradicts itself; neither its verb nor its figures are mended
        "Citigroup Maintains Barrick Gold at Buy, Lowers PT from $57 to $78",
        "Jefferies & Company Maintains Barrick Gold at Buy, Raises PT from $60 to $53",
    ]


def test_every_post_counts_for_a_session_or_is_the_same_one_again(social):
    made = SOCIAL_FEATURES.validate(social.rows)
    assert made["posts"].sum() + social.repeated == POSTS
    assert social.quarantine.is_empty()
    assert nothing_from_the_future(made).passed
    assert (made["reposts"] <= made["posts"]).all()


def test_reposts_are_those_that_a_plain_count_finds(rows, social):
    seen: set[tuple[str, str]] = set()
    again = 0
    posts = rows["social_posts"].unique(["symbol", "posted_at", "text"]).select("symbol", "posted_at", "text").rows()
    for symbol, _, text in sorted(posts, key=lambda post: (post[1], RETWEETED.match(post[2]) is not None)):
        plain = (symbol, RETWEETED.sub("", text).lower().strip())
        again += RETWEETED.match(text) is not None or plain in seen
        seen.add(plain)
    assert social.rows["reposts"].sum() == again


def test_all_announced_earnings_are_kept_and_none_is_known_before_its_release(surprises):
    made = EARNINGS_SURPRISES.validate(surprises.rows)
    assert made.height == EARNINGS
    assert surprises.quarantine.is_empty()
    assert not_before_its_release(made).passed
    assert set(made["known_source"]) == {"vendor"}
    assert (made["eps_actual"] - made["eps_estimated"] - made["eps_surprise"]).abs().max() < 1e-9


def test_a_close_sees_the_mornings_earnings_and_not_the_evenings(surprises):
    day = date(2016, 10, 25)
    seen = surprises.rows.filter(pl.col("known_at") <= session_close(day))
    assert seen.filter(pl.col("report_date") == day)["release_time"].unique().to_list() == ["pre"]
    tomorrow = surprises.rows.filter(pl.col("known_at") <= session_close(day + timedelta(days=1)))
    assert "post" in tomorrow.filter(pl.col("report_date") == day)["release_time"].to_list()
    assert seen["report_date"].max() == day


@pytest.mark.parametrize("wrong", [timedelta(days=1), timedelta(hours=18)])
def test_earnings_known_too_early_are_found(surprises, wrong):
    early = surprises.rows.with_columns(pl.col("known_at") - wrong)
    assert not_before_its_release(early).figures["early"] > EARNINGS / 3


def test_what_no_security_bears_is_set_aside_row_by_row(rows):
    lost = ("AAPL", "ABBV")
    listed = event_names(*rows.values(), without=lost)
    for dataset, cleaned in event_tables(rows, listed).items():
        of_lost = rows[dataset].filter(pl.col("symbol").is_in(list(lost)))
        assert cleaned.quarantine.height == of_lost.height
        assert set(cleaned.quarantine["reason"]) == {"unmapped_symbol"}
        assert cleaned.quarantine["year"].max() < CLOCK.now().year  # under the years that they are about


def test_order_and_repetition_of_the_files_change_nothing(rows, tickers, made):
    later = FixedClock(CLOCK.now() + timedelta(days=9))
    told = {dataset: pl.concat([event_rows(dataset, clock=later), frame]).reverse() for dataset, frame in rows.items()}
    receipt = ["fetched_at", "payload_id"]
    for dataset, again in event_tables(told, tickers).items():
        assert again.rows.drop(receipt, strict=False).equals(made[dataset].rows.drop(receipt, strict=False))
