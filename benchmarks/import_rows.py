"""Seconds from a price file to `sep_base`.

python -m benchmarks.import_rows --rows 500000 --runs 3

The rows are an embedded market's as the vendor's CSV has them; they go through the assets that `kairos import` fills.
Process start is not counted: imports are done before the clock starts.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

import polars as pl

from kairos.sandbox.market import generate
from kairos.sandbox.sizes import MarketSize
from kairos.sandbox.views import VendorView
from kairos.settings import load_settings
from kairos.tables.market import SEP_BASE
from kairos.warehouse.store import Warehouse
from kairos_dagster.runs import run_assets
from kairos_dagster.steps import years_with_raw_prices

SIZE = MarketSize(420, date(2011, 1, 3), date(2017, 12, 29))
SEED = 7


def main() -> int:
    """Print one line per run and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sep.csv"
        _price_file(file, chosen.rows)
        _imported(file, Path(folder) / "first", chosen.rows)  # loads what is loaded when it is first used
        taken = [_imported(file, Path(folder) / f"home{run}", chosen.rows) for run in range(chosen.runs)]
    for seconds in taken:
        print(f"{chosen.rows:,} rows: {seconds:.2f} s", flush=True)
    summary = {
        "name": "import_rows",
        "unit": "s from a CSV file to sep_base, without process start",
        "workload": f"{chosen.rows:,} rows of {SIZE.names} names",
        "seconds": round(median(taken), 2),
    }
    print(json.dumps(summary))
    return 0


def _price_file(file: Path, rows: int) -> None:
    market = generate(SIZE, SEED)
    prices = VendorView(market, market.last_session).rows("SEP").sort("date", "ticker").head(rows).collect()
    if prices.height < rows:
        raise AssertionError(f"the market has {prices.height:,} rows, {rows:,} were asked for")
    prices.write_csv(file)


def _imported(file: Path, home: Path, rows: int) -> float:
    settings = load_settings(home=home)
    config = {"ops": {"raw_payloads_bulk": {"config": {"paths": [str(file)], "dataset": "sep"}}}}
    began = time.perf_counter()
    run_assets(settings, ["raw_payloads_bulk", "raw_sep_bulk"], run_config=config)
    run_assets(settings, ["sep_versions", "sep_base"], partitions=years_with_raw_prices(settings))
    seconds = time.perf_counter() - began
    kept = Warehouse(settings.warehouse).scan(SEP_BASE).select(pl.len()).collect().item()
    if kept < 0.99 * rows:
        raise AssertionError(f"sep_base holds {kept:,} of {rows:,} rows")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
