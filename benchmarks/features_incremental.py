"""One new session of Alpha158 for 3,000 names: ours from a look-back of 61 rows, against our own full rebuild.

python -m benchmarks.features_incremental [--names 3000] [--sessions 3780] [--runs 7]

The full rebuild goes chunk by chunk and its last session is kept, to be compared bit for bit. The timed new session reads the
look-back from a file of one row group per quarter of a year and writes its rows to another; `kernel_cpu_s` leaves both out.
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

import polars as pl

from benchmarks.alpha_panel import made_panel
from kairos.features.alpha158 import FEATURE_SET
from kairos.features.alpha158.fast import chunks, values
from kairos.features.alpha158.scratch import BACK
from kairos.features.causality import differing
from kairos.frames import Frame


def main() -> int:
    """Print figures as they come and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=3000)
    parser.add_argument("--sessions", type=int, default=3780)
    parser.add_argument("--runs", type=int, default=7)
    chosen = parser.parse_args()
    panel = made_panel(chosen.names, chosen.sessions, ragged=False)
    last, first_read = _sessions(panel)
    values(panel.head(200))
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "panel.arrow"
        panel.sort("session", "permaticker").write_ipc(stored, record_batch_size=chosen.names * 63)
        tail = panel.filter(pl.col("session") >= first_read)
        pairs = [(_full(panel, last), _new(stored, tail, first_read, last)) for _ in range(chosen.runs)]
    same = all(differing(full, new, FEATURE_SET.names) == [] for (_, full), (_, _, new) in pairs)
    if not same:
        raise SystemExit("the new session differs from the full rebuild.")
    full_s, kernel_s, all_s = (median(column) for column in zip(*((a, b, c) for (a, _), (b, c, _) in pairs), strict=True))
    summary = {
        "name": "features_incremental",
        "ratio": round(median(full / new for (full, _), (new, _, _) in pairs), 1),
        "unit": "CPU time of the full rebuild / one new session, both without files",
        "peer": f"our own full rebuild, {full_s:.2f} s CPU",
        "ours": f"{kernel_s * 1000:.0f} ms CPU, {all_s * 1000:.0f} ms with reading and writing",
        "workload": f"{chosen.names} names x {chosen.sessions} sessions x 158",
        "with_files_cpu_s": round(all_s, 3),
        "bits_equal": same,
    }
    print(json.dumps(summary))
    return 0


def _sessions(panel: Frame) -> tuple[date, date]:
    """Return the last session and the first of its look-back."""
    days = panel["session"].unique().sort()
    return days[-1], days[-1 - BACK]


def _full(panel: Frame, last: date) -> tuple[float, Frame]:
    began = time.process_time()
    kept = [chunk.filter(pl.col("session") == last) for chunk in chunks(panel)]
    return time.process_time() - began, pl.concat(kept)


def _new(stored: Path, tail: Frame, first_read: date, last: date) -> tuple[float, float, Frame]:
    kernel, made = _spent(lambda: values(tail, since=last))
    whole, _ = _spent(lambda: _with_files(stored, first_read, last))
    return kernel, whole, made


def _with_files(stored: Path, first_read: date, last: date) -> Frame:
    read = pl.scan_ipc(stored).filter(pl.col("session") >= first_read).collect().sort("permaticker", "session")
    made = values(read, since=last)
    made.write_ipc(stored.with_name("new.arrow"), compression="zstd")
    return made


def _spent(work: Callable[[], Frame]) -> tuple[float, Frame]:
    began = time.process_time()
    made = work()
    return time.process_time() - began, made


if __name__ == "__main__":
    sys.exit(main())
