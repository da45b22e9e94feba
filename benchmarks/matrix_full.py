"""The full matrix of 3,000 names over 3,780 sessions with 300 features, and its forward returns, beside writing the same bytes.

python -m benchmarks.matrix_full --names 3000 --sessions 3780 --features 300 --folder FOLDER

Feature tables of made-up values are written as the product writes them. Each step then runs in a process of its own, whose
largest resident set is told: the matrix and the targets, made, checked and stored by the functions that their assets call,
and, as the floor, the matrix' years read from it and written by the same writer and nothing else. The folder, a temporary
one by default, needs about 2.5 times the matrix; it is emptied.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shutil import rmtree

import numpy as np
import polars as pl

from kairos.calendar import sessions_between
from kairos.features.core import KEY
from kairos.features.matrix import complete_by_year
from kairos.frames import Frame, LazyFrame, Parts
from kairos.tables.core import Table
from kairos.tables.features import ALL_FINITE, FROM_FACTS, FROM_PRICES, SEPARATE
from kairos.tables.market import DAILY_RETURNS
from kairos.tables.matrix import FEAT_MATRIX_COMPLETE, FEAT_MATRIX_TARGETS
from kairos.targets.parts import targets_by_parts
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from kairos.warehouse.writing import Change, write

BY = Commit("benchmark")
FIRST = date(2008, 1, 1)
LAST = date(2023, 12, 31)
SOURCES = (*FROM_PRICES, *FROM_FACTS, *SEPARATE)


@dataclass(frozen=True)
class Size:
    """How large a matrix is."""

    names: int
    sessions: int
    features: int

    @property
    def days(self) -> tuple[date, ...]:
        """Its sessions."""
        return sessions_between(FIRST, LAST)[: self.sessions]

    @property
    def years(self) -> list[int]:
        """Its calendar years."""
        return sorted({day.year for day in self.days})

    def keys(self, year: int) -> Frame:
        """Return every name on every session of a year."""
        days = pl.DataFrame({"session": [day for day in self.days if day.year == year]})
        return days.join(pl.DataFrame({"permaticker": np.arange(self.names)}), how="cross").select(KEY)

    def columns(self) -> dict[str, list[str]]:
        """Return the features taken from each table; the last tables give what is still wanted."""
        chosen, left = {}, self.features
        for table in SOURCES:
            names = [name for name, dtype in table.dtypes.items() if dtype == pl.Float32][:left]
            left -= len(names)
            chosen[table.name] = names
        return chosen


def main() -> int:
    """Print each step's figures as they come and one JSON line last."""
    parser = argparse.ArgumentParser()
    for name, value in (("names", 3000), ("sessions", 3780), ("features", 300)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--step", choices=list(STEPS))
    chosen = parser.parse_args()
    size = Size(chosen.names, chosen.sessions, chosen.features)
    if chosen.step:
        return _measured(chosen.step, chosen.folder, size)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        found = {step: _run(step, folder, size) for step in STEPS}
    made, floor, targets = (found[step] for step in ("matrix", "floor", "targets"))
    summary = {
        "name": "matrix_full",
        "workload": f"{size.names:,} names x {size.sessions:,} sessions x {size.features} features, float32",
        "rows": made["rows"],
        "gigabytes": round(made["bytes"] / 1e9, 2),
        "matrix_peak_gb": made["peak_gb"],
        "matrix_cpu_s": made["cpu_s"],
        "matrix_wall_s": made["wall_s"],
        "floor_cpu_s": floor["cpu_s"],
        "floor_wall_s": floor["wall_s"],
        "cpu_over_floor": round(made["cpu_s"] / floor["cpu_s"], 2),
        "targets_peak_gb": targets["peak_gb"],
        "targets_cpu_s": targets["cpu_s"],
        "targets_wall_s": targets["wall_s"],
    }
    print(json.dumps(summary))
    return 0


def _run(step: str, folder: str, size: Size) -> dict[str, float]:
    """Run a step in a process of its own; return what it told last."""
    asked = [f"--names={size.names}", f"--sessions={size.sessions}", f"--features={size.features}"]
    command = [sys.executable, "-m", "benchmarks.matrix_full", f"--step={step}", f"--folder={folder}", *asked]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    sys.stdout.write(done.stdout)
    sys.stdout.flush()
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _measured(step: str, folder: Path, size: Size) -> int:
    told = STEPS[step](folder, size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"step": step, **told, "peak_gb": round(peak, 2)}))
    return 0


def _made_up(folder: Path, size: Size) -> dict[str, float]:
    """Write the feature tables and the returns."""
    warehouse, chance = Warehouse(folder), np.random.default_rng(1)
    chosen = size.columns()
    for year in size.years:
        keys = size.keys(year)
        for table in (table for table in SOURCES if chosen[table.name]):
            _add(warehouse, table, _features(keys, table, chosen[table.name], chance), year=year)
        _add(warehouse, DAILY_RETURNS, _returns(keys, chance), year=year)
    return {"bytes": _bytes(folder)}


