from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from kairos.sandbox.catalog import OFFERS
from kairos.sandbox.market import generate
from kairos.sandbox.views import VendorView, known_session


@pytest.fixture(scope="module")
def last(demo):
    return VendorView(demo, demo.last_session)


def sep_of(view):
    return view.rows("SEP").collect()


def by_id(view, table="SEP"):
    return view.rows(table).collect().join(view.names.select("ticker", "permaticker"), on="ticker")


def events(market, action):
    return market.events.filter(action=action).sort("session")


def around(market, session):
    index = market.sessions.index(session)
    return market.sessions[index - 1], session


@pytest.mark.parametrize("table", list(OFFERS))
def test_each_table_has_the_vendors_columns_and_a_unique_key(last, table):
    rows = last.rows(table).collect()
    assert rows.columns == list(OFFERS[table].columns)
    assert not rows.select(OFFERS[table].key).is_duplicated().any()


def test_prices_are_out_at_half_past_five(demo):
    session, following = demo.sessions[100], demo.sessions[101]
    evening = datetime(following.year, following.month, following.day, 21, 29, tzinfo=UTC)  # 17:29 in New York, summer
    assert known_session(demo, evening) == session
    assert known_session(demo, evening + timedelta(minutes=1)) == following


def test_before_the_first_session_all_tables_are_empty(demo):
    now = datetime(2013, 1, 1, tzinfo=UTC)
    assert known_session(demo, now) is None
    assert all(VendorView(demo, None).rows(table).collect().is_empty() for table in OFFERS)


def test_the_newest_row_is_unadjusted(last):
    newest = sep_of(last).sort("date").group_by("ticker").last()
    assert (newest["close"] == newest["closeunadj"]).all()
    assert (newest["close"] == newest["closeadj"]).all()


def test_nothing_after_the_known_session_shows(demo):
    view = VendorView(demo, demo.sessions[300])
    assert view.rows("SEP").collect()["date"].max() == demo.sessions[300]
    assert view.rows("DAILY").collect()["date"].max() == demo.sessions[300]
    assert view.rows("ACTIONS").collect()["date"].max() <= demo.sessions[300]
    assert (sep_of(view)["lastupdated"] <= demo.sessions[300]).all()


def test_adjusted_closes_tell_the_true_total_return(demo, last):
    wrong = demo.corrections.filter(pl.col("corrected_on") > demo.last_session)
    told = (
        by_id(last)
        .sort("permaticker", "date")
        .with_columns(
            told=pl.col("closeadj") / pl.col("closeadj").shift(1).over("permaticker") - 1,
            before=pl.min_horizontal("closeadj", "closeunadj").shift(1).over("permaticker"),
        )
    )
    both = told.join(demo.bars, left_on=["permaticker", "date"], right_on=["permaticker", "session"], suffix="_true")
    both = both.join(wrong, on="permaticker", how="anti").drop_nulls("told")
    rounding = 2.2e-4 / both.select(pl.min_horizontal("closeadj", "close_true", "before")).to_series()
    assert ((both["told"] - both["total_return"]).abs() < rounding).all()


def test_a_split_divides_earlier_prices_and_multiplies_earlier_volume(demo):
    split = events(demo, "split").row(0, named=True)
    before, after = (
        by_id(VendorView(demo, day)).filter(permaticker=split["permaticker"]) for day in around(demo, split["session"])
    )
    joined = before.join(after, on="date", suffix="_after")
    assert joined.height > 20
    assert (joined["close"] / joined["close_after"] / split["value"] - 1).abs().max() < 1e-4
    assert (joined["volume_after"] / joined["volume"] / split["value"] - 1).abs().max() < 1e-6
    assert joined["closeunadj"].equals(joined["closeunadj_after"].alias("closeunadj"))


