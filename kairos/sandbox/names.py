"""Tickers and company names of the embedded market: who bears which ticker when, renames and reuse included."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from kairos.sandbox.arrays import AnyArray, Ints, chance
from kairos.sandbox.population import COMMON

RENAMES_PER_YEAR = 0.012  # share of all names that change their ticker in a year
REUSES = 0.02  # share of all names that list under a ticker borne before
GAP = 20  # sessions a ticker rests before another name takes it
SUFFIXES = {
    "Domestic Common Stock Secondary Class": ".B",
    "Domestic Preferred Stock": "P",
    "Domestic Stock Warrant": "W",
    "UNIT": "U",
}
HEADS = ("Al", "Ben", "Cor", "Dal", "El", "For", "Gal", "Har", "In", "Jun", "Kel", "Lum", "Mar", "Nor", "Or", "Pal", "Quin")
MIDDLES = ("ta", "ve", "ri", "mo", "lu", "ne", "sa", "do", "ki", "pe", "xi", "bo")
TAILS = ("ron", "dyne", "tec", "vera", "gen", "lux", "mar", "nex", "via", "sol", "corp", "line")
FORMS = ("Inc", "Corp", "Holdings", "Group", "Co")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Bearing:
    """One name under one ticker from session `start` to `end`, both included."""

    name: int
    ticker: str
    start: int
    end: int


@dataclass
class _Register:
    """Bearings under construction, and the tickers that have come free: (ticker, free from session)."""

    bearings: list[Bearing] = field(default_factory=list)
    free: list[tuple[str, int]] = field(default_factory=list)


def make_bearings(listed: Ints, last: Ints, dead: AnyArray, category: AnyArray, *, sessions: int, seed: int) -> list[Bearing]:
    """Give every name its tickers; some change theirs, some later ones take the ticker of a dead or renamed name.

    Args:
        listed: First session of each name.
        last: Last session of each name.
        dead: Whether it stops trading there.
        category: Kind of security.
        sessions: Sessions of the market.
        seed: Seed of the market.
    """
    rng = chance(seed, 9)
    n = len(listed)
    fresh = _fresh_tickers(rng)
    wanted = max(1, round(RENAMES_PER_YEAR * n * sessions / 252))
    renaming = _renames(rng, listed, last, category, wanted)
    heirs_left = max(1, round(REUSES * n))
    register = _Register()
    for name in np.argsort(listed, kind="stable").tolist():
        ticker = next(fresh) + SUFFIXES.get(category[name], "")
        start = int(listed[name])
        rested = [entry for entry in register.free if entry[1] + GAP < start]
        if heirs_left and rested and category[name] == COMMON:
            taken = rested[int(rng.integers(len(rested)))]
            register.free.remove(taken)
            ticker, heirs_left = taken[0], heirs_left - 1
            _bear(register, name, (ticker, next(fresh)), (start, int(last[name])), renaming.get(name), reusable=False)
            continue
        span = (start, int(last[name]))
        _bear(register, name, (ticker, next(fresh)), span, renaming.get(name), reusable=category[name] == COMMON)
        if dead[name] and category[name] == COMMON:
            register.free.append((register.bearings[-1].ticker, int(last[name])))
    return register.bearings


def _bear(
    register: _Register, name: int, tickers: tuple[str, str], span: tuple[int, int], renamed: int | None, *, reusable: bool
) -> None:
    if renamed is None:
        register.bearings.append(Bearing(name, tickers[0], *span))
        return
    register.bearings.append(Bearing(name, tickers[0], span[0], renamed - 1))
    register.bearings.append(Bearing(name, tickers[1], renamed, span[1]))
    if reusable:
        register.free.append((tickers[0], renamed))


def _renames(rng: np.random.Generator, listed: Ints, last: Ints, category: AnyArray, wanted: int) -> dict[int, int]:
    """Return the session from which each renamed name bears its second ticker."""
    possible = np.flatnonzero((last - listed > 100) & (category == COMMON))  # noqa: PLR2004 - room on both sides
    chosen = rng.choice(possible, min(wanted, len(possible)), replace=False)
    return {int(name): int(rng.integers(listed[name] + 30, last[name] - 30)) for name in chosen}


def _fresh_tickers(rng: np.random.Generator) -> Iterator[str]:
    seen: set[str] = set()
    while True:
        length = int(rng.choice([3, 4], p=[0.5, 0.5]))
        ticker = "".join(LETTERS[i] for i in rng.integers(0, 26, length))
        # a three-letter ticker and its class suffix must not spell another's four letters
        if ticker not in seen and ticker[:3] not in seen:
            seen.add(ticker)
            seen.add(ticker[:3])
            yield ticker


def company_names(count: int, *, seed: int) -> list[str]:
    """Return distinct made-up company names."""
    rng = chance(seed, 10)
    found: dict[str, None] = {}
    while len(found) < count:
        head, middle, tail, form = (parts[int(rng.integers(len(parts)))] for parts in (HEADS, MIDDLES, TAILS, FORMS))
        second = MIDDLES[int(rng.integers(len(MIDDLES)))] if rng.random() < 0.5 else ""  # noqa: PLR2004 - half of them
        found[f"{head}{middle}{second}{tail} {form}".upper()] = None
    return list(found)
