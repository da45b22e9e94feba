"""One feature followed as it is: the yardstick beside models that learn. Only its scale comes from the training window.

The sign is given, not learned, so that the ranking is the feature's own; the slope of a regression on it, without its
sign, turns ranks into returns.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from kairos.errors import ModelError
from kairos.models.family import Family, Task
from kairos.models.folds import Span
from kairos.models.moments import session_moments
from kairos.models.panel import Panel
from kairos.models.ridge import RidgeForecaster, load
from kairos.models.tabular import Scaler, TabularSettings, inputs, labelled_rows, learned_labels

SMALLEST_SLOPE = 1e-6  # keeps the ranking where the window shows no relation at all


class SingleSettings(TabularSettings):
    """Settings of the single family."""

    sign: Literal[-1, 1] = Field(1, description="1 to favour high values of the feature, -1 to favour low ones.")


def train(panel: Panel, windows: Sequence[Span], *, task: Task, settings: SingleSettings) -> Iterator[RidgeForecaster]:
    """Yield one forecaster per window.

    Raises:
        ModelError: The configuration names no feature, or several.
    """
    if len(panel.features) != 1:
        raise ModelError(f"single: found {len(panel.features)} features; expected one. Name it in `features`.")
    labels = learned_labels(panel, task.label, settings=settings)
    daily = session_moments(inputs(panel, transform=settings.transform), labels.values, panel.starts)
    for window in windows:
        labelled_rows(panel, labels, window)
        sums = daily.over(panel.within(window))
        mean, deviation = sums.scaling()
        _, moment = sums.centred(mean, deviation)
        slope: float = max(abs(float(moment[0])) / float(sums.n), SMALLEST_SLOPE)
        scaler = Scaler(
            transform=settings.transform,
            features=panel.features,
            products=(),
            means=tuple(mean.tolist()),
            deviations=tuple(deviation.tolist()),
            unit=labels.unit(panel.within(window)),
        )
        yield RidgeForecaster(scaler=scaler, weights=(settings.sign * slope,), intercept=0.0, penalty=0.0)


FAMILY = Family("single", settings=SingleSettings, train=train, load=load)
