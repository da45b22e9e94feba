"""`table_asset` makes a Dagster asset of a table and the engine function that fills it.

Key, group, schema, description, partitions, checks and lineage come from the table registry. Each partition is filled
in one commit; `parts` has how those of one run follow each other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import dagster as dg

from assets import metadata
from assets.partitions import definition, edge
from assets.parts import CONTRACT, BlockedError, Part, Verdict, fill_parts, validated
from kairos.frames import Frame
from kairos.tables.core import Check, Cleaned, Partition, Table
from resources.platform import Platform
from resources.table_io import Read, TableIO

OWNERS = ["team:kairos"]
MAX_PREVIEW_COLUMNS = 16


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

    @property
    def config(self) -> Mapping[str, Any]:
        """What the run configures."""
        return dict(self.context.op_execution_context.op_config or {})


@dataclass(frozen=True)
class Recipe:
    """How one asset fills its table."""

    table: Table
    asset_key: str
    reads: tuple[Read, ...]
    fill: Callable[..., Frame | Cleaned]
    plot: Callable[[Frame], bytes] | None = None
    append: bool = False
    deps: tuple[Read, ...] = ()
    checks: tuple[Check, ...] = ()


def table_asset(
    table: Table,
    *,
    reads: Sequence[Read] = (),
    deps: Sequence[Read] = (),
    checks: Sequence[Check] = (),
    plot: Callable[[Frame], bytes] | None = None,
    pool: str | None = None,
    append: bool = False,
    config_schema: Mapping[str, dg.Field] | None = None,
) -> Callable[[Callable[..., Frame | Cleaned]], dg.AssetsDefinition]:
    """Make an asset of `table` from a function `fill(work, **frames)`; frames bear their tables' names.

    Args:
        table: What is filled.
        reads: What is read; each becomes a keyword argument of the function.
        deps: What the function reads in its own way; it stands in the graph and in the lineage.
        checks: Truths about the rows beyond those of the table.
        plot: Draws the newest partition as a PNG for the UI.
        pool: Dagster pool that bounds how many run at once.
        append: Rows of payloads that the table does not hold yet are added; nothing is replaced.
        config_schema: What a run may configure; the function finds it in `work.config`.
    """

    def decorate(fill: Callable[..., Frame | Cleaned]) -> dg.AssetsDefinition:
        recipe = Recipe(table, table.name, tuple(reads), fill, plot, append, tuple(deps), (*table.checks, *checks))

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
            metadata=metadata.static(table, reads),
            check_specs=check_specs(table.name, recipe.checks),
            pool=pool,
            config_schema=dict(config_schema or {}),
        )(body)

    return decorate


def check_specs(asset_key: str, checks: Sequence[Check] = ()) -> list[dg.AssetCheckSpec]:
    """Return the specs of an asset's checks: its table's contract, and those given."""
    contract = dg.AssetCheckSpec(
        CONTRACT, asset=asset_key, description="Columns, types, bounds and key are as declared.", blocking=True
    )
    declared = [
        dg.AssetCheckSpec(check.name, asset=asset_key, description=check.description, blocking=check.blocking)
        for check in checks
    ]
    return [contract, *declared]


def fill_partitions(
    context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, recipe: Recipe
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """Fill every partition of the run, all from the same versions of what they read."""
    keys = [""] if recipe.table.partition is Partition.NONE else list(context.partition_keys)
    reads = table_io.versions((*recipe.reads, *recipe.deps))

    def fill(key: str) -> dict[str, Part]:
        return {recipe.asset_key: _fill_one(Work(key, platform, context, reads), table_io, recipe)}

    yield from fill_parts(context, keys, fill, name=recipe.asset_key)


def _fill_one(work: Work, table_io: TableIO, recipe: Recipe) -> Part:
    """Read, compute, check and store one partition."""
    frames = {
        read.table.name: table_io.load(read, consumer=recipe.table, key=work.key, versions=work.reads) for read in recipe.reads
    }
    made = recipe.fill(work, **frames)
    rows = validated(recipe.asset_key, recipe.table, made.rows if isinstance(made, Cleaned) else made)
    verdicts = _checked(recipe, rows)
    quarantine = made.quarantine if isinstance(made, Cleaned) else None
    commit = table_io.commit(recipe.asset_key, run_id=work.context.run_id, key=work.key or "-", reads=work.reads)
    if recipe.append:
        written = table_io.add(recipe.table, rows, quarantine, commit=commit)
    else:
        table_io.replace(recipe.table, rows, quarantine, key=work.key, commit=commit)
        written = rows.height
    draw = partial(recipe.plot, rows) if recipe.plot is not None else None
    shown = _shown(work, table_io, recipe, rows, written=written, set_aside=0 if quarantine is None else quarantine.height)
    return Part(written, shown, verdicts, draw)


def _checked(recipe: Recipe, rows: Frame) -> tuple[Verdict, ...]:
    """Run the checks of an asset.

    Raises:
        BlockedError: A blocking one failed.
    """
    verdicts = tuple(Verdict(recipe.asset_key, check.name, check.run(rows), check.blocking) for check in recipe.checks)
    for verdict in verdicts:
        if verdict.blocking and not verdict.outcome.passed:
            raise BlockedError(f"check {verdict.check} failed: {verdict.outcome.summary}", verdicts)
    return verdicts


def _shown(work: Work, table_io: TableIO, recipe: Recipe, rows: Frame, *, written: int, set_aside: int) -> dict[str, Any]:
    """Return the metadata of one partition."""
    shown = metadata.counts(table_io.rows(recipe.table), written, partitioned=bool(work.key), added=recipe.append)
    shown["rows quarantined"] = set_aside
    shown["reads"] = metadata.reads_shown(work.reads)
    if rows.height and rows.width <= MAX_PREVIEW_COLUMNS:
        shown["preview"] = metadata.preview(rows)
    return shown
