"""`table_asset` makes a Dagster asset of a table and the engine function that fills it.

Key, group, schema, description, partitions, checks and lineage come from the table registry. The partitions of one run
are filled one after the other, each in one commit, so that a failure leaves the ones before it done.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from assets import metadata
from assets.partitions import definition, edge
from kairos.errors import ContractError, KairosError
from kairos.frames import Frame
from kairos.tables.core import Check, Cleaned, Outcome, Partition, Table
from resources.platform import Platform
from resources.table_io import Read, TableIO

OWNERS = ["team:kairos"]
CONTRACT = "contract"
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
class Part:
    """One partition that was filled."""

    key: str
    frame: Frame
    quarantined: int
    outcomes: dict[str, Outcome]


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


class BlockedError(KairosError):
    """A blocking check failed; the partition's rows were not written."""

    def __init__(self, message: str, outcomes: dict[str, Outcome]) -> None:
        super().__init__(message)
        self.outcomes = outcomes


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
            description=f"{table.description}\n\nFrom: {table.origin}.\n\n{fill.__doc__ or ''}",
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
    """Fill every partition of the run; on a failure report those that are done and raise."""
    keys = [""] if recipe.table.partition is Partition.NONE else list(context.partition_keys)
    reads = table_io.versions((*recipe.reads, *recipe.deps))
    done: list[Part] = []
    for key in keys:
        try:
            done.append(_fill_one(Work(key, platform, context, reads), table_io, recipe))
        except KairosError as error:
            _report_done(context, recipe, done)
            yield from _failed_checks(recipe, error)
            where = f"{recipe.asset_key}[{key}]" if key else recipe.asset_key
            raise dg.Failure(f"{where}: {error}", allow_retries=False) from error
        context.log.info(f"{recipe.asset_key} {key}: {done[-1].frame.height:,} rows")
    yield dg.MaterializeResult(
        asset_key=recipe.asset_key, metadata=_shown(recipe, done, reads), check_results=_check_results(recipe, done)
    )


def _fill_one(work: Work, table_io: TableIO, recipe: Recipe) -> Part:
    """Read, compute, check and store one partition."""
    frames = {read.table.name: table_io.load(read, consumer=recipe.table, key=work.key) for read in recipe.reads}
    made = recipe.fill(work, **frames)
    rows = recipe.table.validate(made.rows if isinstance(made, Cleaned) else made)
    outcomes = {check.name: check.run(rows) for check in recipe.checks}
    broken = [check.name for check in recipe.checks if check.blocking and not outcomes[check.name].passed]
    if broken:
        raise BlockedError(f"check {broken[0]} failed: {outcomes[broken[0]].summary}", outcomes)
    commit = table_io.commit(recipe.asset_key, run_id=work.context.run_id, key=work.key or "-", reads=work.reads)
    quarantine = made.quarantine if isinstance(made, Cleaned) else None
    if recipe.append:
        table_io.add(recipe.table, rows, quarantine, commit=commit)
    else:
        table_io.replace(recipe.table, rows, quarantine, key=work.key, commit=commit)
    return Part(work.key, rows, made.quarantine.height if isinstance(made, Cleaned) else 0, outcomes)


def _shown(recipe: Recipe, done: Sequence[Part], reads: dict[str, int]) -> dict[str, Any]:
    """Return the metadata of a materialisation."""
    rows = sum(part.frame.height for part in done)
    shown: dict[str, Any] = {
        "dagster/row_count": rows,
        "rows quarantined": sum(part.quarantined for part in done),
        "reads": metadata.reads_shown(reads),
    }
    newest = next((part.frame for part in reversed(done) if part.frame.height), None)
    if newest is not None:
        if newest.width <= MAX_PREVIEW_COLUMNS:
            shown["preview"] = metadata.preview(newest)
        if recipe.plot is not None:
            shown["plot"] = metadata.picture(recipe.plot(newest))
    return shown


def _check_results(recipe: Recipe, done: Sequence[Part]) -> list[dg.AssetCheckResult]:
    """Return the verdicts of a run: of several partitions the worst, else the last."""
    held = Outcome(
        passed=True, summary="Holds for every row written.", figures={"rows": sum(part.frame.height for part in done)}
    )
    results = [metadata.check_result(CONTRACT, recipe.asset_key, held, blocking=True)]
    for check in recipe.checks:
        worst = min(done, key=lambda part: part.outcomes[check.name].passed)
        chosen = worst if not worst.outcomes[check.name].passed else done[-1]
        results.append(
            metadata.check_result(check.name, recipe.asset_key, chosen.outcomes[check.name], blocking=check.blocking)
        )
    return results


def _failed_checks(recipe: Recipe, error: KairosError) -> Iterator[dg.AssetCheckResult]:
    """Show which check stopped the run."""
    if isinstance(error, ContractError):
        broken = Outcome(passed=False, summary=str(error), figures={})
        yield metadata.check_result(CONTRACT, recipe.asset_key, broken, blocking=True)
    if isinstance(error, BlockedError):
        for check in recipe.checks:
            yield metadata.check_result(check.name, recipe.asset_key, error.outcomes[check.name], blocking=check.blocking)


def _report_done(context: dg.AssetExecutionContext, recipe: Recipe, done: Sequence[Part]) -> None:
    """Record the partitions that were committed before a later one failed."""
    for part in done:
        context.log_event(
            dg.AssetMaterialization(
                asset_key=recipe.asset_key, partition=part.key or None, metadata={"dagster/row_count": part.frame.height}
            )
        )
