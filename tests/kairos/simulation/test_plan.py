"""One plan covers models, horizons and costs under one tag, and counts what it tries."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.errors import NotFoundError, SimulationError
from kairos.simulation.plan import Plan, default_costs, simulate_plan, simulation_trials
from kairos.simulation.run import FILE_MODEL
from kairos.tables.models import TRIALS
from kairos.tables.simulation import SIMULATION_DAILY, SIMULATION_HOLDINGS, SIMULATION_TRADES

SESSIONS = sessions_between(date(2014, 1, 2), date(2014, 12, 31))[:30]
NAMES = 6
PLACE = {"universe_year": 2014, "data_set": "d", "now": datetime(2015, 1, 5, tzinfo=UTC)}


def plan_of(**changes):
    return Plan(**{"tag": "top2", "models": (), "horizon": 0, "k": 2, "costs_bps": (10.0, 5.0, 20.0)} | changes)


@pytest.fixture(scope="module")
def grid():
    return pl.DataFrame({"permaticker": range(1, NAMES + 1)}).join(pl.DataFrame({"session": SESSIONS}), how="cross")


@pytest.fixture(scope="module")
def returns(grid):
    night, day = np.random.default_rng(3).normal(0, 0.01, (2, grid.height))
    return grid.with_columns(ret_co=night, ret_oc=day, ret_cc=(1 + night) * (1 + day) - 1, is_delisting=pl.lit(value=False))


@pytest.fixture(scope="module")
def predictions(grid):
    rng = np.random.default_rng(4)
    parts = [
        grid.with_columns(model_id=pl.lit(model), horizon=pl.lit(horizon), is_oos=True, score=rng.normal(size=grid.height))
        for model, horizon in (("lgbm_2014", 5), ("ridge_2014", 1), ("ridge_2014", 5))
    ]
    return pl.concat(parts)


@pytest.fixture(scope="module")
def file_scores(predictions):
    return predictions.filter(model_id="lgbm_2014").select("permaticker", "session", "score")


@pytest.fixture
def simulated(predictions, returns):
    def run(plan, scores=predictions):
        return simulate_plan(plan, scores, returns, universe_year=2014, holdout_first=SESSIONS[20])

    return run


def strategies(made):
    return made.daily.select("model_id", "horizon", "cost_bps").unique().sort("model_id", "horizon", "cost_bps").rows()


def test_every_model_horizon_and_cost_is_simulated(simulated):
    made = simulated(plan_of())
    pairs = (("lgbm_2014", 5), ("ridge_2014", 1), ("ridge_2014", 5))
    assert strategies(made) == [(*pair, cost) for pair in pairs for cost in (5.0, 10.0, 20.0)]
    SIMULATION_DAILY.validate(made.daily)


def test_holdings_and_trades_are_kept_at_the_first_cost_alone(simulated):
    made = simulated(plan_of())
    assert SIMULATION_HOLDINGS.validate(made.holdings)["cost_bps"].unique().to_list() == [10.0]
    assert SIMULATION_TRADES.validate(made.trades)["cost_bps"].unique().to_list() == [10.0]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"models": ("ridge_2014",)}, [("ridge_2014", 1), ("ridge_2014", 5)]),
        ({"horizon": 5}, [("lgbm_2014", 5), ("ridge_2014", 5)]),
        ({"models": ("ridge_2014",), "horizon": 1}, [("ridge_2014", 1)]),
    ],
)
def test_a_plan_may_choose_models_and_a_horizon(simulated, changes, expected):
    assert strategies(simulated(plan_of(costs_bps=(10.0,), **changes))) == [(*pair, 10.0) for pair in expected]


def test_a_model_without_predictions_is_named_with_those_there_are(simulated):
    with pytest.raises(NotFoundError, match=r"no predictions of mlp_2014 in universe year 2014; found lgbm_2014, ridge_2014"):
        simulated(plan_of(models=("ridge_2014", "mlp_2014")))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizon": 21}, r"no predictions 21 session\(s\) ahead of any model; found lgbm_2014 5, ridge_2014 1, ridge_2014 5"),
        ({"horizon": 1, "models": ("lgbm_2014", "ridge_2014")}, r"no predictions 1 session\(s\) ahead of lgbm_2014"),
    ],
)
def test_a_horizon_without_predictions_is_refused(simulated, changes, message):
    with pytest.raises(NotFoundError, match=message):
        simulated(plan_of(**changes))


def test_no_predictions_at_all_are_refused(simulated, predictions):
    with pytest.raises(NotFoundError, match="found none"):
        simulated(plan_of(), predictions.clear())


@pytest.mark.parametrize("tag", ["", "a/b", "a b", "../x", ".hidden", "x" * 65, "a'b"])
def test_a_tag_that_is_no_folder_name_is_refused(tag):
    with pytest.raises(SimulationError, match="tag"):
        plan_of(tag=tag)


def test_a_plan_has_a_cost():
    with pytest.raises(SimulationError, match="no cost given"):
        plan_of(costs_bps=())


@pytest.mark.parametrize(("cost", "grid_of_costs"), [(10.0, (10.0, 5.0, 20.0)), (0.0, (0.0,))])
def test_the_cost_that_counts_comes_first(cost, grid_of_costs):
    assert default_costs(cost) == grid_of_costs


def test_a_strategy_is_one_trial_at_any_number_of_costs(simulated):
    made = TRIALS.validate(simulation_trials(simulated(plan_of()), **PLACE))
    assert made.select("name", "horizon").rows() == [("top2", 5), ("top2", 1), ("top2", 5)]
    assert made["trial_id"].n_unique() == 3
    one_cost = simulation_trials(simulated(plan_of(costs_bps=(3.0,))), **PLACE)
    assert set(one_cost["trial_id"]) == set(made["trial_id"])


def test_another_tag_is_no_other_trial_and_another_k_is(simulated):
    ids = [
        set(simulation_trials(simulated(plan_of(**changes)), **PLACE)["trial_id"])
        for changes in ({}, {"tag": "again"}, {"k": 3})
    ]
    assert ids[0] == ids[1]
    assert not ids[0] & ids[2]


def test_every_prediction_file_is_a_trial_of_its_own(simulated, file_scores):
    plan = plan_of(horizon=5)
    tried = [
        simulation_trials(simulated(plan, scores), **PLACE)
        for scores in (file_scores, file_scores.reverse(), file_scores.with_columns(-pl.col("score")))
    ]
    first, reordered, turned = (rows["trial_id"].to_list() for rows in tried)
    assert first == reordered != turned


def test_a_prediction_file_needs_a_horizon(simulated, file_scores):
    assert simulated(plan_of(horizon=5), file_scores).daily["model_id"].unique().to_list() == [FILE_MODEL]
    with pytest.raises(SimulationError, match="give the horizon"):
        simulated(plan_of(horizon=0), file_scores)
