"""Array types, seeded chance and the time recursions of the embedded market. Time runs along axis 0, names along axis 1."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
AnyArray = NDArray[Any]


def chance(seed: int, *path: int) -> np.random.Generator:
    """Return the generator of one purpose: the same seed and path always give the same numbers."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=path))


def decayed_sum(shocks: Floats, decay: float) -> Floats:
    """Return D[t] = decay D[t-1] + shocks[t], scaled to unit variance for unit white noise."""
    out: Floats = shocks * np.sqrt(1.0 - decay**2)
    for t in range(1, len(out)):
        out[t] += decay * out[t - 1]
    return out


def autoregression(rng: np.random.Generator, shape: tuple[int, ...], decay: float) -> Floats:
    """Return a stationary AR(1) of unit variance that starts in its stationary law."""
    noise = rng.standard_normal(shape)
    noise[0] /= np.sqrt(1.0 - decay**2)
    return decayed_sum(noise, decay)


def delayed(values: Floats, steps: int) -> Floats:
    """Return `values` moved `steps` rows later, zero before; negative steps move earlier."""
    out = np.zeros_like(values)
    if steps > 0:
        out[steps:] = values[:-steps]
    elif steps < 0:
        out[:steps] = values[-steps:]
    else:
        out[:] = values
    return out


def garch(noise: Floats, *, news: float, memory: float) -> Floats:
    """Return the conditional variance h[t] of a GARCH(1,1) with mean 1, driven by unit noise; h[t] is known at t - 1."""
    variance = np.ones_like(noise)
    for t in range(1, len(noise)):
        past = variance[t - 1]
        variance[t] = (1.0 - news - memory) + (news * noise[t - 1] ** 2 + memory) * past
    return variance


def fat_noise(rng: np.random.Generator, shape: tuple[int, ...], *, freedom: float, limit: float) -> Floats:
    """Return unit-variance Student noise, cut at `limit` standard deviations."""
    draws = rng.standard_t(freedom, shape) * np.sqrt((freedom - 2.0) / freedom)
    cut: Floats = np.clip(draws, -limit, limit)
    return cut
