"""How many planted leaks the prover misses, how many honest features it suspects, and how long it takes.

    python -m benchmarks.leak_prover --seeds 801 802 803

Every seed is two markets, one made up and the embedded one, each proven for one calendar year exactly as a partition is: a
sample of names, a few cuts. A case is one planted leak, or one honest feature, on one market.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from kairos.features.leaks.gate import prove_year
from kairos.features.leaks.sample import made_up_filings, made_up_tables, targets
from kairos.features.leaks.subject import Subject
from kairos.frames import Frame
from kairos.sandbox.market import generate
from kairos.sandbox.sizes import MarketSize
from kairos.settings import Settings
from tests.journeys.engine_path import bulk, market_tables, universe_tables
from tests.kairos.features.leaks import declared
from tests.kairos.features.leaks.cases import Case
from tests.kairos.features.leaks.honest import HONEST
from tests.kairos.features.leaks.planted import LEAKS

SEEDS = (807, 808, 809, 810, 811)
YEAR = 2016
SIZE = MarketSize(60, date(2014, 1, 2), date(2016, 12, 30))
MADE_UP_NAMES = 20
Z = 1.96
PUBLISHED = {"missed": (0.0174, 0.0281), "suspected": (0.0, 0.0014)}
"""Rates that docs/leaks.md tells, and the upper ends of their intervals, which one market's cases must keep."""
Tables = Mapping[str, Frame]


@dataclass(frozen=True)
class Line:
    """What came of one case.

    Attributes:
        kind: Kind of leak; `honest` or `registry`.
        name: The feature.
        leaks: Whether it does.
        found: Whether the prover says so.
        seconds: Processor time.
        said: The first finding.
    """

    kind: str
    name: str
    leaks: bool
    found: bool
    seconds: float
    said: str = ""


def main() -> int:
    """Print the misses and suspicions, a line per kind, and one JSON line last."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    seeds = parser.parse_args().seeds
    lines = [line for seed in seeds for tables in (made_up(seed), embedded(seed)) for line in tried(tables)]
    for line in lines:
        if line.leaks != line.found:
            print(f"{'missed' if line.leaks else 'suspected'}: {line.kind}: {line.name} {line.said}")
    for kind in dict.fromkeys(line.kind for line in lines):
        of_kind = [line for line in lines if line.kind == kind]
        print(f"{kind:28} {sum(line.found for line in of_kind):4} of {len(of_kind):4} found")
    print(json.dumps(summary(lines, seeds)))
    return 0


def made_up(seed: int, *, names: int = MADE_UP_NAMES, years_back: int = 2) -> Tables:
    """Return the made-up market of a seed."""
    return made_up_tables(seed, names=names, first=date(YEAR - years_back, 1, 1), last=date(YEAR, 12, 31))


def embedded(seed: int) -> Tables:
    """Return the embedded market of a seed, brought through the path of the assets, with planted alpha; filings are made up."""
    market = generate(SIZE, seed)
    made = market_tables(bulk(market, market.last_session), years=range(YEAR - 2, YEAR + 1))
    made |= universe_tables(made, universe_years=[YEAR - 1], settings=Settings())
    names = made["daily_returns"]["permaticker"].unique().sort()
    filings = made_up_filings(names, first=SIZE.first, last=SIZE.last, chance=np.random.default_rng(seed))
    kept = ("daily_returns", "sep_base", "tickers", "midcap_universe", "daily_metrics")
    return {name: made[name] for name in kept} | {
        "fmp_income_statement": filings, "targets": targets(made["daily_returns"].filter(~pl.col("is_delisting")))
    }  # fmt: skip


def tried(tables: Tables, cases: Sequence[Case] = (*LEAKS, *HONEST)) -> Iterator[Line]:
    """Try every case, the leaks within declared sets and the registry's own sets."""
    for case in cases:
        own = {name: tables[name] for name in dict.fromkeys((*case.reads, "daily_returns"))}
        yield from _lines(case.subject(own), own, case.kind, leaks=case.kind != "honest")
    returns = {"daily_returns": tables["daily_returns"]}
    for subject in declared.leaking(YEAR).values():
        yield from _lines(subject, returns, "declared", leaks=True)
    for subject in declared.registered(YEAR).values():
        yield from _lines(subject, returns, "registry", leaks=False)


def _lines(subject: Subject, tables: Tables, kind: str, *, leaks: bool) -> Iterator[Line]:
    began = time.process_time()
    verdicts = prove_year(subject, tables, year=YEAR)
    took = (time.process_time() - began) / len(subject.features)
    for name in subject.features:
        bad = verdicts.filter(~pl.col("passed"), pl.col("feature") == name)
        said = "" if bad.is_empty() else " ".join(bad.select("probe", "how").row(0))
        yield Line(kind, subject.name if name == "x" else name, leaks, not bad.is_empty(), took, said)


def summary(lines: Sequence[Line], seeds: Sequence[int]) -> dict[str, object]:
    """Return the figures: both rates with Wilson's 95 % intervals, and seconds."""
    planted, honest = ([line for line in lines if line.leaks == leaks] for leaks in (True, False))
    missed, suspected = sum(not line.found for line in planted), sum(line.found for line in honest)
    families = [line.seconds for line in lines if line.kind == "registry"]
    return {
        "name": "leak_prover",
        "unit": "share of cases",
        "workload": f"{len(planted)} planted and {len(honest)} honest cases, seeds {list(seeds)}",
        "missed": round(missed / len(planted), 4),
        "missed_95": wilson(missed, len(planted)),
        "suspected": round(suspected / len(honest), 4),
        "suspected_95": wilson(suspected, len(honest)),
        "cpu_seconds_a_family_year": round(sum(families) / (2 * len(seeds) * len(declared.registered(YEAR))), 3),
    }


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    share, slack = hits / of, Z * Z / of
    middle, half = share + slack / 2, Z * ((share * (1 - share) + slack / 4) / of) ** 0.5
    return round((middle - half) / (1 + slack), 4), round((middle + half) / (1 + slack), 4)


if __name__ == "__main__":
    sys.exit(main())
