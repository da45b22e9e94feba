"""Filling partitions: what a recipe reads is read, computed, checked and stored, in one commit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg

from assets import metadata
from assets.increments import filled, with_basis
from assets.parts import BlockedError, Part, Verdict, contract_shown, fill_parts, validated
from assets.proof import PROOF, proven
from assets.recipe import Recipe, Work
from kairos.errors import KairosError
from kairos.frames import Frame, Parts, stack
from kairos.tables.core import Cleaned, Outcome, Partition, Table
from kairos.tables.raw import QUARANTINE
from kairos.warehouse.commit import Commit
from resources.platform import Platform
from resources.table_io import TableIO

MAX_PREVIEW_COLUMNS = 16
BATCH = 64  # sessions whose rows are added in one commit
HELD_BYTES = 1 << 30  # of a partition that comes in parts; a larger one is stored part by part
DRAWN = 100  # of the rows of such a one every hundredth is drawn


def fill_partitions(
    context: dg.AssetExecutionContext, platform: Platform, table_io: TableIO, recipe: Recipe
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[Any]]:
    """Fill every partition of the run, all from the same versions of what they read."""
    keys = [""] if recipe.table.partition is Partition.NONE else list(context.partition_keys)
    reads = table_io.versions((*recipe.reads, *recipe.deps))

    def work_on(key: str) -> Work:
        return Work(key, platform, context, reads)

    def fill_one(key: str) -> Part:
        return _fill_one(work_on(key), table_io, recipe)

    in_batches = recipe.append and recipe.table.partition is Partition.SESSIONS
    fill = Batches(table_io, recipe, keys, work_on) if in_batches else fill_one
    yield from fill_parts(context, keys, lambda key: {recipe.asset_key: fill(key)}, name=recipe.asset_key)


class Batches:
    """Fills the sessions of a table that rows are added to: read and written many at a time, told of one by one.

    Args:
        table_io: Reads and writes.
        recipe: How the table is filled.
        keys: The sessions of the run, ascending.
        work_on: Makes the work on one of them.
    """

    def __init__(self, table_io: TableIO, recipe: Recipe, keys: Sequence[str], work_on: Callable[[str], Work]) -> None:
        self._table_io = table_io
        self._recipe = recipe
        self._keys = list(keys)
        self._work_on = work_on
        self._made: dict[str, Part | KairosError] = {}

    def __call__(self, key: str) -> Part:
        """Return what came of a session; the first of a batch fills them all.

        Raises:
            KairosError: The session could not be filled; the others of its batch are.
        """
        if key not in self._made:
            at = self._keys.index(key)
            self._made |= self._fill(self._keys[at : at + BATCH])
        made = self._made.pop(key)
        if isinstance(made, KairosError):
            raise made
        return made

    def _fill(self, keys: Sequence[str]) -> dict[str, Part | KairosError]:
        recipe, work = self._recipe, self._work_on(keys[0])
        frames = {
            read.table.name: self._table_io.load_sessions(read, keys, versions=work.reads) for read in recipe.reads
        }  # fmt: skip
        made: dict[str, Cleaned] = {}
        failed: dict[str, Part | KairosError] = {}
        for key in keys:
            try:
                made[key] = self._cleaned(key, {name: by_session[key] for name, by_session in frames.items()})
            except KairosError as error:
                failed[key] = error
        rows = self._kept(made, failed)
        quarantine = stack(*(part.quarantine for part in made.values())) if made else None
        span = keys[0] if len(keys) == 1 else f"{keys[0]}..{keys[-1]}"
        commit = self._table_io.commit(recipe.asset_key, run_id=work.context.run_id, key=span, reads=work.reads)
        self._table_io.add(recipe.table, rows, quarantine, commit=commit)
        total = self._table_io.rows(recipe.table)
        return failed | {key: self._part(key, part, total) for key, part in made.items()}

    def _cleaned(self, key: str, frames: dict[str, Frame]) -> Cleaned:
        made = self._recipe.fill(self._work_on(key), **frames)
        cleaned = made if isinstance(made, Cleaned) else Cleaned(_gathered(made), QUARANTINE.empty())
        _checked(self._recipe, cleaned.rows)
        return cleaned

    def _kept(self, made: dict[str, Cleaned], failed: dict[str, Part | KairosError]) -> Frame:
        """Return the rows of all sessions, validated; those that break the contract move from `made` to `failed`."""
        asset_key, table = self._recipe.asset_key, self._recipe.table
        try:
            return validated(asset_key, table, _stacked(table, made))
        except BlockedError:
            for key, part in [*made.items()]:
                try:
                    validated(asset_key, table, part.rows)
                except BlockedError as error:
                    failed[key] = error
                    del made[key]
        return validated(asset_key, table, _stacked(table, made))

    def _part(self, key: str, made: Cleaned, total: int) -> Part:
        written, set_aside = made.rows.height, made.quarantine.height
        work = self._work_on(key)
        return Part(written, _shown(work, self._recipe, made.rows, total=total, written=written, set_aside=set_aside))


def _stacked(table: Table, made: Mapping[str, Cleaned]) -> Frame:
    return stack(table.empty(), *(part.rows for part in made.values()))


def _fill_one(work: Work, table_io: TableIO, recipe: Recipe) -> Part:
    """Read, compute, check and store one partition."""
    commit = table_io.commit(recipe.asset_key, run_id=work.context.run_id, key=work.key or "-", reads=work.reads)
    commit = with_basis(commit, table_io, recipe)
    if recipe.from_reads_alone and work.only_changed and table_io.stands(recipe.table, recipe.reads, commit=commit):
        return _unchanged(work, table_io, recipe)
    frames = {
        read.table.name: table_io.load(read, consumer=recipe.table, key=work.key, versions=work.reads) for read in recipe.reads
    }
    made, told = filled(work, table_io, recipe, frames, commit=commit)
    if isinstance(made, Parts):
        made = made.within(HELD_BYTES)
    if isinstance(made, Parts):
        return _store_parts(work, table_io, recipe, made, commit=commit)
    rows = validated(recipe.asset_key, recipe.table, made.rows if isinstance(made, Cleaned) else made)
    verdicts = (*_checked(recipe, rows), *proven(work, table_io, recipe, frames, commit=commit))
    quarantine = made.quarantine if isinstance(made, Cleaned) else None
    if recipe.append:
        written = table_io.add(recipe.table, rows, quarantine, commit=commit)
    else:
        table_io.replace(recipe.table, rows, quarantine, key=work.key, commit=commit, restate=recipe.from_reads_alone)
        written = rows.height
    draw = partial(recipe.plot, rows) if recipe.plot is not None else None
    set_aside, total = 0 if quarantine is None else quarantine.height, table_io.rows(recipe.table)
    shown = _shown(work, recipe, rows, total=total, written=written, set_aside=set_aside)
    return Part(written, {**shown, **told}, verdicts, draw)


def _store_parts(work: Work, table_io: TableIO, recipe: Recipe, parts: Parts, *, commit: Commit) -> Part:
    """Check and store a partition part by part, in one commit; a check that fails in any of them lets none through."""
    verdicts: list[Verdict] = []
    drawn: list[Frame] = []

    def checked() -> Iterator[Frame]:
        verdicts.clear()
        drawn.clear()
        for rows in parts:
            verdicts.extend(_checked(recipe, rows))
            drawn.append(rows.gather_every(DRAWN))
            yield rows
            del rows  # they would be held while the next ones are made

    with contract_shown(recipe.asset_key, rows=0):
        table_io.replace_by_parts(recipe.table, Parts(checked), key=work.key, commit=commit)
    written, total = table_io.rows(recipe.table, key=work.key), table_io.rows(recipe.table)
    sample = stack(*drawn)
    draw = partial(recipe.plot, sample) if recipe.plot is not None else None
    shown = _shown(work, recipe, recipe.table.empty(), total=total, written=written, set_aside=0)
    return Part(written, shown, _worst(verdicts), draw)


def _worst(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return one verdict for each check, of the first part that failed it, else of the last part."""
    found: dict[str, Verdict] = {}
    for verdict in verdicts:
        if verdict.check not in found or found[verdict.check].outcome.passed:
            found[verdict.check] = verdict
    return tuple(found.values())


