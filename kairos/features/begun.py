"""Averages that begin with the mean of their first rows and go on from it: what each row weighs, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Begun:
    """How an average goes on from the mean of its first rows.

    Attributes:
        newest: Weight of the newest row, of the period in rows.
        periods: How many periods of rows it counts.
    """

    newest: Callable[[float], float]
    periods: int


BEGUN = {
    "wilder": Begun(lambda period: 1 / period, periods=16),
    "ema": Begun(lambda period: 2 / (period + 1), periods=9),
}
"""Averages that have values before their window is full; what is older than it would weigh e^-15 (3e-7) or e^-16."""
