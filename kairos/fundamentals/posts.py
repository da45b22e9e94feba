"""Single posts of an archive, counted: which of them repeat a text, and since when each was known."""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from kairos.frames import Frame
from kairos.fundamentals.instants import new_york_day, told_instant
from kairos.fundamentals.symbols import with_security

RETWEET = r"^[^\w$#@]*(?i:rt)\s+(?:@\w+|AT_USER)\s*:?\s*"  # AT_USER is what archives put in place of names
SEEN_ARRIVING = timedelta(days=7)  # a post received this soon was collected live; later, it is history under its own stamp
_KEY = ("permaticker", "posted_at", "text")


@dataclass(frozen=True)
class Posts:
    """What the deliveries hold: rows = counted + lost + repeated.

    Attributes:
        counted: permaticker, posted_at, known_at and, each 1 or 0, posts and reposts.
        lost: Rows that no security bears or whose stamp cannot be read, with reason.
        repeated: Rows that are the same post once more: the same text about the same security at the same instant.
    """

    counted: Frame
    lost: Frame
    repeated: int


def single_posts(raw: Frame, tickers: Frame) -> Posts:
    """Return every post once; one that begins as a retweet, or whose text stood about the security before, is a repost.

    A symbol means who bore it on the day of the post. A post received within a week is known from its receipt, an older one
    from its stamp.

    Args:
        raw: Deliveries of raw posts.
        tickers: The `tickers` table.
    """
    rows = raw.with_columns(told_instant("posted_at").alias("posted_at"))
    day = pl.coalesce(new_york_day("posted_at"), new_york_day("fetched_at"))
    rows = with_security(rows.with_columns(day.alias("fetched_on"), day.alias("about")), tickers)
    unreadable = pl.when(pl.col("posted_at").is_null()).then(pl.lit("unreadable_stamp"))
    reason = unreadable.when(pl.col("permaticker").is_null()).then(pl.lit("unmapped_symbol"))
    judged = rows.with_columns(reason.alias("reason"))
    good = judged.filter(pl.col("reason").is_null()).drop("reason")
    late = pl.col("fetched_at") - pl.col("posted_at") > SEEN_ARRIVING
    known = good.with_columns(pl.when(late).then("posted_at").otherwise("fetched_at").alias("known_at"))
    once = known.sort(*_KEY, "known_at").unique(_KEY, keep="first", maintain_order=True)
    counted = _marked(once).select("permaticker", "posted_at", "known_at", "posts", "reposts")
    return Posts(counted, judged.filter(pl.col("reason").is_not_null()), repeated=good.height - once.height)


def _marked(once: Frame) -> Frame:
    """Count each post, in the order in which they were known; of one instant the retweet comes last."""
    plain = pl.col("text").str.replace(RETWEET, "").str.to_lowercase().str.strip_chars()
    told = once.with_columns(plain.alias("_plain"), pl.col("text").str.contains(RETWEET).alias("_retweet"))
    ordered = told.sort("known_at", "posted_at", "_retweet", "text")
    again = pl.col("_retweet") | ~pl.struct("permaticker", "_plain").is_first_distinct()
    return ordered.with_columns(pl.lit(1.0).alias("posts"), again.cast(pl.Float64).alias("reposts"))
