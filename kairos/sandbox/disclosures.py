"""Trades that members of Congress and insiders disclose: what, when, and when it became public."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import AnyArray, chance
from kairos.sandbox.reports import utc_instants

CONGRESS_PER_YEAR, INSIDERS_PER_YEAR = 1.5, 6.0  # trades in a name and year
REPORTED_AFTER = (10, 60)  # days from a member's trade to the report
UPLOADED_AFTER = (0, 3)  # days from a report to the vendor's upload
MEMBERS = tuple(f"{first} {last}" for last in ("Ashby", "Brant", "Colfax", "Dorr", "Ewing") for first in ("Ada", "Ben", "Cleo"))
OFFICERS = tuple(f"{last} {first}" for last in ("FROST", "GALE", "HART", "IVES") for first in ("MAX", "NINA", "OTTO"))
RANGES = ("$1,001 - $15,000", "$15,001 - $50,000", "$50,001 - $100,000", "$100,001 - $250,000")
DEALS = ("Purchase", "Sale", "Sale (Partial)", "Exchange")
CODES = ("P", "S", "A", "M", "F")


def make_congress(lives: Frame, sessions: Sequence[date], seed: int) -> Frame:
    """Return members' trades: permaticker, member, deal, range (numbers), traded, reported (dates), uploaded_at (UTC)."""
    rng = chance(seed, 27)
    names, traded = _drawn(rng, lives, CONGRESS_PER_YEAR)
    n = len(names)
    reported = traded + rng.integers(*REPORTED_AFTER, n)
    return (
        pl.DataFrame(
            {
                "permaticker": names,
                "traded": traded,
                "reported": reported,
                "uploaded_at": _uploaded(rng, reported),
                "member": rng.integers(0, len(MEMBERS), n),
                "deal": rng.choice(len(DEALS), n, p=(0.5, 0.3, 0.15, 0.05)),
                "range": rng.choice(len(RANGES), n, p=(0.7, 0.18, 0.08, 0.04)),
            }
        )
        .filter(pl.col("traded") >= sessions[0])
        .sort("uploaded_at", "permaticker", "traded")
    )


def make_insiders(lives: Frame, bars: Frame, seed: int) -> Frame:
    """Return insiders' trades: permaticker, traded, filed, uploaded_at (UTC), officer, code (numbers), shares, price."""
    rng = chance(seed, 28)
    names, traded = _drawn(rng, lives, INSIDERS_PER_YEAR)
    n = len(names)
    filed = np.busday_offset(traded + rng.integers(1, 3, n), 0, roll="forward")
    drawn = pl.DataFrame(
        {
            "permaticker": names,
            "traded": traded,
            "filed": filed,
            "uploaded_at": _uploaded(rng, filed),
            "officer": rng.integers(0, len(OFFICERS), n),
            "code": rng.choice(len(CODES), n, p=(0.15, 0.4, 0.15, 0.2, 0.1)),
            "shares": np.round(np.exp(rng.normal(8.0, 1.2, n))),
        }
    )
    closes = bars.select("permaticker", "session", price="close").sort("session")
    priced = drawn.sort("traded").join_asof(
        closes, left_on="traded", right_on="session", by="permaticker", check_sortedness=False
    )
    return priced.drop("session", strict=False).drop_nulls("price").sort("uploaded_at", "permaticker", "traded")


def _drawn(rng: np.random.Generator, lives: Frame, per_year: float) -> tuple[AnyArray, AnyArray]:
    first, last = (lives[name].to_numpy().astype("datetime64[D]") for name in ("first_session", "last_session"))
    span = (last - first).astype(np.int64) + 1
    names = np.repeat(np.arange(len(span)), rng.poisson(per_year * span / 365.25))
    days = first[names] + (rng.random(len(names)) * span[names]).astype(np.int64)
    return lives["permaticker"].to_numpy()[names], days


def _uploaded(rng: np.random.Generator, days: AnyArray) -> pl.Series:
    n = len(days)
    return utc_instants(days + rng.integers(*UPLOADED_AFTER, n), rng.integers(9 * 60, 21 * 60, n), rng.integers(0, 60, n))
