"""One named simulation, from scores to the rows of the simulation tables."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from kairos.errors import SimulationError
from kairos.frames import Frame
from kairos.models.trials import scores_digest
from kairos.simulation.invariants import check_book
from kairos.simulation.topk import simulate_top_k
from kairos.tables.simulation import SIMULATION_DAILY, SIMULATION_HOLDINGS, SIMULATION_KEY, SIMULATION_TRADES

FILE_MODEL = "file"


@dataclass(frozen=True)
class Simulation:
    """Rows of `simulation_daily`, `simulation_holdings` and `simulation_trades`.

    Attributes:
        daily: One row a strategy and session.
        holdings: One row a strategy, session and name.
        trades: One row a strategy, session, name and side.
        file_digest: Digest of the prediction file's scores; empty where models were followed.
    """

    daily: Frame
    holdings: Frame
    trades: Frame
    file_digest: str = ""


def simulate(
    predictions: Frame,
    daily_returns: Frame,
    *,
    tag: str,
    universe_year: int,
    k: int,
    cost_bps: float,
    holdout_first: date | None,
    horizon: int,
    rebalance: int | None = None,
) -> Simulation:
    """Return what a strategy that holds the K best scores would have held, traded and earned.

    Args:
        predictions: Rows of `predictions` of one model, or the scores of a prediction file. Rows of other
            horizons, and rows whose labels the model has seen in training, are left out.
        daily_returns: Rows of that table.
        tag: Name of the simulation.
        universe_year: First year of the universe.
        k: Names to hold.
        cost_bps: Cost of trading a side, basis points.
        holdout_first: First session of the sealed holdout; None where none is sealed.
        horizon: Sessions ahead the scores look.
        rebalance: Sessions between rebalances; the horizon by default.

    Raises:
        SimulationError: The input cannot be simulated, or the book breaks an invariant.
    """
    if horizon < 1:
        raise SimulationError(
            f"simulation {tag}: a horizon of {horizon} sessions, expected at least 1. A prediction file does not say how "
            "far its scores look: give the horizon."
        )
    scores = _scores(predictions, horizon=horizon, tag=tag)
    book = simulate_top_k(scores, daily_returns, k=k, cost_bps=cost_bps, rebalance=horizon if rebalance is None else rebalance)
    check_book(book, where=f"simulation {tag} of {universe_year}")
    values = (universe_year, tag, _model_id(predictions), horizon, k, float(cost_bps))
    strategy = [pl.lit(value).alias(name) for name, value in zip(SIMULATION_KEY, values, strict=True)]
    held_out = pl.lit(False) if holdout_first is None else pl.col("session") >= holdout_first
    segment = pl.when(held_out).then(pl.lit("holdout")).otherwise(pl.lit("validation")).alias("segment")
    return Simulation(
        daily=SIMULATION_DAILY.conform(book.daily.with_columns(segment, *strategy)),
        holdings=SIMULATION_HOLDINGS.conform(book.holdings.with_columns(strategy)),
        trades=SIMULATION_TRADES.conform(book.trades.with_columns(strategy)),
        file_digest="" if "model_id" in predictions.columns else scores_digest(predictions),
    )


def _scores(predictions: Frame, *, horizon: int, tag: str) -> Frame:
    scores = predictions
    if "horizon" in scores.columns:
        scores = scores.filter(pl.col("horizon") == horizon)
    if "is_oos" in scores.columns:
        scores = scores.filter(pl.col("is_oos"))
    if scores.is_empty():
        raise SimulationError(
            f"simulation {tag}: no out-of-sample score for a horizon of {horizon} session(s) among "
            f"{predictions.height} prediction(s). Train that horizon, or choose another."
        )
    return scores


def _model_id(predictions: Frame) -> str:
    models = predictions["model_id"].unique().sort().to_list() if "model_id" in predictions.columns else [FILE_MODEL]
    if len(models) != 1:
        raise SimulationError(f"predictions of {len(models)} models ({', '.join(models[:3])}): a strategy follows one. Choose.")
    return str(models[0])
