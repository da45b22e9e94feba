"""A report of 158 factors, daily rank ICs and quintile returns over 1, 5 and 21 sessions, against alphalens.

python -m benchmarks.factor_vs_alphalens --pairs 3 --factors 158

The panel is ragged: names are listed late, die early and miss values. Both sides are warm: each has run once before the clock
starts, and what both found of one factor is compared. Then they run in turns: the peer reports on one factor, ours on all
of them, the returns put in order once a report. `ratio` is the peer's CPU time for as many factors, one after the other, over
ours; `ratio_one` the peer's for one over ours for one alone. Medians of the pairs.
`--write-reference` stores what alphalens says of a small panel, with the panel, for the tests.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_env import HERE, peer_python
from kairos.evaluation.built import compile_ahead
from kairos.evaluation.factor_days import Forward, Values, forward_returns, quantile_means, quantiles_of, rank_ics, ranked

HORIZONS = (1, 5, 21)
SESSIONS, NAMES = 3780, 3000
PAST = 20
REFERENCE = HERE.parent / "tests" / "kairos" / "evaluation" / "alphalens_reference.json"
Array = NDArray[np.float64]


def main() -> int:
    """Print figures as they come and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--factors", type=int, default=158)
    parser.add_argument("--sessions", type=int, default=SESSIONS)
    parser.add_argument("--names", type=int, default=NAMES)
    parser.add_argument("--write-reference", action="store_true")
    chosen = parser.parse_args()
    if chosen.write_reference:
        return _write_reference()
    compile_ahead()
    prices, factor = made_panel(chosen.sessions, chosen.names, seed=1)
    pairs = _pairs(prices, factor, pairs=chosen.pairs, factors=chosen.factors)
    theirs, shared, each = (median(found) for found in zip(*pairs, strict=True))
    ours = shared + chosen.factors * each
    summary = {
        "name": "factor_vs_alphalens",
        "ratio": round(theirs * chosen.factors / ours, 1),
        "unit": "CPU time of the peer / ours",
        "peer": "alphalens-reloaded 0.5.1: forward returns, quantiles, daily IC, mean return by quantile",
        "workload": f"{chosen.factors} factors, {chosen.names:,} x {chosen.sessions:,}, {len(HORIZONS)} horizons",
        "ratio_one": round(theirs / (shared + each), 1),
        "cpu_s": round(ours, 1),
        "shared_cpu_s": round(shared, 2),
        "each_factor_cpu_s": round(each, 3),
        "peer_each_factor_cpu_s": round(theirs, 1),
        "peak_rss_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, 2),
    }
    print(json.dumps(summary))
    return 0