def _gathered(made: Frame | Parts) -> Frame:
    return stack(*made) if isinstance(made, Parts) else made


def _unchanged(work: Work, table_io: TableIO, recipe: Recipe) -> Part:
    """Return what the UI shows of a partition that was left alone: what blocks held when it was written, warnings run again."""
    rows = table_io.rows(recipe.table, key=work.key)
    shown = metadata.counts(table_io.rows(recipe.table), rows, partitioned=True)
    shown["unchanged"] = "Nothing that it reads has changed since it was written."
    held = Outcome(
        passed=True, summary="Held when the rows were written; nothing that they read has changed.", figures={"rows": rows}
    )
    warnings = tuple(check for check in recipe.checks if not check.blocking)
    kept = table_io.partition_rows(recipe.table, key=work.key) if warnings else recipe.table.empty()
    verdicts = (
        Verdict(recipe.asset_key, check.name, held if check.blocking else check.run(kept), check.blocking)
        for check in recipe.checks
    )
    proofs = [Verdict(recipe.asset_key, PROOF, held)] if recipe.proof else []
    return Part(rows, shown, (*verdicts, *proofs))


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


def _shown(work: Work, recipe: Recipe, rows: Frame, *, total: int, written: int, set_aside: int) -> dict[str, Any]:
    """Return the metadata of one partition."""
    shown = metadata.counts(total, written, partitioned=bool(work.key), added=recipe.append)
    shown["rows quarantined"] = set_aside
    shown["reads"] = metadata.reads_shown(work.reads)
    if rows.height and rows.width <= MAX_PREVIEW_COLUMNS:
        shown["preview"] = metadata.preview(rows)
    return shown
