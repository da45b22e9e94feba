"""Dividends, splits and halts of the embedded market, each decided by prices already seen."""

from dataclasses import dataclass

import numpy as np

from kairos.sandbox.arrays import Bools, Floats, chance
from kairos.sandbox.lives import Lives
from kairos.sandbox.population import Population

QUARTER = 63  # sessions between two dividends of one name
HALTS_PER_YEAR = 0.03  # halts a name suffers in a year
LONGEST_HALT = 3
DEAREST, CHEAPEST = (90.0, 260.0), (1.5, 3.0)  # prices beyond which a name splits forward or in reverse
FORWARD, REVERSE = (2.0, 3.0, 1.5, 4.0), (0.1, 0.2, 0.05)  # new shares per old
SPLIT_NOTICE = (15, 60)  # sessions from the price that calls for a split to the split


@dataclass(frozen=True)
class Events:
    """What happens to N names beyond their returns, all (T, N).

    Attributes:
        payout: Dividend over the previous close; 0 on other sessions.
        split: New shares per old; 1 on other sessions.
        halted: Whether the session has no row.
    """

    payout: Floats
    split: Floats
    halted: Bools


def make_events(population: Population, lives: Lives, returns: Floats, *, seed: int, chunk: int) -> Events:
    """Draw the events of one chunk of names along their total returns, (T, N)."""
    rng = chance(seed, 6, chunk)
    payout = _payouts(rng, population, lives)
    level = population.price * price_path(returns, payout, lives)
    split = np.ones_like(payout)
    for name in range(len(population)):
        for day, ratio in _splits_of(rng, level[:, name], lives, name):
            split[_free_day(payout, lives, day, name), name] = ratio
    _ensure_both_kinds(rng, level, payout, split, lives)
    return Events(payout, split, _halts(rng, lives, (payout > 0) | (split != 1.0)))


def price_path(returns: Floats, payout: Floats, lives: Lives) -> Floats:
    """Return split-adjusted closes over the close of the listing session, (T, N): total returns less dividends."""
    day = np.arange(len(returns))[:, None]
    steps = np.where(day > lives.listed, np.log1p(returns) + np.log1p(-payout), 0.0)
    path: Floats = np.exp(np.cumsum(steps, axis=0))
    return path


def _payouts(rng: np.random.Generator, population: Population, lives: Lives) -> Floats:
    first = lives.listed + rng.integers(5, QUARTER, len(population))
    day = np.arange(lives.sessions)[:, None]
    due = (day >= first) & ((day - first) % QUARTER == 0) & lives.alive()
    return np.where(due, population.dividend_yield, 0.0)


def _splits_of(rng: np.random.Generator, level: Floats, lives: Lives, name: int) -> list[tuple[int, float]]:
    dear, cheap = rng.uniform(*DEAREST), rng.uniform(*CHEAPEST)
    day, shares = int(lives.listed[name]) + 20, 1.0
    found: list[tuple[int, float]] = []
    while True:
        price = level[day:] / shares
        calls = np.flatnonzero((price > dear) | (price < cheap))
        if not len(calls):
            return found
        called = day + int(calls[0])
        ratio = float(rng.choice(FORWARD if level[called] / shares > dear else REVERSE))
        day = called + int(rng.integers(*SPLIT_NOTICE))
        if day >= _last(lives, name) - 5:
            return found
        shares *= ratio
        found.append((day, ratio))
        day += 20


def _last(lives: Lives, name: int) -> int:
    return int(lives.ended[name]) if lives.ended[name] >= 0 else lives.sessions - 1


def _free_day(payout: Floats, lives: Lives, day: int, name: int) -> int:
    while payout[day, name] > 0 and day < _last(lives, name) - 1:
        day += 1
    return day


def _ensure_both_kinds(rng: np.random.Generator, level: Floats, payout: Floats, split: Floats, lives: Lives) -> None:
    """Split one dear and one cheap name, so that even a small and quiet market has both kinds."""
    early, late = int(lives.sessions * 0.4), int(lives.sessions * 0.8)
    whole = np.flatnonzero((split == 1.0).all(axis=0) & lives.alive()[early] & lives.alive()[late])
    if len(whole) < 2:  # noqa: PLR2004 - one for each kind
        return
    by_price = whole[np.argsort(level[early, whole], kind="stable")]
    for name, ratio in ((by_price[0], 0.2), (by_price[-1], 2.0)):
        split[_free_day(payout, lives, int(rng.integers(early, late)), int(name)), name] = ratio


def _halts(rng: np.random.Generator, lives: Lives, busy: Bools) -> Bools:
    """Return the sessions without a row, away from any event and from a name's first and last sessions."""
    halted = np.zeros_like(busy)
    sessions, n = busy.shape
    alive = lives.alive()
    for _ in range(max(3, round(HALTS_PER_YEAR * n * sessions / 252))):
        name, start = int(rng.integers(n)), int(rng.integers(10, sessions - 10))
        span = slice(start, start + int(rng.integers(1, LONGEST_HALT + 1)))
        around = slice(start - 5, span.stop + 5)
        if alive[around, name].all() and not busy[around, name].any():
            halted[span, name] = True
    return halted
