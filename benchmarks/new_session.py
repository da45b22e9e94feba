"""Seconds of work that one more session takes on the demo's market, from the vendor's answers to the features.

python -m benchmarks.new_session --sessions 5

The bulk export ends `sessions` before the market does; then each evening is one `kairos daily-download`. Process start, which
is taken off, is Python loading the same libraries and Dagster definitions.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median

from kairos.calendar import session_offset
from kairos.sandbox.sizes import SIZES
from kairos.settings import load_settings, write_settings_file
from kairos_dagster.demo import RAW_BULK, evening
from kairos_dagster.progress import Progress
from kairos_dagster.runs import run_assets
from kairos_dagster.steps import CORE_FEATURES, refresh_market, years_with_raw_prices

KAIROS = str(Path(sys.executable).parent / "kairos")
SEED = 7
START = "import matplotlib.pyplot, deltalake, polars, pandera.polars; from kairos_dagster.build import build_defs; build_defs()"


def main() -> int:
    """Print one line per session and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="an empty folder that becomes the home and stays")
    chosen = parser.parse_args()
    days = SIZES["demo"].sessions[-chosen.sessions :]
    with tempfile.TemporaryDirectory() as folder:
        home = chosen.keep or Path(folder)
        _load_history(home, session_offset(days[0], -1))
        start = median(_seconds(home, [sys.executable, "-c", START]) for _ in range(3))
        taken = [_evening_of(home, day) for day in days]
    for day, seconds in zip(days, taken, strict=True):
        print(f"{day}: {seconds:.1f} s, of which process start {start:.1f} s", flush=True)
    summary = {
        "name": "new_session",
        "unit": "s of work per session, ingest to features, without process start",
        "workload": f"200 names x 6 years, {len(days)} evenings after a bulk export",
        "seconds": round(median(taken) - start, 2),
        "slowest": round(max(taken) - start, 2),
        "process_start": round(start, 2),
    }
    print(json.dumps(summary))
    return 0


def _load_history(home: Path, last: date) -> None:
    """Fill a home from the vendor's bulk export as it stands in the evening of `last`."""
    _stand_at(home, last)
    settings = load_settings(home=home)
    run_assets(settings, RAW_BULK)
    refresh_market(settings, Progress())
    run_assets(settings, CORE_FEATURES, partitions=years_with_raw_prices(settings))


def _evening_of(home: Path, day: date) -> float:
    _stand_at(home, day)
    return _seconds(home, [KAIROS, "daily-download", "--date", day.isoformat()])


def _stand_at(home: Path, day: date) -> None:
    values = {"KAIROS_VENDOR": "sandbox", "KAIROS_SANDBOX_SIZE": "demo", "KAIROS_SANDBOX_SEED": str(SEED)}
    write_settings_file(home, {**values, "KAIROS_NOW": evening(day).isoformat()})


def _seconds(home: Path, command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env={**os.environ, "KAIROS_HOME": str(home)}, check=True, capture_output=True)  # noqa: S603 - our own command
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
