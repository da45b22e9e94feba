"""Daily bars as traded: open, high, low, close and volume from returns, with what later adjustment needs beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.arrays import AnyArray, Bools, Floats, Ints, autoregression, chance
from kairos.sandbox.events import Events, price_path
from kairos.sandbox.lives import Lives
from kairos.sandbox.population import Population

OVERNIGHT = 0.35  # share of a session's return that falls between the closes and the open
GAP_SD, RANGE_SD = 0.30, 0.45  # in units of the name's volatility on the session
DECIMALS = 4  # finer than a tick, so that rounding makes no reversal of its own
SMALLEST_VOLUME = 100.0


@dataclass(frozen=True)
class Tape:
    """Everything about N names that bars and valuations are cut from, (T, N) each.

    Attributes:
        close: Close as traded, unrounded, USD.
        previous: Previous close on this session's share and dividend basis, USD.
        wealth: Total return index from the listing.
        vol: Volatility of the session.
        cum_split: Product of the split ratios up to this session.
        cum_dividend: Product of 1 - dividend / previous close up to this session.
        dividend: Dividend as paid, USD per share; 0 on other sessions.
        rows: Whether the session has a row.
    """

    close: Floats
    previous: Floats
    wealth: Floats
    vol: Floats
    cum_split: Floats
    cum_dividend: Floats
    dividend: Floats
    rows: Bools


def make_tape(population: Population, lives: Lives, returns: Floats, events: Events, variance: Floats) -> Tape:
    """Chain returns and events to prices.

    Args:
        population: The names.
        lives: When they trade.
        returns: Total returns, (T, N).
        events: Their dividends, splits and halts.
        variance: Variance of each session's own shock over its long-run mean, (T, N).
    """
    adjusted = population.price * price_path(returns, events.payout, lives)
    cum_split = np.cumprod(events.split, axis=0, dtype=np.float64)
    close = adjusted / cum_split
    before = np.vstack([close[:1], close[:-1]])
    dividend = np.round(events.payout * before, DECIMALS)
    day = np.arange(lives.sessions)[:, None]
    return Tape(
        close=close,
        previous=close / (1.0 + np.where(day > lives.listed, returns, 0.0)),
        wealth=np.exp(np.cumsum(np.where(day > lives.listed, np.log1p(returns), 0.0), axis=0)),
        vol=population.idio_vol * np.sqrt(variance) * lives.movement(),
        cum_split=cum_split,
        cum_dividend=np.cumprod(1.0 - dividend / before, axis=0, dtype=np.float64),
        dividend=dividend,
        rows=lives.alive() & ~events.halted,
    )


def make_bars(
    population: Population, tape: Tape, permaticker: Ints, sessions: Sequence[date], *, seed: int, chunk: int
) -> Frame:
    """Return one row per name and session with a price, by name and session.

    Columns: permaticker, session, open, high, low, close (as traded), volume (shares as traded), total_return (since the
    name's previous row, null on its first), cum_split, cum_dividend, adjusted_on (last split or dividend; null before any).
    """
    rng = chance(seed, 7, chunk)
    open_, high, low = _ranges(rng, tape)
    volume = _volume(rng, population, tape)
    adjusted_on = _last_event(tape)
    chosen = tape.rows.T
    names, days = np.nonzero(chosen)
    columns = {"open": open_, "high": high, "low": low, "close": tape.close}
    frame = pl.DataFrame(
        {
            "permaticker": permaticker[names],
            "session": _dates(sessions)[days],
            **{name: np.round(values.T[chosen], DECIMALS) for name, values in columns.items()},
            "volume": volume.T[chosen],
            "wealth": tape.wealth.T[chosen],
            "cum_split": tape.cum_split.T[chosen],
            "cum_dividend": tape.cum_dividend.T[chosen],
            "event": adjusted_on.T[chosen],
        }
    )
    before = pl.col("wealth").shift(1).over("permaticker")
    event = pl.col("event").replace_strict(list(range(len(sessions))), list(sessions), default=None, return_dtype=pl.Date)
    return frame.with_columns(total_return=pl.col("wealth") / before - 1, adjusted_on=event).drop("wealth", "event")


def _dates(sessions: Sequence[date]) -> AnyArray:
    return np.array(sessions, dtype="datetime64[D]")


def _ranges(rng: np.random.Generator, tape: Tape) -> tuple[Floats, Floats, Floats]:
    """Return open, high and low; the open shares the session's return, the range reaches beyond open and close."""
    shape = tape.close.shape
    gap = OVERNIGHT * np.log(tape.close / tape.previous) + GAP_SD * tape.vol * rng.standard_normal(shape)
    open_ = tape.previous * np.exp(gap)
    up = np.exp(RANGE_SD * tape.vol * np.abs(rng.standard_normal(shape)))
    down = np.exp(-RANGE_SD * tape.vol * np.abs(rng.standard_normal(shape)))
    return open_, np.maximum(open_, tape.close) * up, np.minimum(open_, tape.close) * down


def _volume(rng: np.random.Generator, population: Population, tape: Tape) -> Floats:
    """Return shares traded: turnover of the shares outstanding, more on large moves, persistent, in whole shares."""
    shape = tape.close.shape
    shares = population.cap / population.price * tape.cum_split
    move = np.abs(np.log(tape.close / tape.previous)) / population.idio_vol
    mood = 0.3 * autoregression(rng, shape, 0.9) + 0.2 * rng.standard_normal(shape) + 0.3 * (np.minimum(move, 5.0) - 0.8)
    return np.maximum(np.round(shares * population.turnover * np.exp(mood)), SMALLEST_VOLUME)


def _last_event(tape: Tape) -> Ints:
    """Return the number of the last session with a split or dividend, -1 before any."""
    split = np.vstack([np.zeros((1, tape.close.shape[1]), dtype=bool), np.diff(tape.cum_split, axis=0) != 0])
    day = np.arange(len(tape.close))[:, None]
    return np.maximum.accumulate(np.where(split | (tape.dividend > 0), day, -1), axis=0)
