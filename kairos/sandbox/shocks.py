"""Shocks of the embedded market: market and sector factors, own shocks with clustered volatility, fat tails and jumps.

Rows are BURN_IN sessions before the market opens, then its sessions. Nothing here carries a forecastable mean.
"""

from dataclasses import dataclass

import numpy as np

from kairos.sandbox.arrays import Floats, chance, fat_noise, garch
from kairos.sandbox.population import Population

BURN_IN = 320  # sessions before the first one, so that slow states start in their stationary law
MARKET_VOL = 0.0085
SECTOR_VOL = 0.0045
JUMP_CHANCE = 0.003  # a name jumps about every 330 sessions
JUMP_SD = 3.5  # in units of the name's own volatility
NEWS, MEMORY = 0.08, 0.90  # GARCH(1,1) of the own shocks; half-life of volatility 34 sessions


@dataclass(frozen=True)
class Factors:
    """Returns of the common factors: market (T,) and sectors (T, S)."""

    market: Floats
    sectors: Floats


@dataclass(frozen=True)
class Shocks:
    """Own shocks of N names.

    Attributes:
        unit: Shock over the name's long-run volatility, (T, N).
        variance: Conditional variance of the next session over its long-run mean, known at the close, (T, N).
    """

    unit: Floats
    variance: Floats


def make_factors(sessions: int, sectors: int, seed: int) -> Factors:
    """Draw the common factors of BURN_IN + `sessions` sessions."""
    rng = chance(seed, 2)
    rows = BURN_IN + sessions
    noise = fat_noise(rng, (rows, 1 + sectors), freedom=6.0, limit=6.0)
    returns = noise * np.sqrt(garch(noise, news=0.08, memory=0.90))
    return Factors(market=MARKET_VOL * returns[:, 0], sectors=SECTOR_VOL * returns[:, 1:])


def make_shocks(population: Population, sessions: int, *, seed: int, chunk: int) -> Shocks:
    """Draw the own shocks of one chunk of names."""
    rng = chance(seed, 3, chunk)
    shape = (BURN_IN + sessions + 1, len(population))
    noise = fat_noise(rng, shape, freedom=6.0, limit=6.0)
    variance = garch(noise, news=NEWS, memory=MEMORY)
    jumps = np.where(rng.random(shape) < JUMP_CHANCE, JUMP_SD * rng.standard_normal(shape), 0.0)
    unit = (noise * np.sqrt(variance) + jumps) / np.sqrt(1.0 + JUMP_CHANCE * JUMP_SD**2)
    return Shocks(unit=unit[:-1], variance=variance[1:])


def alpha_free_returns(population: Population, factors: Factors, shocks: Shocks) -> Floats:
    """Return what the shocks alone would make each name return, (T, N)."""
    sector_part = factors.sectors[:, population.sector] * population.sector_beta
    return factors.market[:, None] * population.beta + sector_part + shocks.unit * population.idio_vol
