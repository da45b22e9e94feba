"""News of the embedded market: a base rate, bursts around jumps, results on the day they are filed, rating actions."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import AnyArray, Ints, chance
from kairos.sandbox.reports import utc_instants

PER_YEAR = 10  # articles about a name in a year in which nothing happens
JUMP = 4.0  # a session's return beyond this many of its past deviations is a jump
PAST, LEAST_PAST = 63, 20  # sessions that the deviation looks back, and needs
BURST = (2, 7)  # articles about a jump
ACTIONS = {"base": 0.08, "burst": 0.3}  # shares of articles that tell of a rating action
KINDS = ("base", "burst", "results", "action")
FIRMS = (
    "Alder Research", "Brook & Co", "Cedar Capital", "Dune Securities", "Elm Partners", "Fjord Markets",
    "Grove Advisors", "Harbor Equity", "Isle Research", "Juniper Street", "Keel Securities", "Larch & Sons",
)  # fmt: skip
SITES = ("example-wire.com", "markets.example", "daily.example", "street.example")
PUBLISHERS = ("Example Wire", "Example Markets", "The Example Daily", "Example Street")
_TITLES = {
    ("base", -1): "{} faces questions over its outlook",
    ("base", 0): "{} presents at an industry conference",
    ("base", 1): "{} wins a new customer",
    ("burst", -1): "Shares of {} tumble in heavy trading",
    ("burst", 0): "{} moves sharply, and investors ask why",
    ("burst", 1): "Shares of {} jump in heavy trading",
    ("results", -1): "{} reports results below last year's",
    ("results", 0): "{} reports quarterly results",
    ("results", 1): "{} reports results above last year's",
    ("action", -1): "{firm} downgrades {} to Underweight",
    ("action", 0): "{firm} reiterates Hold on {}",
    ("action", 1): "{firm} upgrades {} to Buy",
}


def make_news(bars: Frame, filings: Frame, lives: Frame, *, sessions: Sequence[date], seed: int) -> Frame:
    """Return the articles: permaticker, published_at (UTC), kind, tone (-1, 0, 1), firm (number), article (number).

    An article about a jump comes out on its day or, in the evening, after it; one about results with the filing.

    Args:
        bars: Bars of the market.
        filings: Every version of every report.
        lives: Every security's permaticker, first_session and last_session.
        sessions: Sessions of the market.
        seed: Seed of the market.
    """
    rng = chance(seed, 26)
    results = filings.filter(pl.col("version") == 1, pl.col("period") != "FY", pl.col("filing_date") >= sessions[0])
    told = results.select("permaticker", published_at=pl.col("served_at") + pl.duration(minutes=3), tone=pl.lit(0))
    parts = [_base(rng, lives), _bursts(rng, bars), told.with_columns(kind=pl.lit("results"))]
    columns = ("permaticker", "published_at", "kind", "tone")
    rows = pl.concat([part.select(*columns[:3], pl.col("tone").cast(pl.Int64)) for part in parts])
    rows = rows.sort("published_at", "permaticker", "kind")
    share = pl.col("kind").replace_strict(ACTIONS, default=0.0, return_dtype=pl.Float64)
    action = pl.Series(rng.random(rows.height)) < share
    return (
        rows.with_columns(
            kind=pl.when(action).then(pl.lit("action")).otherwise("kind"),
            firm=pl.Series(rng.integers(0, len(FIRMS), rows.height)),
        )
        .with_row_index("article", offset=1000)
        .with_columns(pl.col("article").cast(pl.Int64))
    )


def _base(rng: np.random.Generator, lives: Frame) -> Frame:
    first, last = (lives[name].to_numpy().astype("datetime64[D]") for name in ("first_session", "last_session"))
    span = (last - first).astype(np.int64) + 1
    count = rng.poisson(PER_YEAR * span / 365.25)
    names = np.repeat(np.arange(len(span)), count)
    days = first[names] + (rng.random(len(names)) * span[names]).astype(np.int64)
    return _dated(rng, lives["permaticker"].to_numpy()[names], days, (6, 20), rng.integers(-1, 2, len(names))).with_columns(
        kind=pl.lit("base")
    )


def _bursts(rng: np.random.Generator, bars: Frame) -> Frame:
    past = pl.col("total_return").rolling_std(PAST, min_samples=LEAST_PAST).shift(1).over("permaticker")
    jumps = bars.select("permaticker", "session", "total_return", past=past).filter(
        pl.col("total_return").abs() > JUMP * pl.col("past")
    )
    count = rng.integers(*BURST, jumps.height)
    rows = np.repeat(np.arange(jumps.height), count)
    side = np.sign(jumps["total_return"].to_numpy()[rows]).astype(np.int64)
    tone = np.where(rng.random(len(rows)) < 0.8, side, rng.integers(-1, 2, len(rows)))  # noqa: PLR2004 - most see it right
    days = jumps["session"].to_numpy().astype("datetime64[D]")[rows]
    return _dated(rng, jumps["permaticker"].to_numpy()[rows], days, (10, 20), tone).with_columns(kind=pl.lit("burst"))


def _dated(rng: np.random.Generator, names: Ints, days: AnyArray, hours: tuple[int, int], tone: Ints) -> Frame:
    n = len(names)
    instants = utc_instants(days, rng.integers(hours[0] * 60, hours[1] * 60, n), rng.integers(0, 60, n))
    return pl.DataFrame({"permaticker": names, "published_at": instants, "tone": tone})


def titles() -> dict[str, str]:
    """Return the wording of each kind and tone, keyed `kind tone`; `{}` is the company, `{firm}` the analyst's house."""
    return {f"{kind} {tone}": text for (kind, tone), text in _TITLES.items()}
