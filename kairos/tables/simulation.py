"""Simulation tables: what a strategy held, traded and earned, net and gross."""

import pandera.polars as pa
import polars as pl

from kairos.tables.core import Partition, Table, field, measure
from kairos.tables.models import SEGMENTS


class SimulationRow(pa.DataFrameModel):
    """Columns that every simulation row carries."""

    universe_year: pl.Int32 = field("First year of the universe")
    tag: str = field("Name given to the simulation")
    model_id: str = field("Model whose scores were followed, or `file` for a prediction file")
    horizon: pl.Int32 = field("Sessions ahead the scores look", "sessions", ge=1)
    k: pl.Int32 = field("Names held", "names", ge=1)
    cost_bps: float = field("Cost of trading a side", "basis points", ge=0)


class SimulationDailyRows(SimulationRow):
    """One strategy on one session."""

    session: pl.Date = field("NYSE session")
    segment: str = field("validation, or the sealed holdout", isin=SEGMENTS)
    ret_gross: float = field("Return before costs", "fraction", ge=-1)
    ret_net: float = field("Return after costs", "fraction", ge=-1)
    cost: float = field("Cost of the session's trades", "fraction of equity", ge=0)
    turnover: float = field("Sum of absolute weight changes traded, both sides", "fraction of equity", ge=0)
    nav_gross: float = field("Equity before costs, 1 at the start", ge=0)
    nav_net: float = field("Equity after costs, 1 at the start", ge=0)
    positions: pl.Int32 = field("Names held at the close", "names", ge=0)
    cash: float = field("Weight of cash at the close", "fraction of equity")


class SimulationHoldingsRows(SimulationRow):
    """One position at one close."""

    session: pl.Date = field("NYSE session")
    permaticker: int = field("Permanent security id")
    weight: float = field("Weight at the close", "fraction of equity", ge=0)


class SimulationTradesRows(SimulationRow):
    """One trade at one open, or a delisting paid out."""

    session: pl.Date = field("Session of the fill")
    permaticker: int = field("Permanent security id")
    side: str = field("buy, sell or delisted", isin=["buy", "sell", "delisted"])
    weight_change: float = field("Change of weight", "fraction of equity")
    cost: float = field("Cost of the trade", "fraction of equity", ge=0)


def _segment(segment: str) -> dict[str, tuple[type, object]]:
    label = "the validation" if segment == "validation" else "the sealed holdout"
    both = {
        f"sharpe_{side}_{segment}": measure(f"Annualised Sharpe ratio, {side} of costs, over {label}")
        for side in ("net", "gross")
    }
    both |= {
        f"cagr_{side}_{segment}": measure(f"Compound annual growth, {side} of costs, over {label}", "fraction a year")
        for side in ("net", "gross")
    }
    both |= {
        f"max_drawdown_{side}_{segment}": measure(f"Deepest drawdown, {side} of costs, over {label}", "fraction", ge=-1, le=0)
        for side in ("net", "gross")
    }
    both[f"turnover_{segment}"] = measure(f"Mean traded weight, both sides, over {label}", "fraction of equity a session")
    both[f"hit_rate_{segment}"] = measure(f"Share of sessions with a positive net return over {label}", "fraction")
    return {name: (float, spec) for name, spec in both.items()}


def _with_columns(name: str, base: type[pa.DataFrameModel], columns: dict[str, tuple[type, object]]) -> type[pa.DataFrameModel]:
    annotations = {column: dtype for column, (dtype, _) in columns.items()}
    body = {column: spec for column, (_, spec) in columns.items()}
    return type(name, (base,), {"__annotations__": annotations, "__module__": __name__, **body})


class StrategyHonestyRow(SimulationRow):
    """What has to stand beside every Sharpe ratio."""

    sessions_validation: int = field("Sessions simulated in the validation", "sessions", ge=0)
    sessions_holdout: int = field("Sessions simulated in the holdout", "sessions", ge=0)
    dsr: float = measure("Deflated Sharpe ratio of the net validation returns (Bailey and Lopez de Prado 2014)", ge=0, le=1)
    pbo: float = measure("Probability of backtest overfitting among the universe year's strategies (CSCV)", ge=0, le=1)
    n_trials: int = field("Trials ever made on this data set", "trials", ge=1)
    holdout_spends: int = field("Different trials that have read this universe year's holdout", "trials", ge=0)


StrategyStatsRows = _with_columns("StrategyStatsRows", StrategyHonestyRow, {**_segment("validation"), **_segment("holdout")})


