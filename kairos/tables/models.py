"""Model tables: what was trained, what it forecast, how well, and every trial ever made."""

import pandera.polars as pa
import polars as pl

from kairos.frames import UTC_TIME
from kairos.tables.core import Partition, Table, field, measure

SEGMENTS = ["validation", "holdout"]


class ModelRow(pa.DataFrameModel):
    """Columns that every model row carries."""

    universe_year: pl.Int32 = field("First year of the universe")
    model_id: str = field("Name of the configuration and the universe year")


class ModelsRows(ModelRow):
    """One trained model."""

    family: str = field("Model family")
    config: str = field("Configuration as JSON")
    trial_ids: str = field("Trials this model stands for, one per horizon, comma separated")
    run_id: str = field("MLflow run")
    artifact: str = field("Folder of the artifact, relative to the model folder")
    trained_through: pl.Date = field("Last session whose label the final fit has seen")
    features: int = field("Number of features", ge=1)
    folds: int = field("Walk-forward folds", ge=1)
    seed: int = field("Seed")
    reads: str = field("Version of every table it read, as JSON")
    code_version: str = field("Version of Kairos")
    created_at: UTC_TIME = field("When it was trained")


class PredictionsRows(ModelRow):
    """One forecast."""

    permaticker: int = field("Permanent security id")
    ticker: str = field("Ticker")
    session: pl.Date = field("Session after whose close the forecast is made")
    horizon: pl.Int32 = field("Sessions ahead", "sessions", ge=1)
    score: float = field("Forecast of the return; the ranking follows it", "fraction")
    p05: float = measure("5 % quantile of the return; null where too few matured residuals exist", "fraction")
    p50: float = measure("Median of the return", "fraction")
    p95: float = measure("95 % quantile of the return", "fraction")
    fold: pl.Int32 = field("Walk-forward fold", ge=0)
    is_oos: bool = field("Whether no label of this session or later was seen in training")
    segment: str = field("validation, or the sealed holdout", isin=SEGMENTS)


class ModelMetricsRows(ModelRow):
    """How good a model's forecasts were."""

    horizon: pl.Int32 = field("Sessions ahead", "sessions", ge=1)
    segment: str = field("validation, or the sealed holdout", isin=SEGMENTS)
    year: pl.Int32 = field("Calendar year; 0 for the whole segment")
    sessions: int = field("Sessions with a score and a label", "sessions", ge=0)
    rows: int = field("Rows with a score and a label", "rows", ge=0)
    mse: float = measure("Mean squared error", "fraction squared")
    r2: float = measure("1 - sum (y - f)^2 / sum y^2, not demeaned (Gu, Kelly and Xiu 2020)")
    sharpe: float = measure("Annualised Sharpe ratio of the gross long-short decile return, one tranche per session")
    accuracy: float = measure("Share of rows whose sign was right", "fraction")
    ic: float = measure("Mean over sessions of the Pearson correlation of score and return")
    icir: float = measure("Mean over standard deviation of the daily IC, not annualised")
    rank_ic: float = measure("Mean over sessions of the Spearman correlation of score and return")
    rank_icir: float = measure("Mean over standard deviation of the daily RankIC, not annualised")
    rank_ic_t: float = measure("t statistic of the mean RankIC, Newey-West with Bartlett weights")
    coverage: float = measure("Share of returns inside [p05, p95]", "fraction")


class ShapImportanceRows(ModelRow):
    """Weight of one feature in one model."""

    horizon: pl.Int32 = field("Sessions ahead", "sessions", ge=1)
    feature: str = field("Feature")
    mean_abs_shap: float = field("Mean absolute TreeSHAP value over out-of-sample rows", "fraction", ge=0)
    rank: pl.Int32 = field("1 for the heaviest", ge=1)


class TrialsRows(pa.DataFrameModel):
    """One configuration that was ever tried."""

    trial_id: str = field("Digest of kind, configuration, universe year, horizon and data set")
    kind: str = field("model or simulation", isin=["model", "simulation"])
    name: str = field("Configuration or tag")
    universe_year: pl.Int32 = field("First year of the universe")
    horizon: pl.Int32 = field("Sessions ahead", "sessions", ge=1)
    data_set: str = field("Digest of the universe: which securities and which source")
    config: str = field("Configuration as JSON")
    first_seen: UTC_TIME = field("When it was first tried")


class HoldoutLedgerRows(pa.DataFrameModel):
    """One event of a sealed holdout: its sealing, or a read."""

    universe_year: pl.Int32 = field("First year of the universe")
    event: str = field("sealed or spent", isin=["sealed", "spent"])
    subject: str = field("Trial that read it; `-` for the sealing")
    first_session: pl.Date = field("First session of the holdout")
    last_session: pl.Date = field("Last session of the holdout")
    at: UTC_TIME = field("When it happened")


def _by_model(name: str, rows: type[pa.DataFrameModel], key: tuple[str, ...], description: str, origin: str) -> Table:
    return Table(
        name,
        group="models",
        key=("universe_year", "model_id", *key),
        rows=rows,
        origin=origin,
        description=description,
        partition=Partition.UNIVERSE_YEARS,
        partition_by=("universe_year", "model_id"),
        yearly_view=f"{name}_{{year}}",
    )


MODELS = _by_model("models", ModelsRows, (), "One trained model and everything it was made from.", "feat_matrix_targets")
PREDICTIONS = _by_model(
    "predictions", PredictionsRows, ("permaticker", "session", "horizon"), "One out-of-sample forecast.", "models"
)
MODEL_METRICS = _by_model(
    "model_metrics",
    ModelMetricsRows,
    ("horizon", "segment", "year"),
    "How good a model's forecasts were, per year and segment.",
    "predictions, feat_matrix_targets",
)
SHAP_IMPORTANCE = _by_model(
    "shap_importance", ShapImportanceRows, ("horizon", "feature"), "Weight of a feature in a model.", "models"
)
TRIALS = Table(
    "trials",
    group="models",
    key=("trial_id",),
    rows=TrialsRows,
    origin="Every training and every simulation",
    description="One configuration that was ever tried; rows are only ever added.",
)
HOLDOUT_LEDGER = Table(
    "holdout_ledger",
    group="models",
    key=("universe_year", "event", "subject"),
    rows=HoldoutLedgerRows,
    origin="The first matrix of a universe year, and every read of its holdout",
    description="When a holdout was sealed and who has read it since; rows are only ever added.",
    partition=Partition.UNIVERSE_YEARS,
    partition_by=("universe_year",),
)

TABLES = (MODELS, PREDICTIONS, MODEL_METRICS, SHAP_IMPORTANCE, TRIALS, HOLDOUT_LEDGER)
