"""What an asset's filling is made of: the recipe of its table, and the work on one partition."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from kairos.features.mending import Mended
from kairos.frames import Frame, LazyFrame, Parts
from kairos.tables.core import Check, Cleaned, Table
from resources.platform import Platform
from resources.standing import Standing
from resources.table_io import Read

ONLY_CHANGED = "kairos/only-changed"  # tag of the runs that follow from an ingest; a person's run builds what it names


@dataclass(frozen=True)
class Work:
    """What an engine function may ask for besides frames.

    Attributes:
        key: Partition key; empty for a table without partitions.
        platform: Settings, clock, warehouse and payloads.
        context: Dagster's context, for progress.
        reads: Versions of the tables read.
    """

    key: str
    platform: Platform
    context: dg.AssetExecutionContext
    reads: dict[str, int]

    @property
    def year(self) -> int:
        """The partition key as a year."""
        return int(self.key)

    def scan(self, table: Table, *, as_written: bool = False) -> LazyFrame:
        """Return a table that is read, lazily, at the version of this run; without rows where it was never written."""
        if table.name not in self.reads:
            return table.empty().lazy()
        return self.platform.warehouse.scan(table, version=self.reads[table.name], as_written=as_written)

    @property
    def only_changed(self) -> bool:
        """Whether what has not changed may be left as it stands."""
        return ONLY_CHANGED in self.context.run.tags

    @property
    def config(self) -> Mapping[str, Any]:
        """What the run configures."""
        return dict(self.context.op_execution_context.op_config or {})


Proof = Callable[[Work, Mapping[str, Frame]], Frame]
"""Returns the leak prover's verdicts on a partition from what was read for it."""


@dataclass(frozen=True)
class Update:
    """How a year of a table that reads one other is brought up to date from what stands of it.

    Attributes:
        mend: Returns the year as the recipe's `fill` would, to the bit, from what stands and what is read now.
        fingerprint: Digest of what the bits follow from beside what is read.
    """

    mend: Callable[[Work, Standing, Mapping[str, Frame]], Mended]
    fingerprint: Callable[[], str]


@dataclass(frozen=True)
class Recipe:
    """How one asset fills its table."""

    table: Table
    asset_key: str
    reads: tuple[Read, ...]
    fill: Callable[..., Frame | Cleaned | Parts]
    plot: Callable[[Frame], bytes] | None = None
    append: bool = False
    deps: tuple[Read, ...] = ()
    checks: tuple[Check, ...] = ()
    from_reads_alone: bool = False
    proof: Proof | None = None
    update: Update | None = None
