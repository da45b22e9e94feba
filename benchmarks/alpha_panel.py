"""Made-up price panels for the Alpha158 benchmarks, and the same panels as the peer's columns."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from kairos.frames import Frame

FIRST = date(2010, 1, 4)


def made_panel(names: int, sessions: int, *, seed: int = 0, ragged: bool = True) -> Frame:
    """Return a panel as `price_panel` makes it, prices and volumes at float32's precision.

    Args:
        names: How many names.
        sessions: How many sessions the oldest of them have.
        seed: Of the chance.
        ragged: Whether names are listed up to a third of the time late, and one in ten ends early.
    """
    chance = np.random.default_rng(seed)
    first = (chance.integers(0, sessions // 3, names) * ragged * (chance.random(names) < 0.3)).astype(int)
    last = np.where(ragged & (chance.random(names) < 0.1), chance.integers(sessions // 2, sessions, names), sessions)
    days = np.array([FIRST + timedelta(days=k) for k in range(sessions)], dtype="datetime64[D]")
    frames = [_one(name, days[a:b], chance) for name, (a, b) in enumerate(zip(first, last, strict=True))]
    return pl.concat(frames)


def _one(name: int, days: np.ndarray, chance: np.random.Generator) -> Frame:
    rows = len(days)
    close = np.exp(3 + np.cumsum(chance.normal(0.0002, 0.02, rows)))
    open_ = close * np.exp(chance.normal(0, 0.01, rows))
    high = np.maximum(open_, close) * np.exp(chance.exponential(0.006, rows))
    low = np.minimum(open_, close) * np.exp(-chance.exponential(0.006, rows))
    prices = {"C": close, "O": open_, "H": high, "L": low, "V": np.exp(chance.normal(14, 0.5, rows))}
    return pl.DataFrame(
        {
            "permaticker": np.full(rows, name),
            "session": days,
            "row": np.arange(rows, dtype=np.int32),
            **{key: value.astype(np.float32).astype(np.float64) for key, value in prices.items()},
        }
    )


def as_peer(panel: Frame) -> Frame:
    """Return the panel with the peer's names, float32, and the mean of high, low and close for its vwap."""
    single = {"open": "O", "high": "H", "low": "L", "close": "C", "volume": "V"}
    return panel.select(
        pl.col("permaticker").alias("name"),
        "session",
        *(pl.col(ours).cast(pl.Float32).alias(theirs) for theirs, ours in single.items()),
    ).with_columns(vwap=(pl.col("high") + pl.col("low") + pl.col("close")) / 3)


def with_faults(panel: Frame) -> Frame:
    """Return the panel with what real ones have, one kind of fault per name.

    Names: 0 clean; 1 halts (no volume); 2 gaps (nothing there); 3 highs and lows missing; 4 volumes missing; 5 a constant
    price, then prices that repeat; 6 a single row; 7 delisted early; 8 listed late.
    """
    name, row = pl.col("permaticker"), pl.col("row")
    halted = (name == 1) & (row % 17 < row // 30)
    gap = (name == 2) & ((row % 23 == 5) | row.is_between(70, 76))
    no_range, no_volume = (name == 3) & (row % 11 == 7), (name == 4) & ((row % 13 == 0) | row.is_between(40, 48))
    flat, coarse = (name == 5) & row.is_between(10, 79), (name == 5) & (row >= 80)
    there = (
        (name < 6) & ~(name.is_in([3, 4]) & (row >= 110))
        | ((name == 6) & (row == 0))
        | ((name == 7) & (row < 70))
        | ((name == 8) & (row >= 80))
    )
    prices = {key: pl.when(flat).then(20.0).when(coarse).then(pl.col(key).round(0)).otherwise(key) for key in "OHLC"}
    return (
        panel.filter(there)
        .with_columns(
            **prices, V=pl.when(halted).then(0.0).otherwise("V"), row=pl.int_range(pl.len(), dtype=pl.Int32).over(name)
        )
        .with_columns(pl.when(~gap).then(key).alias(key) for key in "OHLCV")
        .with_columns(pl.when(~no_range).then(key).alias(key) for key in "HL")
        .with_columns(V=pl.when(~no_volume).then("V"))
    )
