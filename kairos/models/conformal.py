"""Intervals for forecasts that have none: residual quantiles of earlier forecasts (split conformal prediction).

An interval for a fold uses the residuals of earlier folds alone, and of these only the matured ones: the label had
ended before the fold's first session. Quantiles of the same residuals cannot cross.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from kairos.models.folds import Fold
from kairos.models.panel import Panel
from kairos.models.transform import Array

MIN_RESIDUALS = 250  # the 5 % quantile then rests on a dozen residuals
TAIL = 0.05


@dataclass(frozen=True)
class Offsets:
    """What is added to a score to get its quantiles, as fractions, and the number of residuals behind it."""

    p05: float
    p50: float
    p95: float
    residuals: int


def residual_offsets(residuals: Array) -> Offsets | None:
    """Return the offsets from residuals (n,), label less score; none below 250.

    The order statistics floor(.05 (n + 1)) and ceil(.95 (n + 1)) make the interval hold at least 90 % of exchangeable
    labels (Vovk, Gammerman and Shafer 2005).
    """
    count = residuals.size
    if count < MIN_RESIDUALS:
        return None
    ordered = np.sort(residuals)
    low, high = floor(TAIL * (count + 1)), ceil((1 - TAIL) * (count + 1))
    return Offsets(p05=float(ordered[low - 1]), p50=float(np.median(ordered)), p95=float(ordered[high - 1]), residuals=count)


def matured_residuals(panel: Panel, residuals: Array, *, before: int, horizon: int) -> Array:
    """Return the residuals whose label ended before session number `before`.

    Args:
        panel: The panel that was forecast.
        residuals: (rows,) label less score; NaN where either is unknown.
        before: Position of a session; `len(panel.sessions)` for all that have matured by the end.
        horizon: Sessions that a label spans.
    """
    known = residuals[: int(panel.starts[max(0, before - horizon)])]
    return known[np.isfinite(known)]


def fold_offsets(panel: Panel, residuals: Array, folds: Sequence[Fold], *, horizon: int) -> list[Offsets | None]:
    """Return each fold's offsets, from what had matured before its first session.

    Args:
        panel: The panel that was forecast.
        residuals: (rows,) label less out-of-sample score; NaN where either is unknown.
        folds: Folds, in time.
        horizon: Sessions that a label spans.
    """
    firsts = [panel.within(fold.test).start for fold in folds]
    return [residual_offsets(matured_residuals(panel, residuals, before=first, horizon=horizon)) for first in firsts]
