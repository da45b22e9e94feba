"""Contact with returns to come: found where it is, not where it is not."""

import numpy as np
import polars as pl
import pytest

from kairos.features.leaks.contact import contacts, returns_ahead
from tests.kairos.features.leaks.cases import KEY


def values(market, expr):
    return returns_ahead(market["daily_returns"]).with_columns(x=expr).select(*KEY, "x")


def mixed(share):
    """Chance that depends on the key alone, with a share of tomorrow's return in its variance."""
    chance = ((pl.struct(KEY).hash(11) % 100_003) / 100_003 - 0.5) * 12**0.5
    return share**0.5 * pl.col("ahead_1") / pl.col("ahead_1").std() + (1 - share) ** 0.5 * chance


def told(market, expr):
    return [contact.how for contact in contacts(values(market, expr), market["daily_returns"], ("x",))]


def test_returns_ahead_chain_the_rows_to_come():
    frame = pl.DataFrame({"permaticker": [1] * 7, "session": range(7), "ret_cc": [None, 0.1, -0.5, 1.0, 0.0, 0.0, 0.2]})
    made = returns_ahead(frame)
    assert made["ahead_1"].to_list() == pytest.approx([-0.5, 1.0, 0.0, 0.0, 0.2, None])
    assert made["ahead_5"][0] == pytest.approx(0.5 * 2 * 1.2 - 1)


def test_a_stored_return_is_equal_to_it(market):
    assert told(market, pl.col("ahead_5"))[0].endswith("values are the return 5 session(s) ahead")


def test_a_quarter_of_tomorrow_shows_in_the_ranks_of_the_session(market):
    assert "by session" in told(market, mixed(0.25))[0]


def test_chance_shows_nothing(market):
    assert told(market, mixed(0.0)) == []


def test_a_market_known_ahead_shows_over_the_sessions(market):
    assert "session's mean" in told(market, pl.col("ahead_1").mean().over("session"))[0]


def test_a_price_that_runs_ahead_shows_in_its_change(market):
    price = (1 + pl.col("back")).cum_prod().over("permaticker").log().shift(-1).over("permaticker")
    assert "change" in told(market, price)[0]


@pytest.mark.parametrize("back", [0, 1, 5])
def test_returns_of_the_past_show_nothing(back, market):
    assert told(market, pl.col("back").shift(back).over("permaticker")) == []


def in_ticks(market):
    """The same sessions with returns of a few ticks of a price of twenty."""
    ticks = (pl.struct(KEY).hash(5) % 7).cast(pl.Float64) - 3
    return {**market, "daily_returns": market["daily_returns"].with_columns(ret_cc=ticks / 20)}


def test_ratios_of_few_ticks_that_are_the_same_by_chance_show_nothing(market):
    assert told(in_ticks(market), ((pl.struct(KEY).hash(17) % 7).cast(pl.Float64) - 3) / 20) == []


def test_a_return_of_few_ticks_that_is_stored_shows_all_the_same(market):
    assert told(in_ticks(market), pl.col("ahead_1"))[0].endswith("values are the return 1 session(s) ahead")


def test_the_rank_correlation_of_a_session_is_spearmans(market):
    from kairos.features.leaks.contact import _rank_correlation

    chance = np.random.default_rng(4)
    x, y = chance.normal(size=(1, 3, 9)), chance.normal(size=(3, 9))
    rho, n = _rank_correlation(x, y, least=3)
    frames = [pl.DataFrame({"x": x[0, at], "y": y[at]}) for at in range(3)]
    assert rho[0].tolist() == pytest.approx([frame.select(pl.corr("x", "y", method="spearman")).item() for frame in frames])
    assert n.tolist() == [[9, 9, 9]]
