"""What the daily multiples imply of the accounts: equity, trailing flows and debt at each refresh of DAILY."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import Floats, Ints, chance
from kairos.sandbox.reports import Schedule, make_schedule, quarter_growth, rows_at
from kairos.sandbox.valuation import MILLION, REPORTS_EVERY

BACKCAST_SD = 0.06  # how far a level before the market moves in a quarter, beside its growth
LEVELS = ("equity", "earnings", "sales", "net_debt", "cap")


@dataclass(frozen=True)
class Levels:
    """Companies with accounts and what DAILY implied of them on the eve of each acceptance, USD, (K, N) each.

    Attributes:
        permaticker: Ids, ascending, (N,).
        growth: Yearly growth of the log of sales, (N,).
        schedule: Their fiscal quarters.
        values: Levels by name of LEVELS; earnings and sales are trailing years.
    """

    permaticker: Ints
    growth: Floats
    schedule: Schedule
    values: dict[str, Floats]


def make_levels(daily: Frame, sessions: Sequence[date], seed: int) -> Levels:
    """Read the levels off the daily multiples.

    Args:
        daily: Valuation of the market, sorted by permaticker and session.
        sessions: Sessions of the market.
        seed: Seed of the market.
    """
    refreshed = _refreshes(daily, sessions)
    permaticker = refreshed["permaticker"].unique().sort().to_numpy()
    rng = chance(seed, 20)
    schedule = make_schedule(rng, len(permaticker), first=sessions[0], last=sessions[-1])
    eve = np.maximum(rows_at(sessions, schedule.accepted - 1), -1)
    growth = np.clip(rng.normal(0.05, 0.05, len(permaticker)), -0.1, 0.25)
    noise = BACKCAST_SD * rng.standard_normal(eve.shape)
    values = _levels_at(refreshed, permaticker, eve)
    return Levels(permaticker, growth, schedule, {name: _backcast(values[name], growth, noise) for name in LEVELS})


def _refreshes(daily: Frame, sessions: Sequence[date]) -> Frame:
    """Return the first row of each name in each span between two accounts, with the levels it implies, USD."""
    day = rows_at(sessions, daily["session"].to_numpy().astype("datetime64[D]"))
    numbered = daily.with_columns(day=pl.Series(day), span=pl.Series(day // REPORTS_EVERY))
    fresh = pl.struct("permaticker", "span").rle_id().is_first_distinct()
    cap = pl.col("marketcap") * MILLION
    return (
        numbered.filter(fresh)
        .drop_nulls("pb")
        .select(
            "permaticker",
            "day",
            equity=cap / pl.col("pb"),
            earnings=cap / pl.col("pe"),
            sales=cap / pl.col("ps"),
            net_debt=(pl.col("ev") - pl.col("marketcap")) * MILLION,
            cap=cap,
        )
    )


def _levels_at(refreshed: Frame, permaticker: Ints, eve: Ints) -> dict[str, Floats]:
    """Return the levels in force on each eve, (K, N); not a number before the first."""
    quarters, names = eve.shape
    wanted = pl.DataFrame({"permaticker": np.repeat(permaticker, quarters), "day": eve.T.ravel()})
    keyed = wanted.with_row_index("row").sort("day")
    found = keyed.join_asof(refreshed.sort("day"), on="day", by="permaticker", check_sortedness=False).sort("row")
    return {name: found[name].fill_null(np.nan).to_numpy().reshape(names, quarters).T.copy() for name in LEVELS}


def _backcast(level: Floats, growth: Floats, noise: Floats) -> Floats:
    """Fill the quarters before the first known level by shrinking it along the growth, with some noise."""
    quarters = np.arange(len(level))[:, None]
    known = np.argmax(~np.isnan(level), axis=0)
    first = np.take_along_axis(level, known[None, :], axis=0)
    back = first * quarter_growth(growth, quarters - known) * np.exp(noise)
    return np.where(np.isnan(level), back, level)


def trailing_to_quarters(trailing: Floats, season: Floats, *, pull: float) -> Floats:
    """Return quarterly flows whose sums of four come near the trailing level, (K, N).

    Args:
        trailing: Level of four quarters' sum wanted after each quarter.
        season: Share of a quarter over a fourth.
        pull: How much of the gap each quarter closes, 0 to 1; its flow stays within a level's half of a plain fourth.
    """
    flow = trailing / 4.0 * season
    for k in range(3, len(flow)):
        plain = flow[k].copy()
        gap = trailing[k] - flow[k - 3 : k].sum(axis=0) - plain
        bound = 0.5 * np.abs(trailing[k])
        flow[k] = plain + np.clip(pull * gap, -bound, bound)
    return flow
