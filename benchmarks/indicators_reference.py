"""Stores bars beside TA-Lib's indicators of them, for the test of equality: `python -m benchmarks.indicators_reference`.

The bars are made up: a long name, one whose chain breaks half way, and one too young for most. TA-Lib runs in its own
environment, each chain by itself.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.peer_env import HERE, peer_python
from kairos.frames import Frame

REFERENCE = HERE.parent / "tests" / "kairos" / "features" / "talib" / "indicators.arrow"
CHAINS = {0: (1, 1000), 1: (2, 300), 2: (2, 320), 3: (3, 30)}
"""Name and rows of each chain."""


def main() -> int:
    """Write the file and say how large it is."""
    bars = made_bars(seed=9)
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "bars.npz", Path(folder) / "found.npz"
        np.savez(given, **{name: bars[name].to_numpy() for name in ("high", "low", "close", "chain")})
        script = HERE / "peers" / "talib_indicators.py"
        subprocess.run([str(peer_python("talib")), str(script), str(given), str(found)], check=True)  # noqa: S603 - our own
        values = pl.DataFrame(dict(np.load(found))).cast(pl.Float32)
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    pl.concat([bars, values], how="horizontal").write_ipc(REFERENCE, compression="zstd")
    print(f"{REFERENCE.name}: {bars.height} rows, {REFERENCE.stat().st_size / 1000:.0f} kB")
    return 0


def made_bars(*, seed: int) -> Frame:
    """Return chain, permaticker, high, low and close (USD, in cents) of a few random walks with gaps overnight."""
    chance, parts = np.random.default_rng(seed), []
    for chain, (name, rows) in CHAINS.items():
        overnight, intraday = chance.normal(0, 0.008, rows), chance.normal(0, 0.015, rows)
        close = 60 * np.exp(np.cumsum(overnight + intraday))
        opened = close * np.exp(-intraday)
        high = np.maximum(opened, close) * np.exp(chance.exponential(0.004, rows))
        low = np.minimum(opened, close) * np.exp(-chance.exponential(0.004, rows))
        prices = {key: np.round(values, 2) for key, values in {"high": high, "low": low, "close": close}.items()}
        parts.append(pl.DataFrame({"chain": [chain] * rows, "permaticker": [name] * rows, **prices}))
    return pl.concat(parts)


if __name__ == "__main__":
    sys.exit(main())
