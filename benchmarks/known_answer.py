"""What models find on embedded markets where nothing can be found, and of the alpha that is planted where it is.

    python -m benchmarks.known_answer --seeds 301 302 303
    python -m benchmarks.known_answer --seeds 7 --size demo --only off

Each seed is a market brought through the same functions as the assets run, in this process; the models are those of the
checkout. False discoveries are |t| beyond 3 of the mean daily RankIC over 5 sessions in the sealed holdout, Newey and
West's t with Bartlett weights and a lag of 10, without alpha. Recovery is that mean divided by the oracle's on the same rows.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from statistics import mean, stdev
from typing import Any

from kairos.sandbox.sizes import SIZES, MarketSize
from tests.journeys.known_markets import SMALL, build, config_of, learned

SIZED = {"small": SMALL, "demo": SIZES["demo"]}
TRAINED = ("ridge", "lgbm")
SEEDS = [*range(301, 311)]
BEYOND = 3.0
Line = dict[str, Any]


def main() -> int:
    """Run the seeds, print a line per seed, model and segment, and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--size", choices=SIZED, default="small")
    parser.add_argument("--only", choices=("off", "on"), help="markets without alpha, or with it; both by default")
    parser.add_argument("--rounds", type=int, help="trees of lgbm; those of its configuration by default")
    given = parser.parse_args()
    size = SIZED[given.size]
    alphas = [alpha for alpha, name in ((False, "off"), (True, "on")) if given.only in {None, name}]
    lines = [
        line for alpha in alphas for seed in given.seeds for line in _of_seed(seed, size, alpha=alpha, rounds=given.rounds)
    ]
    summary = {
        "name": "known_answer",
        "unit": "5-session RankIC; t Newey-West, Bartlett weights, lag 10",
        "workload": f"{size.names} names, {size.first} to {size.last}, seeds {given.seeds}",
        **(_discoveries([line for line in lines if not line["alpha"]]) if False in alphas else {}),
        **(_recoveries([line for line in lines if line["alpha"]]) if True in alphas else {}),
    }
    print(json.dumps(summary))
    return 0


def _of_seed(seed: int, size: MarketSize, *, alpha: bool, rounds: int | None) -> Iterator[Line]:
    place = build(size, seed, alpha=alpha)
    for model in TRAINED:
        config = config_of(model, rounds=rounds if model == "lgbm" else None)
        for row in learned(place, config).figures.iter_rows(named=True):
            shown = {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
            line = {"seed": seed, "alpha": alpha, "model": model, **shown}
            print(json.dumps(line), flush=True)
            yield line


def _discoveries(lines: list[Line]) -> Line:
    found: Line = {}
    for segment in ("holdout", "validation"):
        ts = [line["rank_ic_t"] for line in lines if line["segment"] == segment]
        found[f"beyond_{BEYOND:g}_{segment}"] = f"{sum(abs(t) > BEYOND for t in ts)} of {len(ts)}"
        found[f"largest_t_{segment}"] = round(max(ts, key=abs), 2)
    for model in TRAINED:
        ts = [line["rank_ic_t"] for line in lines if (line["model"], line["segment"]) == (model, "holdout")]
        found[f"{model}_t_mean"] = round(mean(ts), 2)
        found[f"{model}_t_sd"] = round(stdev(ts), 2) if len(ts) > 1 else None
    return found


def _recoveries(lines: list[Line]) -> Line:
    found: Line = {}
    for model in TRAINED:
        chosen = [line for line in lines if (line["model"], line["segment"]) == (model, "holdout")]
        for oracle in ("oracle", "oracle_prices"):
            share = mean(line["rank_ic"] for line in chosen) / mean(line[oracle] for line in chosen)
            found[f"{model}_of_{oracle}"] = round(share, 3)
    found["largest_excess_t"] = round(max(line["excess_t"] for line in lines), 2)
    return found


if __name__ == "__main__":
    sys.exit(main())
