"""Bringing a year up to date: the rows that can differ are computed, the others are taken from what stands."""

from collections.abc import Mapping
from dataclasses import replace

from assets.recipe import Recipe, Work
from kairos.frames import Frame, Parts
from kairos.tables.core import Cleaned
from kairos.warehouse.commit import Commit
from resources.standing import basis, standing
from resources.table_io import TableIO

COMPUTED, REUSED = "rows computed", "rows reused"


def with_basis(commit: Commit, table_io: TableIO, recipe: Recipe) -> Commit:
    """Return the commit with the digest by which a later increment knows what it may build upon."""
    if recipe.update is None:
        return commit
    return replace(commit, basis=basis(table_io.platform.warehouse, recipe.update.fingerprint(), commit))


def filled(
    work: Work, table_io: TableIO, recipe: Recipe, frames: Mapping[str, Frame], *, commit: Commit
) -> tuple[Frame | Cleaned | Parts, dict[str, int]]:
    """Return a partition's rows, and for the UI how many of them were computed; all, where nothing firm stands."""
    if recipe.update is None:
        return recipe.fill(work, **frames), {}
    ground = None
    if work.only_changed:
        (read,) = recipe.reads
        warehouse = table_io.platform.warehouse
        ground = standing(warehouse, recipe.table, read=read.table, years_back=read.years_back, by=commit)
    if ground is None:
        made = recipe.fill(work, **frames)
        return made, {} if isinstance(made, Parts) else {COMPUTED: _height(made), REUSED: 0}
    mended = recipe.update.mend(work, ground, frames)
    return mended.rows, {COMPUTED: mended.computed, REUSED: mended.rows.height - mended.computed}


def _height(made: Frame | Cleaned) -> int:
    return made.rows.height if isinstance(made, Cleaned) else made.height
