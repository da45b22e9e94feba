"""Small embedded markets on which models are trained the way the assets train them, and held against the truth."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from kairos.features.registry import CORE_SETS
from kairos.frames import Frame
from kairos.models.config import ModelConfig, load_config
from kairos.models.folds import Holdout, seal
from kairos.models.walkforward import judged, train_walk_forward
from kairos.sandbox.known_answer import KnownAnswer, known_answer
from kairos.sandbox.market import generate
from kairos.sandbox.sizes import MarketSize
from kairos.settings import Settings
from tests.journeys.engine_path import Steps, bulk, market_tables, universe_tables

SMALL = MarketSize(60, date(2013, 1, 2), date(2017, 3, 31))  # a year to look back on, then 504 to train, 50 and 252 to judge
CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "models"


@dataclass(frozen=True)
class Place:
    """An embedded market, and the tables of its second calendar year's universe.

    Attributes:
        size: Size of the market.
        seed: Its seed.
        alpha: Whether alpha is planted.
        matrix: Rows of feat_matrix_targets.
        members: Rows of midcap_universe.
        returns: Rows of daily_returns from the universe year on.
        tickers: Rows of tickers.
    """

    size: MarketSize
    seed: int
    alpha: bool
    matrix: Frame
    members: Frame
    returns: Frame
    tickers: Frame

    @property
    def sessions(self) -> list[date]:
        return self.matrix["session"].unique().sort().to_list()

    @property
    def holdout(self) -> Holdout:
        return seal(self.sessions, length=Settings().holdout_sessions)


def build(size: MarketSize, seed: int, *, alpha: bool, steps: Steps | None = None) -> Place:
    """Bring the market's last export through the path of the assets, up to the targets.

    Args:
        size: Size of the market.
        seed: Its seed.
        alpha: Whether alpha is planted.
        steps: Stand-ins for a step's result, as `engine_path` takes them.
    """
    market = generate(size, seed, alpha=alpha)
    years = range(market.first_session.year, market.last_session.year + 1)
    made = market_tables(bulk(market, market.last_session), years=years, steps=steps, sets=tuple(CORE_SETS.values()))
    universe = universe_tables(made, universe_years=[years[1]], settings=Settings(), steps=steps)
    return Place(
        size,
        seed,
        alpha=alpha,
        matrix=universe["feat_matrix_targets"],
        members=universe["midcap_universe"],
        returns=made["daily_returns"].filter(pl.col("session").dt.year() >= years[1]),
        tickers=made["tickers"],
    )


def config_of(name: str, *, rounds: int | None = None) -> ModelConfig:
    """Return a configuration of the checkout, with fewer trees where asked for."""
    config = load_config(name, configs=CONFIGS)
    return config if rounds is None else config.model_copy(update={"settings": {**config.settings, "rounds": rounds}})


def learned(place: Place, config: ModelConfig) -> KnownAnswer:
    """Train on the place and hold the forecasts against the oracle."""
    trained = train_walk_forward(place.matrix, config, holdout=place.holdout, model_id=config.name)
    forecasts = judged(trained.predictions, place.sessions, place.holdout)
    where = {"size": place.size, "seed": place.seed, "alpha": place.alpha}
    return known_answer(forecasts, place.matrix, target=config.target, **where)
