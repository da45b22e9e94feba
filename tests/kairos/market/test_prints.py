"""Bad prints and unfinished sessions."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.market.prints import bad_prints, partial_sessions

SESSIONS = sessions_between(date(2015, 1, 2), date(2015, 12, 31))


def series(closes, *, volumes=None, highs=None, lows=None, unadjusted=None):
    closes = np.asarray(closes, dtype=float)
    size = len(closes)
    volume = np.full(size, 1000.0) if volumes is None else np.asarray(volumes, dtype=float)
    return pl.DataFrame(
        {
            "permaticker": np.ones(size, dtype=np.int64),
            "session_index": np.arange(size, dtype=np.int32),
            "fetched_at": np.zeros(size, dtype=np.int64),
            "high": closes if highs is None else highs,
            "low": closes if lows is None else lows,
            "close": closes,
            "volume": volume,
            "closeunadj": closes if unadjusted is None else unadjusted,
        }
    )


def walk(size=100, sigma=0.01):
    return 10.0 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, sigma, size)))


@pytest.mark.parametrize("factor", [0.01, 0.5, 2.0, 100.0])
@pytest.mark.parametrize("length", [1, 3, 5])
def test_a_spike_that_reverts_within_five_sessions_is_a_bad_print(factor, length):
    closes = walk()
    closes[50 : 50 + length] *= factor
    assert np.flatnonzero(bad_prints(series(closes)).to_numpy()).tolist() == list(range(50, 50 + length))


def test_a_new_level_is_no_bad_print():
    closes = walk()
    closes[50:] *= 3.0
    assert not bad_prints(series(closes)).any()


def test_a_small_move_is_no_bad_print():
    closes = walk()
    closes[50] *= 1.4
    assert not bad_prints(series(closes)).any()


def test_a_wild_name_may_move_more():
    closes = walk(sigma=0.10)
    closes[50] = closes[49] * 1.6
    closes[51] = closes[49]
    assert not bad_prints(series(closes)).any()


def test_a_move_that_its_bar_traded_through_is_real():
    closes = walk()
    closes[50] = closes[49] * 0.5
    highs = np.maximum(closes, 0)
    highs[50] = closes[49]
    assert not bad_prints(series(closes, highs=highs)).any()


def test_a_move_on_many_times_the_usual_volume_is_real():
    closes = walk()
    closes[50] = closes[49] * 1.6
    volumes = np.full(100, 1000.0)
    assert bad_prints(series(closes, volumes=volumes)).sum() == 1
    volumes[50] = 20_000.0
    assert not bad_prints(series(closes, volumes=volumes)).any()


def test_a_series_that_alternates_between_two_scales_ends_mostly_on_one():
    rng = np.random.default_rng(3)
    wrong = np.repeat(rng.random(80) < 0.4, 3)[:200]
    closes = np.where(wrong, walk(200) * 4.0, walk(200))
    jumps = np.sum(np.abs(np.diff(np.log(closes))) > 1.0)
    cleaned = closes[~bad_prints(series(closes)).to_numpy()]
    left = np.sum(np.abs(np.diff(np.log(cleaned))) > 1.0)
    assert jumps >= 30
    assert left <= jumps / 4


def test_a_split_re_adjustment_between_deliveries_makes_no_bad_print():
    closes = walk(60)
    old = series(closes)
    new = series(closes / 2, unadjusted=closes).with_columns(pl.col("fetched_at") + 1)
    both = pl.concat([old, new]).sort("session_index", "fetched_at")
    assert not bad_prints(both).any()
    files = both.with_columns(pl.lit(None, dtype=pl.Float64).alias("closeunadj"))
    assert not bad_prints(files).any()


def market(names=30, last_volume=1.0, days=40):
    rows = [
        {
            "payload_id": "p",
            "permaticker": name,
            "session": day,
            "volume": 1000.0 * (1 + name) * (last_volume if place == days - 1 else 1.0),
        }
        for name in range(names)
        for place, day in enumerate(SESSIONS[:days])
    ]
    return pl.DataFrame(rows)


def test_a_last_session_with_half_the_usual_volume_is_partial():
    rows = market(last_volume=0.5)
    assert rows.filter(partial_sessions(rows, year=2015))["session"].unique().to_list() == [SESSIONS[39]]


def test_a_last_session_with_usual_volume_is_whole():
    assert not partial_sessions(market(last_volume=0.7), year=2015).any()


def test_a_few_names_do_not_make_a_session_partial():
    assert not partial_sessions(market(names=19, last_volume=0.1), year=2015).any()


def test_a_last_session_with_less_than_half_of_the_names_is_partial():
    rows = market()
    broken_off = rows.filter((pl.col("session") < SESSIONS[39]) | (pl.col("permaticker") < 14))
    assert broken_off.filter(partial_sessions(broken_off, year=2015))["session"].unique().to_list() == [SESSIONS[39]]
    most = rows.filter((pl.col("session") < SESSIONS[39]) | (pl.col("permaticker") < 16))
    assert not partial_sessions(most, year=2015).any()


def test_a_half_day_is_allowed_half_the_volume():
    days = SESSIONS.index(date(2015, 11, 27)) + 1
    assert not partial_sessions(market(last_volume=0.4, days=days), year=2015).any()
    assert partial_sessions(market(last_volume=0.2, days=days), year=2015).any()


def test_a_payload_that_goes_on_into_the_next_year_is_not_judged():
    assert not partial_sessions(market(last_volume=0.1), year=2014).any()
