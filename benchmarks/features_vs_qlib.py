"""Qlib's Alpha158: ours against Qlib's `D.features` and against polars, one core, CPU seconds, in turns.

python -m benchmarks.features_vs_qlib [--pairs 7] [--write-reference]

The panel is ragged: 500 names of up to 2,520 sessions. Qlib runs in its own environment and only `D.features` is timed; ours
takes the panel as a frame and gives a frame. Polars makes the columns that it has words for, each over the rows of a name;
its time is scaled to 158. `--write-reference` instead stores a small panel with gaps, holes and halts, and Qlib's values on it,
for the test of equality.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import polars as pl

from benchmarks.alpha_panel import as_peer, made_panel, with_faults
from benchmarks.alpha_polars import polars_columns
from benchmarks.peer_env import HERE, peer_python
from kairos.features.alpha158 import FEATURE_SET
from kairos.features.alpha158.fast import chunks, values
from kairos.frames import Frame

NAMES, SESSIONS = 500, 2520
LARGE = (3000, 3780)
REFERENCE = HERE.parent / "tests" / "kairos" / "features" / "alpha158" / "qlib.arrow"


def main() -> int:
    """Print figures as they come and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--write-reference", action="store_true")
    chosen = parser.parse_args()
    if chosen.write_reference:
        return write_reference()
    panel = made_panel(NAMES, SESSIONS)
    values(panel.head(200))
    with tempfile.TemporaryDirectory() as folder:
        peer = _peer(panel, Path(folder))
        triples = [_triple(panel, peer, Path(folder)) for _ in range(chosen.pairs)]
    print(json.dumps(_summary(panel.height, triples, _peak())))
    return 0


def _summary(rows: int, triples: list[tuple[float, float, float]], peak: dict[str, float]) -> dict[str, object]:
    theirs, ours, polars = (median(column) for column in zip(*triples, strict=True))
    return {
        "name": "features_vs_qlib",
        "ratio": round(median(qlib / own for qlib, own, _ in triples), 1),
        "unit": "CPU time of the peer / ours",
        "peer": "Qlib 0.9.7 D.features, all 158, one process",
        "ours": f"{ours:.3f} s CPU against {theirs:.1f}, {rows * 158 / ours / 1e6:.0f}M values a second",
        "workload": f"{NAMES} names x up to {SESSIONS} sessions, {rows} rows x 158",
        "ratio_polars": round(median(slow / own for _, own, slow in triples), 1),
        "polars_cpu_s": round(polars, 2),
        "ratios": [round(qlib / own, 1) for qlib, own, _ in triples],
        **peak,
    }


def _triple(panel: Frame, peer: list[str], folder: Path) -> tuple[float, float, float]:
    """Return the CPU seconds of Qlib, of ours and of polars, one after the other."""
    done = subprocess.run(peer, check=True, capture_output=True, text=True, cwd=folder)  # noqa: S603 - our own command
    theirs = float(json.loads(done.stdout.strip().splitlines()[-1])["cpu_s"])
    ours = median(_spent(lambda: values(panel).height) for _ in range(3))
    polars = _polars(panel)
    print(f"Qlib {theirs:.1f} s, ours {ours:.3f} s, polars {polars:.1f} s, ratio {theirs / ours:.0f}", flush=True)
    return theirs, ours, polars


def _peer(panel: Frame, folder: Path) -> list[str]:
    as_peer(panel).write_ipc(folder / "panel.arrow", compression="uncompressed")
    script = HERE / "peers" / "qlib_alpha158.py"
    return [str(peer_python("qlib")), str(script), str(folder / "panel.arrow"), str(folder / "qlib")]


def _spent(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _polars(panel: Frame) -> float:
    """Make the columns that polars has words for, name by name; return the CPU seconds, scaled to 158 columns."""
    wanted = polars_columns()
    spent = _spent(lambda: [name.select(wanted) for name in panel.partition_by("permaticker", maintain_order=True)])
    return spent * len(FEATURE_SET.names) / len(wanted)


def _peak() -> dict[str, float]:
    """Run the large panel chunk by chunk in a fresh process and tell its time and the largest resident set."""
    done = subprocess.run(
        [sys.executable, "-c", "from benchmarks.features_vs_qlib import large; large()"],
        check=True, capture_output=True, text=True, cwd=HERE.parent,
    )  # fmt: skip
    return json.loads(done.stdout.strip().splitlines()[-1])


def large() -> None:
    """Consume the large panel chunk by chunk; print a JSON line."""
    panel = made_panel(*LARGE, ragged=False)
    values(panel.head(200))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    began, rows = time.process_time(), 0
    for chunk in chunks(panel):
        rows += chunk.height
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    figures = {"large_rows": rows, "large_cpu_s": round(spent, 2), "large_peak_gb": round(peak, 2)}
    print(json.dumps(figures | {"large_panel_alone_gb": round(before, 2)}))


def write_reference() -> int:
    """Store a small ragged panel beside Qlib's values on it."""
    panel = with_faults(made_panel(9, 150, seed=5, ragged=False))
    with tempfile.TemporaryDirectory() as folder:
        command = [*_peer(panel, Path(folder)), str(Path(folder) / "values.arrow")]
        subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder)  # noqa: S603 - our own command
        found = pl.read_ipc(Path(folder) / "values.arrow")
    found = found.with_columns(
        permaticker=pl.col("instrument").str.strip_prefix("n").cast(pl.Int64), session=pl.col("datetime").cast(pl.Date)
    ).select("permaticker", "session", *FEATURE_SET.names)
    stored = panel.join(found, on=["permaticker", "session"], how="left", maintain_order="left")
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    stored.with_columns(pl.selectors.float().cast(pl.Float32)).write_ipc(REFERENCE, compression="zstd")
    print(f"{REFERENCE.name}: {stored.height} rows, {REFERENCE.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
