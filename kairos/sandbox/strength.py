"""How strong the planted alpha is: the scale of each component, such that shares and oracle rank IC hold in every market."""

import numpy as np

from kairos.sandbox.alpha import ORACLE_RANK_IC, SHARES, Latent, expected_states, planted_returns
from kairos.sandbox.arrays import Bools, Floats
from kairos.sandbox.lives import Lives
from kairos.sandbox.population import Population

FIRST_GUESS = 0.05  # sd of the expected over sd of the realised return across names
FEWEST, MOST = 0.5, 1.5  # a market of few names is too noisy to be corrected further than this


def planted_scales(latent: Latent, population: Population, free: Floats, lives: Lives) -> dict[str, float]:
    """Return the factor of each component that gives it its share of variance and the whole its rank IC.

    The rank IC is set on the market itself, not on average over markets, so that every seed has the same yardstick.

    Args:
        latent: States, burn-in included.
        population: Their names.
        free: Alpha-free returns on the market's sessions, (T, N).
        lives: When the names trade.
    """
    scales = _share_scales(latent, population, free, lives.alive())
    planted = planted_returns(latent, population, scales)[-len(free) :]
    trades = lives.alive()
    both = trades[:-1] & trades[1:]
    signal = (planted * lives.movement())[:-1]
    without = rank_ic(signal, lives.returns(free)[1:], both)
    within = rank_ic(signal, lives.returns(free[1:] + planted[:-1], skipped=1), both)
    factor = float(np.clip((ORACLE_RANK_IC - without) / (within - without), FEWEST, MOST))
    return {name: factor * scale for name, scale in scales.items()}


def _share_scales(latent: Latent, population: Population, free: Floats, alive: Bools) -> dict[str, float]:
    spread = FIRST_GUESS * across_names(free, alive)
    states = expected_states(latent, 0)
    return {
        name: float(np.sqrt(share)) * spread / across_names(states[name][-len(free) :] * population.idio_vol, alive)
        for name, share in SHARES.items()
    }


def across_names(values: Floats, alive: Bools) -> float:
    """Return the standard deviation across living names: root of the mean over sessions of the variance."""
    count = np.maximum(alive.sum(axis=1), 2)
    mean = np.where(alive, values, 0.0).sum(axis=1) / count
    squares = np.where(alive, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return float(np.sqrt((squares / count).mean()))


def rank_ic(signal: Floats, returns: Floats, rows: Bools) -> float:
    """Return the mean over sessions of the Spearman correlation across the names of `rows`; all arrays (T, N)."""
    first, second = _centred_ranks(signal, rows), _centred_ranks(returns, rows)
    product = (first * second).sum(axis=1)
    norm = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return float((product[norm > 0] / norm[norm > 0]).mean())


def _centred_ranks(values: Floats, rows: Bools) -> Floats:
    last = np.where(rows, values, np.inf)
    ranks = last.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    middle = (rows.sum(axis=1, keepdims=True) - 1) / 2.0
    return np.where(rows, ranks - middle, 0.0)