def made_panel(sessions: int, names: int, *, seed: int) -> tuple[Array, Array]:
    """Return prices and a factor (sessions, names): a fifth listed late, a sixth dead early, one value in fifty missing."""
    chance = np.random.default_rng(seed)
    prices = np.exp(np.cumsum(chance.normal(0, 0.02, (sessions, names)), axis=0))
    day = np.arange(sessions)[:, None]
    listed = np.where(chance.random(names) < 0.2, chance.integers(0, sessions // 2, names), 0)
    dead = np.where(chance.random(names) < 1 / 6, chance.integers(sessions // 2, sessions, names), sessions)
    prices[(day < listed) | (day >= dead)] = np.nan
    factor = np.full_like(prices, np.nan)
    factor[PAST:] = prices[:-PAST] / prices[PAST:]
    factor[chance.random(prices.shape) < 0.02] = np.nan
    factor[-HORIZONS[-1] :] = np.nan
    return prices, factor.astype(np.float32).astype(np.float64)


def returns_of(prices: Array, horizons: tuple[int, ...] = HORIZONS) -> Array:
    """Return forward returns (H, D, N); as the peer has it, a dead name keeps its last price."""
    held = prices.copy()
    for row in range(1, len(held)):
        held[row] = np.where(np.isnan(held[row]), held[row - 1], held[row])
    found = np.full((len(horizons), *prices.shape), np.nan)
    for place, horizon in enumerate(horizons):
        found[place, :-horizon] = held[horizon:] / held[:-horizon] - 1
    return found


def _report(factor: Values, forward: Forward) -> tuple[Array, Array]:
    order = ranked(factor)
    ic, _ = rank_ics(order, forward.ranked)
    means, average = quantile_means(quantiles_of(order), forward)
    return ic[0], means - average[:, :, None]


def _pairs(prices: Array, factor: Array, *, pairs: int, factors: int) -> list[tuple[float, float, float]]:
    """Return CPU seconds of the peer for one factor, and of ours for what all factors share and for each, in turns."""
    returns, taken = returns_of(prices), []
    with tempfile.TemporaryDirectory() as folder, _peer(prices, factor, Path(folder)) as run:
        run()
        ic, means = _report(factor, forward_returns(returns))
        _require_equal(ic, means, np.load(Path(folder) / "found.npz"))
        for _ in range(pairs):
            taken.append((run(), *_many(returns, factor, factors=factors)))
            told = "one factor of alphalens {:.1f} s CPU; ours {:.2f} s for all and {:.3f} s each".format(*taken[-1])
            print(told, flush=True)
    return taken


@contextmanager
def _peer(prices: Array, factor: Array, folder: Path) -> Iterator[Any]:
    """Start the peer on a panel; what is given runs it once and returns its CPU seconds."""
    np.savez(folder / "given.npz", prices=prices, factor=factor, horizons=np.array(HORIZONS))
    command = [str(peer_python("alphalens")), str(HERE / "peers" / "alphalens_report.py")]
    files = [str(folder / "given.npz"), str(folder / "found.npz")]
    with subprocess.Popen([*command, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603

        def run() -> float:
            asked: IO[str] | None = process.stdin
            if asked is None or process.stdout is None:
                raise SystemExit("the peer has no pipes.")
            asked.write("run\n")
            asked.flush()
            return float(json.loads(process.stdout.readline())["cpu_s"])

        yield run


def _require_equal(ic: Array, means: Array, peer: Any) -> None:  # noqa: ANN401 - what np.load gives
    worst = float(np.nanmax(np.abs(ic - peer["ic"])))
    same = (np.isnan(ic) == np.isnan(peer["ic"])).all()
    off = np.abs(means - peer["means"]) > 1e-9  # percentiles in floating point put a name on the edge into its neighbour
    print(f"greatest difference of a daily IC {worst:.1e}, quantile means that differ {off.mean():.2%}", flush=True)
    if worst > 1e-6 or not same or off.mean() > 0.01:
        raise SystemExit("ours and the peer's differ.")


def _write_reference() -> int:
    prices, factor = made_panel(90, 40, seed=4)
    given = {
        "prices": prices.round(4),
        "factor": factor.round(2),  # many ties
        "groups": np.arange(prices.shape[1]) % 3,
        "horizons": np.array([1, 5]),
    }
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/given.npz", f"{folder}/found.npz"]
        np.savez(files[0], **given)
        command = [str(peer_python("alphalens")), str(HERE / "peers" / "alphalens_reference.py"), *files]
        subprocess.run(command, check=True)  # noqa: S603
        found = {name: np.round(values, 12) for name, values in np.load(files[1]).items()}
    plain = {name: np.where(np.isnan(values), None, values).tolist() for name, values in {**given, **found}.items()}
    REFERENCE.write_text(json.dumps(plain, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{REFERENCE.name}: {REFERENCE.stat().st_size:,} bytes")
    return 0


def _many(returns: Array, first: Array, *, factors: int) -> tuple[float, float]:
    """Return the CPU seconds that the returns take once, and each factor."""
    began = time.process_time()
    forward = forward_returns(returns)
    shared, chance = time.process_time() - began, np.random.default_rng(3)
    spent = 0.0
    for _ in range(factors):
        factor = first.astype(np.float32) + chance.normal(0, 0.1, first.shape).astype(np.float32)
        began = time.process_time()
        _report(factor, forward)
        spent += time.process_time() - began
    return shared, spent / factors


if __name__ == "__main__":
    sys.exit(main())
