"""What can be known is told from what cannot, on a market whose truth is at hand."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from kairos.evaluation.scores import model_metrics
from kairos.sandbox.known_answer import IMPOSSIBLE_T, LEAST_FOUND, enough_found, known_answer, nothing_impossible
from kairos.sandbox.truth import expected_returns, oracle
from kairos.tables.models import PREDICTIONS

HELD_OUT = 110  # the last sessions of the tiny market's year


@pytest.fixture(scope="module")
def labels(tiny):
    total = (pl.col("total_return").fill_null(0) + 1).log().cum_sum()
    columns = [
        ((total.shift(-horizon) - total).exp() - 1).over("permaticker").alias(f"ret_{horizon}d_f_xs") for horizon in (1, 5)
    ]
    return tiny.bars.select("permaticker", "session", *columns)


@pytest.fixture(scope="module")
def truth(tiny):
    return oracle(tiny, horizons=(1, 5))


@pytest.fixture
def answered(tiny, truth, labels):
    def answer(score, *, alpha=True, horizon=5, sessions=None, strangers=()):
        rows = truth.filter(horizon=horizon).join(labels, on=["permaticker", "session"])
        rows = rows.with_columns(noise=pl.Series(np.random.default_rng(5).normal(size=rows.height)))
        rows = rows.filter(pl.col("session").is_in(list(tiny.sessions[:sessions])))
        renumbered = pl.col("permaticker").replace({name: name + 1 for name in strangers})
        forecasts = forecasts_of(rows.with_columns(score).with_columns(renumbered), tiny.sessions[-HELD_OUT])
        where = {"size": tiny.size, "seed": tiny.seed, "alpha": alpha}
        return known_answer(forecasts, labels.with_columns(renumbered), target="xs", **where)

    return answer


def forecasts_of(rows, first):
    held_out = pl.col("session") >= first
    return rows.with_columns(
        universe_year=2013, model_id=pl.lit("m_2013"), ticker=pl.lit("T"), p05=None, p50=None, p95=None, fold=0, is_oos=True,
        segment=pl.when(held_out).then(pl.lit("holdout")).otherwise(pl.lit("validation")),
    ).pipe(PREDICTIONS.conform)  # fmt: skip


ORACLE, PRICES = pl.col("total").alias("score"), pl.col("price_part").alias("score")
NOISE, LABEL = pl.col("noise").alias("score"), pl.col("ret_5d_f_xs").fill_null(0).alias("score")


def test_the_oracle_knows_no_more_than_the_oracle(answered):
    answer = answered(ORACLE)
    assert answer.figures["rank_ic"].to_list() == answer.figures["oracle"].to_list()
    assert nothing_impossible(answer).passed


def test_what_prices_tell_is_found_by_who_knows_it(answered):
    answer = answered(PRICES)
    assert answer.figures["found"].to_list() == [1, 1]
    assert enough_found(answer).passed


def test_more_than_the_oracle_is_impossible(answered):
    outcome = nothing_impossible(answered(LABEL))
    assert not outcome.passed
    assert "knows more than the oracle" in outcome.summary


@pytest.mark.parametrize("sign", [1, -1])
def test_where_nothing_is_planted_nothing_can_be_known_of_either_sign(answered, sign):
    outcome = nothing_impossible(answered((sign * LABEL).alias("score"), alpha=False))
    assert not outcome.passed
    assert "knows what nothing tells of" in outcome.summary


def test_noise_is_possible_and_finds_too_little(answered):
    answer = answered(NOISE)
    assert nothing_impossible(answer).passed
    assert not enough_found(answer).passed
    assert f"expected {LEAST_FOUND:.0%} of what prices tell" in enough_found(answer).summary


def test_noise_is_what_there_is_without_alpha(answered):
    answer = answered(NOISE, alpha=False)
    assert nothing_impossible(answer).passed
    assert enough_found(answer).passed
    assert answer.figures["found"].to_list() == [None, None]


def test_a_doubtful_find_without_alpha_is_a_warning_before_it_is_impossible(answered):
    faint = (pl.col("ret_5d_f_xs").fill_null(0) / 0.45 + pl.col("noise")).alias("score")
    answer = answered(faint, alpha=False)
    assert 3 < answer.figures["rank_ic_t"].abs().max() < IMPOSSIBLE_T
    assert nothing_impossible(answer).passed
    assert not enough_found(answer).passed


@pytest.mark.parametrize(("alpha", "t", "excess", "possible"), [
    (False, 6.0, 0.0, False), (False, -6.0, 0.0, False), (False, 4.0, 9.0, True), (True, 9.0, 4.0, True),
    (True, 9.0, 6.0, False), (True, -9.0, -9.0, True),
])  # fmt: skip
def test_without_alpha_the_find_itself_decides_and_with_it_what_exceeds_the_oracle(answered, alpha, t, excess, possible):
    answer = answered(NOISE, alpha=alpha)
    told = replace(answer, figures=answer.figures.with_columns(rank_ic_t=pl.lit(t), excess_t=pl.lit(excess)))
    assert nothing_impossible(told).passed is possible


def test_a_few_sessions_prove_nothing(answered):
    assert not nothing_impossible(answered(LABEL, sessions=101)).passed
    assert nothing_impossible(answered(LABEL, sessions=99)).passed


def test_the_figures_are_those_of_model_metrics(tiny, truth, labels, answered):
    answer = answered(NOISE)
    rows = truth.filter(horizon=5).join(labels, on=["permaticker", "session"])
    rows = rows.with_columns(pl.Series("score", np.random.default_rng(5).normal(size=rows.height)))
    metrics = model_metrics(forecasts_of(rows, tiny.sessions[-HELD_OUT]), labels).filter(year=0).sort("segment")
    told = answer.figures.sort("segment")
    for name in ("sessions", "rank_ic", "rank_ic_t"):
        assert told[name].to_list() == pytest.approx(metrics[name].to_list(), rel=1e-12)


def test_each_horizon_is_held_against_its_own_truth(tiny, truth, labels):
    forecasts = pl.concat(
        [forecasts_of(truth.filter(horizon=horizon).with_columns(ORACLE), tiny.sessions[-HELD_OUT]) for horizon in (1, 5)]
    )
    answer = known_answer(forecasts, labels, target="xs", size=tiny.size, seed=tiny.seed, alpha=True)
    assert answer.figures["horizon"].to_list() == [1, 1, 5, 5]
    assert answer.figures["lag"].to_list() == [10] * 4
    assert answer.figures["rank_ic"].to_list() == answer.figures["oracle"].to_list()


def test_names_of_another_market_are_counted_and_left_out(tiny, answered):
    names = tiny.bars["permaticker"].unique().sort().to_list()
    some, all_of_them = (answered(NOISE, strangers=chosen) for chosen in (names[:5], names))
    assert 0 < some.strangers < all_of_them.strangers
    assert not all_of_them.daily.height
    assert not enough_found(all_of_them).passed
    assert "nothing can be told" in nothing_impossible(all_of_them).summary


def test_the_truth_of_some_names_is_that_of_all(tiny):
    every = expected_returns(tiny.size, tiny.seed, horizons=[5])
    chosen = every["permaticker"].unique().sort()[:3].to_list()
    some = expected_returns(tiny.size, tiny.seed, horizons=[5], names=chosen)
    assert some.equals(every.filter(pl.col("permaticker").is_in(chosen)))


def test_the_figures_shown_are_numbers_with_their_place(answered):
    shown = nothing_impossible(answered(NOISE)).figures
    assert {"validation 5d rank_ic", "holdout 5d oracle", "holdout 5d rank_ic_t", "validation 5d found"} <= set(shown)
    assert shown["alpha planted"] == "true"
