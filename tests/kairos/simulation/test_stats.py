"""Figures per segment, deflation by the trials of the data set, PBO among the year's strategies, nulls where none exist."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.evaluation.overfitting import dsr, pbo_cscv, psr, track_of
from kairos.evaluation.performance import cagr, max_drawdown, sharpe
from kairos.simulation.stats import strategy_stats
from kairos.tables.models import HOLDOUT_LEDGER, TRIALS
from kairos.tables.simulation import SIMULATION_DAILY, STRATEGY_STATS

SESSIONS = sessions_between(date(2014, 1, 2), date(2014, 12, 31))[:200]
HOLDOUT = SESSIONS[160]
START = datetime(2020, 1, 1, tzinfo=UTC)


def daily_of(tag, net, *, gross=None, year=2014, turnover=0.1, cost_bps=10.0):
    gross = np.asarray(net) + 1e-4 if gross is None else gross
    sessions = SESSIONS[: len(net)]
    frame = pl.DataFrame({"session": sessions, "ret_net": net, "ret_gross": gross}).with_columns(
        universe_year=year,
        tag=pl.lit(tag),
        model_id=pl.lit("m"),
        horizon=5,
        k=3,
        cost_bps=cost_bps,
        segment=pl.when(pl.col("session") >= HOLDOUT).then(pl.lit("holdout")).otherwise(pl.lit("validation")),
        cost=1e-4,
        turnover=turnover,
        nav_gross=1.0,
        nav_net=1.0,
        positions=3,
        cash=0.0,
    )
    return SIMULATION_DAILY.conform(frame)


def trials_of(*rows):
    """Rows of (kind, name, data_set)."""
    full = [
        (str(i), kind, name, 2014, 5, data_set, "{}", START + timedelta(days=i))
        for i, (kind, name, data_set) in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=TRIALS.dtypes, orient="row")


def noise(seed, mean=0.0005):
    return np.random.default_rng(seed).normal(mean, 0.01, len(SESSIONS))


ONE = trials_of(("simulation", "a", "d"))


def stats_of(*frames, trials=ONE, ledger=None):
    rows = strategy_stats(pl.concat(frames), trials=trials, holdout_ledger=HOLDOUT_LEDGER.empty() if ledger is None else ledger)
    return STRATEGY_STATS.validate(rows)


def test_each_segment_has_figures_of_its_own_sessions():
    net = noise(1)
    row = stats_of(daily_of("a", net)).row(0, named=True)
    assert (row["sessions_validation"], row["sessions_holdout"]) == (160, 40)
    assert row["sharpe_net_validation"] == pytest.approx(sharpe(net[:160]))
    assert row["sharpe_net_holdout"] == pytest.approx(sharpe(net[160:]))
    assert row["cagr_gross_holdout"] == pytest.approx(cagr(net[160:] + 1e-4))
    assert row["max_drawdown_net_holdout"] == pytest.approx(max_drawdown(net[160:]))
    assert row["hit_rate_validation"] == pytest.approx((net[:160] > 0).mean())
    assert row["turnover_validation"] == pytest.approx(0.1)


def test_one_trial_is_not_deflated():
    net = noise(2)
    row = stats_of(daily_of("a", net)).row(0, named=True)
    assert row["n_trials"] == 1
    assert row["dsr"] == pytest.approx(psr(track_of(net[:160])))


def test_deflation_takes_number_and_variance_from_the_data_set():
    series = {"a": noise(3, 0.001), "b": noise(4), "c": noise(5)}
    trials = trials_of(*(("simulation", tag, "d") for tag in series), ("model", "ridge", "d"), ("simulation", "x", "other"))
    rows = stats_of(*(daily_of(tag, net) for tag, net in series.items()), trials=trials)
    tracks = {tag: track_of(net[:160]) for tag, net in series.items()}
    variance = np.var([track.sharpe for track in tracks.values()], ddof=1)
    assert rows["n_trials"].to_list() == [4, 4, 4]
    assert rows["dsr"].to_list() == pytest.approx([dsr(track, n_trials=4, variance=variance) for track in tracks.values()])


def test_more_trials_never_raise_the_deflated_sharpe_ratio():
    net = noise(6, 0.001)
    models = [("model", f"m{i}", "d") for i in range(30)]
    found = [
        stats_of(daily_of("a", net), trials=trials_of(("simulation", "a", "d"), *models[:count]))["dsr"].item()
        for count in range(0, 31, 5)
    ]
    assert found == sorted(found, reverse=True)
    assert found[-1] < found[0]


def test_a_rerun_of_the_same_trial_counts_once():
    assert stats_of(daily_of("a", noise(7)), trials=pl.concat([ONE, ONE]))["n_trials"].item() == 1


def test_strategies_without_a_recorded_trial_still_count():
    rows = stats_of(daily_of("a", noise(8)), daily_of("b", noise(9)), trials=TRIALS.empty())
    assert rows["n_trials"].to_list() == [2, 2]


def test_pbo_compares_the_years_strategies_on_their_validation():
    series = {"a": noise(10), "b": noise(11), "c": noise(12)}
    rows = stats_of(*(daily_of(tag, net) for tag, net in series.items()))
    assert rows["pbo"].to_list() == [pbo_cscv(np.column_stack([net[:160] for net in series.values()]))] * 3


def test_other_years_do_not_enter_the_pbo():
    rows = stats_of(daily_of("a", noise(13)), daily_of("b", noise(14), year=2015))
    assert rows["pbo"].to_list() == [None, None]


def test_a_figure_that_cannot_be_computed_is_null():
    row = stats_of(daily_of("a", np.zeros(30), gross=np.zeros(30))).row(0, named=True)
    assert row["sharpe_net_validation"] is None
    assert row["dsr"] is None
    assert row["pbo"] is None
    assert row["cagr_net_holdout"] is None
    assert row["turnover_holdout"] is None
    assert row["cagr_net_validation"] == 0.0
    assert row["sessions_holdout"] == 0


def test_every_read_of_the_years_holdout_is_counted():
    events = [(2014, "sealed", "-"), (2014, "spent", "t1"), (2014, "spent", "t2"), (2015, "spent", "t3")]
    ledger = pl.DataFrame(
        [(*event, HOLDOUT, SESSIONS[-1], START) for event in events], schema=HOLDOUT_LEDGER.dtypes, orient="row"
    )
    assert stats_of(daily_of("a", noise(15)), ledger=ledger)["holdout_spends"].item() == 2


def test_no_strategies_give_no_rows():
    assert stats_of(SIMULATION_DAILY.empty()).is_empty()


def test_what_differs_in_cost_only_is_one_trial_and_no_rival():
    net = noise(16)
    alone = stats_of(daily_of("a", net))
    grid = stats_of(*(daily_of("a", net - cost * 1e-5, cost_bps=cost) for cost in (5.0, 10.0, 20.0)))
    assert grid["n_trials"].to_list() == [1, 1, 1]
    assert grid["pbo"].null_count() == 3
    assert alone["n_trials"].item() == 1


def test_strategies_are_compared_at_the_cost_nearest_to_their_own():
    frames = [
        daily_of(tag, noise(seed) - cost * 1e-5, cost_bps=cost)
        for seed, tag in ((17, "a"), (18, "b"), (19, "c"))
        for cost in (5.0, 10.0, 20.0)
    ]
    both = stats_of(*frames, trials=TRIALS.empty()).filter(cost_bps=10.0)
    base = stats_of(*(frame for frame in frames if frame["cost_bps"][0] == 10.0), trials=TRIALS.empty())
    assert both.equals(base)
