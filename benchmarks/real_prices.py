"""Both real price files through the whole path: rows in and set aside, and RankIC beside two yardsticks.

    python -m benchmarks.real_prices --data ../shared/data/prices

The Yahoo file (2012-12 to 2017-12) makes universe year 2014 on total returns, the Google file (2000 to 2017) universe year
2008 on price returns alone. The files are not part of the project.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KAIROS = str(Path(sys.executable).parent / "kairos")
MODELS = ("ridge", "lgbm", "reversal", "momentum")
METRICS = """
SELECT model_id AS model, segment, sessions, rows, round(rank_ic, 4) AS rank_ic, round(rank_ic_t, 1) AS hac_t,
  round(ic, 4) AS ic, round(coverage, 3) AS coverage
FROM model_metrics WHERE year = 0 AND horizon = 5 ORDER BY segment DESC, rank_ic DESC
"""
STRATEGIES = """
SELECT model_id AS model, round(sharpe_net_validation, 2) AS net_validation, round(sharpe_net_holdout, 2) AS net_holdout,
  round(sharpe_gross_validation, 2) AS gross_validation, round(dsr, 2) AS dsr
FROM strategy_stats WHERE cost_bps = 10 ORDER BY 2 DESC
"""


@dataclass(frozen=True)
class Source:
    """One file and how it is read."""

    file: str
    mapping: str
    year: int


SOURCES = {
    "yahoo": Source("us_daily_yahoo_2012_2017.parquet", "ticker=symbol,closeadj=adj_close", 2014),
    "google": Source("us_daily_google_2000_2017.parquet", "ticker=symbol", 2008),
}


def main() -> int:
    """Print what each file gave, and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data/prices"))
    parser.add_argument("--sources", nargs="+", choices=list(SOURCES), default=list(SOURCES))
    arguments = parser.parse_args()
    data = arguments.data
    if not data.is_dir():
        print(f"{data}: no such folder; name the one with the price files with --data.")
        return 1
    found = {name: _run(name, source, data) for name, source in SOURCES.items() if name in arguments.sources}
    print(json.dumps({"name": "real_prices", **found}))
    return 0


def _run(name: str, source: Source, data: Path) -> dict[str, Any]:
    """Run one file through the path in a home of its own."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        year = ("--year", str(source.year))
        _kairos(home, "import", str(data / source.file), "--dataset", "sep", "--map", source.mapping, "--source", name)
        for step in (("features",), ("universe", *year), ("matrix", *year, "--full"), ("targets", *year)):
            _kairos(home, *step)
        for model in MODELS:
            _kairos(home, "train", "--config", model, *year)
            _kairos(home, "simulate", "--model", model, "--tag", f"top50-{model}", *year)
        found = {
            "rows_in": _rows(home, "SELECT sum(rows) AS n FROM raw_payloads")[0]["n"],
            "rows_kept": _rows(home, "SELECT count(*) AS n FROM sep_base")[0]["n"],
            "quarantined": _rows(home, "SELECT reason, action, count(*) AS n FROM quarantine GROUP BY ALL ORDER BY 3 DESC"),
            "members": _rows(home, "SELECT count(*) AS n FROM midcap_universe")[0]["n"],
            "metrics": _rows(home, METRICS),
            "strategies": _rows(home, STRATEGIES),
            "seconds": round(time.perf_counter() - began),
        }
    for key, value in found.items():
        for line in value if isinstance(value, list) else [value]:
            print(f"{name} {key}: {line}", flush=True)
    return found


def _rows(home: str, statement: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_kairos(home, "sql", statement, "--json"))
    return rows


def _kairos(home: str, *arguments: str) -> str:
    environment = {**os.environ, "KAIROS_HOME": home}
    done = subprocess.run([KAIROS, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"kairos {' '.join(arguments)}: {done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
