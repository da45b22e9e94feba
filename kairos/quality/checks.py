"""What the judged figures of a year come to, as checks of `quality_results`."""

import polars as pl

from kairos.frames import Frame
from kairos.quality.levels import BLOCK, WARN
from kairos.tables.core import Check, Outcome

SHOWN = 3


def nothing_blocks(rows: Frame) -> Outcome:
    """No figure says that wrong data would reach a model."""
    return _without(rows, BLOCK, "would let wrong data reach a model")


def nothing_to_look_at(rows: Frame) -> Outcome:
    """No figure is beyond its bound without blocking."""
    return _without(rows, WARN, "are worth a look")


def _without(rows: Frame, level: str, what: str) -> Outcome:
    found = rows.filter(pl.col("level") == level).sort("session", descending=True, maintain_order=True)
    return Outcome(
        passed=found.is_empty(),
        summary=f"{found.height} of {rows.height} figures {what}" + "".join(f"; {named(row)}" for row in worst(found)),
        figures={"figures": rows.height, level: found.height, "tables": found["table_name"].n_unique()},
    )


def worst(found: Frame) -> list[dict[str, object]]:
    """Return the first row of each table, at most three."""
    return found.unique("table_name", keep="first", maintain_order=True).head(SHOWN).to_dicts()


def named(row: dict[str, object]) -> str:
    """Say one figure in words."""
    what = ".".join(filter(None, (str(row["table_name"]), str(row["column_name"]))))
    return (
        f"{what} {row['check_name']} {row['value']:.3g}, expected {row['expected']:.3g}, on {row['session']} ({row['detail']})"
    )


RESULTS_CHECKS = (
    Check(
        "nothing_blocks",
        "No figure says that wrong data would reach a model; features are not built from tables of which one does",
        run=nothing_blocks,
        blocking=False,  # the figures are written, or nobody could look them up; what reads them is held up
    ),
    Check("nothing_to_look_at", "No figure is beyond its bound", run=nothing_to_look_at, blocking=False),
)
CHECKS = {"quality_results": RESULTS_CHECKS}
"""Checks by table name, as `kairos.market.checks.CHECKS`."""
