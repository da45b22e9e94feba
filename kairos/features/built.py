"""Compiles every loop ahead, so that the first features need not wait: `python -m kairos.features.built`, by `make setup`."""

import sys
import time

import polars as pl

from kairos.calendar import all_sessions
from kairos.features import operators as op
from kairos.features.fast import fast_values
from kairos.features.operators import R
from kairos.features.terms import Term

EVERY_LOOP: tuple[Term, ...] = (
    op.lag(R, 1),
    op.highest(R, 2),
    op.age_of_highest(R, 2),
    op.rank(R, 2),
    op.median(R, 2),
    op.wilder(R, 2),
    op.product(R, 2),
    op.slope(R, 2),
    op.skew(R, 2),
    op.by_session_zscore(R),
    op.by_session_rank(R),
)
"""Terms that between them run every compiled loop."""


def main() -> int:
    """Compile what is not compiled yet, say how long it took, and return 0."""
    begun = time.perf_counter()
    sessions = all_sessions()[:3]
    panel = pl.DataFrame({"permaticker": [1] * 3, "session": sessions, "row": [0, 1, 2], "R": [0.1, 0.2, 0.3]})
    fast_values(EVERY_LOOP, panel.with_columns(pl.col("row").cast(pl.Int32)))
    sys.stdout.write(f"The loops of the features are compiled ({time.perf_counter() - begun:.1f} s).\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
