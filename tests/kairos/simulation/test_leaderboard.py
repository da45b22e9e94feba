"""The best net validation Sharpe stands first, holdout and skill beside it."""

import polars as pl
import pytest

from kairos.simulation.leaderboard import leaderboard
from kairos.tables.models import MODEL_METRICS
from kairos.tables.simulation import LEADERBOARD, STRATEGY_STATS


@pytest.fixture
def stats():
    ratios = [("low", 0.5), ("none", None), ("high", 1.5), ("also_low", 0.5)]
    rows = [
        {
            "universe_year": 2014, "tag": tag, "model_id": "m", "horizon": 5, "k": 3, "cost_bps": 10.0,
            "sharpe_net_validation": ratio, "sharpe_net_holdout": 9.0 if tag == "low" else 0.0,
            "sessions_validation": 1, "sessions_holdout": 1, "n_trials": 4, "holdout_spends": 1,
        }
        for tag, ratio in ratios
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=STRATEGY_STATS.dtypes)


@pytest.fixture
def metrics():
    shared = {"universe_year": 2014, "model_id": "m", "horizon": 5, "sessions": 1, "rows": 1}
    rows = [
        {**shared, "segment": "validation", "year": 0, "rank_ic": 0.03, "rank_ic_t": 2.5},
        {**shared, "segment": "validation", "year": 2014, "rank_ic": 0.9, "rank_ic_t": 9.0},
        {**shared, "segment": "holdout", "year": 0, "rank_ic": 0.8, "rank_ic_t": 8.0},
    ]
    return pl.DataFrame(rows, schema=MODEL_METRICS.dtypes)


def test_the_validation_decides_the_order_and_the_unknown_come_last(stats, metrics):
    board = LEADERBOARD.validate(leaderboard(stats, metrics))
    assert board["tag"].to_list() == ["high", "also_low", "low", "none"]
    assert board["rank"].to_list() == [1, 2, 3, 4]


def test_the_models_skill_over_the_whole_validation_stands_beside(stats, metrics):
    board = leaderboard(stats, metrics)
    assert set(board["rank_ic_validation"]) == {0.03}
    assert set(board["rank_ic_t_validation"]) == {2.5}


def test_a_strategy_without_a_model_keeps_its_place(stats, metrics):
    board = leaderboard(stats.with_columns(model_id=pl.lit("file")), metrics)
    assert board.height == 4
    assert board["rank_ic_validation"].null_count() == 4


def test_no_strategies_make_an_empty_board(stats, metrics):
    assert leaderboard(stats.clear(), metrics).schema == LEADERBOARD.empty().schema
