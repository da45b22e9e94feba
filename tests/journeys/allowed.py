"""What may differ between the tables built on a day and those built later, by name, and nothing else."""

from collections.abc import Callable
from datetime import date

import polars as pl

from kairos.features.registry import ALL_FEATURES, FEATURE_SETS
from kairos.frames import Frame
from tests.journeys.differences import ROW
from tests.journeys.moving_market import Story

BOOKKEEPING = ("payload_id", "row", "fetched_at")
COMPARED = tuple(feature.name for feature in ALL_FEATURES if len(feature.expr.reaches) > 1)
"""Features that compare a session's names, or read the market's return."""


def is_in(column: str, *values: object) -> pl.Expr:
    return pl.col(column).is_in(values)


def moved_by(names: list[int], first: date) -> pl.Expr:
    """What a changed row of some names on `first` may move: their own values from then on, and what is compared with them."""
    made_of_prices = is_in("table", "sep_base", "sep_versions", *DERIVED)
    own = made_of_prices & pl.col("permaticker").is_in(names)
    compared = pl.col("column").str.ends_with("_xs") | is_in("column", *COMPARED)
    return (own | compared) & (pl.col("reach") >= first)


DERIVED = ("daily_returns", "mv_liquidity_60d", *FEATURE_SETS, "feat_matrix_complete", "feat_matrix_targets")
READJUSTED = ("ticker", "open", "high", "low", "close", "volume", "closeadj", "lastupdated", "known_at", "known_source")

ALLOWED: dict[str, Callable[[Story], pl.Expr]] = {
    "which delivery stands": lambda _: is_in("table", "sep_base", "actions") & is_in("column", *BOOKKEEPING),
    "prices re-adjusted by a later split or dividend, or filed under a new ticker": lambda story: (
        is_in("table", "sep_base")
        & is_in("column", *READJUSTED)
        & pl.col("permaticker").is_in(story.after_cut("split", "dividend", "tickerchangeto"))
    ),
    "the ticker of a dead name, once another bears it": lambda story: (
        is_in("table", "sep_base")
        & is_in("column", "ticker", "known_at", "known_source")
        & pl.col("permaticker").is_in(story.displaced)
    ),
    "a ticker's end, and the vendor's facts of today": lambda _: (
        is_in("table", "tickers") & is_in("column", "valid_to", "lastpricedate", "isdelisted", "delisting_reason")
    ),
    "a sector or kind that the vendor changed": lambda story: (
        is_in("table", "tickers", "mid_cap_xx", "midcap_universe")
        & is_in("column", "sector", "category")
        & (pl.col("permaticker") == story.moved)
    ),
    "how a membership ended": lambda story: (
        is_in("table", "midcap_universe")
        & is_in("column", "exit", "reason")
        & pl.col("permaticker").is_in(story.after_cut("delisted"))
    ),
    "a price corrected after the cut": lambda story: moved_by(story.corrected, story.cut),
    "a misprint that showed when the price came back": lambda story: moved_by([story.misprint], story.cut),
    "a death reported after the cut": lambda story: (
        moved_by([story.forgotten], story.before_cut)
        | (is_in("table", "actions") & is_in("column", ROW) & (pl.col("permaticker") == story.forgotten))
    ),
    "forecasts of the cut itself, whose ranks compare with the corrected price and the misprint": lambda story: (
        pl.col("table").str.starts_with("predictions_") & (pl.col("session") == story.cut)
    ),
}


def unexplained(story: Story, found: Frame) -> Frame:
    allowed = pl.any_horizontal(allowed(story) for allowed in ALLOWED.values())
    return found.filter(~allowed.fill_null(False))
