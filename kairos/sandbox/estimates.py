"""Analyst estimates of the embedded market: weekly consensus whose revisions carry the latent revision state.

A week's view of a name is two powers, of earnings and of sales, free of growth; a period's factor turns them into its
estimate. Nothing here looks at a report before its acceptance.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import Floats, Ints, chance
from kairos.sandbox.levels import Levels
from kairos.sandbox.reports import quarter_growth, utc_instants

DRIFT = 0.006  # weekly revision of the log of earnings per unit of the state
NOISE = 1.0  # sd of a week's other revisions in units of DRIFT; four weeks then correlate about .7 with the state
SALES_DRIFT = 0.4  # revisions of sales over those of earnings
TOWARDS_REPORT = 0.01  # share of the gap to the last report that a week closes
FARTHEST = 0.5  # beyond this the gap pulls no harder
QUARTERS_AHEAD, YEARS_AHEAD = 4, 3


def weekly_sessions(sessions: Sequence[date]) -> Ints:
    """Return the numbers of the last sessions of the weeks, the market's last session's week included."""
    weeks = [day.isocalendar()[:2] for day in sessions]
    return np.array([i for i, week in enumerate(weeks) if i + 1 == len(weeks) or weeks[i + 1] != week], dtype=np.int64)


def make_periods(levels: Levels, seed: int) -> Frame:
    """Return the fiscal periods of every company, those yet to come included, with what turns powers into estimates.

    Columns: permaticker, period_end, period (Q1 to Q4, FY), earnings_factor, sales_factor, reported_at (UTC).
    """
    rng = chance(seed, 23)
    plan = levels.schedule
    shape = plan.ends.shape
    number = np.arange(shape[0])[:, None] + np.zeros((1, shape[1]), dtype=np.int64)
    names = np.broadcast_to(levels.permaticker, shape)
    own = [np.exp(0.03 * rng.standard_normal(shape)), np.exp(0.01 * rng.standard_normal(shape))]
    quarter = [0.25 * factor * quarter_growth(levels.growth, number) for factor in own]
    year = [factor * quarter_growth(levels.growth, number) * np.exp(-0.375 * levels.growth) for factor in own]
    reported = utc_instants(plan.accepted.T.ravel(), plan.minute.T.ravel(), np.zeros(number.size, dtype=np.int64))
    base = {"permaticker": names.T.ravel(), "period_end": plan.ends.T.ravel(), "quarter": plan.quarter.T.ravel()}
    frames = [
        pl.DataFrame(base).with_columns(
            period=period,
            earnings_factor=pl.Series(factors[0].T.ravel()),
            sales_factor=pl.Series(factors[1].T.ravel()),
            reported_at=reported,
        )
        for period, factors in ((pl.format("Q{}", "quarter"), quarter), (pl.lit("FY"), year))
    ]
    years = frames[1].filter(pl.col("quarter") == 4)  # noqa: PLR2004 - the quarter that closes the year
    return pl.concat([frames[0], years]).drop("quarter").sort("permaticker", "period_end", "period")


def make_estimates(levels: Levels, lives: Frame, revisions: Floats, *, sessions: Sequence[date], seed: int) -> Frame:
    """Return each company's powers at the end of each week it trades, by permaticker and session.

    Columns: permaticker, session, earnings (USD a year, growth taken out, negative after a loss), sales, analysts,
    spread (of the highest over the mean), shares (before any split).

    Args:
        levels: Companies with accounts.
        lives: See `filings.make_filings`.
        revisions: Latent state at the weekly sessions of the companies, (W, N).
        sessions: Sessions of the market.
        seed: Seed of the market.
    """
    rng = chance(seed, 24)
    weeks = weekly_sessions(sessions)
    days = np.array(sessions, dtype="datetime64[D]")[weeks]
    last = _last_reports(levels, days)
    noise = rng.standard_normal((2, *revisions.shape))
    sign = np.sign(np.take_along_axis(levels.values["earnings"], np.maximum(last, 0), axis=0))
    # good news makes a loss smaller
    earnings = _path(_power(levels, "earnings", last), sign * DRIFT * (revisions + NOISE * noise[0]))
    sales = _path(_power(levels, "sales", last), SALES_DRIFT * DRIFT * (revisions + NOISE * noise[1]))
    cap = levels.values["cap"][0]
    followers = np.clip(np.round(2.0 + 3.5 * np.log(np.maximum(cap / 3e8, 1.0)) + rng.normal(0, 1.5, len(cap))), 1, 40)
    spread = rng.uniform(0.03, 0.12, len(cap))
    shape = revisions.shape
    frame = pl.DataFrame(
        {
            "permaticker": np.repeat(levels.permaticker, shape[0]),
            "session": np.tile(days, shape[1]),
            "earnings": (sign * np.exp(earnings)).T.ravel(),
            "sales": np.exp(sales).T.ravel(),
            "analysts": np.repeat(followers.astype(np.int64), shape[0]),
            "spread": np.repeat(spread, shape[0]),
        }
    )
    seen = frame.join(lives, on="permaticker").filter(pl.col("session").is_between("first_session", "last_session"))
    return seen.drop("first_session", "last_session").sort("permaticker", "session")


def _last_reports(levels: Levels, days: Ints) -> Ints:
    """Return the number of the newest report accepted by each week's end, -1 before any, (W, N)."""
    plan = levels.schedule
    accepted = np.where(plan.missing, np.datetime64("9999-12-31"), plan.accepted)
    found = np.full((len(days), accepted.shape[1]), -1, dtype=np.int64)
    for k in range(len(accepted)):  # a late one of an old period does not take a newer one's place
        week = np.searchsorted(days, accepted[k])
        found = np.where(np.arange(len(days))[:, None] >= week, k, found)
    return found


def _power(levels: Levels, name: str, last: Ints) -> Floats:
    """Return the log of the trailing level last reported, growth taken out, (W, N)."""
    number = np.arange(len(levels.values[name]))[:, None]
    bare = np.log(np.abs(levels.values[name])) - levels.growth * number / 4.0
    power: Floats = np.take_along_axis(bare, np.maximum(last, 0), axis=0)
    return power


def _path(anchor: Floats, steps: Floats) -> Floats:
    """Return a path that adds the steps and leans towards the anchor, (W, N)."""
    path = np.empty_like(steps)
    path[0] = anchor[0] + steps[0]
    for week in range(1, len(steps)):
        gap = np.clip(anchor[week] - path[week - 1], -FARTHEST, FARTHEST)
        path[week] = path[week - 1] + TOWARDS_REPORT * gap + steps[week]
    return path
