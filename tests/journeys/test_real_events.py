"""Real headlines, posts and announced earnings through the file source: all of them counted, none known too early.

They lie beside the checkout and are not part of it; without them these tests are skipped.
"""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from kairos.calendar import FixedClock, session_close
from kairos.fundamentals.checks import nothing_from_the_future
from kairos.fundamentals.social import social_features
from kairos.fundamentals.surprises import not_before_its_release
from kairos.fundamentals.versions import news_versions, surprise_versions
from kairos.market.tickers import securities
from kairos.sources.files import read_files
from kairos.sources.parse import parse
from kairos.tables import raw
from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.fundamentals import EARNINGS_SURPRISES, FMP_NEWS, SOCIAL_FEATURES

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "events"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="real events are not on this machine")

CLOCK = FixedClock(datetime(2021, 1, 4, 12, tzinfo=UTC))
FILES = {
    "fmp_news": ("news_headlines_2009_2020.parquet", {"published_date": "published_at", "title": "headline"}),
    "social_posts": ("social_posts_2014_2016.parquet", {"posted_at": "created_at", "text": "tokens"}),
    "earnings_surprises": (
        "earnings_surprises_2012_2019.parquet",
        {"quarter": "qtr", "eps_estimated": "eps_est", "eps_actual": "eps", "eps_surprise": "surp"},
    ),
}
NO_HOURS, NO_MENTIONS = RAW_FEEDS["fmp_social"].empty(), RAW_FEEDS["quiver_social"].empty()
RETWEETED = re.compile(r"^[^\w$#@]*rt\s+(AT_USER|@\w+)\s*:?\s*", re.IGNORECASE)
HEADLINES, POSTS, EARNINGS = 5_756, 47_256, 36_559


def sent(dataset, clock=CLOCK):
    """Parsed rows of a real file, as `kairos import` reads them."""
    name, mapping = FILES[dataset]
    (payload,) = read_files([FOLDER / name], dataset, mapping=mapping, source="archive", clock=clock)
    parsed = parse(payload)
    assert parsed.rejects.is_empty()
    return parsed.rows


def named(*rows, without=()):
    """The securities of all symbols, as prices of 2009 to 2019 name them."""
    symbols = pl.concat([frame["symbol"] for frame in rows]).unique().sort()
    spans = (
        symbols.filter(~symbols.is_in(list(without)))
        .to_frame("ticker")
        .with_columns(source=pl.lit("prices"), first_date=pl.lit(date(2009, 1, 2)), last_date=pl.lit(date(2019, 12, 31)))
    )
    return securities(raw.RAW_TICKERS.empty(), raw.RAW_ACTIONS.empty(), spans)


@pytest.fixture(scope="module")
def rows():
    return {dataset: sent(dataset) for dataset in FILES}


@pytest.fixture(scope="module")
def tickers(rows):
    return named(*rows.values())


@pytest.fixture(scope="module")
def news(rows, tickers):
    return news_versions(rows["fmp_news"], tickers)


@pytest.fixture(scope="module")
def social(rows, tickers):
    return social_features(NO_HOURS, NO_MENTIONS, tickers, raw_posts=rows["social_posts"])


@pytest.fixture(scope="module")
def surprises(rows, tickers):
    return surprise_versions(rows["earnings_surprises"], tickers)


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
    listed = named(*rows.values(), without=lost)
    posts = social_features(NO_HOURS, NO_MENTIONS, listed, raw_posts=rows["social_posts"])
    for cleaned, dataset in (
        (news_versions(rows["fmp_news"], listed), "fmp_news"),
        (posts, "social_posts"),
        (surprise_versions(rows["earnings_surprises"], listed), "earnings_surprises"),
    ):
        of_lost = rows[dataset].filter(pl.col("symbol").is_in(list(lost)))
        assert cleaned.quarantine.height == of_lost.height
        assert set(cleaned.quarantine["reason"]) == {"unmapped_symbol"}
        assert cleaned.quarantine["year"].max() < CLOCK.now().year  # under the years that they are about


def test_order_and_repetition_of_the_files_change_nothing(rows, tickers, news, surprises, social):
    later = FixedClock(CLOCK.now() + timedelta(days=9))
    told = {dataset: pl.concat([sent(dataset, later), frame]).reverse() for dataset, frame in rows.items()}
    receipt = ["fetched_at", "payload_id"]
    for made, again in (
        (news, news_versions(told["fmp_news"], tickers)),
        (surprises, surprise_versions(told["earnings_surprises"], tickers)),
        (social, social_features(NO_HOURS, NO_MENTIONS, tickers, raw_posts=told["social_posts"])),
    ):
        assert again.rows.drop(receipt, strict=False).equals(made.rows.drop(receipt, strict=False))
