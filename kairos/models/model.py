"""A trained model as one thing: its configuration, a forecaster per horizon, and the intervals around its scores."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

import polars as pl

from kairos.frames import Frame
from kairos.models.config import ModelConfig
from kairos.models.conformal import Offsets
from kairos.models.family import Forecaster
from kairos.models.panel import make_panel

QUANTILES = ("p05", "p50", "p95")


@dataclass(frozen=True)
class Model:
    """A model for use on rows it has not seen; it has learned from all labels up to `trained_through`.

    Attributes:
        model_id: Name of the configuration and the universe year.
        config: What was trained.
        features: Features it reads.
        forecasters: One per horizon.
        offsets: Per horizon, what makes a score an interval; none where too few residuals had matured.
        trained_through: Last session whose label it has seen.
    """

    model_id: str
    config: ModelConfig
    features: tuple[str, ...]
    forecasters: Mapping[int, Forecaster]
    offsets: Mapping[int, Offsets | None]
    trained_through: date

    def forecast(self, matrix: Frame) -> Frame:
        """Return one row per name, session and horizon: keys, model_id, horizon, score, p05, p50, p95.

        Args:
            matrix: The whole universe's rows of one or more sessions, since features are compared across names.

        Raises:
            ModelError: A feature is missing or empty, or there is no cross-section.
        """
        panel = make_panel(matrix, features=self.features)
        parts = [
            with_quantiles(forecaster.forecast(panel), self.offsets[horizon]).with_columns(
                pl.lit(self.model_id).alias("model_id"), pl.lit(horizon, dtype=pl.Int32).alias("horizon")
            )
            for horizon, forecaster in self.forecasters.items()
        ]
        return pl.concat(parts)


def with_quantiles(forecasts: Frame, offsets: Offsets | None) -> Frame:
    """Return `forecasts` with p05, p50 and p95 around `score`; null without offsets."""
    if offsets is None:
        return forecasts.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in QUANTILES)
    added = asdict(offsets)
    return forecasts.with_columns((pl.col("score") + added[name]).alias(name) for name in QUANTILES)
