"""The error of joining real filings on the end of their period instead of on when they were known.

python -m benchmarks.lookahead_error
"""

import json
import sys
from dataclasses import asdict

from benchmarks.real_filings import FILE, real_panel, real_versions
from kairos.fundamentals.lookahead import lookahead_error

FACT = "net_income"


def main() -> int:
    """Print one JSON line, or say that the filings are not there."""
    if not FILE.exists():
        sys.stderr.write(f"{FILE}: not there; the error is measured on real filings alone.\n")
        return 1
    versions = real_versions()
    panel = real_panel(versions)
    error = lookahead_error(panel, versions, FACT)
    names = versions["permaticker"].n_unique()
    summary = {
        "name": "lookahead_error",
        "unit": "share of panel rows",
        "workload": f"{versions.height} filings of {names} names, {panel.height} rows, {FACT}",
        **{key: round(value, 4) for key, value in asdict(error).items()},
    }
    print(json.dumps(summary))
    return 0


if __name__ == "__main__":
    sys.exit(main())
