"""Joining fundamentals as they were known: every session's close against every version of every fact.

python -m benchmarks.asof_join --names 3000 --years 20

Three statement tables of 20 facts each, four quarters a year with one filing in ten restated later, are joined year by year
to all names on all sessions, as the yearly tables are built; each year's frame is reduced to the sum of its values and
dropped. `as_of` takes what 8,000 names had filed by one instant. The peer is pandas' `merge_asof`, one call for each table
with all facts by name, on a twelfth of the years and names that fit its memory; both do the same smaller work in turns, and
`ratio` is its CPU time over ours. All values are compared once.
"""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from kairos.calendar import sessions_between
from kairos.frames import Frame
from kairos.fundamentals.asof import facts_as_of, join_as_of
from kairos.fundamentals.instants import with_close

TABLES, FACTS = 3, 20
SMALL_NAMES, SMALL_YEARS = 500, 3
LAST_YEAR = 2020
RESTATED = 0.1


def main() -> int:
    """Print figures as they come and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--names", type=int, default=3000)
    parser.add_argument("--years", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    began = time.perf_counter()
    tables = [made_filings(chosen.names, years=chosen.years, seed=seed) for seed in range(TABLES)]
    print(f"made in {time.perf_counter() - began:.1f} s", flush=True)
    rows, wall, cpu = _timed(lambda: _full(tables, chosen.names, years=chosen.years))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"full: {rows} rows x {TABLES * FACTS} facts in {wall:.1f} s, {cpu:.1f} s CPU, peak {peak:.2f} GB", flush=True)
    instant = _instant(8000, runs=5)
    print(f"as_of 8,000 names: {instant * 1000:.0f} ms", flush=True)
    ours, theirs = _compared(chosen.runs)
    summary = {
        "name": "asof_join",
        "ratio": round(theirs / ours, 2),
        "unit": "CPU time of the peer / ours",
        "peer": "pandas merge_asof, all facts of a table in one call, by name",
        "ours": f"{ours:.2f} s CPU against {theirs:.2f}, {SMALL_NAMES} names x {SMALL_YEARS} years",
        "workload": f"{chosen.names} names x {chosen.years} years x {TABLES * FACTS} facts, {rows} rows",
        "full_s": round(wall, 1),
        "full_cpu_s": round(cpu, 1),
        "peak_rss_gb": round(peak, 2),
        "as_of_8000_names_s": round(instant, 3),
    }
    print(json.dumps(summary))
    return 0


def made_filings(names: int, *, years: int, seed: int) -> Frame:
    """Return versions of one statement table: a quarter known 20 to 90 days after its end, one in ten restated later."""
    chance = np.random.default_rng(seed)
    ends = [date(year, month, 28) for year in range(LAST_YEAR - years - 1, LAST_YEAR + 1) for month in (3, 6, 9, 12)]
    count = names * len(ends)
    end = np.tile(np.array(ends, dtype="datetime64[us]"), names)
    known = end + chance.integers(20 * 86400, 90 * 86400, count).astype("timedelta64[s]")
    again = chance.random(count) < RESTATED
    late = known[again] + chance.integers(30, 900, int(again.sum())).astype("timedelta64[D]")
    name = np.repeat(np.arange(names), len(ends))
    frame = pl.DataFrame(
        {
            "permaticker": np.concatenate([name, name[again]]),
            "period_end": np.concatenate([end, end[again]]),
            "known_at": np.concatenate([known, late]),
            **{f"fact_{seed}_{fact}": chance.normal(size=count + int(again.sum())) for fact in range(FACTS)},
        }
    )
    quarter = pl.format("Q{}", pl.col("period_end").dt.quarter()).alias("period")
    return frame.with_columns(quarter, pl.col("period_end").cast(pl.Date), pl.col("known_at").dt.replace_time_zone("UTC")).sort(
        "permaticker", "period_end", "period", "known_at"
    )


def panel_of(names: int, year: int) -> Frame:
    """Return every name on every session of a year."""
    days = sessions_between(date(year, 1, 1), date(year, 12, 31))
    return pl.DataFrame({"permaticker": np.repeat(np.arange(names), len(days)), "session": pl.Series(list(days) * names)})


def _facts(table: Frame) -> list[str]:
    return [name for name in table.columns if name.startswith("fact_")]


def _ours(tables: list[Frame], panel: Frame) -> Frame:
    for table in tables:
        panel = join_as_of(panel, table, _facts(table)).drop("facts_known_at", "period_end", "reported_at")
    return panel


def _full(tables: list[Frame], names: int, *, years: int) -> int:
    rows = 0
    for year in range(LAST_YEAR - years + 1, LAST_YEAR + 1):
        made = _ours(tables, panel_of(names, year))
        rows += made.height
        if not np.isfinite(made.select(pl.selectors.float().sum()).sum_horizontal()[0]):
            raise SystemExit(f"{year}: a sum of facts is no number.")
    return rows


def _instant(names: int, *, runs: int) -> float:
    versions = made_filings(names, years=18, seed=9)
    seconds = []
    for run in range(runs):
        began = time.perf_counter()
        found = facts_as_of(versions, datetime(2010 + run, 5, 20, tzinfo=UTC))
        seconds.append(time.perf_counter() - began)
        if found.height != names:
            raise SystemExit(f"as of: {found.height} names, expected {names}.")
    return median(seconds)


def _compared(runs: int) -> tuple[float, float]:
    """Return the CPU seconds of ours and of the peer on the same small work, in turns; their values are the same."""
    tables = [made_filings(SMALL_NAMES, years=SMALL_YEARS, seed=seed) for seed in range(TABLES)]
    panel = pl.concat([panel_of(SMALL_NAMES, year) for year in range(LAST_YEAR - SMALL_YEARS + 1, LAST_YEAR + 1)])
    panel = panel.sort("permaticker", "session")
    peer = _Peer(tables, panel)
    first, other = _ours(tables, panel), peer.join()
    for column in (name for table in tables for name in _facts(table)):
        if not np.array_equal(first[column].to_numpy(), other[column].to_numpy(), equal_nan=True):
            raise SystemExit(f"{column}: ours and the peer's differ.")
    pairs = [(_timed(lambda: _ours(tables, panel).height)[2], _timed(lambda: len(peer.join()))[2]) for _ in range(runs)]
    return median(own for own, _ in pairs), median(their for _, their in pairs)


class _Peer:
    """The same join in pandas: the newest period so far is found by a running maximum, then merged as of the close."""

    def __init__(self, tables: list[Frame], panel: Frame) -> None:
        self.tables = [table.to_pandas() for table in tables]
        self.panel = with_close(panel).to_pandas()

    def join(self) -> Any:  # noqa: ANN401 - the type checker does not know pandas
        """Return the panel with all facts, sorted by name and session."""
        import pandas as pd

        out = self.panel.sort_values("closes_at", kind="stable")
        for table in self.tables:
            versions = table.sort_values("known_at", kind="stable")
            newest = versions.groupby("permaticker")["period_end"].cummax()
            seen = versions[versions["period_end"] == newest].drop(columns=["period_end", "period"])
            out = pd.merge_asof(out, seen, left_on="closes_at", right_on="known_at", by="permaticker").drop(columns="known_at")
        return out.sort_values(["permaticker", "session"])


def _timed(work: Callable[[], int]) -> tuple[int, float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    sys.exit(main())
