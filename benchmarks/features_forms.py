"""Every price feature by the compiled form, by the plain one, and of one new session alone.

python -m benchmarks.features_forms --names 200 --years 6

The reference form (polars, name by name) and ours compute all price sets from the same panel in turns; `ratio` is the CPU
time of the reference over ours, the median of the pairs, with everything compiled. `cold_s` is our first run with nothing
compiled yet. `session_ratio` is a year's build of all sets over the newest session's alone, the panel made anew in both.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from kairos.calendar import sessions_between
from kairos.features.core import build, compute, compute_reference
from kairos.features.incremental import build_sessions
from kairos.features.panel import price_panel
from kairos.features.registry import FEATURE_SETS
from kairos.frames import Frame

LAST = date(2019, 12, 31)
SETS = tuple(FEATURE_SETS.values())


def main() -> int:
    """Print figures as they come and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=200)
    parser.add_argument("--years", type=int, default=6)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--once", action="store_true", help="compute once, print the CPU seconds and stop")
    chosen = parser.parse_args()
    returns = made_returns(chosen.names, years=chosen.years)
    panel = price_panel(returns, first_session=date.min)
    if chosen.once:
        print(_cpu(lambda: [compute(each, panel) for each in SETS]))
        return 0
    cold = _cold(chosen.names, chosen.years)
    print(f"nothing compiled yet: {cold:.2f} s CPU", flush=True)
    _cpu(lambda: [compute(each, panel.head(1000)) for each in SETS])
    pairs = [_pair(panel) for _ in range(chosen.pairs)]
    ours, plain = (median(times) for times in zip(*pairs, strict=True))
    alone, whole = _session(returns)
    summary = {
        "name": "features_forms",
        "ratio": round(median(plain / ours for ours, plain in pairs), 2),
        "unit": "CPU time of the reference form / ours",
        "peer": "the same features in plain polars",
        "ours": f"{ours:.2f} s CPU against {plain:.2f}",
        "workload": f"{panel.height} rows x {sum(len(each.features) for each in SETS)} features",
        "cold_s": round(cold, 2),
        "session_ratio": round(whole / alone, 2),
        "session_cpu_s": round(alone, 3),
    }
    print(json.dumps(summary))
    return 0


def made_returns(names: int, *, years: int) -> Frame:
    """Return made-up rows of `daily_returns`, all names on all sessions."""
    chance = np.random.default_rng(3)
    sessions = np.array(sessions_between(date(LAST.year - years + 1, 1, 1), LAST), dtype="datetime64[D]")
    rows = names * sessions.size
    intraday, overnight = np.expm1(chance.normal(0, 0.015, rows)), np.expm1(chance.normal(0, 0.008, rows))
    opened = 1 / (1 + intraday) - 1
    return pl.DataFrame(
        {
            "permaticker": np.repeat(np.arange(names), sessions.size),
            "session": np.tile(sessions, names),
            "ret_cc": (1 + intraday) * (1 + overnight) - 1,
            "ret_oc": intraday,
            "high_to_close": np.maximum(0, opened) + chance.exponential(0.005, rows),
            "low_to_close": np.minimum(0, opened) - chance.exponential(0.005, rows),
            "dollar_volume": np.exp(chance.normal(16, 0.6, rows)),
            "closeunadj": np.exp(chance.normal(3, 0.1, rows)),
            "is_delisting": np.zeros(rows, bool),
        }
    )


def _cpu(work: Callable[[], Any]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _pair(panel: Frame) -> tuple[float, float]:
    ours = _cpu(lambda: [compute(each, panel) for each in SETS])
    plain = _cpu(lambda: [compute_reference(each, panel) for each in SETS])
    print(f"ours {ours:.2f} s CPU, reference {plain:.2f}", flush=True)
    return ours, plain


def _session(returns: Frame) -> tuple[float, float]:
    """CPU seconds of the newest session alone and of its year."""
    newest = returns.select(pl.col("session").max()).item()
    alone = _cpu(lambda: [build_sessions(each, returns, since=newest) for each in SETS])
    return alone, _cpu(lambda: [build(each, returns, year=newest.year) for each in SETS])


def _cold(names: int, years: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.features_forms", "--once", f"--names={names}", f"--years={years}"]
        nowhere = {**os.environ, "NUMBA_CACHE_DIR": folder}
        done = subprocess.run(command, env=nowhere, check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
