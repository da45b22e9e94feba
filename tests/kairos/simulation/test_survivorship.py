"""The same book with and without the dead, on markets small enough to compute by hand."""

from datetime import date

import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.simulation.plan import Plan, simulate_plan
from kairos.simulation.stats import strategy_stats
from kairos.simulation.survivorship import UNIVERSE, Ground, survivorship_bias
from kairos.tables.models import HOLDOUT_LEDGER, TRIALS
from kairos.tables.simulation import SURVIVORSHIP_BIAS

SESSIONS = sessions_between(date(2014, 1, 2), date(2014, 12, 31))[:40]
HOLDOUT = SESSIONS[20]
LAST = 6  # position of the doomed name's last price
ALIVE, OTHER, DOOMED = 1, 2, 3
YEAR = 252


def priced(name, returns):
    """Rows of daily_returns of one name, a return a session, all of it overnight."""
    rows = {"session": SESSIONS[: len(returns)], "ret_cc": returns}
    shared = {"permaticker": pl.lit(name, pl.Int64), "ret_co": pl.col("ret_cc"), "ret_oc": 0.0, "is_delisting": False}
    return pl.DataFrame(rows, schema={"session": pl.Date, "ret_cc": pl.Float64}).with_columns(**shared)


def delisted(name, loss):
    row = {"session": SESSIONS[LAST + 1], "ret_cc": loss, "permaticker": name, "ret_co": loss, "ret_oc": 0.0}
    return pl.DataFrame([{**row, "is_delisting": True}])


def tickers_of(reason="performance", **others):
    fates = {ALIVE: None, OTHER: None, DOOMED: reason} | others
    return pl.DataFrame(
        [
            {"permaticker": name, "valid_from": SESSIONS[0], "isdelisted": fate is not None, "delisting_reason": fate}
            for name, fate in fates.items()
        ],
        schema_overrides={"delisting_reason": pl.String},
    )


def ground_of(*frames, tickers=None, holdout_first=HOLDOUT):
    calm = [priced(name, [0.0] * len(SESSIONS)) for name in (ALIVE, OTHER)]
    returns = pl.concat([*calm, *(frame.select(calm[0].columns) for frame in frames)])
    chosen = tickers_of() if tickers is None else tickers
    return Ground(returns, chosen, universe_year=2014, holdout_first=holdout_first)


def failing(loss=-0.3):
    return priced(DOOMED, [0.0] * (LAST + 1)), delisted(DOOMED, loss)


def scores_of(ground, best=DOOMED, model="m_2014", horizon=5):
    """Every name on every session it trades on, the best one's score above all others."""
    rows = ground.daily_returns.filter(~pl.col("is_delisting")).select("permaticker", "session")
    score = pl.when(pl.col("permaticker") == best).then(9.0).otherwise(-pl.col("permaticker").cast(pl.Float64))
    return rows.with_columns(score.alias("score"), model_id=pl.lit(model), horizon=pl.lit(horizon, pl.Int32), is_oos=True)


def plan_of(**changes):
    return Plan(**{"tag": "t", "models": (), "horizon": 0, "k": 1, "costs_bps": (0.0,)} | changes)


def bias_of(ground, plan=None, scores=None):
    plan, scores = plan or plan_of(), scores_of(ground) if scores is None else scores
    return SURVIVORSHIP_BIAS.validate(survivorship_bias(plan, ground.book(plan, scores), scores, ground=ground))


def row_of(frame, model=UNIVERSE, segment="whole"):
    [row] = frame.filter((pl.col("model_id") == model) & (pl.col("segment") == segment)).iter_rows(named=True)
    return row


def test_the_universe_without_a_name_that_lost_30_percent_of_a_third_looks_a_tenth_better():
    row = row_of(bias_of(ground_of(*failing())))
    sessions = len(SESSIONS) - 1  # the first fill is at the second open
    assert (row["sessions"], row["names"], row["dead"], row["taken_over"], row["dead_held"]) == (sessions, 3, 1, 0, 1)
    assert row["cagr_net"] == pytest.approx(0.9 ** (YEAR / sessions) - 1)
    assert row["cagr_net_survivors"] == 0
    assert row["cagr_net_bias"] == pytest.approx(1 - 0.9 ** (YEAR / sessions))
    assert row["max_drawdown_net"] == pytest.approx(-0.1)
    assert row["max_drawdown_net_bias"] == pytest.approx(0.1)


def test_a_strategy_that_held_the_dead_name_alone_is_spared_its_whole_loss():
    row = row_of(bias_of(ground_of(*failing(-0.55))), model="m_2014")
    assert row["max_drawdown_net"] == pytest.approx(-0.55)
    assert row["max_drawdown_net_survivors"] == 0
    assert row["k"] == 1


def test_each_stretch_stands_on_its_own_sessions():
    frame = bias_of(ground_of(*failing()))
    first, second = (row_of(frame, segment=segment) for segment in ("validation", "holdout"))
    assert first["sessions"] + second["sessions"] == row_of(frame)["sessions"]
    assert first["cagr_net"] == pytest.approx(0.9 ** (YEAR / first["sessions"]) - 1)
    assert (second["cagr_net"], second["dead_held"]) == (0, 0)


def test_a_takeover_premium_makes_the_survivors_look_worse():
    taken = priced(DOOMED, [0.0] * LAST + [0.3])
    row = row_of(bias_of(ground_of(taken, tickers=tickers_of("merger"))))
    assert row["cagr_net_bias"] == pytest.approx(1 - 1.1 ** (YEAR / row["sessions"]))
    assert (row["dead"], row["taken_over"]) == (1, 1)


