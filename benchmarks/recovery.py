"""How much of the embedded market's planted alpha the models recover, over seeds.

    python -m benchmarks.recovery --seeds 201 202 203

Each seed is a whole `kairos demo` in a home of its own. Recovery is a model's mean daily RankIC over 5 sessions divided
by the oracle's, on the same rows and labels; `price` is the oracle's price-based part, which is what the features see.
`known_answer` has the same in little, and what is found where nothing is planted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import mean
from typing import Any

from kairos.models.ledger import sealed_holdout
from kairos.models.walkforward import judged
from kairos.sandbox.known_answer import known_answer
from kairos.sandbox.sizes import SIZES
from kairos.settings import load_settings
from kairos.tables.matrix import FEAT_MATRIX_TARGETS
from kairos.tables.models import HOLDOUT_LEDGER, PREDICTIONS
from kairos.warehouse.store import Warehouse

HORIZON = 5
TRAINED = ("ridge", "lgbm")
SEGMENTS = ("validation", "holdout")


def main() -> int:
    """Run the seeds, print a table line per model and seed, and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[201, 202, 203])
    seeds = parser.parse_args().seeds
    found = [line for seed in seeds for line in recovery_of(seed)]
    summary = {
        "name": "recovery",
        "unit": "mean RankIC over seeds, divided by that of the oracle's price-based part; 5 sessions",
        "workload": f"kairos demo, seeds {seeds}",
        **{f"{model}_{segment}": _pooled(found, model, segment) for model in TRAINED for segment in SEGMENTS},
        "oracle_price_rank_ic": round(mean(line["oracle_price"] for line in found), 4),
        "oracle_total_rank_ic": round(mean(line["oracle_total"] for line in found), 4),
    }
    print(json.dumps(summary))
    return 0


def _pooled(found: list[dict[str, Any]], model: str, segment: str) -> float:
    lines = [line for line in found if (line["model"].partition("_")[0], line["segment"]) == (model, segment)]
    return round(mean(line["rank_ic"] for line in lines) / mean(line["oracle_price"] for line in lines), 3)


def recovery_of(seed: int) -> list[dict[str, Any]]:
    """Run the demo on a seed and return one line per model and segment."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        command = [str(Path(sys.executable).parent / "kairos"), "demo", "--seed", str(seed)]
        subprocess.run(command, env={**os.environ, "KAIROS_HOME": str(home)}, check=True, capture_output=True)  # noqa: S603
        return lines_of(home, seed)


def lines_of(home: Path, seed: int) -> list[dict[str, Any]]:
    """Hold the models of a demo's home against the oracle; print and return one line per model and segment."""
    warehouse = Warehouse(load_settings(home=home).warehouse)
    matrix, forecasts = warehouse.read(FEAT_MATRIX_TARGETS), warehouse.read(PREDICTIONS)
    holdout = sealed_holdout(warehouse.read(HOLDOUT_LEDGER), matrix["universe_year"][0])
    told = judged(forecasts.filter(horizon=HORIZON), matrix["session"].unique().sort().to_list(), holdout)
    lines = []
    for (model,), rows in told.group_by("model_id", maintain_order=True):
        answer = known_answer(rows, matrix, target="xs", size=SIZES["demo"], seed=seed, alpha=True)
        lines += [_line(seed, str(model), row) for row in answer.figures.iter_rows(named=True)]
    for line in lines:
        print(json.dumps(line), flush=True)
    return lines


def _line(seed: int, model: str, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "seed": seed,
        "model": model,
        "segment": row["segment"],
        "rank_ic": round(row["rank_ic"], 4),
        "rank_ic_t": round(row["rank_ic_t"], 1),
        "oracle_price": round(row["oracle_prices"], 4),
        "oracle_total": round(row["oracle"], 4),
        "of_price_part": round(row["found"], 3),
    }


if __name__ == "__main__":
    sys.exit(main())
