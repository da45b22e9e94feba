"""Announced earnings are known from the opening that follows their announcement."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from kairos.fundamentals.surprises import not_before_its_release
from kairos.fundamentals.versions import surprise_versions
from kairos.tables.fundamentals import EARNINGS_SURPRISES
from tests.kairos.fundamentals.raw_made_up import NAMES, raw

FRIDAY = date(2018, 6, 1)
YEARS_LATER = datetime(2020, 1, 6, 12, tzinfo=UTC)
OPENS_FRIDAY, OPENS_MONDAY = datetime(2018, 6, 1, 13, 30, tzinfo=UTC), datetime(2018, 6, 4, 13, 30, tzinfo=UTC)


def row(day=FRIDAY, *, at=YEARS_LATER, release="post", **more):
    told = {"symbol": "AAA", "date": day, "quarter": "18-Mar", "eps_estimated": 0.5, "eps_actual": 0.6, "eps_surprise": 0.1}
    return told | {"release_time": release, "at": at} | more


def made(*rows):
    return surprise_versions(raw("earnings_surprises", *rows), NAMES)


@pytest.mark.parametrize(
    ("day", "release", "known_at", "source"),
    [
        (FRIDAY, "pre", OPENS_FRIDAY, "vendor"),
        (FRIDAY, "post", OPENS_MONDAY, "vendor"),
        (FRIDAY, "AMC", OPENS_MONDAY, "vendor"),
        (FRIDAY, None, OPENS_MONDAY, "assumed"),
        (FRIDAY, "noon", OPENS_MONDAY, "assumed"),
        (date(2018, 6, 2), "pre", OPENS_MONDAY, "vendor"),  # a Saturday
        (date(2018, 6, 2), "post", OPENS_MONDAY, "vendor"),
        (date(2018, 7, 3), "post", datetime(2018, 7, 5, 13, 30, tzinfo=UTC), "vendor"),  # a half day before a holiday
    ],
)
def test_old_earnings_are_known_from_the_opening_after_their_release(day, release, known_at, source):
    rows = made(row(day, release=release)).rows
    assert rows.select("known_at", "known_source").row(0) == (known_at, source)
    assert EARNINGS_SURPRISES.validate(rows).height == 1


def test_earnings_seen_arriving_are_known_from_their_receipt():
    at = datetime(2018, 6, 1, 20, 5, tzinfo=UTC)
    assert made(row(at=at)).rows.select("known_at", "known_source").row(0) == (at, "observed")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"at": datetime(2018, 6, 1, 19, 59, tzinfo=UTC)}, "received_before_release"),
        ({"at": datetime(2018, 6, 1, 3, 0, tzinfo=UTC), "release": "pre"}, "received_before_release"),
        ({"eps_actual": None, "eps_estimated": None}, "nothing_told"),
        ({"symbol": "LOST"}, "unmapped_symbol"),
    ],
)
def test_what_cannot_stand_is_set_aside_with_its_reason(change, reason):
    cleaned = made(row(**change))
    assert cleaned.rows.is_empty()
    assert cleaned.quarantine["reason"].to_list() == [reason]


def test_other_figures_told_later_are_a_version_of_their_own():
    later = YEARS_LATER + timedelta(days=30)
    cleaned = made(row(), row(at=later), row(at=later + timedelta(days=1), eps_actual=0.61, eps_surprise=0.11))
    assert cleaned.rows["eps_actual"].to_list() == [0.6, 0.61]
    assert cleaned.rows["known_at"].to_list() == [OPENS_MONDAY, later + timedelta(days=1)]
    assert cleaned.repeated == 1


def test_a_delivery_that_contradicts_itself_stands_for_nothing():
    cleaned = made(row(payload="p"), row(payload="p", eps_actual=0.7))
    assert cleaned.rows.is_empty()
    assert cleaned.quarantine["reason"].to_list() == ["conflicting_duplicate"] * 2


def test_the_text_null_is_no_quarter():
    assert made(row(quarter="NULL")).rows["quarter"].to_list() == [None]


def test_a_dead_company_has_its_earnings_under_the_ticker_that_it_bore():
    assert made(row(date(2016, 5, 2), symbol="CCC")).rows["permaticker"].to_list() == [3]


@pytest.mark.parametrize(
    ("release", "instant"), [("post", datetime(2018, 6, 1, 20, 0, tzinfo=UTC)), ("pre", datetime(2018, 6, 1, 4, 0, tzinfo=UTC))]
)
def test_earnings_known_by_an_instant_before_their_release_are_found(release, instant):
    rows = made(row(release=release)).rows
    assert not_before_its_release(rows).passed
    early = rows.with_columns(pl.lit(instant, rows.schema["known_at"]).alias("known_at"))
    found = not_before_its_release(early)
    assert not found.passed
    assert found.figures == {"rows": 1, "early": 1}
    assert "AAA" in found.summary
