"""The newest versions, and those of an instant."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.calendar import prices_known_at, sessions_between
from kairos.errors import CalendarError
from kairos.market.base import as_of, latest_versions
from kairos.tables.market import SEP_BASE

SESSIONS = sessions_between(date(2015, 6, 1), date(2015, 6, 12))
START = datetime(2015, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def history():
    rows = [
        {
            "permaticker": name, "session": day, "ticker": "A", "close": 10.0 + version, "source": "vendor",
            "known_at": prices_known_at(day) + timedelta(days=2 * version), "known_source": "assumed",
            "fetched_at": START, "payload_id": "p", "row": 0,
        }
        for name in (1, 2) for day in SESSIONS for version in range(name + 1)
    ]  # fmt: skip
    return pl.DataFrame([dict.fromkeys(SEP_BASE.columns) | row for row in rows], schema=SEP_BASE.dtypes, orient="row")


@given(hours=st.integers(0, 600))
def test_as_of_never_shows_what_was_known_later(history, hours):
    instant = START + timedelta(hours=hours)
    seen = as_of(history, instant)
    assert seen.filter(pl.col("known_at") > instant).is_empty()
    assert seen.height == history.filter(pl.col("known_at") <= instant).select("permaticker", "session").n_unique()


def test_as_of_the_end_is_the_newest(history):
    assert as_of(history, datetime(2030, 1, 1, tzinfo=UTC)).equals(latest_versions(history))


def test_the_newest_version_of_each_key_is_shown(history):
    newest = SEP_BASE.validate(latest_versions(history.reverse()))
    assert newest.group_by("permaticker").agg(pl.col("close").unique()).sort("permaticker").rows() == [(1, [11.0]), (2, [12.0])]


def test_an_instant_without_a_zone_is_refused(history):
    with pytest.raises(CalendarError, match="has no time zone"):
        as_of(history, datetime(2015, 6, 2))
