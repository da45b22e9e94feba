"""Rows that say which write they belong to, so that a torn, lost or repeated one shows in what is read.

Every replacing write has a number of its own; it stands in each of its rows and decides how many there are.
"""

from datetime import UTC, date, datetime

import polars as pl

from kairos.tables.market import MV_LIQUIDITY_60D, SEP_VERSIONS
from kairos.tables.models import TRIALS
from kairos.tables.raw import QUARANTINE, RAW_PAYLOADS, RAW_SEP
from kairos.tables.universe import MIDCAP_UNIVERSE

WRITERS = 4
TURNS = 1_000_000  # more than a writer makes
EARLY, LATE = datetime(2001, 1, 9, 22, tzinfo=UTC), datetime(2001, 2, 9, 22, tzinfo=UTC)
YEARS = {0: (1990, 1991), 1: (1992, 1993), 2: (1994,), 3: (1994,)}  # the last two writers write the same partitions
ALONE = (1990, 1991, 1992, 1993)
SHARED = 1994
SUITE_YEARS = (*ALONE, SHARED)
ROWS_A_PAYLOAD = 5
REPLACED = {"mv_liquidity_60d": "year", "sep_versions": "year", "midcap_universe": "universe_year"}
APPENDED = {"raw_payloads": 1, "raw_sep": ROWS_A_PAYLOAD, "quarantine": 2, "trials": 1}  # in the order they are written
NUMBER = {  # how to get a write's number out of a row
    "mv_liquidity_60d": pl.col("avg_dollar_vol_60d").cast(pl.Int64),
    "sep_versions": pl.col("payload_id").cast(pl.Int64),
    "midcap_universe": pl.col("ticker").cast(pl.Int64),
}
YEAR = {
    "mv_liquidity_60d": pl.col("session").dt.year(),
    "sep_versions": pl.col("session").dt.year(),
    "midcap_universe": pl.col("universe_year"),
}


def number(writer: int, turn: int) -> int:
    return (writer + 1) * TURNS + turn


def height(table: str, write: int) -> int:
    """How many rows a write has."""
    return (20 + write * 7919 % 61) * (2 if table == "sep_versions" else 1)


def replacing(table: str, year: int, write: int) -> pl.DataFrame:
    """The rows that a write puts into a partition."""
    return {"mv_liquidity_60d": _liquidity, "sep_versions": _versions, "midcap_universe": _universe}[table](year, write)


def _liquidity(year: int, write: int) -> pl.DataFrame:
    count = height("mv_liquidity_60d", write)
    rows = {"permaticker": range(count), "session": [date(year, 1, 9)] * count, "zero_volume_days_60d": [0] * count}
    values = dict.fromkeys(("avg_dollar_vol_60d", "median_dollar_vol_60d"), [float(write)] * count)
    return pl.DataFrame(rows | values, schema_overrides=MV_LIQUIDITY_60D.dtypes)


def _versions(year: int, write: int) -> pl.DataFrame:
    """Every name twice: as first known, and corrected a month later."""
    names = height("sep_versions", write) // 2
    blank = dict.fromkeys(SEP_VERSIONS.columns) | {"session": date(year, 1, 9), "ticker": "SUITE", "source": "suite"}
    known = {"known_source": "observed", "fetched_at": LATE, "payload_id": str(write), "row": 0, "volume": 1.0}
    rows = [
        blank | known | {"permaticker": name, "close": float(write) + later, "known_at": at}
        for name in range(names)
        for later, at in enumerate((EARLY, LATE))
    ]
    return pl.DataFrame(rows, schema=SEP_VERSIONS.dtypes)


def _universe(year: int, write: int) -> pl.DataFrame:
    count = height("midcap_universe", write)
    blank = dict.fromkeys(MIDCAP_UNIVERSE.columns) | {"universe_year": year, "ticker": str(write), "reason": "trading"}
    rows = [blank | {"permaticker": name, "entry": date(year, 1, 9)} for name in range(count)]
    return pl.DataFrame(rows, schema=MIDCAP_UNIVERSE.dtypes)


def appended(table: str, name: str) -> pl.DataFrame:
    """The rows of a payload, or of a trial, of that name."""
    common = {"payload_id": name, "source": "suite", "dataset": "sep", "fetched_at": LATE, "received_year": 1994}
    day = date(1994, 1, 7)
    if table == "raw_sep":
        rows = [common | {"row": row, "ticker": "SUITE", "date": day} for row in range(ROWS_A_PAYLOAD)]
        return _filled(rows, RAW_SEP)
    if table == "raw_payloads":
        sizes = {"bytes": 1, "rows": ROWS_A_PAYLOAD, "rejected": 2}
        return _filled([common | sizes | {"sha256": "x", "session": day, "request": "r", "path": "p"}], RAW_PAYLOADS)
    if table == "quarantine":
        why = {"writer": "suite", "year": 1994, "reason": "suite", "action": "row_rejected", "detail": "{}"}
        return _filled([common | why | {"row": row} for row in range(2)], QUARANTINE)
    tried = {"trial_id": name, "kind": "simulation", "name": "suite", "universe_year": 1994, "horizon": 5}
    return _filled([tried | {"data_set": "suite", "config": "{}", "first_seen": LATE}], TRIALS)


def _filled(rows, table):
    return pl.DataFrame([dict.fromkeys(table.columns) | row for row in rows], schema=table.dtypes, strict=False, orient="row")


def seen_replaced(table: str, frame: pl.DataFrame) -> list[dict]:
    """What a read shows of each of the suite's partitions: its rows, and the writes they come from."""
    grouped = (
        frame.select(YEAR[table].cast(pl.Int64).alias("year"), NUMBER[table].alias("write"))
        .group_by("year")
        .agg(pl.len().alias("rows"), pl.col("write").min().alias("least"), pl.col("write").max().alias("most"))
    )
    found = {row["year"]: row for row in grouped.to_dicts()}
    absent = {"rows": 0, "least": -1, "most": -1}  # every partition has rows at any time
    return [{"table": table} | found.get(year, absent | {"year": year}) for year in SUITE_YEARS]


def seen_appended(table: str, frame: pl.DataFrame) -> dict:
    """What a read shows of the suite's payloads: how many, and with how few and many rows."""
    identity, ours = ("trial_id", "name") if table == "trials" else ("payload_id", "source")
    kept = frame.filter(pl.col(ours) == "suite")
    sizes = kept.group_by(identity).len()["len"]
    return {"table": table, "payloads": sizes.len(), "least": sizes.min(), "most": sizes.max()}
