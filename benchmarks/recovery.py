"""How much of the embedded market's planted alpha the models recover, over seeds.

    python -m benchmarks.recovery --seeds 201 202 203

Each seed is a whole `kairos demo` in a home of its own. Recovery is a model's mean daily RankIC over 5 sessions divided
by the oracle's, on the same rows and labels; `price` is the oracle's price-based part, which is what the features see.
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

import polars as pl

from kairos.evaluation.ic import daily_ic
from kairos.frames import Frame
from kairos.sandbox.market import generate
from kairos.sandbox.truth import oracle
from kairos.settings import load_settings
from kairos.warehouse.query import run_sql
from kairos.warehouse.store import Warehouse

HORIZON = 5
TRAINED = ("ridge", "lgbm")
SEGMENTS = ("validation", "holdout")
SCORES = """
SELECT p.model_id, p.segment, p.permaticker, p.session, p.score, m.ret_5d_f_xs AS label
FROM predictions p JOIN feat_matrix_targets m USING (universe_year, permaticker, session)
WHERE p.horizon = 5 AND m.ret_5d_f_xs IS NOT NULL
"""


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
        scores = run_sql(Warehouse(load_settings(home=home).warehouse), SCORES)
    truth = oracle(generate("demo", seed), horizons=(HORIZON,)).select("permaticker", "session", "price_part", "total")
    rows = scores.join(truth, on=["permaticker", "session"], how="inner", validate="m:1")
    lines = [_line(seed, group) for _, group in rows.group_by("model_id", "segment", maintain_order=True)]
    for line in lines:
        print(json.dumps(line), flush=True)
    return lines


def _line(seed: int, rows: Frame) -> dict[str, Any]:
    model, price, total = (_rank_ic(rows, name) for name in ("score", "price_part", "total"))
    return {
        "seed": seed,
        "model": rows["model_id"][0],
        "segment": rows["segment"][0],
        "rank_ic": round(model, 4),
        "oracle_price": round(price, 4),
        "oracle_total": round(total, 4),
        "of_price_part": round(model / price, 3),
    }


def _rank_ic(rows: Frame, score: str) -> float:
    found: float = daily_ic(rows, score=score, label="label").select(pl.col("rank_ic").mean()).item()
    return found


if __name__ == "__main__":
    sys.exit(main())
