"""Jumps of scale against jumps that were traded."""

from datetime import date

import polars as pl
import pytest

from kairos.market.cleaned import no_waivers
from kairos.market.returns import daily_returns
from kairos.tables.market import ACTIONS
from kairos.tables.raw import QUARANTINE

JUMP = date(2015, 6, 1)


@pytest.fixture
def build(versions_of, tickers_of, sessions_of):
    def run(factor, *, shares=1.0, waivers=None, actions=None):
        rows = [
            {
                "session": day,
                "close": 10.0 * (factor if day >= JUMP else 1.0),
                "volume": 1000.0 * (shares if day == JUMP else 1.0),
                "payload_id": "file",
                "row": place,
            }
            for place, day in enumerate(sessions_of(2015))
        ]
        return daily_returns(
            versions_of(rows),
            ACTIONS.empty() if actions is None else actions,
            tickers_of([{}]),
            year=2015,
            sessions_loaded=sessions_of(2015),
            waivers=no_waivers() if waivers is None else waivers,
        )

    return run


def on_the_day(cleaned):
    return cleaned.rows.filter(pl.col("session") == JUMP).select("ret_cc", "ret_source").row(0)


@pytest.mark.parametrize("factor", [0.01, 0.2, 5.0, 250.0])
def test_an_untraded_jump_beyond_four_is_a_break_with_its_line_in_quarantine(build, factor):
    found = build(factor)
    assert on_the_day(found) == (0.0, "break")
    line = QUARANTINE.validate(found.quarantine).row(0, named=True)
    assert (line["reason"], line["action"], line["writer"]) == ("scale_break", "value_nulled", "daily_returns")
    assert found.quarantine.height == 1


@pytest.mark.parametrize("factor", [0.3, 3.9])
def test_a_jump_within_four_stands(build, factor):
    found = build(factor)
    assert on_the_day(found)[0] == pytest.approx(factor - 1)
    assert found.quarantine.is_empty()


@pytest.mark.parametrize(("factor", "shares"), [(0.1, 40.0), (6.0, 20.0)])
def test_a_traded_jump_stands(build, factor, shares):
    assert on_the_day(build(factor, shares=shares))[0] == pytest.approx(factor - 1)


def test_a_missed_split_is_no_trading(build):
    assert on_the_day(build(0.1, shares=10.0)) == (0.0, "break")


def test_a_recorded_split_is_no_break(build, actions_of):
    split = actions_of([{"session": JUMP, "action": "split", "value": 10.0}])
    assert on_the_day(build(0.1, actions=split)) == (pytest.approx(0.0), "actions")


def test_a_waived_jump_stands(build):
    waivers = pl.DataFrame({"ticker": ["AAA"], "session": [JUMP], "reason": ["scale_break"]})
    found = build(5.0, waivers=waivers)
    assert on_the_day(found)[0] == pytest.approx(4.0)
    assert found.quarantine.is_empty()


@pytest.mark.parametrize(("bars", "source"), [(1, "break"), (4, "break"), (5, "actions")])
def test_a_series_that_has_barely_begun_cannot_show_that_a_jump_was_traded(versions_of, tickers_of, sessions_of, bars, source):
    days = sessions_of(2015)[: bars + 20]
    rows = [
        {"session": day, "close": 10.0 if place < bars else 80.0, "volume": 0.0 if place < bars else 500.0, "row": place}
        for place, day in enumerate(days)
    ]
    made = daily_returns(versions_of(rows), ACTIONS.empty(), tickers_of([{}]), year=2015, sessions_loaded=days)
    assert made.rows.filter(session=days[bars])["ret_source"].to_list() == [source]
