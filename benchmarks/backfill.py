"""What Dagster's bookkeeping adds to a backfill of daily sessions, per partition and asset.

python -m benchmarks.backfill --sessions 250 --runs 3

The same sessions of the embedded market's smallest size are pulled, read and written twice over the same HTTP server: once
as one run of the five raw assets, as a backfill from the UI makes it, and once by the engine's functions alone.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median

from assets.filling import BATCH
from kairos.frames import stack
from kairos.sandbox.sizes import SIZES
from kairos.settings import Settings, load_settings, write_settings_file
from kairos.sources.ingest import DATASETS, pull_session, read_payloads
from kairos.tables.raw import QUARANTINE, RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos_dagster.demo import evening
from kairos_dagster.runs import run_assets
from kairos_dagster.steps import RAW_DAILY
from resources.platform import Platform
from resources.vendor import Vendor

BY = Commit("benchmark")


def main() -> int:
    """Print one line per run and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=250)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    days = SIZES["tiny"].sessions[-chosen.sessions :]
    with tempfile.TemporaryDirectory() as folder:
        _orchestrated(_home(Path(folder) / "first"), days[:2])  # loads what is loaded when it is first used
        pairs = [
            (_orchestrated(_home(Path(folder) / f"run{run}"), days), _by_hand(_home(Path(folder) / f"hand{run}"), days))
            for run in range(chosen.runs)
        ]
    for run, hand in pairs:
        print(f"{len(days)} sessions: {run:.1f} s as a run, {hand:.1f} s by the engine alone", flush=True)
    parts = len(days) * len(RAW_DAILY)
    summary = {
        "name": "backfill",
        "unit": "ms per partition and asset beyond the work itself",
        "workload": f"{len(days)} sessions x {len(RAW_DAILY)} assets, one run",
        "ms": round(median((run - hand) / parts * 1000 for run, hand in pairs), 1),
        "run_s": round(median(run for run, _ in pairs), 1),
        "work_s": round(median(hand for _, hand in pairs), 1),
    }
    print(json.dumps(summary))
    return 0


def _home(folder: Path) -> Settings:
    now = evening(SIZES["tiny"].sessions[-1])
    write_settings_file(folder, {"KAIROS_VENDOR": "sandbox", "KAIROS_SANDBOX_SIZE": "tiny", "KAIROS_NOW": now.isoformat()})
    return load_settings(home=folder)


def _orchestrated(settings: Settings, days: Sequence[date]) -> float:
    began = time.perf_counter()
    run_assets(settings, RAW_DAILY, partitions=[day.isoformat() for day in days])
    return time.perf_counter() - began


def _by_hand(settings: Settings, days: Sequence[date]) -> float:
    """Do the same without an orchestrator: pull every session, then read each dataset, as many sessions in a commit."""
    platform = Platform(home=str(settings.home))
    warehouse = platform.warehouse
    vendor = Vendor(platform=platform)
    began = time.perf_counter()
    with vendor.client() as client:
        for day in days:
            records = pull_session(client, platform.payloads, day, warehouse=warehouse, min_tickers=vendor.min_tickers)
            warehouse.append_new(RAW_PAYLOADS, records, commit=BY)
    records = warehouse.read(RAW_PAYLOADS)
    for dataset in DATASETS:
        for at in range(0, len(days), BATCH):
            found = [
                read_payloads(records, platform.payloads, dataset=dataset, session=day, warehouse=warehouse)
                for day in days[at : at + BATCH]
            ]
            warehouse.append_new(QUARANTINE, stack(*(part.quarantine for part in found)), commit=BY)
            warehouse.append_new(TABLES[f"raw_{dataset}"], stack(*(part.rows for part in found)), commit=BY)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
