"""Single posts: each counts once, a repeated text as a repost, and from the instant that it was known."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kairos.fundamentals.posts import single_posts
from kairos.fundamentals.social import social_features
from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.fundamentals import SOCIAL_FEATURES
from tests.kairos.fundamentals.raw_made_up import NAMES, raw

IMPORTED = datetime(2020, 1, 6, 12, tzinfo=UTC)
NO_HOURS, NO_MENTIONS = RAW_FEEDS["fmp_social"].empty(), RAW_FEEDS["quiver_social"].empty()


def post(text, at="2018-06-01 14:00:00+00:00", *, received=IMPORTED, **more):
    return {"symbol": "AAA", "posted_at": at, "text": text, "at": received, **more}


def features(*posts, hours=NO_HOURS):
    return social_features(hours, NO_MENTIONS, NAMES, raw_posts=raw("social_posts", *posts))


def reposts(*posts):
    return single_posts(raw("social_posts", *posts), NAMES).counted["reposts"].to_list()


def test_posts_are_counted_for_the_session_by_whose_close_they_were_posted():
    made = features(
        post("a", "2018-06-01 19:59:59+00:00"),
        post("b", "2018-06-01 20:00:00+00:00"),
        post("c", "2018-06-01 20:00:01+00:00"),
        post("d", "2018-06-02 12:00:00+00:00"),
    )
    assert made.rows.select("session", "posts", "reposts").rows() == [(date(2018, 6, 1), 2, 0), (date(2018, 6, 4), 2, 0)]
    assert made.rows["senti_mean"].null_count() == 2
    assert SOCIAL_FEATURES.validate(made.rows).height == 2


def test_a_post_seen_arriving_is_known_from_its_receipt():
    after_close = datetime(2018, 6, 1, 22, tzinfo=UTC)
    assert features(post("a", received=after_close)).rows["session"].to_list() == [date(2018, 6, 4)]


@pytest.mark.parametrize("text", ["rt AT_USER buy $ aaa", "RT @someone: buy $ aaa", '" rt AT_USER : Buy $ AAA', "buy $ aaa"])
def test_a_retweet_and_a_repeated_text_are_reposts(text):
    assert reposts(post("Buy $ AAA"), post(text, "2018-06-01 15:00:00+00:00")) == [0, 1]


def test_a_retweet_without_its_original_is_a_repost_too():
    assert reposts(post("rt AT_USER buy"), post("start buying", "2018-06-01 15:00:00+00:00")) == [1, 0]


def test_a_text_about_another_security_repeats_nothing():
    assert reposts(post("buy"), post("buy", "2018-06-01 15:00:00+00:00", symbol="BRK-B")) == [0, 0]


def test_a_later_post_changes_no_earlier_count():
    first, later = post("a"), post("a", "2018-06-04 15:00:00+00:00")
    before = features(first).rows.drop("facts_known_at")
    assert features(first, later).rows.drop("facts_known_at").head(1).equals(before)


def test_the_same_post_delivered_twice_counts_once_and_is_told():
    made = features(post("a", payload="p"), post("a", payload="p"), post("a", received=IMPORTED + timedelta(days=1)))
    assert made.rows["posts"].to_list() == [1.0]
    assert made.repeated == 2


def test_every_post_is_counted_told_again_or_set_aside():
    posts = [post("a"), post("a"), post("b", symbol="LOST"), post("c", "yesterday")]
    made = features(*posts)
    assert made.rows["posts"].sum() + made.repeated + made.quarantine.height == len(posts)
    assert sorted(made.quarantine["reason"]) == ["unmapped_symbol", "unreadable_stamp"]


def test_a_session_that_hours_tell_of_takes_no_single_posts():
    at = datetime(2018, 6, 1, 19, 0, tzinfo=UTC)
    told = {"symbol": "AAA", "posted_at": "2018-06-01 12:00:00", "at": at, "stocktwits_posts": 30.0}
    made = features(post("a"), post("b", "2018-06-04 14:00:00+00:00"), hours=raw("fmp_social", told))
    assert made.rows.select("posts", "reposts").rows() == [(30, None), (1, 0)]


def test_order_and_repetition_of_deliveries_change_nothing():
    one = raw("social_posts", post("a"), post("b", "2018-06-01 15:00:00+00:00"))
    two = raw("social_posts", post("a", "2018-06-04 15:00:00+00:00"), post("a", received=IMPORTED + timedelta(days=2)))
    made = [
        social_features(NO_HOURS, NO_MENTIONS, NAMES, raw_posts=rows).rows
        for rows in (one.vstack(two), two.vstack(one).vstack(one))
    ]
    assert made[0].equals(made[1])
