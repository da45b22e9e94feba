"""Runs every benchmark, or those named, and writes their sections of docs/benchmarks.md; the others stay.

python -m benchmarks [NAME ...]
"""

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
    "features_vs_qlib": "All of Alpha158 on a ragged panel, against Qlib and polars, interleaved pairs on one core",
    "features_incremental": "Alpha158 of one new session for 3,000 names, against the full rebuild, with reading and writing",
    "asof_join": "Fundamentals as known at every close, against pandas, and at one instant",
    "factor_vs_alphalens": "Daily rank ICs and quintile returns of 158 factors, against alphalens, interleaved pairs",
    "matrix_full": "The full matrix of 3,000 names x 3,780 sessions and its targets, against writing the same bytes",
    "lookahead_error": "What joining real filings on their period's end would have told too early",
    "features_forms": "Price features by the compiled form against the plain one, and one new session alone",
    "leak_prover": "Planted leaks missed and honest features suspected by the leak prover, ten markets",
    "import_rows": "500,000 rows from a CSV file to `sep_base`, median of three runs",
}
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def main() -> int:
    """Run them one after the other; each prints one JSON line last."""
    chosen = sys.argv[1:] or list(BENCHMARKS)
    unknown = sorted(set(chosen) - set(BENCHMARKS))
    if unknown:
        sys.stderr.write(f"no benchmark {', '.join(unknown)}; expected some of {', '.join(BENCHMARKS)}.\n")
        return 2
    sections = _written()
    for name in chosen:
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True, capture_output=True, text=True)  # noqa: S603
        sections[name] = _section(name, json.loads(done.stdout.strip().splitlines()[-1]))
        sys.stdout.write(done.stdout)
        _write(sections)
    return 0


def _section(name: str, figures: dict[str, object]) -> str:
    rows = "\n".join(f"| {key} | {value} |" for key, value in figures.items() if key != "name")
    return f"## {name}\n\n{BENCHMARKS[name]}. `python -m benchmarks.{name}`\n\n| figure | value |\n|---|---|\n{rows}\n"


def _written() -> dict[str, str]:
    """Return the sections that the page has, by benchmark."""
    _, *parts = PAGE.read_text().split("\n## ") if PAGE.exists() else [""]
    return {part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in parts}


def _write(sections: dict[str, str]) -> None:
    how = "Each section from its own command; `make bench` runs them all, `python -m benchmarks NAME` one of them."
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    kept = "\n".join(sections[name] for name in BENCHMARKS if name in sections)
    PAGE.write_text(f"# Benchmarks\n\n{how} Machine: {machine}.\n\n{kept}")


if __name__ == "__main__":
    sys.exit(main())
