"""Posts count for the session by whose close they had been received."""

from datetime import UTC, date, datetime, timedelta

import pytest

from kairos.fundamentals.social import social_features
from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.fundamentals import SOCIAL_FEATURES
from tests.kairos.fundamentals.raw_made_up import NAMES, raw

BEFORE_CLOSE = datetime(2018, 6, 1, 19, 0, tzinfo=UTC)
NO_POSTS, NO_MENTIONS = RAW_FEEDS["fmp_social"].empty(), RAW_FEEDS["quiver_social"].empty()


def hour(posted, at, posts, mood, **more):
    return {"symbol": "AAA", "posted_at": posted, "at": at, "stocktwits_posts": posts, "stocktwits_sentiment": mood, **more}


def test_posts_are_summed_and_their_mood_is_weighted_by_posts():
    rows = raw(
        "fmp_social",
        hour("2018-06-01 12:00:00", BEFORE_CLOSE, 30.0, 0.5, twitter_posts=10.0, twitter_sentiment=0.9),
        hour("2018-06-01 13:00:00", BEFORE_CLOSE, 10.0, 0.2),
        hour("2018-06-01 14:00:00", BEFORE_CLOSE + timedelta(hours=2), 5.0, 0.4),
    )
    made = social_features(rows, NO_MENTIONS, NAMES)
    assert made.rows["session"].to_list() == [date(2018, 6, 1), date(2018, 6, 4)]
    assert made.rows["posts"].to_list() == [50.0, 5.0]
    assert made.rows["senti_mean"].to_list() == pytest.approx([(30 * 0.5 + 10 * 0.9 + 10 * 0.2) / 50, 0.4])
    assert made.rows["mentions"].null_count() == 2
    assert SOCIAL_FEATURES.validate(made.rows).height == 2


def test_an_hour_served_again_and_a_backfilled_past_count_for_no_session():
    first = hour("2018-06-01 12:00:00", BEFORE_CLOSE, 30.0, 0.5)
    again = hour("2018-06-01 12:00:00", BEFORE_CLOSE + timedelta(days=3), 60.0, 0.5)
    old = hour("2018-04-01 12:00:00", BEFORE_CLOSE, 99.0, 0.5)
    made = social_features(raw("fmp_social", first, again, old), NO_MENTIONS, NAMES)
    assert made.rows.select("session", "posts").rows() == [(date(2018, 6, 1), 30.0)]


def test_either_source_may_be_missing_and_an_unknown_symbol_is_set_aside():
    rows = raw(
        "quiver_social",
        *(
            {"ticker": name, "date": date(2018, 6, 1), "mentions": 7.0, "sentiment": 0.1, "at": BEFORE_CLOSE}
            for name in ("AAA", "LOST")
        ),
    )
    made = social_features(NO_POSTS, rows, NAMES)
    assert made.rows.select("mentions", "senti_mentions", "posts").rows() == [(7.0, 0.1, None)]
    assert made.quarantine["reason"].to_list() == ["unmapped_symbol"]
    assert social_features(NO_POSTS, NO_MENTIONS, NAMES).rows.is_empty()
