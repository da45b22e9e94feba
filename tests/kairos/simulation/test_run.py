"""A simulation's rows conform to the tables, and the holdout is marked and continues the same book."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.errors import SimulationError
from kairos.simulation.run import simulate
from kairos.tables.simulation import SIMULATION_DAILY, SIMULATION_HOLDINGS, SIMULATION_TRADES

SESSIONS = sessions_between(date(2014, 1, 2), date(2014, 12, 31))[:60]
HOLDOUT = SESSIONS[40]
SETTINGS = {"tag": "demo", "universe_year": 2014, "k": 3, "cost_bps": 10, "holdout_first": HOLDOUT, "horizon": 5}


def grid(names=8):
    return pl.DataFrame({"permaticker": range(1, names + 1)}).join(pl.DataFrame({"session": SESSIONS}), how="cross")


@pytest.fixture
def returns():
    rng = np.random.default_rng(3)
    frame = grid()
    night, day = rng.normal(0, 0.01, (2, frame.height))
    return frame.with_columns(ret_co=night, ret_oc=day, ret_cc=(1 + night) * (1 + day) - 1, is_delisting=pl.lit(value=False))


@pytest.fixture
def predictions():
    rng = np.random.default_rng(4)
    frame = grid().with_columns(
        universe_year=2014, model_id=pl.lit("ridge_2014"), horizon=5, is_oos=True, score=rng.normal(size=8 * len(SESSIONS))
    )
    return pl.concat([frame, frame.with_columns(horizon=1, score=-pl.col("score"))])


def test_every_row_conforms_to_its_table(predictions, returns):
    made = simulate(predictions, returns, **SETTINGS)
    SIMULATION_DAILY.validate(made.daily)
    SIMULATION_HOLDINGS.validate(made.holdings)
    SIMULATION_TRADES.validate(made.trades)
    assert made.daily["model_id"].unique().to_list() == ["ridge_2014"]


def test_the_holdout_starts_at_its_first_session_and_continues_the_book(predictions, returns):
    daily = simulate(predictions, returns, **SETTINGS).daily
    first = daily.filter(segment="holdout").row(0, named=True)
    last = daily.filter(segment="validation").row(-1, named=True)
    assert (last["session"], first["session"]) == (SESSIONS[39], HOLDOUT)
    assert first["nav_net"] == pytest.approx(last["nav_net"] * (1 + first["ret_net"]))


def test_without_a_sealed_holdout_all_is_validation(predictions, returns):
    daily = simulate(predictions, returns, **{**SETTINGS, "holdout_first": None}).daily
    assert daily["segment"].unique().to_list() == ["validation"]


def test_the_horizon_sets_the_rebalance_unless_told_otherwise(predictions, returns):
    traded = simulate(predictions, returns, **SETTINGS).daily.filter(pl.col("turnover") > 0)
    assert traded["session"].to_list() == list(SESSIONS[1::5])
    weekly = simulate(predictions, returns, **SETTINGS, rebalance=10).daily.filter(pl.col("turnover") > 0)
    assert weekly["session"].to_list() == list(SESSIONS[1::10])


def test_only_scores_of_the_horizon_and_out_of_sample_count(predictions, returns):
    alone = simulate(predictions.filter(horizon=5), returns, **SETTINGS)
    leaky = predictions.with_columns(is_oos=(pl.col("session") >= SESSIONS[20]) | (pl.col("horizon") == 1))
    assert simulate(predictions, returns, **SETTINGS).daily.equals(alone.daily)
    assert simulate(leaky, returns, **SETTINGS).daily["session"][0] == SESSIONS[21]


def test_scores_of_a_file_need_no_model(predictions, returns):
    scores = predictions.filter(horizon=5).select("permaticker", "session", "score")
    made = simulate(scores, returns, **SETTINGS)
    assert made.daily["model_id"].unique().to_list() == ["file"]


def test_a_horizon_without_scores_is_refused(predictions, returns):
    with pytest.raises(SimulationError, match=r"simulation demo: no out-of-sample score for a horizon of 21 session\(s\)"):
        simulate(predictions, returns, **{**SETTINGS, "horizon": 21})


def test_two_models_are_refused(predictions, returns):
    both = predictions.with_columns(model_id=pl.when(pl.col("permaticker") > 3).then(pl.lit("b")).otherwise(pl.lit("a")))
    with pytest.raises(SimulationError, match=r"predictions of 2 models \(a, b\)"):
        simulate(both, returns, **SETTINGS)


def test_a_k_above_the_universe_names_both(predictions, returns):
    with pytest.raises(SimulationError, match="k = 50, but the scored universe has 8 names"):
        simulate(predictions, returns, **{**SETTINGS, "k": 50})


def test_a_horizon_of_none_is_refused(predictions, returns):
    with pytest.raises(SimulationError, match="a horizon of 0 sessions, expected at least 1"):
        simulate(predictions, returns, **{**SETTINGS, "horizon": 0})
