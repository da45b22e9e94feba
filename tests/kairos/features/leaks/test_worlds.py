"""No world changes what is known at the cut, and every world changes what comes after it."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from kairos.features.leaks.cuts import Cut, clock
from kairos.features.leaks.lives import RATIOS, readjusted, with_other_fates, with_other_labels, with_unknown_fates
from kairos.features.leaks.prover import ANOTHER_FUTURE, AS_OF_THE_CUT, WORLDS

CUT = date(2016, 6, 30)
HOUR = timedelta(hours=1)
EXACT = [*(world for world in WORLDS if world.exact), AS_OF_THE_CUT, ANOTHER_FUTURE]
EVERY_EXACT = pytest.mark.parametrize("world", EXACT, ids=lambda world: world.how)
DATED = ("daily_returns", "sep_base", "daily_metrics", "fmp_income_statement")


def known(tables, cut, name):
    frame = tables[name]
    return frame.filter(~cut.after(name, frame)).sort(
        "permaticker", *(c for c in ("session", "period_end", "known_at") if c in frame.columns)
    )


@EVERY_EXACT
@pytest.mark.parametrize("cut", [Cut(CUT), Cut(CUT, {1000: date(2016, 2, 1), 1005: date(2016, 9, 1)})], ids=["common", "own"])
def test_what_is_known_stays_as_it_is(world, cut, market):
    changed = world.of(market, cut)
    for name in DATED:
        assert known(changed, cut, name).equals(known(market, cut, name)), name


@pytest.mark.parametrize("world", [world for world in EXACT if world.probe in {"future", "fit_window"}], ids=lambda w: w.how)
def test_what_comes_after_the_cut_does_not(world, market):
    changed = world.of(market, Cut(CUT))
    assert not changed["daily_returns"].equals(market["daily_returns"])
    assert not changed["fmp_income_statement"].equals(market["fmp_income_statement"])


def test_a_fact_lies_after_the_cut_from_the_close_on(market):
    closes = datetime(2016, 6, 30, 20, 0, tzinfo=UTC)
    filings = market["fmp_income_statement"].head(3)
    stamped = filings.with_columns(known_at=pl.Series([closes - HOUR, closes, closes + HOUR]))
    assert Cut(CUT).after("fmp_income_statement", stamped).to_list() == [False, False, True]


def test_a_name_with_a_cut_of_its_own_is_cut_there_and_the_others_where_all_are(market):
    returns = market["daily_returns"]
    known = returns.filter(~Cut(CUT, {1010: date(2016, 2, 1)}).after("daily_returns", returns))
    last = dict(known.group_by("permaticker").agg(pl.col("session").max()).iter_rows())
    assert (last[1010], last[1011]) == (date(2016, 2, 1), CUT)


def test_a_price_lies_where_its_session_does_whenever_its_newest_version_came(market):
    late = market["sep_base"].with_columns(pl.col("known_at").dt.offset_by("1y"))
    assert clock("sep_base", late) == "session"


@pytest.mark.parametrize("horizon", [1, 5, 21])
def test_a_label_is_open_until_its_last_session_is_over(horizon, market):
    name = f"ret_{horizon}d_f"
    changed = with_other_labels(market, Cut(CUT))["targets"]
    moved = market["targets"].filter(market["targets"][name].ne_missing(changed[name]))
    sessions = market["daily_returns"]["session"].unique().sort().to_list()
    assert moved["session"].min() == sessions[sessions.index(CUT) - horizon + 1]


def test_those_alive_at_the_cut_meet_another_end_and_the_dead_stay_dead(market):
    lives, changed = market["tickers"], with_other_fates(market, Cut(CUT))["tickers"]
    dead = lives.filter("isdelisted", pl.col("lastpricedate") <= CUT)
    assert changed.join(dead, on="permaticker", how="semi").equals(dead.select(changed.columns))
    alive = changed.join(dead, on="permaticker", how="anti")
    assert alive.filter("isdelisted").height > 0
    assert (alive.filter("isdelisted")["lastpricedate"] > CUT).all()
    assert lives.filter(pl.col("valid_from") > CUT).join(changed, on="permaticker", how="semi").is_empty()


def test_nobody_seems_to_die_later_where_fates_are_unknown(market):
    changed = with_unknown_fates(market, Cut(CUT))["tickers"]
    assert changed.filter("isdelisted", pl.col("lastpricedate").fill_null(date.max) > CUT).is_empty()


def test_a_later_split_divides_prices_and_multiplies_shares(market):
    before, after = market["sep_base"], readjusted(market, Cut(CUT))["sep_base"]
    ratio = (before["close"] / after["close"]).unique().sort().to_list()
    assert ratio == sorted(RATIOS)
    assert after["closeunadj"].equals(before["closeunadj"])
    assert ((after["close"] * after["volume"]) - (before["close"] * before["volume"])).abs().max() < 1e-6
