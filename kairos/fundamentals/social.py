"""What was posted about a security between one close and the next, as far as it was known: `social_features`."""

from datetime import timedelta

import polars as pl

from kairos.frames import Frame
from kairos.fundamentals.chain import chained
from kairos.fundamentals.instants import eastern, new_york_day, session_hours
from kairos.fundamentals.posts import single_posts
from kairos.fundamentals.symbols import with_security
from kairos.fundamentals.versions import UNMAPPED
from kairos.market.cleaned import ROW_REJECTED, Cleaned, set_aside
from kairos.tables.archives import RAW_ARCHIVES
from kairos.tables.fundamentals import SOCIAL_FEATURES

FRESH = timedelta(days=7)  # a post received later than this is history, not what a session was told
COUNTS = ("posts", "comments", "likes", "impressions")
PLATFORMS = ("stocktwits", "twitter")
RAW_POSTS = RAW_ARCHIVES["social_posts"]
_FACTS = (*COUNTS, "_told", "mentions", "_mood")


def social_features(
    raw_fmp_social: Frame, raw_quiver_social: Frame, tickers: Frame, *, raw_posts: Frame | None = None
) -> Cleaned:
    """Return the posts of each session: those that became known after the close before and by its own.

    An hour that is served again counts as it was first received. A session that hours tell of takes no single posts, which
    would be counted twice. Any source may have no rows.

    Args:
        raw_fmp_social: Deliveries of raw FMP social sentiment, hours of posts on two platforms.
        raw_quiver_social: Deliveries of raw Quiver mentions, days of mentions.
        tickers: The `tickers` table.
        raw_posts: Deliveries of single posts.
    """
    hours, lost = _first_received(_hours(raw_fmp_social), tickers, "fmp_social")
    days, lost_too = _first_received(_days(raw_quiver_social), tickers, "quiver_social")
    single = single_posts(RAW_POSTS.empty() if raw_posts is None else raw_posts, tickers)
    singles = single.counted.with_columns(pl.lit(True).alias("_single"))
    posts = pl.concat([hours, days, singles], how="diagonal_relaxed")
    quarantine = pl.concat([lost, lost_too, _lines(single.lost, "social_posts")])
    given = raw_fmp_social.height + raw_quiver_social.height + (0 if raw_posts is None else raw_posts.height)
    fresh = posts.filter(pl.col("known_at") - pl.col("posted_at") <= FRESH).sort("known_at")
    closes = session_hours().select("session", "closes_at")
    dated = fresh.join_asof(closes, left_on="known_at", right_on="closes_at", strategy="forward", check_sortedness=False)
    by_hour = (pl.col("_single").is_null() & pl.col("posts").is_not_null()).any().over("permaticker", "session")
    twice = pl.col("_single").fill_null(False) & by_hour
    counted = dated.filter(pl.col("session").is_not_null() & ~twice)
    made = counted.group_by("permaticker", "session").agg(_sums())
    rows = SOCIAL_FEATURES.conform(made).sort("permaticker", "session")
    return Cleaned(rows, quarantine, repeated=given - posts.height - quarantine.height)


def _sums() -> list[pl.Expr]:
    def total(name: str) -> pl.Expr:
        return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum())

    def mean(mood: str, weight: str) -> pl.Expr:
        told = pl.col(weight).filter(pl.col(mood).is_not_null()).sum()
        return pl.when(told > 0).then((pl.col(mood) * pl.col(weight)).sum() / told)

    return [
        *(total(name).alias(name) for name in (*COUNTS, "mentions", "reposts")),
        mean("_told", "_weight").alias("senti_mean"),
        mean("_mood", "mentions").alias("senti_mentions"),
        pl.col("known_at").max().alias("facts_known_at"),
    ]


def _hours(raw: Frame) -> Frame:
    """One row per hour, both platforms together; the mood is their mean by posts."""
    counts = [
        pl.when(pl.any_horizontal(pl.col(f"{platform}_{name}").is_not_null() for platform in PLATFORMS))
        .then(pl.sum_horizontal(f"{platform}_{name}" for platform in PLATFORMS))
        .alias(name)
        for name in COUNTS
    ]
    moods = [pl.col(f"{platform}_sentiment") for platform in PLATFORMS]
    weights = [pl.when(mood.is_not_null()).then(f"{platform}_posts") for mood, platform in zip(moods, PLATFORMS, strict=True)]
    weight = pl.sum_horizontal(weights)
    told = pl.sum_horizontal(mood * posts for mood, posts in zip(moods, weights, strict=True))
    rows = raw.with_columns(
        eastern("posted_at").alias("posted_at"),
        *counts,
        weight.alias("_weight"),
        pl.when(weight > 0).then(told / weight).alias("_told"),
    )
    return rows.with_columns(_nothing("mentions"), _nothing("_mood"))


def _days(raw: Frame) -> Frame:
    posted = pl.col("date").cast(pl.Datetime("us")).dt.replace_time_zone("America/New_York").dt.convert_time_zone("UTC")
    rows = raw.rename({"ticker": "symbol"}).with_columns(posted.alias("posted_at"), pl.col("sentiment").alias("_mood"))
    return rows.with_columns(_nothing(name) for name in (*COUNTS, "_told", "_weight"))


def _nothing(name: str) -> pl.Expr:
    return pl.lit(None, pl.Float64).alias(name)


def _lines(lost: Frame, dataset: str) -> Frame:
    about = pl.coalesce("posted_at", "fetched_at") if dataset == "social_posts" else pl.col("fetched_at")
    rows = lost.with_columns(about.dt.year().alias("year"))
    return set_aside(rows, ("symbol", "posted_at"), writer=SOCIAL_FEATURES.name, dataset=dataset, action=ROW_REJECTED)


def _first_received(rows: Frame, tickers: Frame, dataset: str) -> tuple[Frame, Frame]:
    """Map rows and keep the first delivery of each; returns them and the quarantine lines."""
    rows = rows.sort("fetched_at").unique(["payload_id", "row"], keep="first", maintain_order=True)
    day = new_york_day("fetched_at")
    rows = with_security(rows.with_columns(day.alias("fetched_on"), day.alias("about")), tickers)
    lost = rows.filter(pl.col("permaticker").is_null())
    lines = _lines(lost.with_columns(pl.lit(UNMAPPED).alias("reason")), dataset)
    stamped = rows.filter(pl.col("permaticker").is_not_null()).with_columns(
        pl.lit(None, rows.schema["fetched_at"]).alias("stamp"), pl.lit("observed").alias("stamp_source")
    )
    key = ["permaticker", "posted_at"]
    versions, _ = chained(stamped, key, _FACTS)
    firsts = versions.sort(*key, "known_at").unique(key, keep="first", maintain_order=True)
    return firsts.select(*key, "known_at", "_weight", *_FACTS), lines
