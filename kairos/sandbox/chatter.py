"""Posts on social networks: worked out when asked for, from past prices and a hash, so that nothing need be stored."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import Frame
from kairos.sandbox.arrays import Floats, Ints
from kairos.sandbox.market import Market

HOUR = timedelta(hours=1)
DAY_SHAPE = tuple(0.3 if hour < 7 or hour > 21 else 1.6 if 9 <= hour <= 16 else 0.9 for hour in range(24))  # noqa: PLR2004 - hours
POSTS_AT = 4.0  # posts an hour on a quiet day
EXCITED = 4.0  # how far a return of three deviations multiplies them
_CLOSE = 16  # from this hour on a session's own return is known
_GOLDEN, _MIX1, _MIX2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB  # splitmix64


def uniform(*parts: Ints) -> Floats:
    """Return numbers in [0, 1) that hang on the parts alone, one after the other."""
    state = np.zeros(np.broadcast(*parts).shape, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            state = (state ^ np.asarray(part).astype(np.uint64)) + np.uint64(_GOLDEN)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(_MIX1)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(_MIX2)
            state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53


def hourly_posts(market: Market, permaticker: int, symbol: str, *, now: datetime, skip: int, limit: int) -> Frame:
    """Return one row per full hour, newest first, in the vendor's fields; hours are New York's.

    An hour is moved by returns of sessions that had closed by then.

    Args:
        market: The market.
        permaticker: The name.
        symbol: What the vendor calls it.
        now: The instant; later hours do not exist.
        skip: Hours left out at the newest end.
        limit: Most hours.
    """
    newest = now.astimezone(NEW_YORK).replace(tzinfo=None, minute=0, second=0, microsecond=0) - HOUR * skip
    hours = np.array([newest - HOUR * back for back in range(limit)], dtype="datetime64[h]")
    mood = _mood(market, permaticker, (hours - _CLOSE).astype("datetime64[D]"))
    alive = ~np.isnan(mood)
    hours, mood = hours[alive], mood[alive]
    number = hours.astype(np.int64)
    draws = [uniform(np.array(market.seed), np.array(permaticker), number, np.array(i)) for i in range(8)]
    size = POSTS_AT * (0.3 + 2.0 * uniform(np.array(market.seed), np.array(permaticker)))
    level = size * np.array(DAY_SHAPE)[number % 24] * (1.0 + EXCITED * np.minimum(np.abs(mood) / 3.0, 1.0))
    lean = 0.5 + 0.2 * np.tanh(mood / 2.0)
    columns = {"date": np.datetime_as_string(hours.astype("datetime64[s]")), "symbol": [symbol] * len(hours)}
    for i, (kind, factor) in enumerate((("Posts", 1.0), ("Comments", 2.5), ("Likes", 6.0), ("Impressions", 900.0))):
        for j, site in enumerate(("stocktwits", "twitter")):
            columns[f"{site}{kind}"] = np.floor(level * factor * 2.0 * draws[2 * i + j]).astype(np.int64)
    for j, site in enumerate(("stocktwits", "twitter")):
        columns[f"{site}Sentiment"] = np.round(np.clip(lean + 0.15 * (draws[j] - 0.5), 0.0, 1.0), 4)
    return pl.DataFrame(columns).with_columns(pl.col("date").str.replace("T", " "))


def daily_mentions(market: Market, permaticker: int, ticker: str, *, until: date) -> Frame:
    """Return mentions of a name on each session, newest first: Date, Ticker, Mentions, Rank, Sentiment (-1 to 1)."""
    days = np.array([day for day in market.sessions if day <= until], dtype="datetime64[D]")[::-1]
    mood = _mood(market, permaticker, days)
    alive = ~np.isnan(mood)
    days, mood = days[alive], mood[alive]
    draws = [uniform(np.array(market.seed), np.array(permaticker), days.astype(np.int64), np.array(9 + i)) for i in (0, 1)]
    mentions = np.floor(40.0 * draws[0] * (1.0 + EXCITED * np.minimum(np.abs(mood) / 3.0, 1.0))).astype(np.int64)
    return pl.DataFrame(
        {
            "Date": np.datetime_as_string(days),
            "Ticker": [ticker] * len(days),
            "Mentions": mentions,
            "Rank": 1 + 2000 // (1 + mentions),
            "Sentiment": np.round(np.clip(0.4 * np.tanh(mood / 2.0) + 0.3 * (draws[1] - 0.5), -1.0, 1.0), 4),
        }
    )


def _mood(market: Market, permaticker: int, days: Ints) -> Floats:
    """Return the newest return up to each day in units of a plain daily deviation; not a number outside the name's life."""
    bars = market.bars.filter(pl.col("permaticker") == permaticker)
    sessions = bars["session"].to_numpy().astype("datetime64[D]")
    if not len(sessions):
        return np.full(len(days), np.nan)
    returns = bars["total_return"].fill_null(0.0).to_numpy() / 0.02
    row = np.searchsorted(sessions, days, side="right") - 1
    stale = (days - sessions[np.maximum(row, 0)]).astype(np.int64) > 30  # noqa: PLR2004 - nobody speaks of the long dead
    return np.where((row < 0) | stale, np.nan, returns[np.maximum(row, 0)])
