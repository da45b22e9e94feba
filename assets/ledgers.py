"""Tables that several assets add to: they stand in the graph, and each writer records what it added."""

import dagster as dg

from assets import metadata
from assets.table_asset import OWNERS
from kairos.tables.core import Table
from kairos.tables.leaks import FEATURE_LEAKS
from kairos.tables.models import TRIALS
from kairos.tables.raw import QUARANTINE


def _ledger(table: Table) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.name,
        group_name=table.group,
        description=metadata.described(table),
        owners=OWNERS,
        kinds={"deltalake"},
        metadata=metadata.static(table, ()),
    )


LEDGERS = [_ledger(table) for table in (TRIALS, QUARANTINE, FEATURE_LEAKS)]
