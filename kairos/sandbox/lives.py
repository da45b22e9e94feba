"""When each name of the embedded market stops trading, and why. Deaths hang on the past alone, never on the future."""

from dataclasses import dataclass

import numpy as np

from kairos.sandbox.arrays import Bools, Floats, Ints, chance
from kairos.sandbox.population import COMMON, NEVER, Population

MERGER, FAILURE, VOLUNTARY, ALIVE = "merger", "failure", "voluntary", ""
SEASON = 60  # sessions a name has to trade before it may fail
DEEPEST = 4  # a failure strikes one of the names that have fallen most
QUIET = 0.15  # share of its movement that a name keeps once its takeover is announced
VOLUNTARY_SHARE = 0.1  # share of the ends planned as mergers that turn out to be voluntary delistings


@dataclass(frozen=True)
class Lives:
    """Lives of N names; sessions are numbered from the market's first.

    Attributes:
        listed: First session.
        ended: Last session with a price; NEVER while it trades.
        reason: MERGER, FAILURE, VOLUNTARY or ALIVE.
        announced: Session of the takeover's announcement; NEVER for none.
        premium: Return added on that session.
        sessions: Sessions of the market.
    """

    listed: Ints
    ended: Ints
    reason: tuple[str, ...]
    announced: Ints
    premium: Floats
    sessions: int

    def alive(self) -> Bools:
        """Return whether each name trades on each session, (T, N)."""
        last = np.where(self.ended == NEVER, self.sessions - 1, self.ended)
        day = np.arange(self.sessions)[:, None]
        return (day >= self.listed) & (day <= last)

    def movement(self) -> Floats:
        """Return the share of its movement each name keeps on each session, (T, N): 1, little after an announcement."""
        day = np.arange(self.sessions)[:, None]
        return np.where((self.announced != NEVER) & (day > self.announced), QUIET, 1.0)

    def returns(self, free: Floats, *, skipped: int = 0) -> Floats:
        """Return returns from those that would be without takeovers, (T - skipped, N); `free` lacks the first `skipped`."""
        moved = free * self.movement()[skipped:]
        hit = np.flatnonzero(self.announced >= skipped)
        moved[self.announced[hit] - skipped, hit] += self.premium[hit]
        return moved


def make_lives(population: Population, free: Floats, *, failures: int, seed: int, chunk: int) -> Lives:
    """Settle the ends of one chunk of names.

    Args:
        population: The names.
        free: Their alpha-free returns on the market's sessions, (T, N).
        failures: Names that fail.
        seed: Seed of the market.
        chunk: Number of the chunk.
    """
    rng = chance(seed, 4, chunk)
    sessions, n = free.shape
    premium = rng.uniform(np.full(n, 0.1), 0.35)
    voluntary = (population.merged != NEVER) & (rng.random(n) < VOLUNTARY_SHARE)
    voluntary[np.flatnonzero(population.merged != NEVER)[:1]] = False
    planned = Lives(
        listed=population.listed,
        ended=population.merged.copy(),
        reason=tuple(_planned_reason(end, bool(quits)) for end, quits in zip(population.merged, voluntary, strict=True)),
        announced=np.where(voluntary, NEVER, population.announced),
        premium=premium,
        sessions=sessions,
    )
    failed = _failures(rng, population, planned.returns(free), failures)
    ended = planned.ended.copy()
    ended[list(failed)] = list(failed.values())
    reason = tuple(FAILURE if i in failed else was for i, was in enumerate(planned.reason))
    return Lives(planned.listed, ended, reason, planned.announced, premium, sessions)


def _planned_reason(end: int, quits: bool) -> str:  # noqa: FBT001 - two facts of one name
    if end == NEVER:
        return ALIVE
    return VOLUNTARY if quits else MERGER


def _failures(rng: np.random.Generator, population: Population, returns: Floats, wanted: int) -> dict[int, int]:
    """Return the last session of each failing name: at random times, one of those furthest below their peak."""
    sessions = len(returns)
    level = np.cumsum(np.log1p(np.maximum(returns, -0.9)), axis=0)
    settled = (population.merged == NEVER) & ~population.leader & (population.category == COMMON)
    found: dict[int, int] = {}
    for day in np.sort(rng.integers(int(sessions * 0.3), sessions - 2, wanted)).tolist():
        eligible = np.flatnonzero(settled & (population.listed + SEASON <= day))
        eligible = eligible[[name not in found for name in eligible.tolist()]]
        depth = [_below_peak(level[: day + 1, name], int(population.listed[name])) for name in eligible]
        worst = eligible[np.argsort(depth, kind="stable")[:DEEPEST]]
        if len(worst):
            found[int(rng.choice(worst))] = day
    return found


def _below_peak(level: Floats, listed: int) -> float:
    return float(level[-1] - level[listed:].max())
