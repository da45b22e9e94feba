"""Daily valuation of the embedded market: capitalisation and multiples; the latent cheapness shows in them once a quarter."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import Floats, Ints, autoregression, chance
from kairos.sandbox.bars import Tape
from kairos.sandbox.lives import Lives
from kairos.sandbox.population import COMMON, Population

REPORTS_EVERY = 63  # sessions between two accounts
VALUED = (COMMON, "ADR Common Stock", "Canadian Common Stock")  # DAILY has no preferreds, warrants or secondary classes
CHEAPNESS_IN_BOOK, CHEAPNESS_IN_EARNINGS = 0.45, 0.35  # how far one sd of cheapness moves the log of P/B and P/E
LOSSES_BEYOND = 1.2  # a name loses money while its fortune, a unit AR(1), is below minus this: 12 % of the time
MILLION = 1e6


def market_cap(population: Population, tape: Tape) -> Floats:
    """Return market capitalisation, USD, (T, N); shares outstanding change by splits alone."""
    return population.cap / population.price * tape.close * tape.cum_split


def make_valuation(  # the noise is drawn for all names, so that one name's category changes no other's numbers
    population: Population,
    lives: Lives,
    tape: Tape,
    cheapness: Floats,
    *,
    permaticker: Ints,
    sessions: Sequence[date],
    seed: int,
    chunk: int,
) -> Frame:
    """Return one row per valued name and session: permaticker, session and the columns of DAILY.

    Args:
        population: The names.
        lives: When they trade.
        tape: Their prices.
        cheapness: Latent value state at each close, (T, N).
        permaticker: Their ids.
        sessions: Sessions of the market.
        seed: Seed of the market.
        chunk: Number of the chunk.
    """
    rng = chance(seed, 8, chunk)
    cap = market_cap(population, tape)
    multiples = _multiples(rng, cap, cheapness, lives)
    valued = np.isin(population.category, VALUED)
    chosen = (tape.rows & valued).T
    names, days = np.nonzero(chosen)
    return pl.DataFrame(
        {
            "permaticker": permaticker[names],
            "session": np.array(sessions, dtype="datetime64[D]")[days],
            "marketcap": np.round(cap.T[chosen] / MILLION, 1),
            "ev": np.round((cap * multiples.pop("ev_to_cap")).T[chosen] / MILLION, 1),
            **{name: np.round(values.T[chosen], 3) for name, values in sorted(multiples.items())},
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _multiples(rng: np.random.Generator, cap: Floats, cheapness: Floats, lives: Lives) -> dict[str, Floats]:
    sessions, n = cap.shape
    day = np.arange(sessions)[:, None]
    reported = np.maximum(day // REPORTS_EVERY * REPORTS_EVERY, lives.listed)
    quarter = (day // REPORTS_EVERY) + np.zeros((1, n), dtype=np.int64)
    drift = cap / np.take_along_axis(cap, reported, axis=0)
    cheap = np.take_along_axis(cheapness, reported, axis=0)
    count = sessions // REPORTS_EVERY + 1

    def each_quarter(values: Floats) -> Floats:
        return np.take_along_axis(values, quarter, axis=0)

    book, earnings, sales = (0.08 * each_quarter(rng.standard_normal((count, n))) for _ in range(3))
    loss = each_quarter(autoregression(rng, (count, n), 0.85)) < -LOSSES_BEYOND
    lever = 1.0 + rng.uniform(-0.1, 0.6, n)
    size = np.exp(rng.normal(0.9, 0.5, n)), np.exp(rng.normal(2.9, 0.3, n)), np.exp(rng.normal(0.6, 0.7, n))
    pe = size[1] * drift * np.exp(earnings - CHEAPNESS_IN_EARNINGS * cheap)
    unknown = rng.random(n) < 0.03  # noqa: PLR2004 - names whose accounts the vendor lacks
    return {
        "pb": np.where(unknown, np.nan, size[0] * drift * np.exp(book - CHEAPNESS_IN_BOOK * cheap)),
        "pe": np.where(unknown, np.nan, np.where(loss, -pe, pe)),
        "ps": np.where(unknown, np.nan, size[2] * drift * np.exp(sales)),
        "evebit": np.where(unknown, np.nan, 0.75 * lever * np.where(loss, -pe, pe)),
        "evebitda": np.where(unknown, np.nan, 0.55 * lever * pe),
        "ev_to_cap": lever + np.zeros_like(cap),
    }
