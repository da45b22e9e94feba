"""What a holder gets after the last price."""

from datetime import date

import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.market.returns import daily_returns
from kairos.tables.market import ACTIONS, DAILY_RETURNS

LAST, AFTER = date(2015, 6, 5), date(2015, 6, 8)  # a Friday and the Monday after


@pytest.fixture
def build(versions_of, tickers_of, sessions_of):
    def run(reason="performance", exchange="NYSE", *, loaded=None, year=2015, last=LAST, **more):
        days = [day for day in sessions_of(last.year) if date(last.year, 5, 1) <= day <= last]
        fate = {"isdelisted": True, "delisting_reason": reason, "exchange": exchange, "lastpricedate": last, "valid_to": last}
        found = daily_returns(
            versions_of([{"session": day} for day in days]),
            ACTIONS.empty(),
            tickers_of([more.pop("ticker", fate)]),
            year=year,
            sessions_loaded=loaded or sessions_between(date(2014, 1, 2), date(2016, 12, 30)),
            **more,
        ).rows
        return DAILY_RETURNS.validate(found).filter("is_delisting").select("session", "ret_cc", "ret_source").rows()

    return run


@pytest.mark.parametrize(
    ("exchange", "expected"), [("NYSE", -0.30), ("NYSEMKT", -0.30), ("NASDAQ", -0.55), ("OTC", -0.30), (None, -0.30)]
)
def test_a_failure_costs_what_the_exchange_s_failures_cost(build, exchange, expected):
    assert build(exchange=exchange) == [(AFTER, expected, "delisting")]


def test_a_merger_pays_nothing_beyond_the_last_price(build):
    assert build("merger") == []


def test_an_unknown_end_returns_what_the_reader_asks_for(build):
    assert build("unknown") == [(AFTER, 0.0, "delisting")]
    assert build("unknown", unknown_delisting_return=-0.3) == [(AFTER, -0.3, "delisting")]


def test_nothing_is_said_beyond_the_last_loaded_session(build):
    assert build(loaded=sessions_between(date(2015, 1, 2), LAST)) == []
    assert build(loaded=sessions_between(date(2015, 1, 2), AFTER)) == [(AFTER, -0.30, "delisting")]


def test_a_series_that_merely_ends_is_not_dead(build):
    assert build(ticker={"source": "minted"}) == []


def test_a_death_on_the_last_session_falls_into_the_next_year(build):
    last = date(2014, 12, 31)
    assert build(last=last, year=2014) == []
    assert build(last=last, year=2015) == [(date(2015, 1, 2), -0.30, "delisting")]


def test_a_death_that_is_still_ahead_says_nothing_yet(build):
    ahead = {"isdelisted": True, "delisting_reason": "performance", "lastpricedate": date(2016, 6, 1)}
    assert build(ticker=ahead) == []


def test_the_row_has_a_return_and_no_prices(build, versions_of, tickers_of, sessions_of):
    fate = {"isdelisted": True, "delisting_reason": "performance", "exchange": "NYSE", "lastpricedate": LAST}
    found = daily_returns(
        versions_of([{"session": LAST}]), ACTIONS.empty(), tickers_of([fate]), year=2015, sessions_loaded=sessions_of(2015)
    ).rows.filter("is_delisting")
    assert found.select("ret_co", "ret_oc", "dollar_volume", "closeunadj").row(0) == (-0.30, 0.0, None, None)
    assert found.select(pl.len()).item() == 1
