"""Names traced back in time."""

from datetime import date

import pytest

from kairos.market.renames import Bearer, Change, Rename, filed_renames, trace

DAY, LATER = date(2005, 6, 1), date(2008, 6, 2)


def bearer(permaticker=1, current="B", first=date(2000, 1, 3), last=None):
    return Bearer(permaticker, current, first, last)


def test_a_rename_belongs_to_who_bears_the_newer_name():
    assert trace([bearer()], [Rename(DAY, newer="B", older="A")]) == {1: [Change(DAY, "A")]}


@pytest.mark.parametrize("first", [DAY, LATER])
def test_who_did_not_trade_yet_was_not_renamed(first):
    assert trace([bearer(first=first)], [Rename(DAY, newer="B", older="A")]) == {}


def test_who_trades_no_more_is_not_renamed():
    assert trace([bearer(last=date(2004, 1, 5))], [Rename(DAY, newer="B", older="A")]) == {}


def test_two_securities_may_have_borne_one_name():
    heir = bearer(2, "C")
    found = trace([bearer(), heir], [Rename(LATER, newer="C", older="A"), Rename(DAY, newer="B", older="A")])
    assert found == {1: [Change(DAY, "A")], 2: [Change(LATER, "A")]}


def test_renames_are_read_newest_first_and_once(raw_actions):
    row = {"date": DAY, "action": "tickerchangefrom", "ticker": "B", "contraticker": "A"}
    late = {"date": LATER, "action": "tickerchangeto", "ticker": "B", "contraticker": "C"}
    other = {"date": DAY, "action": "dividend", "ticker": "B", "contraticker": "A"}
    empty = {"date": DAY, "action": "tickerchangeto", "ticker": "B", "contraticker": "N/A"}
    assert filed_renames(raw_actions([row, row, late, other, empty])) == [Rename(LATER, "C", "B"), Rename(DAY, "B", "A")]