class LeaderboardRows(pa.DataFrameModel):
    """One strategy in the order of its net validation Sharpe ratio."""

    rank: pl.Int32 = field("1 for the highest net Sharpe ratio in the validation", ge=1)
    universe_year: pl.Int32 = field("First year of the universe")
    tag: str = field("Name given to the simulation")
    model_id: str = field("Model whose scores were followed")
    horizon: pl.Int32 = field("Sessions ahead", "sessions")
    k: pl.Int32 = field("Names held", "names")
    cost_bps: float = field("Cost of trading a side", "basis points")
    sharpe_net_validation: float = measure("Annualised, after costs")
    sharpe_net_holdout: float = measure("Annualised, after costs")
    sharpe_gross_validation: float = measure("Annualised, before costs")
    sharpe_gross_holdout: float = measure("Annualised, before costs")
    cagr_net_validation: float = measure("After costs", "fraction a year")
    cagr_net_holdout: float = measure("After costs", "fraction a year")
    rank_ic_validation: float = measure("Mean RankIC of the model")
    rank_ic_t_validation: float = measure("Newey-West t of the mean RankIC")
    dsr: float = measure("Deflated Sharpe ratio")
    pbo: float = measure("Probability of backtest overfitting")
    n_trials: int = field("Trials ever made on this data set", "trials")
    holdout_spends: int = field("Different trials that have read the holdout", "trials")


class SurvivorshipBiasRows(SimulationRow):
    """One strategy over one stretch, with every name and with the survivors alone."""

    segment: str = field("validation, the sealed holdout, or the whole of both", isin=[*SEGMENTS, "whole"])
    sessions: int = field("Sessions compared", "sessions", ge=0)
    names: int = field("Names with a score", "names", ge=1)
    dead: int = field("Names with a score that have stopped trading by the last loaded session", "names", ge=0)
    taken_over: int = field("Of those, names that ended in a merger or acquisition", "names", ge=0)
    dead_held: int = field("Of the dead, names that the strategy held in this stretch", "names", ge=0)
    sharpe_net: float = measure("Annualised Sharpe ratio after costs, dead names included")
    sharpe_net_survivors: float = measure("The same where today's list of names had been the universe all along")
    sharpe_net_bias: float = measure("How much better it looks without the dead")
    cagr_net: float = measure("Compound annual growth after costs, dead names included", "fraction a year")
    cagr_net_survivors: float = measure("The same without the dead", "fraction a year")
    cagr_net_bias: float = measure("How much better it looks without the dead", "fraction a year")
    max_drawdown_net: float = measure("Deepest drawdown after costs, dead names included", "fraction", ge=-1, le=0)
    max_drawdown_net_survivors: float = measure("The same without the dead", "fraction", ge=-1, le=0)
    max_drawdown_net_bias: float = measure("How much shallower it looks without the dead", "fraction")


SIMULATION_KEY = ("universe_year", "tag", "model_id", "horizon", "k", "cost_bps")


def _by_tag(name: str, rows: type[pa.DataFrameModel], key: tuple[str, ...], description: str, origin: str) -> Table:
    return Table(
        name,
        group="simulation",
        key=(*SIMULATION_KEY, *key),
        rows=rows,
        origin=origin,
        description=description,
        partition=Partition.UNIVERSE_YEARS,
        partition_by=("universe_year", "tag"),
        yearly_view=f"{name}_{{year}}",
    )


SIMULATION_DAILY = _by_tag(
    "simulation_daily", SimulationDailyRows, ("session",), "One strategy on one session.", "predictions, daily_returns"
)
SIMULATION_HOLDINGS = _by_tag(
    "simulation_holdings", SimulationHoldingsRows, ("session", "permaticker"), "One position at one close.", "predictions"
)
SIMULATION_TRADES = _by_tag(
    "simulation_trades",
    SimulationTradesRows,
    ("session", "permaticker", "side"),
    "One trade, filled at the open after its signal.",
    "predictions",
)
STRATEGY_STATS = _by_tag(
    "strategy_stats",
    StrategyStatsRows,
    (),
    "One strategy in figures, net and gross, holdout beside validation.",
    "simulation_daily, trials, holdout_ledger",
)
SURVIVORSHIP_BIAS = _by_tag(
    "survivorship_bias",
    SurvivorshipBiasRows,
    ("segment",),
    "The same strategy with and without the names that died later; `universe` holds every name in equal weights.",
    "predictions, daily_returns, tickers",
)
LEADERBOARD = Table(
    "leaderboard",
    group="simulation",
    key=("rank",),
    rows=LeaderboardRows,
    origin="strategy_stats, model_metrics",
    description="All strategies of all years, best net validation Sharpe first.",
)

TABLES = (SIMULATION_DAILY, SIMULATION_HOLDINGS, SIMULATION_TRADES, STRATEGY_STATS, SURVIVORSHIP_BIAS, LEADERBOARD)
