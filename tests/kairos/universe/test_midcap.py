"""Who is in a universe year and why: by what was known at its start, the dead included."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.calendar import prices_known_at, sessions_between
from kairos.errors import NotFoundError
from kairos.settings import Settings
from kairos.tables.market import DAILY_METRICS, DAILY_RETURNS, MV_LIQUIDITY_60D, TICKERS
from kairos.tables.universe import MID_CAP_XX, MIDCAP_UNIVERSE
from kairos.universe.midcap import candidates, members

YEAR, FIRST = 2015, date(2015, 1, 2)
BEFORE = sessions_between(date(2014, 1, 2), date(2014, 12, 31))
AFTER = sessions_between(FIRST, date(2015, 12, 31))
EVE = BEFORE[-1]
SETTINGS = Settings()
COMMON = "Domestic Common Stock"


def frame(table, rows):
    return pl.DataFrame([dict.fromkeys(table.columns) | row for row in rows], schema=table.dtypes, orient="row")


def ticker(name, **more):
    base = {"permaticker": name, "ticker": f"T{name}", "valid_from": BEFORE[0], "category": COMMON, "isdelisted": False}
    base |= {"firstpricedate": BEFORE[0], "source": "vendor", "known_at": prices_known_at(BEFORE[0]), "known_source": "assumed"}
    return base | more


def prices(name, sessions, close=20.0):
    base = {"permaticker": name, "ret_cc": 0.0, "closeunadj": close, "ret_source": "actions", "is_delisting": False}
    return [base | {"session": session} for session in sessions]


def metric(name, marketcap=2e9, session=EVE, known_at=None):
    known = known_at or prices_known_at(session)
    return {
        "permaticker": name,
        "session": session,
        "marketcap": marketcap,
        "known_at": known,
        "known_source": "assumed",
        "payload_id": "d",
    }


def traded(name, dollars=5e6, session=EVE):
    return {"permaticker": name, "session": session, "avg_dollar_vol_60d": dollars, "zero_volume_days_60d": 0}


class Market:
    """One ordinary mid cap as security 1, changed by the tests."""

    def __init__(self):
        self.tickers, self.returns = [ticker(1)], prices(1, BEFORE + AFTER)
        self.metrics, self.liquidity = [metric(1)], [traded(1)]

    def candidates(self, **settings):
        return MID_CAP_XX.validate(
            candidates(
                frame(TICKERS, self.tickers),
                frame(DAILY_RETURNS, self.returns),
                frame(DAILY_METRICS, self.metrics),
                frame(MV_LIQUIDITY_60D, self.liquidity),
                universe_year=YEAR,
                settings=Settings(**settings),
            )
        )

    def members(self):
        return MIDCAP_UNIVERSE.validate(
            members(self.candidates(), frame(TICKERS, self.tickers), frame(DAILY_RETURNS, self.returns))
        )

    def verdict(self, **settings):
        return self.candidates(**settings).select("included", "reason").row(0)


@pytest.fixture
def market():
    return Market()


def test_an_ordinary_mid_cap_is_a_member(market):
    assert market.verdict() == (True, "member")


@pytest.mark.parametrize(
    ("part", "value", "verdict"),
    [
        ("tickers", [ticker(1, category="ETF")], (False, "not_common_stock")),
        ("tickers", [ticker(1, category="ADR Common Stock")], (False, "not_common_stock")),
        ("tickers", [ticker(1, category="Domestic Common Stock Secondary Class")], (False, "not_common_stock")),
        ("tickers", [ticker(1, category="Canadian Common Stock Primary Class")], (True, "member")),
        ("tickers", [ticker(1, category=None)], (True, "member")),
        ("tickers", [ticker(1, isdelisted=True, lastpricedate=BEFORE[-2])], (False, "not_trading")),
        ("returns", prices(1, BEFORE[:-6]) + prices(2, BEFORE), (False, "not_trading")),
        ("returns", prices(1, BEFORE[-59:]), (False, "too_few_sessions")),
        ("returns", prices(1, BEFORE[-60:]), (True, "member")),
        ("returns", prices(1, BEFORE, close=0.99), (False, "price_too_low")),
        ("returns", prices(1, BEFORE, close=None), (True, "member")),
        ("metrics", [metric(1, 2.99e8)], (False, "marketcap_too_small")),
        ("metrics", [metric(1, 5.01e10)], (False, "marketcap_too_large")),
        ("metrics", [], (True, "no_marketcap")),
        ("metrics", [metric(1, session=date(2014, 10, 1))], (True, "no_marketcap")),
        ("liquidity", [traded(1, 9.9e5)], (False, "dollar_volume_too_small")),
        ("liquidity", [traded(1, None)], (False, "dollar_volume_too_small")),
    ],
)
def test_each_bound_has_its_reason(market, part, value, verdict):
    setattr(market, part, value)
    if part == "returns" and len({row["permaticker"] for row in value}) > 1:
        market.tickers.append(ticker(2))
    assert market.verdict() == verdict


def test_the_bounds_are_settings(market):
    assert market.verdict(universe_min_marketcap=3e9) == (False, "marketcap_too_small")


def test_a_market_cap_known_only_later_does_not_count(market):
    market.metrics = [metric(1, 1e6, known_at=datetime(2015, 3, 1, tzinfo=UTC))]
    assert market.verdict() == (True, "no_marketcap")


def test_what_happens_in_the_year_decides_nothing(market):
    before = market.candidates()
    market.returns = prices(1, BEFORE) + prices(1, AFTER[:30], close=0.01)
    market.metrics.append(metric(1, 1.0, session=AFTER[0]))
    market.liquidity.append(traded(1, 0.0, session=AFTER[0]))
    market.tickers = [
        ticker(1, isdelisted=True, lastpricedate=AFTER[29], delisting_reason="performance", valid_to=AFTER[5]),
        ticker(1, ticker="NEW", valid_from=AFTER[6], isdelisted=True, lastpricedate=AFTER[29]),
        ticker(3, valid_from=AFTER[0], firstpricedate=AFTER[0], known_at=prices_known_at(AFTER[0])),
    ]
    assert market.candidates().equals(before)


@pytest.mark.parametrize("reason", ["merger", "performance", "unknown"])
def test_the_dead_stay_with_their_last_price_and_reason(market, reason):
    market.tickers = [ticker(1, isdelisted=True, lastpricedate=AFTER[29], delisting_reason=reason), ticker(2)]
    dead = {"permaticker": 1, "session": AFTER[30], "ret_cc": -0.3, "ret_source": "delisting", "is_delisting": True}
    market.returns = [*prices(1, BEFORE + AFTER[:30]), dead, *prices(2, BEFORE + AFTER)]
    market.liquidity.append(traded(2))
    found = market.members().select("permaticker", "entry", "exit", "reason").rows()
    assert found == [(1, FIRST, AFTER[29], reason), (2, FIRST, None, "trading")]


def test_a_file_s_series_that_ends_leaves_for_unknown_reasons(market):
    market.tickers = [ticker(1, source="minted"), ticker(2, source="minted")]
    market.returns = prices(1, BEFORE + AFTER[:30]) + prices(2, BEFORE + AFTER)
    market.liquidity.append(traded(2))
    assert market.members().select("exit", "reason").row(0) == (AFTER[29], "unknown")


def test_a_halt_is_no_exit(market):
    market.tickers.append(ticker(2))
    market.returns = prices(1, BEFORE + AFTER[:-5]) + prices(2, BEFORE + AFTER)
    assert market.members().filter(pl.col("permaticker") == 1).select("exit", "reason").row(0) == (None, "trading")


def test_who_is_out_is_no_member(market):
    market.metrics = [metric(1, 1.0)]
    assert market.members().is_empty()


def test_every_security_with_prices_before_is_a_candidate(market):
    market.tickers += [ticker(name, category="ETF") for name in (2, 3)]
    market.returns += prices(2, BEFORE[:5]) + prices(3, BEFORE)
    assert market.candidates()["permaticker"].to_list() == [1, 2, 3]


def test_the_name_on_the_eve_is_shown(market):
    market.tickers = [
        ticker(1, ticker="OLD", valid_to=BEFORE[100]),
        ticker(1, ticker="NOW", valid_from=BEFORE[101]),
        ticker(1, ticker="LATER", valid_from=AFTER[3]),
    ]
    assert market.candidates()["ticker"].to_list() == ["NOW"]


def empty_year(year, first, last):
    names = frame(TICKERS, [ticker(1, firstpricedate=first, lastpricedate=last)])
    nothing = (DAILY_RETURNS.empty(), DAILY_METRICS.empty(), MV_LIQUIDITY_60D.empty())
    return candidates(names, *nothing, universe_year=year, settings=SETTINGS)


def test_a_year_before_all_prices_is_refused_with_a_year_to_choose():
    with pytest.raises(NotFoundError) as caught:
        empty_year(2009, date(2012, 12, 6), date(2017, 12, 6))
    assert str(caught.value) == (
        "universe year 2009: no prices before 2009-01-02; found 2012-12-06 to 2017-12-06; choose 2014 or import earlier prices."
    )


def test_a_year_after_all_prices_is_refused():
    with pytest.raises(
        NotFoundError, match=r"no prices in the 5 sessions before 2020-01-02; found .*; choose 2017 or import later"
    ):
        empty_year(2020, date(2012, 12, 6), date(2017, 12, 6))


def test_without_any_prices_the_message_says_so():
    with pytest.raises(NotFoundError, match="found none at all"):
        candidates(
            TICKERS.empty(), DAILY_RETURNS.empty(), DAILY_METRICS.empty(), MV_LIQUIDITY_60D.empty(),
            universe_year=2015, settings=SETTINGS,
        )  # fmt: skip