def test_a_dividend_lowers_earlier_adjusted_closes_by_its_share_of_the_close_before(demo):
    dividend = events(demo, "dividend").row(0, named=True)
    days = around(demo, dividend["session"])
    before, after = (by_id(VendorView(demo, day)).filter(permaticker=dividend["permaticker"]) for day in days)
    joined = before.join(after, on="date", suffix="_after")
    close = joined.filter(date=days[0])["closeunadj"].item()
    assert (joined["closeadj_after"] / joined["closeadj"] - (1 - dividend["value"] / close)).abs().max() < 1e-4
    assert joined["close"].equals(joined["close_after"].alias("close"))


@pytest.mark.parametrize("action", ["split", "dividend"])
def test_an_adjustment_bumps_the_whole_history_and_nothing_else(demo, action):
    event = events(demo, action).row(3, named=True)
    rows = by_id(VendorView(demo, event["session"])).with_columns(bumped=pl.col("lastupdated") == event["session"])
    assert rows.filter(permaticker=event["permaticker"])["bumped"].all()
    adjusted = demo.events.filter(pl.col("action").is_in(["split", "dividend"]), session=event["session"])["permaticker"]
    corrected = demo.corrections.filter(corrected_on=event["session"])
    others = rows.filter(~pl.col("permaticker").is_in(adjusted.implode()), pl.col("date") < event["session"])
    others = others.join(corrected, left_on=["permaticker", "date"], right_on=["permaticker", "session"], how="anti")
    assert not others["bumped"].any()


def test_a_wrong_price_is_corrected_under_a_later_date(demo):
    correction = demo.corrections.row(5, named=True)
    key = pl.col("date") == correction["session"], pl.col("permaticker") == correction["permaticker"]
    first = by_id(VendorView(demo, correction["session"])).filter(*key).row(0, named=True)
    second = by_id(VendorView(demo, correction["corrected_on"])).filter(*key).row(0, named=True)
    true = demo.bars.filter(permaticker=correction["permaticker"], session=correction["session"])["close"].item()
    assert first["closeunadj"] == pytest.approx(true * correction["factor"], abs=1e-4)
    assert first["lastupdated"] == correction["session"]
    assert second["closeunadj"] == true
    assert second["lastupdated"] >= correction["corrected_on"]


def test_ordinary_rows_keep_their_order_of_prices(last):
    rows = sep_of(last)
    assert (rows["high"] >= rows.select(pl.max_horizontal("open", "close")).to_series()).all()
    assert (rows["low"] <= rows.select(pl.min_horizontal("open", "close")).to_series()).all()


def test_a_ticker_is_unique_in_every_snapshot(demo):
    for day in demo.sessions[::100]:
        assert not VendorView(demo, day).names["ticker"].is_duplicated().any()


def test_a_dead_name_gets_a_number_once_its_ticker_is_borne_again(tiny):
    dead = tiny.securities.drop_nulls("last_session")["permaticker"].implode()
    bearers = tiny.symbols.filter(pl.col("ticker").is_duplicated()).sort("ticker", "valid_from")
    first = bearers.row(0, named=True)
    heir = bearers.row(1, named=True)
    assert tiny.securities.filter(pl.col("permaticker").is_in(dead), permaticker=first["permaticker"]).height == 1
    before, after = (
        dict(VendorView(tiny, day).names.select("permaticker", "ticker").rows()) for day in around(tiny, heir["valid_from"])
    )
    assert before[first["permaticker"]] == first["ticker"]
    assert after[first["permaticker"]] == f"{first['ticker']}1"
    assert after[heir["permaticker"]] == first["ticker"]


def test_a_rename_moves_the_whole_history_to_the_new_ticker(demo):
    rename = events(demo, "tickerchangefrom").row(0, named=True)
    before, after = (VendorView(demo, day) for day in around(demo, rename["session"]))
    old = sep_of(before).filter(ticker=rename["contraticker"])
    assert old.height > 0
    assert sep_of(after).filter(ticker=rename["contraticker"]).height == 0
    new = after.names.filter(permaticker=rename["permaticker"])["ticker"].item()
    assert sep_of(after).filter(ticker=new).height == old.height + 1
    filed = after.rows("ACTIONS").filter(ticker=new, date=rename["session"]).collect()
    assert set(filed.select("action", "contraticker").rows()) >= {
        ("tickerchangefrom", old["ticker"][0]),
        ("tickerchangeto", new),
    }


