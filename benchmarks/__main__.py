"""Runs every benchmark and writes docs/benchmarks.md."""

import json
import platform
import subprocess
import sys
from pathlib import Path

BENCHMARKS = {
    "demo": "Time, size and memory of `kairos demo`, median of three runs",
    "recovery": "Share of the planted alpha that the models recover, three seeds",
    "known_answer": "False discoveries without alpha and recovery with it, ten small markets",
    "new_session": "Work of one more session, from the vendor's answers to the features, median of five evenings",
    "backfill": "What orchestration adds to a backfill of 250 sessions, median of three runs",
    "asof_join": "Fundamentals as known at every close, against pandas, and at one instant",
    "lookahead_error": "What joining real filings on their period's end would have told too early",
    "import_rows": "500,000 rows from a CSV file to `sep_base`, median of three runs",
}
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Run them one after the other; each prints one JSON line last."""
    sections = []
    for name, title in BENCHMARKS.items():
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True, capture_output=True, text=True)  # noqa: S603
        figures = json.loads(done.stdout.strip().splitlines()[-1])
        rows = "\n".join(f"| {key} | {value} |" for key, value in figures.items() if key != "name")
        sections.append(f"## {name}\n\n{title}. `python -m benchmarks.{name}`\n\n| figure | value |\n|---|---|\n{rows}\n")
        sys.stdout.write(done.stdout)
    how = "Each section from its own command; `make bench` runs them all and writes this page anew."
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    PAGE.write_text(f"# Benchmarks\n\n{how} Machine: {machine}.\n\n" + "\n".join(sections))
    return 0


if __name__ == "__main__":
    sys.exit(main())
