from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.frames import Frame
from kairos.models.config import ModelConfig, parse_config
from kairos.models.folds import seal
from kairos.models.registry import FAMILIES
from kairos.models.walkforward import Trained, train_walk_forward

FEATURES = ("ret_5d", "mom_12_1", "vol_21d", "px_to_sma_21d", "rsi_14", "turnover_5d")
SMALL = {  # configurations that fit a small panel
    "ridge": {"settings": {"inner_folds": 2}},
    "lgbm": {"settings": {"rounds": 40, "learning_rate": 0.1, "min_data_in_leaf": 100, "num_threads": 1}},
    "single": {"features": ["rsi_14"]},
}


def make_matrix(*, names: int = 40, sessions: int = 330, signal: float = 0.25, seed: int = 11) -> Frame:
    """Return a matrix whose 5-day return follows ret_5d (down), rsi_14 (up) and chance."""
    rng = np.random.default_rng(seed)
    days = sessions_between(date(2015, 1, 1), date(2018, 1, 1))[:sessions]
    values = rng.normal(size=(len(FEATURES), sessions, names))
    drift = signal * 0.02 * (5 / 3) ** 0.5 * (values[4] - values[0])  # per root session, in deviations of the chance
    daily = 0.02 * rng.standard_t(5, size=(sessions + 5, names))
    labels = {}
    for horizon in (1, 5):
        label = np.stack([daily[t + 1 : t + 1 + horizon].sum(axis=0) for t in range(sessions)]) + horizon**0.5 * drift
        label[sessions - horizon :] = np.nan
        labels[f"ret_{horizon}d_f"] = label
        labels[f"ret_{horizon}d_f_xs"] = label - label.mean(axis=1, keepdims=True)
    frame = pl.DataFrame(
        {
            "universe_year": np.full(sessions * names, 2015, dtype=np.int32),
            "permaticker": np.tile(np.arange(100, 100 + names), sessions),
            "ticker": np.tile([f"T{i:02d}" for i in range(names)], sessions),
            "session": np.repeat(np.array(days, dtype="datetime64[D]"), names),
            **{name: block.ravel().astype(np.float32) for name, block in zip(FEATURES, values, strict=True)},
            **{name: block.ravel() for name, block in labels.items()},
        }
    )
    return frame.with_columns(pl.col(list(labels)).fill_nan(None))


@pytest.fixture(scope="session")
def matrix_of() -> Callable[..., Frame]:
    return make_matrix


@pytest.fixture(scope="session")
def matrix() -> Frame:
    return make_matrix()


@pytest.fixture(scope="session")
def sessions(matrix):
    return tuple(matrix["session"].unique().sort())


@pytest.fixture(scope="session")
def holdout(sessions):
    return seal(sessions, length=60)


@pytest.fixture(scope="session")
def config_of() -> Callable[..., ModelConfig]:
    def build(family: str, **changes) -> ModelConfig:
        values = {
            "name": family,
            "family": family,
            "features": "all",
            "folds": {"min_train_sessions": 120, "test_sessions": 40},
        }
        return parse_config({**values, **SMALL[family], **changes}, where="test")

    return build


@pytest.fixture(scope="session", params=list(FAMILIES))
def family(request) -> str:
    return request.param


@pytest.fixture(scope="session")
def trainings(matrix, holdout, config_of) -> dict[str, Trained]:
    """Return a training of every family, over one horizon."""
    return {name: train_walk_forward(matrix, config_of(name), holdout=holdout, model_id=f"{name}_2015") for name in FAMILIES}


@pytest.fixture
def trained(family, trainings) -> Trained:
    return trainings[family]


@pytest.fixture(scope="session")
def two_horizons(matrix, holdout, config_of) -> Trained:
    return train_walk_forward(matrix, config_of("ridge", horizons=[5, 1]), holdout=holdout, model_id="ridge_2015")
