"""Members of the S&P 500 as known at each instant: by changes, by lists, by lists that replace each other."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from kairos.calendar import prices_known_at, session_offset
from kairos.frames import stack
from kairos.market.constituents import members_at, membership_changes, memberships
from kairos.sandbox.index import index_rows
from kairos.sandbox.market import generate
from kairos.sandbox.views import VendorView
from kairos.tables.feeds import RAW_FEEDS
from kairos.tables.market import SP500
from kairos.tables.quality import CORRECTIONS
from kairos.tables.raw import RAW_TICKERS

RAW = RAW_FEEDS["sp500"]
MONDAY, TUESDAY, WEDNESDAY = date(2016, 5, 2), date(2016, 5, 3), date(2016, 5, 4)
IDS = {"AAA": 1, "BBB": 2, "CCC": 3}


def evening(day):
    return prices_known_at(day) + timedelta(hours=3)


def delivery(day, *said, name=""):
    """What came on an evening: (date, action, ticker)."""
    payload = name or f"{day}"
    common = {"source": "vendor", "fetched_at": evening(day), "received_year": day.year, "payload_id": payload}
    rows = [{**common, "row": at, "date": when, "action": how, "ticker": who} for at, (when, how, who) in enumerate(said)]
    blank = dict.fromkeys(RAW.columns)
    return pl.DataFrame([blank | row for row in rows], schema=RAW.dtypes)


def current(day, *names, name=""):
    return delivery(day, *((day, "current", one) for one in names), name=name)


def tickers():
    common = {"source": "vendor", "table": "SEP", "isdelisted": "N", "payload_id": "t", "received_year": 2015}
    blank = dict.fromkeys(RAW_TICKERS.columns)
    rows = [
        blank | common | {"row": at, "ticker": name, "permaticker": number, "fetched_at": datetime(2015, 1, 1, tzinfo=UTC)}
        for at, (name, number) in enumerate(IDS.items())
    ]
    return pl.DataFrame(rows, schema=RAW_TICKERS.dtypes)


def made(*deliveries, years=(2016,)):
    parts = [memberships(stack(*deliveries), tickers(), year=year) for year in years]
    return SP500.validate(stack(*(part.rows for part in parts)))


def stays(rows):
    return [tuple(row) for row in rows.select("permaticker", "valid_from", "valid_to", "told_by", "known_source").iter_rows()]


def test_a_list_of_today_is_known_from_its_receipt():
    rows = made(current(MONDAY, "AAA", "BBB"))
    assert stays(rows) == [(1, MONDAY, None, "current", "observed"), (2, MONDAY, None, "current", "observed")]
    assert rows["known_at"].to_list() == [evening(MONDAY)] * 2


def test_a_list_that_comes_again_unchanged_says_nothing_new():
    assert made(current(MONDAY, "AAA"), current(TUESDAY, "AAA")).height == 1


def test_a_list_that_lacks_a_name_ends_its_membership_from_its_receipt_on():
    rows = made(current(MONDAY, "AAA", "BBB"), current(TUESDAY, "AAA"))
    assert members_at(rows, TUESDAY, known=evening(MONDAY))["permaticker"].to_list() == [1, 2]
    assert members_at(rows, TUESDAY, known=evening(TUESDAY))["permaticker"].to_list() == [1]
    assert members_at(rows, MONDAY, known=evening(TUESDAY))["permaticker"].to_list() == [1, 2]


def test_replaced_lists_stand_as_versions_and_as_corrections():
    rows = made(current(MONDAY, "AAA", "BBB"), current(TUESDAY, "AAA", "CCC"))
    assert stays(rows.filter(pl.col("permaticker") > 1)) == [
        (2, MONDAY, None, "current", "observed"),
        (2, MONDAY, MONDAY, "current", "observed"),
        (3, TUESDAY, None, "current", "observed"),
    ]
    found = CORRECTIONS.validate(membership_changes(rows))
    assert found.select("ticker", "session", "kind", "column_name", "old_value", "new_value", "change").rows() == [
        ("BBB", TUESDAY, "membership", "sp500", 1.0, 0.0, -1.0),
        ("CCC", TUESDAY, "membership", "sp500", 0.0, 1.0, None),
    ]
    assert found["known_at"].to_list() == [evening(TUESDAY)] * 2
    assert found["known_at_before"].to_list() == [evening(MONDAY)] * 2
    assert found["session_names"].to_list() == [1, 2]


def test_the_first_delivery_corrects_nothing():
    assert membership_changes(made(current(MONDAY, "AAA"))).is_empty()


def test_history_is_known_from_its_own_days():
    """added on the 2nd of March 2015, a list at the quarter's end, removed on the 4th of May 2016: told all together."""
    added, quarter = date(2015, 3, 2), date(2015, 3, 31)
    past = delivery(
        date(2016, 6, 1), (added, "added", "AAA"), (quarter, "historical", "AAA"), (quarter, "historical", "BBB"),
        (WEDNESDAY, "removed", "AAA"),
    )  # fmt: skip
    rows = made(past, years=(2015, 2016))
    assert stays(rows) == [
        (1, added, None, "added", "assumed"),
        (2, quarter, None, "historical", "assumed"),
        (1, added, TUESDAY, "removed", "assumed"),
    ]
    assert rows["known_at"].to_list() == [prices_known_at(day) for day in (added, quarter, WEDNESDAY)]
    assert rows["session"].to_list() == [added, quarter, WEDNESDAY]


