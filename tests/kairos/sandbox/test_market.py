import hashlib
from datetime import date

import polars as pl
import pytest

from kairos.errors import NotFoundError, SettingsError
from kairos.sandbox.market import Market, generate
from kairos.sandbox.population import COMMON
from kairos.sandbox.sizes import MarketSize


def digest(market):
    parts = [hashlib.sha256(frame.write_csv().encode()).hexdigest() for frame in market.frames().values()]
    return hashlib.sha256("".join(parts).encode()).hexdigest()


def deaths(market):
    return market.securities.drop_nulls("last_session")


def test_the_same_seed_gives_the_same_bytes(tiny):
    assert digest(generate("tiny", 3)) == digest(tiny)


def test_another_seed_gives_another_market(tiny):
    assert digest(generate("tiny", 4)) != digest(tiny)


def test_a_saved_market_comes_back_equal(tiny, tmp_path):
    again = Market.load(tiny.save(tmp_path / "market"))
    assert again.size == tiny.size
    assert (again.seed, again.alpha) == (tiny.seed, tiny.alpha)
    assert digest(again) == digest(tiny)


def test_loading_where_nothing_is_says_what_to_do(tmp_path):
    with pytest.raises(NotFoundError, match=r"no market.*Generate and save it again"):
        Market.load(tmp_path)


def test_an_unknown_size_is_refused():
    with pytest.raises(SettingsError, match=r"'huge'.*tiny, demo, full"):
        generate("huge", 1)


def test_a_market_too_small_for_its_events_is_refused():
    with pytest.raises(SettingsError, match="expected at least 10 names and 200 sessions"):
        MarketSize(20, date(2013, 1, 1), date(2013, 3, 1))


def test_the_caller_chooses_names_and_days():
    market = generate(MarketSize(30, date(2010, 6, 1), date(2011, 12, 30)), 1, names=15)
    assert market.securities.height == 15
    assert (market.first_session, market.last_session) == (date(2010, 6, 1), date(2011, 12, 30))
    assert market.bars["session"].min() == market.first_session


def test_more_names_than_one_chunk_make_one_market():
    market = generate(MarketSize(520, date(2013, 1, 1), date(2013, 12, 31)), 2)
    assert market.bars["permaticker"].n_unique() == 520


def test_high_and_low_enclose_open_and_close(demo):
    bars = demo.bars
    assert (bars["high"] >= bars.select(pl.max_horizontal("open", "close")).to_series()).all()
    assert (bars["low"] <= bars.select(pl.min_horizontal("open", "close")).to_series()).all()
    assert (bars["low"] > 0).all()
    assert (bars["volume"] > 0).all()


def test_a_name_has_rows_from_its_first_to_its_last_session_and_none_outside(demo):
    spans = demo.bars.group_by("permaticker").agg(pl.col("session").min().alias("first"), pl.col("session").max().alias("last"))
    joined = demo.securities.join(spans, on="permaticker").with_columns(end=pl.col("last_session").fill_null(demo.last_session))
    assert joined.height == 200
    assert (joined["first"] == joined["first_session"]).all()
    assert (joined["last"] == joined["end"]).all()


@pytest.mark.parametrize("seed", range(6))
def test_even_a_tiny_market_has_one_event_of_each_kind(seed):
    market = generate("tiny", seed)
    actions = set(market.events["action"])
    assert {"delisted", "acquisitionby", "dividend", "split", "listed", "initiated", "tickerchangefrom"} <= actions
    assert actions & {"bankruptcyliquidation", "regulatorydelisting"}
    ratios = market.events.filter(action="split")["value"]
    assert (ratios > 1).any()
    assert (ratios < 1).any()
    assert market.symbols["ticker"].is_duplicated().any()
    assert (market.securities["category"] != COMMON).sum() >= 3


def test_nobody_bears_a_ticker_while_another_does(demo):
    by_time = demo.symbols.sort("ticker", "valid_from").with_columns(before=pl.col("valid_to").shift(1).over("ticker"))
    shared = by_time.drop_nulls("before")
    assert shared.height >= 2
    assert (shared["valid_from"] > shared["before"]).all()


def test_failures_come_after_a_fall(demo):
    failed = deaths(demo).filter(reason="failure")["permaticker"]
    wealth = demo.bars.with_columns(wealth=(pl.col("total_return").fill_null(0) + 1).cum_prod().over("permaticker"))
    below = wealth.group_by("permaticker").agg((pl.col("wealth").last() / pl.col("wealth").max()).alias("below"))
    assert failed.len() >= 10
    assert below.filter(pl.col("permaticker").is_in(failed.implode()))["below"].max() < 0.75


def test_halts_leave_sessions_without_rows(demo):
    rows = demo.bars.group_by("permaticker").agg(
        pl.len(), pl.col("session").min().alias("a"), pl.col("session").max().alias("b")
    )
    number = {session: index for index, session in enumerate(demo.sessions)}
    gaps = sum(number[b] - number[a] + 1 - n for _, n, a, b in rows.rows())
    assert 5 <= gaps <= 500


def test_most_names_are_mid_caps_that_trade_over_a_million_a_session(demo):
    share = demo.daily.select(pl.col("marketcap").is_between(300, 50_000).mean()).item()
    dollars = demo.bars.select((pl.col("close") * pl.col("volume") > 1e6).mean()).item()
    assert 0.75 < share < 0.95
    assert dollars > 0.85


def test_returns_are_fat_tailed_and_their_volatility_clusters(demo):
    returns = demo.bars.drop_nulls("total_return").with_columns(size=pl.col("total_return").abs())
    assert returns["total_return"].kurtosis() > 3
    lagged = returns.with_columns(before=pl.col("size").shift(1).over("permaticker"))
    centred = lagged.with_columns(pl.col("size", "before") - pl.col("size").mean().over("permaticker"))
    assert centred.select(pl.corr("size", "before")).item() > 0.05


def test_volume_rises_with_the_size_of_the_move(demo):
    moves = demo.bars.drop_nulls("total_return").with_columns(
        size=pl.col("total_return").abs(), busy=(pl.col("volume") * pl.col("close")).log()
    )
    centred = moves.select(pl.col("size", "busy") - pl.col("size", "busy").mean().over("permaticker"))
    assert centred.select(pl.corr("size", "busy")).item() > 0.2


def test_most_rows_of_a_correction_are_corrected_within_five_sessions(demo):
    assert demo.corrections.height > 50
    assert (demo.corrections["corrected_on"] > demo.corrections["session"]).all()
    assert (demo.corrections["corrected_on"] - demo.corrections["session"]).max().days <= 14
