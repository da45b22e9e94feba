"""One new session of every price feature for 3,000 names, from the look-back alone, against our own full rebuild.

python -m benchmarks.features_incremental [--names 3000] [--sessions 3780] [--full-names 300] [--runs 5]

The full rebuild makes all sessions of every set of a panel of `--full-names` names, and its CPU time counts for all names in
proportion; one new session of those names is compared with its last one bit by bit. The new session is timed with all names:
`kernel` from a panel in memory, `with_files` from reading the look-back once for all sets, out of a file of one row group per
quarter of a year, to writing a file of the new rows for each. Everything is compiled before.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from benchmarks.features_forms import made_returns
from kairos.features.causality import differing
from kairos.features.core import FeatureSet, compute
from kairos.features.incremental import of_panel
from kairos.features.panel import price_panel
from kairos.features.registry import FEATURE_SETS, SEPARATE_SETS
from kairos.frames import Frame

SETS = FEATURE_SETS | SEPARATE_SETS
SESSIONS_A_YEAR = 252
BACK = 1 + max(sum(feature.expr.reaches) if not each.all_at_once else feature.lookback
               for each in SETS.values() for feature in each.features)  # fmt: skip


def main() -> int:
    """Print a line for each set and one JSON line last."""
    chosen = _options()
    scale, years = chosen.names / chosen.full_names, -(-chosen.sessions // SESSIONS_A_YEAR)
    few = _panel(chosen.full_names, years).filter(pl.col("row") < chosen.sessions)
    many = _panel(chosen.names, -(-BACK // SESSIONS_A_YEAR) + 1)
    for each in SETS.values():
        compute(each, few.head(2000))
    full = {name: _full(each, few) * scale for name, each in SETS.items()}
    tail, newest = _look_back(many)
    made = {name: [_cpu(lambda each=each: _new(each, tail, newest)) for _ in range(chosen.runs)] for name, each in SETS.items()}
    kernel = {name: median(seconds for seconds, _ in runs) for name, runs in made.items()}
    for name, seconds in kernel.items():
        print(
            f"{name}: full {full[name]:.2f} s CPU, new session {seconds * 1000:.0f} ms, {full[name] / seconds:.1f}x", flush=True
        )
    files = median(_with_files(many, runs=chosen.runs))
    both = sum(full.values()), sum(kernel.values())
    print(json.dumps(_summary(chosen, *both, files, {name: full[name] / kernel[name] for name in SETS})))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=3000)
    parser.add_argument("--sessions", type=int, default=3780)
    parser.add_argument("--full-names", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args()


def _summary(chosen: argparse.Namespace, full: float, kernel: float, files: float, ratios: dict[str, float]) -> dict[str, Any]:
    return {
        "name": "features_incremental",
        "ratio": round(full / kernel, 1),
        "unit": "CPU time of the full rebuild / one new session, both without files",
        "peer": f"our own full rebuild, {full:.1f} s CPU, as measured with {chosen.full_names} names, in proportion",
        "ours": f"{kernel:.2f} s CPU, {files:.2f} s with reading and writing",
        "workload": f"{chosen.names} names x {chosen.sessions} sessions x {sum(len(each.features) for each in SETS.values())}",
        "with_files_cpu_s": round(files, 3),
        "ratios": {name: round(ratio, 1) for name, ratio in ratios.items()},
        "bits_equal": True,
    }


def _panel(names: int, years: int) -> Frame:
    return price_panel(made_returns(names, years=years), first_session=date.min)


def _look_back(panel: Frame) -> tuple[Frame, date]:
    """Return the last rows of a panel, as many as any feature of its newest session reads, and that session."""
    sessions = panel["session"].unique().sort()
    return panel.filter(pl.col("session") >= sessions[-BACK]), sessions[-1]


def _full(feature_set: FeatureSet, panel: Frame) -> float:
    """CPU seconds of all sessions; stops where the newest one alone has other bits."""
    tail, newest = _look_back(panel)
    seconds, whole = _cpu(lambda: compute(feature_set, panel))
    alone, last = _new(feature_set, tail, newest), whole.filter(pl.col("session") == newest)
    if differing(alone, last, feature_set.names):
        raise SystemExit(f"{feature_set.name}: the new session differs from the full rebuild.")
    return seconds


def _new(feature_set: FeatureSet, tail: Frame, newest: date) -> Frame:
    marked: np.ndarray[Any, np.dtype[np.bool_]] = (tail["session"] == newest).to_numpy()
    return of_panel(feature_set, tail, marked)


def _with_files(panel: Frame, *, runs: int) -> list[float]:
    """CPU seconds from a file of the panel to files of the new rows."""
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "panel.arrow"
        panel.sort("session", "permaticker").write_ipc(stored, record_batch_size=panel["permaticker"].n_unique() * 63)
        sessions = panel["session"].unique().sort()
        return [_cpu(lambda: _from_file(stored, sessions[-BACK], sessions[-1]))[0] for _ in range(runs)]


def _from_file(stored: Path, first: date, newest: date) -> None:
    tail = pl.scan_ipc(stored).filter(pl.col("session") >= first).collect().sort("permaticker", "session")
    for name, each in SETS.items():
        _new(each, tail, newest).write_ipc(stored.with_name(f"{name}.arrow"), compression="zstd")


def _cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


if __name__ == "__main__":
    sys.exit(main())
