"""Compiles every loop ahead, so that the first features need not wait: `python -m kairos.features.built`, by `make setup`."""

import sys
import time

import numpy as np
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
    rows = range(10)
    values = {
        "permaticker": [1 for _ in rows],
        "session": all_sessions()[: len(rows)],
        "row": rows,
        "R": [0.1 * n for n in rows],
    }
    panel = pl.DataFrame(values, schema_overrides={"row": pl.Int32})
    fast_values(EVERY_LOOP, panel)
    fast_values(EVERY_LOOP, panel, wanted=np.arange(len(rows)) == len(rows) - 1)
    sys.stdout.write(f"The loops of the features are compiled ({time.perf_counter() - begun:.1f} s).\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
