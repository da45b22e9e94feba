"""The leak prover as a blocking check: what it says is written to `feature_leaks`, of refused partitions too."""

from collections.abc import Mapping

from assets.parts import BlockedError, Verdict
from assets.recipe import Recipe, Work
from kairos.frames import Frame
from kairos.tables.leaks import FEATURE_LEAKS, outcome
from kairos.warehouse.commit import Commit
from resources.table_io import TableIO

PROOF = "feature_leaks"
PROOF_SAYS = (
    "No value changes when what comes after its session does: prices, labels, deaths, listings, splits, restatements, other "
    "names. Tried on a sample of names and cuts; every verdict is in the table `feature_leaks`."
)


def proven(
    work: Work, table_io: TableIO, recipe: Recipe, frames: Mapping[str, Frame], *, commit: Commit
) -> tuple[Verdict, ...]:
    """Try a partition for leaks and record the verdicts; an asset without a proof has none.

    Raises:
        BlockedError: A feature knows what comes later.
    """
    if recipe.proof is None:
        return ()
    verdicts = recipe.proof(work, frames)
    where: dict[str, int | str] = {"feature_set": recipe.table.name, "year": work.year}
    table_io.platform.warehouse.replace(FEATURE_LEAKS, verdicts, partition=where, commit=commit)
    found = Verdict(recipe.asset_key, PROOF, outcome(verdicts))
    if not found.outcome.passed:
        raise BlockedError(f"check {PROOF} failed: {found.outcome.summary}", [found])
    return (found,)