def _add(warehouse: Warehouse, table: Table, rows: Frame, *, year: int) -> None:
    """Add a year's rows as they are written, unchecked."""
    dated = table.conform(rows).with_columns(year=pl.lit(year, pl.Int32))
    write(warehouse.path(table), dated, Change(table, "append", None, BY, merge=False), sleep=time.sleep)


def _features(keys: Frame, table: Table, names: list[str], chance: np.random.Generator) -> Frame:
    """Return values for the named features; the table's other columns stay unknown."""
    values = [pl.Series(name, chance.standard_normal(keys.height, dtype=np.float32)) for name in names]
    rest = [pl.lit(None, dtype).alias(name) for name, dtype in table.dtypes.items() if name not in {*KEY, *names}]
    return keys.with_columns(values).with_columns(rest)


def _returns(keys: Frame, chance: np.random.Generator) -> Frame:
    known = {
        "ret_cc": pl.Series(chance.normal(0, 0.02, keys.height)),
        "ret_source": pl.lit("close"),
        "is_delisting": pl.lit(False),
    }
    rest = [pl.lit(None, dtype).alias(name) for name, dtype in DAILY_RETURNS.dtypes.items() if name not in {*KEY, *known}]
    return keys.with_columns(**known).with_columns(rest)


def _matrix(folder: Path, size: Size) -> dict[str, float]:
    """Make and store the matrix as its asset does."""
    warehouse, chosen = Warehouse(folder), size.columns()
    features = [warehouse.scan(table).select(*KEY, *chosen[table.name]) for table in SOURCES if chosen[table.name]]
    parts = complete_by_year(_members(size), features, tickers=_tickers(size), universe_year=FIRST.year, variant="full")
    return _stored(warehouse, FEAT_MATRIX_COMPLETE, lambda: parts)


def _targets(folder: Path, size: Size) -> dict[str, float]:
    """Make and store the targets as their asset does; the feature tables are no longer needed."""
    warehouse = Warehouse(folder)
    for table in SOURCES:
        rmtree(warehouse.path(table), ignore_errors=True)
    matrix: LazyFrame = warehouse.scan(FEAT_MATRIX_COMPLETE, as_written=True)

    def make() -> Parts:
        returns = warehouse.read(DAILY_RETURNS)
        return targets_by_parts(matrix, returns, tickers=_tickers(size), universe_year=FIRST.year)

    return _stored(warehouse, FEAT_MATRIX_TARGETS, make)


def _floor(folder: Path, size: Size) -> dict[str, float]:
    """Write each year of the matrix anew, elsewhere, by the same writer, and time nothing but that."""
    matrix = Warehouse(folder).scan(FEAT_MATRIX_COMPLETE, as_written=True)
    change = Change(FEAT_MATRIX_COMPLETE, "overwrite", None, BY, merge=True)
    cpu = wall = 0.0
    for year in size.years:
        rows = matrix.filter(pl.col("session").is_between(date(year, 1, 1), date(year, 12, 31))).collect()
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            began = time.process_time(), time.perf_counter()
            write(Path(aside) / "written", Parts([rows].__iter__), change, sleep=time.sleep)
            cpu, wall = cpu + time.process_time() - began[0], wall + time.perf_counter() - began[1]
    return {"cpu_s": round(cpu, 1), "wall_s": round(wall, 1)}


def _stored(warehouse: Warehouse, table: Table, make: Callable[[], Parts]) -> dict[str, float]:
    """Check and store the parts as an asset's are, telling of each."""
    began = time.process_time(), time.perf_counter()

    def told() -> Iterator[Frame]:
        for part in make():
            if not ALL_FINITE.run(part).passed:
                raise SystemExit(f"{table.name}: a value is not finite.")
            spent = time.process_time() - began[0]
            print(f"{table.name}: {part['session'].max()}, {part.height:,} rows, {spent:.0f} s CPU so far", flush=True)
            yield part
            del part

    warehouse.replace_by_parts(table, Parts(told), partition={"universe_year": FIRST.year}, commit=BY)
    spent = [round(now - then, 1) for now, then in zip((time.process_time(), time.perf_counter()), began, strict=True)]
    return {"cpu_s": spent[0], "wall_s": spent[1], "rows": warehouse.rows(table), "bytes": _bytes(warehouse.path(table))}


def _members(size: Size) -> Frame:
    entry = {"universe_year": FIRST.year, "entry": size.days[0], "exit": None}
    types = {"universe_year": pl.Int32, "entry": pl.Date, "exit": pl.Date}
    return _tickers(size).select("permaticker", "ticker", *(pl.lit(entry[name], types[name]).alias(name) for name in entry))


def _tickers(size: Size) -> Frame:
    names = pl.DataFrame({"permaticker": np.arange(size.names)})
    return names.with_columns(
        ticker=pl.format("N{}", "permaticker"), valid_from=pl.lit(FIRST), delisting_reason=pl.lit(None, pl.String)
    )


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


STEPS = {"tables": _made_up, "matrix": _matrix, "floor": _floor, "targets": _targets}

if __name__ == "__main__":
    sys.exit(main())
