"""`table_asset` makes a Dagster asset of a table and the engine function that fills it.

Key, group, schema, description, partitions, checks and lineage come from the table registry. `filling` has how a partition
is filled, `parts` how those of one run follow each other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from assets import metadata
from assets.filling import fill_partitions
from assets.partitions import definition, edge
from assets.parts import CONTRACT
from assets.proof import PROOF, PROOF_SAYS
from assets.recipe import ONLY_CHANGED, Proof, Recipe, Update, Work
from kairos.frames import Frame, Parts
from kairos.tables.core import Check, Cleaned, Partition, Table
from resources.platform import Platform
from resources.table_io import Read, TableIO

__all__ = ["ONLY_CHANGED", "OWNERS", "Work", "check_specs", "table_asset"]

OWNERS = ["team:kairos"]


def table_asset(
    table: Table,
    *,
    reads: Sequence[Read] = (),
    deps: Sequence[Read] = (),
    checks: Sequence[Check] = (),
    plot: Callable[[Frame], bytes] | None = None,
    pool: str | None = None,
    append: bool = False,
    from_reads_alone: bool = False,
    proof: Proof | None = None,
    update: Update | None = None,
    config_schema: Mapping[str, dg.Field] | None = None,
) -> Callable[[Callable[..., Frame | Cleaned | Parts]], dg.AssetsDefinition]:
    """Make an asset of `table` from a function `fill(work, **frames)`; frames bear their tables' names.

    Args:
        table: What is filled.
        reads: What is read; each becomes a keyword argument of the function.
        deps: What the function reads in its own way; it stands in the graph and in the lineage.
        checks: Truths about the rows beyond those of the table.
        plot: Draws the newest partition as a PNG for the UI.
        pool: Dagster pool that bounds how many run at once.
        append: Rows of payloads that the table does not hold yet are added; nothing is replaced.
        from_reads_alone: The rows follow from the reads, tables of calendar years, and from nothing else: a run tagged
            `kairos/only-changed` leaves a year alone whose reads have not changed.
        proof: Tries the features for leaks on what was read; its verdicts go into `feature_leaks`, and a leak blocks.
        update: Brings a year up to date from what stands of it, in runs tagged `kairos/only-changed`.
        config_schema: What a run may configure; the function finds it in `work.config`.
    """

    def decorate(fill: Callable[..., Frame | Cleaned | Parts]) -> dg.AssetsDefinition:
        known = (*table.checks, *checks)
        recipe = Recipe(
            table, table.name, tuple(reads), fill, plot, append, tuple(deps), known, from_reads_alone, proof, update
        )  # fmt: skip

        def body(context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO) -> Iterator[Any]:
            yield from fill_partitions(context, platform, table_io, recipe)

        return dg.asset(
            name=table.name,
            deps=[edge(read, table) for read in (*reads, *deps)],
            partitions_def=definition(table),
            backfill_policy=None if table.partition is Partition.NONE else dg.BackfillPolicy.single_run(),
            group_name=table.group,
            description=metadata.described(table, fill.__doc__ or ""),
            owners=OWNERS,
            kinds={"polars", "deltalake"},
            metadata=metadata.static(table, (*reads, *deps)),
            check_specs=check_specs(table.name, recipe.checks, proof=proof is not None),
            pool=pool,
            config_schema=dict(config_schema or {}),
        )(body)

    return decorate


def check_specs(asset_key: str, checks: Sequence[Check] = (), *, proof: bool = False) -> list[dg.AssetCheckSpec]:
    """Return the specs of an asset's checks: its table's contract, those given, and the leak prover's."""
    contract = dg.AssetCheckSpec(
        CONTRACT, asset=asset_key, description="Columns, types, bounds and key are as declared.", blocking=True
    )
    declared = [
        dg.AssetCheckSpec(check.name, asset=asset_key, description=check.description, blocking=check.blocking)
        for check in checks
    ]
    proven = [dg.AssetCheckSpec(PROOF, asset=asset_key, description=PROOF_SAYS, blocking=True)] if proof else []
    return [contract, *declared, *proven]