@pytest.mark.parametrize(("missing", "dead"), [(21, 1), (20, 0)])
def test_a_series_of_a_file_that_merely_ends_has_stopped_once_it_is_over_for_long(missing, dead):
    ended = priced(DOOMED, [0.0] * (len(SESSIONS) - missing))
    frame = bias_of(ground_of(ended, tickers=tickers_of(None)))
    assert set(frame["dead"]) == {dead}


def test_a_delisting_on_the_last_days_counts_at_once():
    gone = priced(DOOMED, [0.0] * (len(SESSIONS) - 2))
    assert set(bias_of(ground_of(gone, tickers=tickers_of("unknown")))["dead"]) == {1}


def test_without_deaths_there_is_no_bias():
    wave = [0.01 * (-1) ** number for number in range(len(SESSIONS))]
    frame = bias_of(ground_of(priced(DOOMED, wave), tickers=tickers_of(None)))
    assert frame.select(pl.col("^.*_bias$").abs().max()).row(0) == (0, 0, 0)
    assert frame["dead"].sum() == 0


def test_fewer_survivors_than_the_strategy_holds_leave_it_without_a_comparison():
    row = row_of(bias_of(ground_of(*failing()), plan_of(k=3)), model="m_2014")
    assert row["cagr_net"] is not None
    assert (row["cagr_net_survivors"], row["cagr_net_bias"], row["sharpe_net_bias"]) == (None, None, None)


def test_a_universe_without_any_survivor_has_no_comparison():
    ground = ground_of(*failing(), tickers=tickers_of().with_columns(isdelisted=True, delisting_reason=pl.lit("performance")))
    cut = ground.daily_returns.filter((pl.col("permaticker") != ALIVE) & (pl.col("permaticker") != OTHER))
    later = priced(9, [0.0] * len(SESSIONS)).select(cut.columns)  # trades on, but nobody scored it
    lone = Ground(pl.concat([cut, later]), ground.tickers, universe_year=2014, holdout_first=HOLDOUT)
    scores = scores_of(lone).filter(permaticker=DOOMED)
    assert bias_of(lone, scores=scores)["cagr_net_bias"].null_count() == bias_of(lone, scores=scores).height


def test_a_figure_without_risk_is_null_and_not_zero():
    row = row_of(bias_of(ground_of(*failing())))
    assert row["sharpe_net"] is not None
    assert (row["sharpe_net_survivors"], row["sharpe_net_bias"]) == (None, None)


def test_with_the_dead_the_figures_are_those_of_strategy_stats():
    wave = [0.01 * (-1) ** number + 0.002 for number in range(len(SESSIONS))]
    ground, plan = ground_of(priced(4, wave), *failing()), plan_of(k=2, costs_bps=(10.0, 5.0))
    scores = scores_of(ground, best=4)
    stats = strategy_stats(ground.book(plan, scores).daily, trials=TRIALS.empty(), holdout_ledger=HOLDOUT_LEDGER.empty())
    [told] = stats.filter(cost_bps=10.0).iter_rows(named=True)
    for segment in ("validation", "holdout"):
        row = row_of(bias_of(ground, plan, scores), model="m_2014", segment=segment)
        for name in ("sharpe_net", "cagr_net", "max_drawdown_net"):
            assert row[name] == told[f"{name}_{segment}"]


def test_every_strategy_and_horizon_has_its_rows_at_the_cost_that_counts():
    ground = ground_of(*failing())
    scores = pl.concat([scores_of(ground), scores_of(ground, horizon=1), scores_of(ground, model="n_2014", best=ALIVE)])
    frame = bias_of(ground, plan_of(costs_bps=(10.0, 5.0, 20.0)), scores)
    found = frame.filter(segment="whole").select("model_id", "horizon", "cost_bps").sort("model_id", "horizon").rows()
    wanted = [("m_2014", 1), ("m_2014", 5), ("n_2014", 5), (UNIVERSE, 1), (UNIVERSE, 5)]
    assert found == [(*each, 10.0) for each in wanted]


def test_models_that_were_not_followed_play_no_part():
    ground = ground_of(*failing())
    scores = pl.concat([scores_of(ground), scores_of(ground, model="n_2014", best=ALIVE)])
    assert set(bias_of(ground, plan_of(models=("n_2014",)), scores)["model_id"]) == {"n_2014", UNIVERSE}


def test_scores_of_a_file_are_compared_as_well():
    ground = ground_of(*failing())
    scores = scores_of(ground).select("permaticker", "session", "score")
    frame = bias_of(ground, plan_of(horizon=5), scores)
    assert row_of(frame, model="file")["max_drawdown_net"] == pytest.approx(-0.3)
    assert row_of(frame)["max_drawdown_net"] == pytest.approx(-0.1)


def test_an_unsealed_year_is_all_validation():
    frame = bias_of(ground_of(*failing(), holdout_first=None))
    assert set(frame["segment"]) == {"validation", "whole"}


def test_forecasts_that_saw_their_labels_are_not_followed():
    ground = ground_of(*failing())
    scores = scores_of(ground).with_columns(is_oos=pl.col("permaticker") != DOOMED)
    assert set(bias_of(ground, scores=scores)["names"]) == {2}


def test_the_book_of_a_ground_is_that_of_the_plan():
    ground = ground_of(*failing())
    plan, scores = plan_of(), scores_of(ground)
    direct = simulate_plan(plan, scores, ground.daily_returns, universe_year=2014, holdout_first=HOLDOUT)
    assert ground.book(plan, scores).daily.equals(direct.daily)
