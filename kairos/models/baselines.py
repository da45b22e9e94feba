"""Scores that need no training, to stand beside those that do."""

from collections.abc import Mapping

import polars as pl

from kairos.errors import NotFoundError
from kairos.frames import Frame, require_columns
from kairos.models.panel import KEYS

BASELINES: Mapping[str, tuple[str, pl.Expr]] = {
    "reversal": ("ret_5d", -pl.col("ret_5d")),  # Lehmann (1990): last week's losers win
    "momentum": (
        "mom_12_1",
        pl.col("mom_12_1"),
    ),  # Jegadeesh and Titman (1993): last year's winners win, its last month left out
}


def baseline_scores(matrix: Frame, name: str) -> Frame:
    """Return the matrix' keys with `score`, null where the baseline's feature is; it ranks names and forecasts no return.

    Args:
        matrix: Rows of feat_matrix_targets.
        name: reversal or momentum.

    Raises:
        NotFoundError: There is no such baseline.
        ContractError: The baseline's feature is missing.
    """
    if name not in BASELINES:
        raise NotFoundError(f"no baseline {name!r}; known: {', '.join(BASELINES)}. Name one of them.")
    column, score = BASELINES[name]
    require_columns(matrix, (*KEYS, column), where=f"matrix for baseline {name}")
    return matrix.select(*KEYS, score.cast(pl.Float64).alias("score"))
