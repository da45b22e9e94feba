"""Who lives in the embedded market: static traits of every security, leaders first. Their prices stand elsewhere."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from kairos.sandbox.arrays import AnyArray, Bools, Floats, Ints, chance
from kairos.sandbox.sizes import MarketSize

MAX_SECTORS = 10
LEADERS_PER_SECTOR = 5
MEDIAN_CAP = 3e9  # with sd 1.45 of the log about 88 % of the names start between 0.3 and 50 billion USD
CAP_LOG_SD = 1.45
LISTINGS_PER_YEAR = 0.03  # share of all names that list in a year, on top of those there at the start
MERGERS_PER_YEAR = 0.02
FAILURES_PER_YEAR = 0.01
PAYERS = 0.45  # share of names that pay dividends
BEFORE_MERGER = 80  # sessions a name trades at least before it is taken over
COMMON = "Domestic Common Stock"
OTHER_CATEGORIES = (
    "ETF",
    "Domestic Preferred Stock",
    "ADR Common Stock",
    "Domestic Common Stock Secondary Class",
    "Domestic Stock Warrant",
    "Canadian Common Stock",
    "UNIT",
)
OTHER_SHARE = 0.08
EXCHANGES = ("NASDAQ", "NYSE", "NYSEMKT")
NEVER = -1


@dataclass(frozen=True)
class Population:
    """Traits of N securities, one array each; sessions are numbered from the market's first.

    Attributes:
        sector: Number of the sector.
        leader: Whether its sector follows it.
        cap: Market capitalisation at the listing, USD.
        price: Price at the listing, USD.
        idio_vol: Long-run volatility of the own shock, a session.
        beta: Loading on the market factor.
        sector_beta: Loading on the sector factor.
        lead_loading: How strongly it follows its sector's leaders; 0 for a leader.
        turnover: Shares traded a session over shares outstanding.
        dividend_yield: Yield of one quarterly dividend; 0 for none.
        listed: Session of the listing; 0 for those there from the start.
        announced: Session on which its takeover becomes public; NEVER for none.
        merged: Last session before the takeover; NEVER for none.
        category: Sharadar's kind of security.
        exchange: Exchange.
    """

    sector: Ints
    leader: Bools
    cap: Floats
    price: Floats
    idio_vol: Floats
    beta: Floats
    sector_beta: Floats
    lead_loading: Floats
    turnover: Floats
    dividend_yield: Floats
    listed: Ints
    announced: Ints
    merged: Ints
    category: AnyArray
    exchange: AnyArray

    def __len__(self) -> int:
        """Return N."""
        return len(self.sector)

    def take(self, rows: slice) -> Self:
        """Return the securities of `rows`."""
        return type(self)(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def sector_count(names: int) -> int:
    """Return the number of sectors: ten, fewer in a small market."""
    return int(np.clip(names // 5, 2, MAX_SECTORS))


def failure_count(size: MarketSize) -> int:
    """Return how many names fail in a market of this size."""
    return max(1, round(FAILURES_PER_YEAR * size.years * size.names))


def make_population(size: MarketSize, seed: int) -> Population:
    """Draw the securities of a market; the leaders of all sectors come first."""
    rng = chance(seed, 1)
    n = size.names
    cap = MEDIAN_CAP * np.exp(CAP_LOG_SD * rng.standard_normal(n))
    sector = np.arange(n) % sector_count(n)
    leader = _largest_of_each(cap, sector)
    order = np.argsort(~leader, kind="stable")
    cap, sector, leader = cap[order], sector[order], leader[order]
    spread = np.exp(0.22 * rng.standard_normal(n))
    listed, announced, merged = _lives(rng, size, leader)
    loading = np.where(leader, 0.0, rng.uniform(0.75, 1.25, n))
    return Population(
        sector=sector,
        leader=leader,
        cap=cap,
        price=np.clip(35.0 * np.exp(0.6 * rng.standard_normal(n)), 4.0, 400.0),
        idio_vol=np.clip(0.017 * (cap / MEDIAN_CAP) ** -0.08 * spread, 0.008, 0.035),
        beta=np.clip(1.0 + 0.3 * rng.standard_normal(n), 0.2, 2.0),
        sector_beta=rng.uniform(0.7, 1.3, n),
        lead_loading=loading,
        turnover=np.clip(0.007 * np.exp(0.4 * rng.standard_normal(n)), 0.002, 0.03),
        dividend_yield=np.where(rng.random(n) < PAYERS, rng.uniform(0.0015, 0.009, n), 0.0),
        listed=listed,
        announced=announced,
        merged=merged,
        category=_categories(rng, np.flatnonzero(~leader & (listed == 0) & (merged == NEVER)), n),
        exchange=np.array(EXCHANGES)[rng.choice(3, n, p=[0.5, 0.42, 0.08])],
    )


def _largest_of_each(cap: Floats, sector: Ints) -> Bools:
    leader = np.zeros(len(cap), dtype=bool)
    for number in range(int(sector.max()) + 1):
        members = np.flatnonzero(sector == number)
        wanted = min(LEADERS_PER_SECTOR, max(1, len(members) // 4))
        leader[members[np.argsort(-cap[members], kind="stable")[:wanted]]] = True
    return leader


def _lives(rng: np.random.Generator, size: MarketSize, leader: Bools) -> tuple[Ints, Ints, Ints]:
    """Return listing, announcement and merger sessions; the first merger comes well before the first listing of a reuse."""
    n, sessions = size.names, len(size.sessions)
    free = rng.permutation(np.flatnonzero(~leader))
    listings = max(1, round(min(0.5, LISTINGS_PER_YEAR * size.years) * n))
    mergers = max(1, round(min(0.4, MERGERS_PER_YEAR * size.years) * n))
    listed, announced, merged = (np.full(n, fill, dtype=np.int64) for fill in (0, NEVER, NEVER))
    starts = rng.integers(5, int(sessions * 0.85), listings)
    starts[0] = int(sessions * 0.65)
    listed[free[:listings]] = starts
    chosen = np.concatenate([free[-1:], rng.choice(free[:-1], mergers - 1, replace=False)]) if mergers > 1 else free[-1:]
    ends = (listed[chosen] + BEFORE_MERGER + rng.random(mergers) * (sessions - 2 - listed[chosen] - BEFORE_MERGER)).astype(
        np.int64
    )
    ends[0] = int(sessions * 0.35)
    possible = (ends < sessions - 1) & (ends - listed[chosen] >= BEFORE_MERGER)
    merged[chosen[possible]] = ends[possible]
    announced[chosen[possible]] = ends[possible] - rng.integers(25, 60, int(possible.sum()))
    return listed, announced, merged


def _categories(rng: np.random.Generator, free: Ints, names: int) -> AnyArray:
    category = np.full(names, COMMON, dtype=object)
    others = rng.choice(free, min(len(free), max(3, round(OTHER_SHARE * names))), replace=False)
    for position, name in enumerate(others):
        category[name] = OTHER_CATEGORIES[position % len(OTHER_CATEGORIES)]
    return category
