"""Corporate actions: whose they are, when they take effect, and what their values mean on their own day."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.calendar import prices_known_at
from kairos.market.actions import corporate_actions
from kairos.sources.files import minted_permaticker
from kairos.tables.market import ACTIONS, SEP_VERSIONS
from kairos.tables.raw import QUARANTINE

EVE, EX = date(2015, 6, 1), date(2015, 6, 2)
THEN, LATER = datetime(2015, 6, 3, tzinfo=UTC), datetime(2016, 6, 3, tzinfo=UTC)
NO_PRICES = SEP_VERSIONS.empty()


@pytest.fixture
def build(tickers_of):
    known = tickers_of([{}])
    return lambda raw, prices=NO_PRICES, tickers=known: corporate_actions(raw, tickers, prices, year=2015)


def test_an_action_takes_effect_on_the_next_session(build, raw_actions):
    found = build(raw_actions([{"ticker": "AAA", "date": date(2015, 7, 4), "action": "split", "value": 2.0}]))
    row = ACTIONS.validate(found.rows).row(0, named=True)
    assert (row["permaticker"], row["session"], row["value"]) == (1, date(2015, 7, 6), 2.0)
    assert (row["known_at"], row["known_source"]) == (prices_known_at(date(2015, 7, 6)), "assumed")


def test_deals_are_in_dollars(build, raw_actions):
    found = build(raw_actions([{"ticker": "AAA", "date": EX, "action": "acquisitionby", "value": 1.5, "contraticker": "BBB"}]))
    assert found.rows.select("value", "contraticker").row(0) == (1_500_000.0, "BBB")


def test_actions_that_nobody_knows_are_kept(build, raw_actions):
    found = build(raw_actions([{"ticker": "AAA", "date": EX, "action": "sicchangeto", "value": 7.0, "contraticker": "N/A"}]))
    assert found.rows.select("action", "value", "contraticker").row(0) == ("sicchangeto", 7.0, None)


def test_an_action_of_nobody_goes_to_quarantine(build, raw_actions):
    found = build(raw_actions([{"ticker": "ZZZ", "date": EX, "action": "split", "value": 2.0}]))
    assert QUARANTINE.validate(found.quarantine).select("reason", "action").row(0) == ("unknown_ticker", "row_rejected")


def test_a_value_no_return_can_use_is_set_aside(build, raw_actions):
    found = build(raw_actions([{"ticker": "AAA", "date": EX, "action": "split", "value": 0.0}]))
    assert found.rows["value"].to_list() == [None]
    assert QUARANTINE.validate(found.quarantine).select("reason", "action").row(0) == ("nonpositive_value", "value_nulled")


@pytest.mark.parametrize("action", ["dividend", "split", "acquisitionby"])
def test_an_action_names_the_payload_that_said_it_first(build, raw_actions, action):
    row = {"ticker": "AAA", "date": EX, "action": action, "value": 2.0}
    sent = [row | {"fetched_at": at, "payload_id": name} for at, name in ((THEN, "first"), (LATER, "again"))]
    found = build(raw_actions(sent))
    assert (found.rows["payload_id"].to_list(), found.repeated) == (["first"], 1)


def test_an_action_of_nobody_that_is_sent_again_is_set_aside_once(build, raw_actions):
    row = {"ticker": "ZZZ", "date": EX, "action": "split", "value": 2.0}
    sent = [row | {"fetched_at": at, "payload_id": name} for at, name in ((LATER, "again"), (THEN, "first"))]
    found = build(raw_actions(sent))
    assert (found.quarantine["payload_id"].to_list(), found.repeated) == (["first"], 1)


def test_the_newest_delivery_stands(build, raw_actions):
    row = {"ticker": "AAA", "date": EX, "action": "split"}
    found = build(raw_actions([{**row, "value": 2.0, "fetched_at": THEN}, {**row, "value": 3.0, "fetched_at": LATER}]))
    assert (found.rows["value"].to_list(), found.repeated) == ([3.0], 1)


def test_two_dividends_of_one_day_are_two(build, raw_actions):
    row = {"ticker": "AAA", "date": EX, "action": "dividend"}
    found = build(raw_actions([{**row, "value": value} for value in (0.5, 0.1, 0.5)]))
    assert ACTIONS.validate(found.rows).select("row", "value").rows() == [(0, 0.1), (1, 0.5)]


def test_a_file_s_actions_belong_to_its_minted_securities(build, raw_actions, tickers_of):
    minted = minted_permaticker("file", "AAA")
    known = tickers_of([{}, {"permaticker": minted, "source": "minted"}])
    found = build(raw_actions([{"ticker": "AAA", "date": EX, "action": "split", "value": 2.0}], source="file"), tickers=known)
    assert found.rows["permaticker"].to_list() == [minted]


def test_a_reused_ticker_goes_to_who_lived_on_the_date(build, raw_actions, tickers_of):
    first = {
        "permaticker": 1,
        "ticker": "XYZ",
        "valid_to": date(2010, 5, 5),
        "lastpricedate": date(2010, 5, 5),
        "isdelisted": True,
    }
    second = {"permaticker": 2, "ticker": "XYZ", "valid_from": date(2015, 1, 5), "firstpricedate": date(2015, 1, 5)}
    found = build(
        raw_actions([{"ticker": "XYZ", "date": EX, "action": "split", "value": 2.0}]), tickers=tickers_of([first, second])
    )
    assert found.rows["permaticker"].to_list() == [2]


def test_history_filed_under_the_present_name_is_found(build, raw_actions, tickers_of):
    names = [{"ticker": "OLD", "valid_to": date(2015, 12, 1)}, {"ticker": "NEW", "valid_from": date(2015, 12, 2)}]
    found = build(raw_actions([{"ticker": "NEW", "date": EX, "action": "split", "value": 2.0}]), tickers=tickers_of(names))
    assert found.rows["permaticker"].to_list() == [1]


def test_a_name_that_only_prices_bore_is_found(build, raw_actions, tickers_of, versions_of):
    prices = versions_of([{"session": EX, "ticker": "XYZ"}])
    rows = raw_actions([{"ticker": "XYZ", "date": EX, "action": "split", "value": 2.0}])
    assert build(rows, prices, tickers_of([{"ticker": "XYZ1"}])).rows["permaticker"].to_list() == [1]


def test_nothing_vanishes(build, raw_actions):
    rows = [
        {"ticker": ticker, "date": day, "action": action, "value": 2.0, "fetched_at": fetched}
        for ticker in ("AAA", "ZZZ") for day in (EVE, EX, date(2015, 7, 4))
        for action in ("split", "listed", "new") for fetched in (THEN, LATER)
    ]  # fmt: skip
    found = build(raw_actions(rows))
    assert len(rows) == found.rows.height + found.rejected + found.repeated


def test_rows_of_other_years_are_left_to_them(build, raw_actions):
    found = build(raw_actions([{"ticker": "AAA", "date": date(2014, 6, 2), "action": "split", "value": 2.0}]))
    assert found.rows.is_empty()
    assert found.quarantine.is_empty()


@pytest.mark.parametrize("known", [True, False])
def test_known_at_is_the_publication_of_the_session(build, raw_actions, known):
    row = {"ticker": "AAA", "date": EX, "action": "split", "value": 2.0, "fetched_at": THEN if known else LATER}
    assert build(raw_actions([row])).rows["known_at"].to_list() == [prices_known_at(EX)]


def test_validity_is_judged_by_date_not_by_row_order(build, raw_actions, tickers_of):
    names = tickers_of([{"ticker": "NEW", "valid_from": date(2015, 12, 2)}, {"ticker": "OLD", "valid_to": date(2015, 12, 1)}])
    rows = raw_actions([{"ticker": name, "date": EX, "action": "split", "value": 2.0} for name in ("OLD", "NEW")])
    found = build(rows, tickers=names)
    assert found.rows.select(pl.col("permaticker").unique()).to_series().to_list() == [1]