def test_a_death_shows_from_the_next_session_with_its_reason(demo):
    death = demo.securities.drop_nulls("last_session").filter(reason="failure").row(0, named=True)
    last_day = death["last_session"]
    following = demo.sessions[demo.sessions.index(last_day) + 1]
    shown = {}
    for day in (last_day, following):
        row = by_id(VendorView(demo, day), "TICKERS").filter(permaticker=death["permaticker"], table="SEP").row(0, named=True)
        actions = by_id(VendorView(demo, day), "ACTIONS").filter(permaticker=death["permaticker"], date=last_day)["action"]
        shown[day] = row["isdelisted"], row["lastpricedate"], set(actions)
    assert shown[last_day] == ("N", last_day, set())
    assert shown[following][:2] == ("Y", last_day)
    assert "delisted" in shown[following][2]
    assert shown[following][2] & {"bankruptcyliquidation", "regulatorydelisting"}


def test_dividends_are_shown_adjusted_for_later_splits_or_raw(demo, last):
    raw = VendorView(demo, demo.last_session, raw_dividends=True)
    adjusted = by_id(last, "ACTIONS").filter(action="dividend").sort("permaticker", "date")
    paid = by_id(raw, "ACTIONS").filter(action="dividend").sort("permaticker", "date")
    bars = demo.bars.join(last.names.select("permaticker", "last_split"), on="permaticker")
    factors = bars.select("permaticker", pl.col("session").alias("date"), later=pl.col("last_split") / pl.col("cum_split"))
    later = paid.join(factors, on=["permaticker", "date"], how="left")["later"]
    assert (later != 1).any()
    assert (adjusted["value"] * later - paid["value"]).abs().max() < 1e-4


def test_tickers_has_a_second_row_for_names_with_accounts(last):
    rows = last.rows("TICKERS").collect()
    assert rows.filter(table="SEP").height == 200
    common = rows.filter(pl.col("category") == "Domestic Common Stock", table="SEP").height
    assert rows.filter(table="SF1", category="Domestic Common Stock").height == common
    assert rows.filter(table="SF1", category="ETF").height == 0


def test_valuation_is_missing_for_names_without_accounts(demo, last):
    valued = set(last.rows("DAILY").collect()["ticker"])
    etfs = set(last.rows("TICKERS").filter(category="ETF").collect()["ticker"])
    assert etfs
    assert not etfs & valued


def test_market_cap_follows_the_price_through_splits(demo):
    valued = demo.events.filter(action="split").join(demo.daily, on=["permaticker", "session"], how="semi").row(0, named=True)
    days = around(demo, valued["session"])
    caps = demo.daily.filter(pl.col("session").is_in(days), permaticker=valued["permaticker"])["marketcap"]
    assert 0.8 < caps[1] / caps[0] < 1.2


def test_a_ticker_left_behind_by_a_rename_is_taken_without_a_number():
    taken = 0
    for seed in range(8):
        market = generate("tiny", seed, names=60)
        view = VendorView(market, market.last_session)
        left = market.symbols.sort("valid_from").filter(pl.col("permaticker").is_first_distinct())
        moved = left.join(view.names, on="permaticker", suffix="_now").filter(pl.col("ticker") != pl.col("ticker_now"))
        reborn = moved.join(view.names.select("ticker", heir="permaticker"), on="ticker")
        reborn = reborn.filter(pl.col("ticker_now") != pl.col("ticker") + "1")
        taken += reborn.height
        assert not view.names["ticker"].is_duplicated().any()
    assert taken > 0
