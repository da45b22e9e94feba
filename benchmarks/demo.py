"""Time, size and memory of `kairos demo` in a fresh home, and of `kairos --help`.

python -m benchmarks.demo --runs 3
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

KAIROS = str(Path(sys.executable).parent / "kairos")
HELP_RUNS = 7


def main() -> int:
    """Print one line per run and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    runs = [_demo() for _ in range(parser.parse_args().runs)]
    helps = [_timed([KAIROS, "--help"], {}) for _ in range(HELP_RUNS)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024**2
    summary = {
        "name": "demo",
        "unit": "s",
        "workload": "200 names x 6 years, fresh home, installation apart",
        "seconds": round(median(seconds for seconds, _ in runs), 1),
        "home_mb": round(median(size for _, size in runs), 1),
        "peak_rss_gb": round(peak, 2),
        "help_seconds": round(median(helps), 3),
    }
    print(json.dumps(summary))
    return 0


def _demo() -> tuple[float, float]:
    """Run the demo once; return seconds and megabytes written."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = _timed([KAIROS, "demo"], {"KAIROS_HOME": folder})
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()) / 1e6
    print(f"demo: {seconds:.1f} s, {size:.0f} MB", flush=True)
    return seconds, size


def _timed(command: list[str], environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)  # noqa: S603 - our own command
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
