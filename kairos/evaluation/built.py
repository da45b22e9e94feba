"""Compiles the loops of the factor report ahead, so that the first one does not wait: `python -m kairos.evaluation.built`."""

import numpy as np

from kairos.evaluation.factor import daily_figures
from kairos.evaluation.factor_days import forward_returns, grouped, rank_ics, ranked


def compile_ahead() -> None:
    """Run every compiled loop once on next to nothing; what is compiled is kept on disk."""
    values = np.arange(24, dtype=np.float64).reshape(4, 6)
    edges = np.array([0, 3, 6])
    forward = forward_returns(values[None])
    for given in (values, values.astype(np.float32)):
        order = ranked(given)
        daily_figures(given, forward, (1,), order=order)
        rank_ics(grouped(order, edges), grouped(forward.ranked, edges))


if __name__ == "__main__":
    compile_ahead()
