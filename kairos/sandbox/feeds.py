"""The fundamental side of a market, made after its prices are settled; it draws its own chance and changes nothing else."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import Floats, Ints
from kairos.sandbox.disclosures import make_congress, make_insiders
from kairos.sandbox.estimates import make_estimates, make_periods
from kairos.sandbox.filings import make_filings
from kairos.sandbox.headlines import make_news
from kairos.sandbox.levels import make_levels
from kairos.sandbox.scores import make_ratings

FEEDS = ("filings", "periods", "estimates", "ratings", "news", "congress", "insiders")


def make_feeds(
    frames: dict[str, Frame], permaticker: Ints, shares: Floats, revisions: Floats, *, sessions: Sequence[date], seed: int
) -> dict[str, Frame]:
    """Return the frames of FEEDS.

    Args:
        frames: The market's other frames, by name.
        permaticker: Ids in the order of the following, (N,).
        shares: Shares outstanding before any split, (N,).
        revisions: Latent revision state at the weekly sessions, (W, N).
        sessions: Sessions of the market.
        seed: Seed of the market.
    """
    counted = pl.DataFrame({"permaticker": permaticker, "shares": shares})
    lives = frames["securities"].select("permaticker", "first_session", pl.col("last_session").fill_null(sessions[-1]))
    holders = lives.join(counted, on="permaticker", how="left").sort("permaticker")
    levels = make_levels(frames["daily"], sessions, seed)
    splits = frames["events"].filter(pl.col("action") == "split").select("permaticker", "session", "cum_split")
    prices = frames["daily"].select("permaticker", "session", "marketcap")
    filings = make_filings(levels, holders, prices, splits, sessions=sessions, seed=seed)
    order = {number: column for column, number in enumerate(permaticker.tolist())}
    states = revisions[:, [order[number] for number in levels.permaticker.tolist()]]
    return {
        "filings": filings,
        "periods": make_periods(levels, seed),
        "estimates": make_estimates(levels, holders, states, sessions=sessions, seed=seed),
        "ratings": make_ratings(filings, holders, sessions, seed),
        "news": make_news(frames["bars"], filings, holders, sessions=sessions, seed=seed),
        "congress": make_congress(holders, sessions, seed),
        "insiders": make_insiders(holders, frames["bars"], seed),
    }