def test_a_change_dated_back_is_known_from_its_receipt_and_late():
    rows = made(current(MONDAY, "AAA"), current(TUESDAY, "AAA"), delivery(WEDNESDAY, (MONDAY, "added", "BBB")))
    late = rows.filter(permaticker=2)
    assert stays(late) == [(2, MONDAY, None, "added", "observed")]
    assert late["known_at"].item() == evening(WEDNESDAY)
    assert membership_changes(late)["sessions_late"].to_list() == [2]
    assert members_at(rows, MONDAY, known=evening(TUESDAY))["permaticker"].to_list() == [1]


def test_a_change_announced_ahead_is_known_from_its_receipt_and_takes_effect_on_its_day():
    rows = made(delivery(MONDAY, (MONDAY, "current", "AAA"), (WEDNESDAY, "added", "BBB"), (WEDNESDAY, "removed", "AAA")))
    for day, expected in ((TUESDAY, [1]), (WEDNESDAY, [2])):
        assert members_at(rows, day, known=evening(MONDAY))["permaticker"].to_list() == expected


def test_the_order_in_which_deliveries_are_read_changes_nothing():
    parts = [current(MONDAY, "AAA", "BBB"), current(TUESDAY, "AAA"), delivery(WEDNESDAY, (TUESDAY, "removed", "BBB"))]
    assert made(*parts).equals(made(*reversed(parts)))


def test_what_no_security_bears_and_unknown_actions_go_to_quarantine():
    odd = delivery(MONDAY, (MONDAY, "current", "AAA"), (MONDAY, "current", "ZZZ"), (MONDAY, "paused", "BBB"),
                   (date(1987, 1, 5), "added", "BBB"))  # fmt: skip
    made = memberships(odd, tickers(), year=2016)
    assert made.quarantine["reason"].sort().to_list() == ["before_calendar", "unknown_action", "unknown_ticker"]
    assert made.rows.height + made.rejected + made.repeated == 4


@pytest.fixture(scope="module")
def market():
    return generate("demo", 3)


def test_the_embedded_index_is_told_back_exactly_on_any_day(market):
    """All history at once, from lists and changes; against the members that the market itself says."""
    view = VendorView(market, market.last_session)
    named = dict(view.names.select("ticker", "permaticker").iter_rows())
    rows = index_rows(market, view.names, market.last_session)
    common = {"source": "minted", "payload_id": "all", "fetched_at": evening(market.last_session), "received_year": 2018}
    raw = rows.with_row_index("row").with_columns(**{name: pl.lit(value) for name, value in common.items()})
    raw = RAW.conform(raw.with_columns(source=pl.lit("vendor"), record=pl.lit("{}")))
    blank = dict.fromkeys(RAW_TICKERS.columns) | {"source": "vendor", "table": "SEP", "isdelisted": "N", "payload_id": "t"}
    listed = pl.DataFrame(
        [blank | {"row": 0, "received_year": 2013, "ticker": name, "permaticker": number,
                  "fetched_at": datetime(2013, 1, 1, tzinfo=UTC)} for name, number in named.items()],
        schema=RAW_TICKERS.dtypes,
    )  # fmt: skip
    years = range(market.first_session.year, market.last_session.year + 1)
    made = stack(*(memberships(raw, listed, year=year).rows for year in years))
    for session in market.sessions[100::97]:
        shown = VendorView(market, session)
        expected = index_rows(market, shown.names, session).filter(action="current")["permaticker"].sort().to_list()
        assert members_at(made, session, known=evening(session))["permaticker"].to_list() == expected
    before = session_offset(market.sessions[100], -99)
    assert members_at(made, before, known=evening(before)).is_empty()  # no list had been told yet
