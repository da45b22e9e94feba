"""Where a table's column may look forward: in the targets, nowhere else."""

from collections.abc import Iterable

from kairos.tables.core import Table
from kairos.tables.matrix import FEAT_MATRIX_TARGETS

FORWARD_SUFFIXES = ("_f", "_f_xs")


def misplaced_forward_columns(tables: Iterable[Table]) -> list[str]:
    """Return `table.column` for every forward column outside `feat_matrix_targets`; none is the rule.

    Args:
        tables: The table registry.
    """
    return [
        f"{table.name}.{column}"
        for table in tables
        if table.name != FEAT_MATRIX_TARGETS.name
        for column in table.columns
        if column.endswith(FORWARD_SUFFIXES)
    ]
