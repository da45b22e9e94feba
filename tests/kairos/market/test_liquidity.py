"""Dollar volume over 60 market sessions."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.market.liquidity import liquidity_60d
from kairos.tables.market import DAILY_RETURNS, MV_LIQUIDITY_60D

SESSIONS = sessions_between(date(2014, 7, 1), date(2015, 12, 31))


def returns(volumes):
    """Rows for {(permaticker, place): dollars}; no key, no row."""
    rows = [
        {
            "permaticker": name,
            "session": SESSIONS[place],
            "dollar_volume": dollars,
            "ret_source": "close",
            "is_delisting": False,
        }
        for (name, place), dollars in volumes.items()
    ]
    return pl.DataFrame([dict.fromkeys(DAILY_RETURNS.columns) | row for row in rows], schema=DAILY_RETURNS.dtypes, orient="row")


@pytest.fixture(scope="module")
def volumes():
    rng = np.random.default_rng(1)
    made = {(1, place): float(rng.integers(0, 5)) for place in range(len(SESSIONS))}
    made |= {(2, place): float(rng.integers(1, 9)) for place in range(200, len(SESSIONS)) if rng.random() < 0.8}
    return made


def test_it_equals_the_slow_obvious_way(volumes):
    found = MV_LIQUIDITY_60D.validate(liquidity_60d(returns(volumes), year=2015))
    place_of = {session: place for place, session in enumerate(SESSIONS)}
    for row in found.to_dicts():
        end = place_of[row["session"]]
        window = [volumes.get((row["permaticker"], place), 0.0) for place in range(end - 59, end + 1)]
        assert row["avg_dollar_vol_60d"] == pytest.approx(np.mean(window))
        assert row["median_dollar_vol_60d"] == pytest.approx(np.median(window))
        assert row["zero_volume_days_60d"] == window.count(0.0)


def test_there_is_one_row_per_price_of_the_year(volumes):
    wanted = {(name, SESSIONS[place]) for name, place in volumes if SESSIONS[place].year == 2015}
    assert set(liquidity_60d(returns(volumes), year=2015).select("permaticker", "session").iter_rows()) == wanted


def test_before_sixty_loaded_sessions_nothing_is_said():
    found = liquidity_60d(returns({(1, place): 7.0 for place in range(70)}), year=2014)
    assert found["avg_dollar_vol_60d"].to_list() == [None] * 59 + [7.0] * 11
    assert found["zero_volume_days_60d"].to_list() == [0] * 70


def test_a_delisting_is_no_trading(volumes):
    rows = returns(volumes)
    dead = rows.tail(1).with_columns(session=pl.lit(date(2016, 1, 4)), is_delisting=pl.lit(True))
    assert liquidity_60d(rows.vstack(dead), year=2015).equals(liquidity_60d(rows, year=2015))


def test_days_to_come_change_nothing(volumes):
    rows = returns(volumes)
    cut = SESSIONS[300]
    known = liquidity_60d(rows.filter(pl.col("session") <= cut), year=2015)
    assert liquidity_60d(rows, year=2015).filter(pl.col("session") <= cut).equals(known)


def test_no_prices_no_rows():
    assert liquidity_60d(DAILY_RETURNS.empty(), year=2015).is_empty()
