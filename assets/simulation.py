"""Simulation assets: what following the scores would have held, traded and earned, and how much of it to believe."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from assets import metadata
from assets.partitions import edge, universe_years
from assets.parts import Part, fill_parts, validated
from assets.table_asset import OWNERS, Work, check_specs, table_asset
from kairos.frames import Frame
from kairos.models import ledger
from kairos.models.config import ModelConfig
from kairos.models.trials import data_set_digest
from kairos.plots.strategies import bias_bars, equity_curve
from kairos.settings import Settings
from kairos.simulation.leaderboard import leaderboard as ranked
from kairos.simulation.plan import Plan, default_costs, simulation_trials
from kairos.simulation.pred_file import read_prediction_file
from kairos.simulation.run import Simulation
from kairos.simulation.stats import strategy_stats as figures
from kairos.simulation.survivorship import Ground, survivorship_bias
from kairos.tables import market, models, simulation, universe
from kairos.tables.core import Table
from resources.platform import Platform
from resources.table_io import Read, TableIO

OUTPUTS: dict[str, Table] = {
    "daily": simulation.SIMULATION_DAILY,
    "holdings": simulation.SIMULATION_HOLDINGS,
    "trades": simulation.SIMULATION_TRADES,
    "survivorship": simulation.SURVIVORSHIP_BIAS,
}
PLOTS = {"daily": equity_curve, "survivorship": bias_bars}
CONTEXT = (Read(market.DAILY_RETURNS), Read(models.HOLDOUT_LEDGER), Read(universe.MIDCAP_UNIVERSE), Read(market.TICKERS))


class SimulationConfig(dg.Config):
    """What to simulate; left as it is, every model of the universe year under the tag `top<K>`."""

    tag: str = Field("", description="Name of the simulation; top<K> by default")
    models: list[str] = Field(default_factory=list, description="Configurations to follow; all by default")
    pred_file: str = Field("", description="CSV with date,ticker,y_pred[,y_true] to follow in place of a model")
    k: int = Field(0, ge=0, description="Names held; STRAT_TOP_K by default")
    costs_bps: list[float] = Field(default_factory=list, description="Costs a side; STRAT_COST_BPS and a grid by default")
    horizon: int = Field(0, ge=0, description="Sessions ahead; every horizon of the models by default")


def simulation_assets(configs: Sequence[ModelConfig]) -> list[dg.AssetsDefinition]:
    """Return the simulation of all models, reading the predictions of every configuration."""
    reads = (*CONTEXT, *(Read(models.PREDICTIONS, from_asset=f"predictions_{config.name}") for config in configs))

    @dg.multi_asset(
        name="simulation",
        specs=[_spec(table, reads) for table in OUTPUTS.values()],
        check_specs=[spec for table in OUTPUTS.values() for spec in check_specs(table.name)],
        partitions_def=universe_years,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def simulate_scores(
        context: dg.AssetExecutionContext, config: SimulationConfig, platform: Platform, table_io: TableIO
    ) -> Iterator[Any]:
        def fill(key: str) -> dict[str, Part]:
            work = Work(key, platform, context, table_io.versions(reads))
            rows = _simulate_year(work, table_io, config)
            return {table.name: _part(work, table_io, name, rows[name]) for name, table in OUTPUTS.items()}

        yield from fill_parts(context, context.partition_keys, fill, name="simulation")

    return [simulate_scores, _leaderboard_asset(configs)]


def _leaderboard_asset(configs: Sequence[ModelConfig]) -> dg.AssetsDefinition:
    metrics = (Read(models.MODEL_METRICS, from_asset=f"model_metrics_{config.name}") for config in configs)

    @table_asset(simulation.LEADERBOARD, reads=(Read(simulation.STRATEGY_STATS), *metrics))
    def leaderboard(work: Work, strategy_stats: Frame, model_metrics: Frame) -> Frame:
        """All strategies of all years in one order."""
        return ranked(strategy_stats, model_metrics)

    return leaderboard


def _spec(table: Table, reads: Sequence[Read]) -> dg.AssetSpec:
    return dg.AssetSpec(
        table.name,
        deps=[edge(read, table) for read in reads],
        group_name=table.group,
        description=metadata.described(table),
        owners=OWNERS,
        kinds={"polars", "deltalake"},
        metadata=metadata.static(table, reads),
    )


def _simulate_year(work: Work, table_io: TableIO, config: SimulationConfig) -> dict[str, Frame]:
    """Simulate one universe year, count the trials and replace the tag's rows; return the rows written."""
    frames = {
        read.table.name: table_io.load(read, consumer=simulation.SIMULATION_DAILY, key=work.key, versions=work.reads)
        for read in (*CONTEXT, Read(models.PREDICTIONS))
    }
    plan = _plan(config, work.platform.settings, work.key)
    scores = read_prediction_file(Path(config.pred_file), frames["tickers"]) if config.pred_file else frames["predictions"]
    holdout = ledger.sealed_holdout(frames["holdout_ledger"], work.year)
    ground = Ground(frames["daily_returns"], frames["tickers"], universe_year=work.year, holdout_first=holdout.first_session)
    made = ground.book(plan, scores)
    rows = _validated_rows(made, survivorship_bias(plan, made, scores, ground=ground))
    digest = data_set_digest(frames["midcap_universe"])
    tried = simulation_trials(made, universe_year=work.year, data_set=digest, now=work.platform.clock.now())
    commit = table_io.commit("simulation", run_id=work.context.run_id, key=work.key, reads=work.reads)
    table_io.count_trials(tried, holdout, commit=commit)
    where: dict[str, int | str] = {"universe_year": work.year, "tag": plan.tag}
    for name, table in OUTPUTS.items():
        work.platform.warehouse.replace(table, rows[name], partition=where, commit=commit)
    return rows


def _validated_rows(made: Simulation, bias: Frame) -> dict[str, Frame]:
    frames = {"daily": made.daily, "holdings": made.holdings, "trades": made.trades, "survivorship": bias}
    return {name: validated(table.name, table, frames[name]) for name, table in OUTPUTS.items()}


def _plan(config: SimulationConfig, settings: Settings, key: str) -> Plan:
    k = config.k or settings.top_k
    return Plan(
        tag=config.tag or f"top{k}",
        models=tuple(f"{name}_{key}" for name in config.models),
        horizon=config.horizon,
        k=k,
        costs_bps=tuple(config.costs_bps) or default_costs(settings.cost_bps),
    )


def _part(work: Work, table_io: TableIO, name: str, frame: Frame) -> Part:
    """Return what one asset shows of a simulation."""
    shown = metadata.counts(table_io.rows(OUTPUTS[name]), frame.height, partitioned=True)
    shown["reads"] = metadata.reads_shown(work.reads)
    if frame.height:
        shown["preview"] = metadata.preview(frame)
    return Part(frame.height, shown, draw=partial(PLOTS[name], frame) if name in PLOTS else None)


@table_asset(
    simulation.STRATEGY_STATS,
    reads=(Read(simulation.SIMULATION_DAILY), Read(models.HOLDOUT_LEDGER), Read(models.TRIALS)),
)
def strategy_stats(work: Work, simulation_daily: Frame, holdout_ledger: Frame, trials: Frame) -> Frame:
    """Each segment on its own sessions; the deflated ratio counts every trial ever made on the data set."""
    return figures(simulation_daily, trials=trials, holdout_ledger=holdout_ledger)
