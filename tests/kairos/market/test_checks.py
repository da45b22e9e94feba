"""Checks pass on what is sound and fail on what is not."""

import dataclasses
from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.market import checks
from kairos.tables.core import Outcome

SESSIONS = sessions_between(date(2015, 1, 2), date(2015, 6, 30))
NAMES = 30


@pytest.fixture(scope="module")
def prices():
    rng = np.random.default_rng(1)
    days, names = len(SESSIONS), np.arange(NAMES)
    close = 20 * np.exp(np.cumsum(rng.normal(0, 0.02, (NAMES, days)), axis=1)).ravel()
    return pl.DataFrame(
        {
            "permaticker": np.repeat(names, days),
            "ticker": [f"T{name}" for name in np.repeat(names, days)],
            "session": list(SESSIONS) * NAMES,
            "open": close, "high": close * 1.01, "low": close * 0.99, "close": close,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def returns(prices):
    ret = pl.col("close") / pl.col("close").shift(1).over("permaticker") - 1
    return prices.with_columns(ret.alias("ret_cc"), pl.lit(1e6).alias("dollar_volume"), pl.lit(False).alias("is_delisting"))


CLOSE = pl.col("close")
BROKEN = {
    "monotonic_dates": lambda rows: rows.reverse(),
    "no_null_close": lambda rows: rows.with_columns(pl.when(pl.int_range(pl.len()) != 7).then("close").alias("close")),
    "ohlc_order": lambda rows: rows.with_columns(
        pl.when(pl.int_range(pl.len()) == 7).then(CLOSE * 2).otherwise("open").alias("open")
    ),
    "sessions_complete": lambda rows: rows.filter(pl.col("session") != SESSIONS[50]),
    "span": lambda rows: rows.filter((pl.col("permaticker") != 3) | ~pl.col("session").is_in(SESSIONS[50:60])),
}


@pytest.mark.parametrize("check", checks.SEP_BASE_CHECKS, ids=lambda check: check.name)
def test_sound_prices_pass(prices, check):
    assert check.run(prices).passed


@pytest.mark.parametrize("check", checks.SEP_BASE_CHECKS, ids=lambda check: check.name)
def test_broken_prices_fail(prices, check):
    outcome = check.run(BROKEN[check.name](prices))
    assert not outcome.passed
    assert outcome.summary


@pytest.mark.parametrize("check", checks.SEP_BASE_CHECKS + checks.DAILY_RETURNS_CHECKS, ids=lambda check: check.name)
def test_an_empty_table_passes_with_figures(returns, check):
    outcome = check.run(returns.clear())
    assert isinstance(outcome, Outcome)
    assert outcome.passed
    assert outcome.figures


def test_rows_torn_apart_are_not_monotonic(prices):
    assert not checks.monotonic_dates(prices.sort("session", "permaticker")).passed


def test_a_repeated_session_is_not_monotonic(prices):
    outcome = checks.monotonic_dates(pl.concat([prices.head(3), prices[2:]]))
    assert (outcome.passed, outcome.figures["out_of_order"]) == (False, 1)


def test_a_half_empty_session_is_not_complete(prices):
    thin = prices.filter((pl.col("session") != SESSIONS[50]) | (pl.col("permaticker") < 10))
    outcome = checks.sessions_complete(thin)
    assert not outcome.passed
    assert str(SESSIONS[50]) in outcome.summary


def test_a_few_names_may_miss_sessions(prices):
    few = prices.filter((pl.col("permaticker") < 5) & (pl.col("session") != SESSIONS[50]))
    assert checks.sessions_complete(few).passed


def test_only_the_span_is_a_warning():
    assert [check.name for check in checks.SEP_BASE_CHECKS + checks.DAILY_RETURNS_CHECKS if not check.blocking] == ["span"]


def spiked(returns, *, traded):
    """One row in a hundred moves by half."""
    hit = (pl.int_range(pl.len()) % 100) == 50
    return returns.with_columns(
        pl.when(hit).then(0.5).otherwise("ret_cc").alias("ret_cc"),
        pl.when(hit & pl.lit(traded)).then(5e6).otherwise("dollar_volume").alias("dollar_volume"),
    )


def test_untraded_extremes_fail_and_the_worst_are_named(returns):
    outcome = checks.extreme_moves(spiked(returns, traded=False))
    assert not outcome.passed
    assert "worst permatickers" in outcome.summary
    assert outcome.figures["unexplained"] >= 20


def test_traded_extremes_pass(returns):
    outcome = checks.extreme_moves(spiked(returns, traded=True))
    assert outcome.passed
    assert outcome.figures["extreme"] >= 20


def test_a_crisis_passes(returns):
    wild = returns.with_columns(
        pl.when(pl.col("session") >= SESSIONS[60]).then(pl.col("ret_cc") * 6).otherwise("ret_cc").clip(-0.9).alias("ret_cc")
    )
    beyond_ten = wild.filter(pl.col("ret_cc").abs() > 0.10).height / wild.height
    assert beyond_ten > 0.1
    assert checks.extreme_moves(wild).passed


def test_checks_are_named_like_their_tables():
    assert set(checks.CHECKS) == {"sep_base", "daily_returns", "corrections"}
    assert all(dataclasses.is_dataclass(check) for found in checks.CHECKS.values() for check in found)
