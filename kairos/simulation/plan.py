"""Which strategies one simulation run covers: models, horizons and costs under one tag."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from kairos.errors import NotFoundError, SimulationError
from kairos.frames import Frame, stack
from kairos.models.ledger import trial_rows
from kairos.simulation.run import Simulation, simulate
from kairos.tables.models import TRIALS
from kairos.tables.simulation import SIMULATION_DAILY, SIMULATION_HOLDINGS, SIMULATION_TRADES

TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")  # it becomes a folder name and stands in SQL
COST_GRID = (0.5, 1.0, 2.0)  # multiples of the cost a side; the middle one is the one that counts


@dataclass(frozen=True)
class Plan:
    """What to simulate.

    Attributes:
        tag: Name of the simulation.
        models: Model ids; empty for every model of the universe year.
        horizon: Sessions ahead; 0 for every horizon that the models have.
        k: Names held.
        costs_bps: Costs a side; holdings and trades are kept for the first alone, the others differ in cost only.
    """

    tag: str
    models: tuple[str, ...]
    horizon: int
    k: int
    costs_bps: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a tag that cannot be a name, and a plan without a cost.

        Raises:
            SimulationError: The tag or the costs are unusable.
        """
        if not TAG.fullmatch(self.tag):
            raise SimulationError(f"tag {self.tag!r}: expected letters, digits, '_', '-' or '.', at most 64. Choose another.")
        if not self.costs_bps:
            raise SimulationError(f"simulation {self.tag}: no cost given; expected at least one, in basis points a side.")


def default_costs(cost_bps: float) -> tuple[float, ...]:
    """Return the cost that counts, then half and twice of it."""
    return tuple(sorted({cost_bps * factor for factor in COST_GRID}, key=lambda cost: (cost != cost_bps, cost)))


def simulate_plan(
    plan: Plan, predictions: Frame, daily_returns: Frame, *, universe_year: int, holdout_first: date | None
) -> Simulation:
    """Simulate every strategy of a plan.

    Args:
        plan: What to simulate.
        predictions: Rows of `predictions` of the universe year, or the scores of a prediction file.
        daily_returns: Rows of that table.
        universe_year: First year of the universe.
        holdout_first: First session of the sealed holdout.

    Raises:
        NotFoundError: The plan names a model or a horizon without predictions.
        SimulationError: A strategy cannot be simulated.
    """
    parts = [
        simulate(
            scores,
            daily_returns,
            tag=plan.tag,
            universe_year=universe_year,
            k=plan.k,
            cost_bps=cost,
            holdout_first=holdout_first,
            horizon=horizon,
        )
        for scores, horizon in _followed(plan, predictions, universe_year)
        for cost in plan.costs_bps
    ]
    booked = parts[:: len(plan.costs_bps)]
    return Simulation(
        daily=stack(SIMULATION_DAILY.empty(), *(part.daily for part in parts)),
        holdings=stack(SIMULATION_HOLDINGS.empty(), *(part.holdings for part in booked)),
        trades=stack(SIMULATION_TRADES.empty(), *(part.trades for part in booked)),
        file_digest=parts[0].file_digest if parts else "",
    )


def simulation_trials(simulation: Simulation, *, universe_year: int, data_set: str, now: datetime) -> Frame:
    """Return one row of `trials` per strategy; what differs in cost only is one trial, what follows another file is another."""
    followed = {"scores": simulation.file_digest} if simulation.file_digest else {}
    strategies = simulation.daily.select("tag", "model_id", "horizon", "k").unique().sort("model_id", "horizon", "k")
    rows = [
        trial_rows(
            "simulation",
            row["tag"],
            configs={row["horizon"]: {"model_id": row["model_id"], "k": row["k"], "rebalance": row["horizon"], **followed}},
            universe_year=universe_year,
            data_set=data_set,
            now=now,
        )
        for row in strategies.iter_rows(named=True)
    ]
    return stack(TRIALS.empty(), *rows)


def _followed(plan: Plan, predictions: Frame, universe_year: int) -> Sequence[tuple[Frame, int]]:
    """Return the scores of each strategy with its horizon."""
    if "model_id" not in predictions.columns:
        return [(predictions, plan.horizon)]
    known = predictions["model_id"].unique().sort().to_list()
    chosen = list(plan.models) or known
    missing = [model for model in chosen if model not in known]
    if missing or not chosen:
        raise NotFoundError(
            f"simulation {plan.tag}: no predictions of {', '.join(missing) or 'any model'} in universe year {universe_year}; "
            f"found {', '.join(known) or 'none'}. Train it first with `kairos train`."
        )
    pairs = (
        predictions.filter(pl.col("model_id").is_in(chosen)).select("model_id", "horizon").unique().sort("model_id", "horizon")
    )
    wanted = [(model, horizon) for model, horizon in pairs.rows() if plan.horizon in {0, horizon}]
    _require_each(plan, wanted, found=pairs.rows())
    return [
        (predictions.filter((pl.col("model_id") == model) & (pl.col("horizon") == horizon)), horizon)
        for model, horizon in wanted
    ]


def _require_each(plan: Plan, wanted: Sequence[tuple[str, int]], *, found: Sequence[tuple[str, int]]) -> None:
    without = sorted(set(plan.models) - {model for model, _ in wanted})
    if without or not wanted:
        there = ", ".join(f"{model} {horizon}" for model, horizon in found)
        raise NotFoundError(
            f"simulation {plan.tag}: no predictions {plan.horizon} session(s) ahead of {', '.join(without) or 'any model'}; "
            f"found {there}. Train that horizon, or choose another."
        )
