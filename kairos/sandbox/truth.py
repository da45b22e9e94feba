"""What returns were expected to be: for tests and the known-answer check, and for nothing else."""

from collections.abc import Collection, Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.sandbox.alpha import PRICE_PARTS, SHARES, expected_states
from kairos.sandbox.arrays import Floats
from kairos.sandbox.market import Market
from kairos.sandbox.sizes import MarketSize
from kairos.sandbox.world import Part, make_world, world_parts

HORIZONS = (1, 5, 21)


def oracle(market: Market, *, horizons: Sequence[int] = HORIZONS) -> Frame:
    """Return expected cumulative returns, close t to close t + h, given the latent states at close t.

    The states are made anew from the market's seed. For a market without alpha they are what would have been planted.

    Args:
        market: Any market.
        horizons: Sessions ahead.

    Returns:
        One row per bar and horizon: permaticker, session, horizon, one column per component, total, price_part.
    """
    rows = market.bars.select("permaticker", "session")
    signals = expected_returns(market.size, market.seed, horizons=horizons)
    return rows.join(signals, on=["permaticker", "session"], how="inner").sort("permaticker", "session", "horizon")


def expected_returns(size: MarketSize, seed: int, *, horizons: Sequence[int], names: Collection[int] | None = None) -> Frame:
    """Return what `oracle` does of a market that need not be at hand, for some permatickers or all."""
    world = make_world(size, seed)
    frames = (_oracle_of(part, world.scales, size.sessions, tuple(horizons)) for part in world_parts(world))
    chosen = pl.lit(True) if names is None else pl.col("permaticker").is_in(list(names))
    return pl.concat([frame.filter(chosen) for frame in frames])


def expected_components(part: Part, scales: dict[str, float], horizon: int) -> dict[str, Floats]:
    """Return each component's expected cumulative return over `horizon` sessions, (T, N)."""
    sessions = len(part.free)
    weight = part.population.idio_vol * part.lives.movement()
    sums = {name: np.zeros_like(part.free) for name in SHARES}
    for ahead in range(horizon):
        for name, state in expected_states(part.latent, ahead).items():
            sums[name] += state[-sessions:]
    return {name: scales[name] * values * weight for name, values in sums.items()}


def _oracle_of(part: Part, scales: dict[str, float], sessions: Sequence[date], horizons: tuple[int, ...]) -> Frame:
    alive = part.lives.alive().T
    names, days = np.nonzero(alive)
    key = {
        "permaticker": part.permaticker[names],
        "session": np.array(sessions, dtype="datetime64[D]")[days],
    }
    frames = []
    for horizon in horizons:
        parts = expected_components(part, scales, horizon)
        columns = {name: values.T[alive] for name, values in parts.items()}
        frame = pl.DataFrame({**key, **columns}).with_columns(
            pl.lit(horizon, dtype=pl.Int32).alias("horizon"),
            pl.sum_horizontal(*SHARES).alias("total"),
            pl.sum_horizontal(*PRICE_PARTS).alias("price_part"),
        )
        frames.append(frame.select("permaticker", "session", "horizon", *SHARES, "total", "price_part"))
    return pl.concat(frames)
