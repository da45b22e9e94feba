"""The nightly proof that increments leave nothing behind: years built anew from what they were made from, bit by bit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from assets.features import YEARS_BACK
from kairos.calendar import NEW_YORK
from kairos.features.core import FeatureSet, build
from kairos.features.fingerprint import fingerprint
from kairos.features.rebuilt import Difference, chosen_years, first_difference
from kairos.features.registry import FEATURE_SETS, SEPARATE_SETS
from kairos.tables import market
from kairos.tables.registry import TABLES
from resources.platform import Platform
from resources.standing import provable
from resources.table_io import Read, TableIO

NAME = "incremental_proof"
DAY = "kairos/proof-of"  # tag of a run: the day that draws the years; the day of the clock by default
SETS: Mapping[str, FeatureSet] = FEATURE_SETS | SEPARATE_SETS
RETURNS = Read(market.DAILY_RETURNS, years_back=YEARS_BACK, shared=True)
SAYS = (
    "The newest year, and one more by chance, are built anew from the returns that they were made from and compared with what "
    "stands, bit by bit. Runs every night."
)


@dataclass(frozen=True)
class Proof:
    """What became of one year.

    Attributes:
        year: Which one.
        rows: Rows that stand.
        difference: The first, if there is any.
    """

    year: str
    rows: int
    difference: Difference | None


@dg.multi_asset_check(
    name="years_built_anew",  # the job has the name
    specs=[dg.AssetCheckSpec(NAME, asset=name, description=SAYS, blocking=True) for name in SETS],
    can_subset=True,
)
def incremental_proof(
    context: dg.AssetCheckExecutionContext, platform: Platform, table_io: TableIO
) -> Iterator[dg.AssetCheckResult]:
    """Build years anew and compare; a run in which one differs fails and names the first value."""
    tagged = context.run.tags.get(DAY)
    day = date.fromisoformat(tagged) if tagged else platform.clock.now().astimezone(NEW_YORK).date()
    broken = []
    for name in sorted(key.asset_key.path[-1] for key in context.selected_asset_check_keys):
        proofs = proved(table_io, SETS[name], day=day)
        broken += [f"{name}[{proof.year}]: {proof.difference}" for proof in proofs if proof.difference]
        yield _result(name, proofs, day=day)
    if broken:
        raise dg.Failure(f"{broken[0]}. Build the year again and find out who wrote it.", allow_retries=False)


def proved(table_io: TableIO, feature_set: FeatureSet, *, day: date) -> list[Proof]:
    """Compare the years of a day with what they are when built anew."""
    warehouse, table = table_io.platform.warehouse, TABLES[feature_set.name]
    known = provable(warehouse, table, read=RETURNS.table, years_back=YEARS_BACK, fingerprint=fingerprint())
    proofs = []
    for key in chosen_years([*known], day=day, table=table.name):
        stored = table_io.partition_rows(table, key=key)
        returns = table_io.load(RETURNS, consumer=table, key=key, versions={RETURNS.table.name: known[key]})
        anew = table.conform(build(feature_set, returns, year=int(key)))
        proofs.append(Proof(key, stored.height, first_difference(stored, anew)))
    return proofs


def _result(name: str, proofs: Sequence[Proof], *, day: date) -> dg.AssetCheckResult:
    """Return the verdict on a table for the UI, with a row for each year."""
    broken = [proof for proof in proofs if proof.difference]
    years = ", ".join(proof.year for proof in proofs)
    held = f"{years} as built anew, bit by bit" if proofs else "no year was made by the code as it is; nothing to compare"
    records = [
        dg.TableRecord({"table": name, "year": proof.year, "rows": proof.rows, "difference": str(proof.difference or "none")})
        for proof in proofs
    ]
    return dg.AssetCheckResult(
        asset_key=name,
        check_name=NAME,
        passed=not broken,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{broken[0].year}: {broken[0].difference}" if broken else held,
        metadata={
            "years": dg.MetadataValue.table(records, schema=_SHOWN),
            "drawn by": day.isoformat(),
            "rows compared": sum(proof.rows for proof in proofs),
        },
    )


_SHOWN = dg.TableSchema(
    columns=[dg.TableColumn(column, kind) for column, kind in
             (("table", "string"), ("year", "string"), ("rows", "int"), ("difference", "string"))]
)  # fmt: skip
PROOF_KEYS = frozenset(incremental_proof.check_keys)
"""Asked by their own job; runs that fill assets leave them out."""
