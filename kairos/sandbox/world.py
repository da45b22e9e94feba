"""The causes behind a market: names, shocks, lives and latent states, chunk by chunk. Prices follow from them elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kairos.sandbox.alpha import Latent, leader_news, make_latent, planted_returns
from kairos.sandbox.arrays import Floats, Ints, chance
from kairos.sandbox.lives import Lives, make_lives
from kairos.sandbox.population import Population, failure_count, make_population, sector_count
from kairos.sandbox.shocks import BURN_IN, Factors, Shocks, alpha_free_returns, make_factors, make_shocks
from kairos.sandbox.sizes import MarketSize
from kairos.sandbox.strength import planted_scales

CHUNK = 500  # names made at once; bounds memory, and the first chunk holds every leader
FIRST_PERMATICKER = 110_000
DRIFT = 0.0003  # the same for every name, so that it ranks none
DEEPEST_FALL = -0.6  # a session's return never falls below


@dataclass(frozen=True)
class Part:
    """One chunk of names with its causes; `free` are alpha-free returns on the market's sessions, (T, N)."""

    number: int
    population: Population
    permaticker: Ints
    shocks: Shocks
    free: Floats
    lives: Lives
    latent: Latent

    def returns(self, scales: dict[str, float] | None) -> Floats:
        """Return total returns, (T, N), with the alpha of these scales planted, or none."""
        sessions = len(self.free)
        driven = self.free
        if scales is not None:
            driven = driven + planted_returns(self.latent, self.population, scales)[-sessions - 1 : -1]
        return np.maximum(self.lives.returns(driven) + DRIFT, DEEPEST_FALL)

    @property
    def variance(self) -> Floats:
        """Variance of each session's own shock over its long-run mean, (T, N)."""
        return self.shocks.variance[-len(self.free) - 1 : -1]


@dataclass(frozen=True)
class World:
    """What all chunks share."""

    size: MarketSize
    seed: int
    population: Population
    permaticker: Ints
    factors: Factors
    news: Floats
    scales: dict[str, float]


def make_world(size: MarketSize, seed: int) -> World:
    """Draw what all chunks share, and set the strength of the alpha on the first chunk."""
    population = make_population(size, seed)
    factors = make_factors(len(size.sessions), sector_count(size.names), seed)
    permaticker = FIRST_PERMATICKER + 7 * chance(seed, 11).permutation(size.names)
    unfinished = World(size, seed, population, permaticker, factors, np.empty(0), {})
    first = population.take(slice(0, CHUNK))
    news = leader_news(first, factors, make_shocks(first, len(size.sessions), seed=seed, chunk=0))
    part = _make_part(unfinished, news, 0)
    scales = planted_scales(part.latent, part.population, part.free, part.lives)
    return World(size, seed, population, permaticker, factors, news, scales)


def world_parts(world: World) -> Iterator[Part]:
    """Yield the chunks of a world, one at a time."""
    for number in range(-(-world.size.names // CHUNK)):
        yield _make_part(world, world.news, number)


def _make_part(world: World, news: Floats, number: int) -> Part:
    rows = slice(number * CHUNK, (number + 1) * CHUNK)
    population, seed = world.population.take(rows), world.seed
    shocks = make_shocks(population, len(world.size.sessions), seed=seed, chunk=number)
    free = alpha_free_returns(population, world.factors, shocks)[BURN_IN:]
    lives = make_lives(population, free, failures=_failures_of(world.size, rows), seed=seed, chunk=number)
    latent = make_latent(population, shocks, news, seed=seed, chunk=number)
    return Part(number, population, world.permaticker[rows], shocks, free, lives, latent)


def _failures_of(size: MarketSize, rows: slice) -> int:
    total = failure_count(size)
    return int(total * min(rows.stop, size.names) // size.names - total * rows.start // size.names)
