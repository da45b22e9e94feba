"""The newest version of each price is the base."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from kairos.calendar import prices_known_at, sessions_between
from kairos.market.base import latest_versions
from kairos.tables.market import SEP_BASE

SESSIONS = sessions_between(date(2015, 6, 1), date(2015, 6, 12))
START = datetime(2015, 6, 1, tzinfo=UTC)


def test_the_newest_version_of_each_key_is_shown():
    rows = [
        {
            "permaticker": name, "session": day, "ticker": "A", "close": 10.0 + version, "source": "vendor",
            "known_at": prices_known_at(day) + timedelta(days=2 * version), "known_source": "assumed",
            "fetched_at": START, "payload_id": "p", "row": 0,
        }
        for name in (1, 2) for day in SESSIONS for version in range(name + 1)
    ]  # fmt: skip
    history = pl.DataFrame([dict.fromkeys(SEP_BASE.columns) | row for row in rows], schema=SEP_BASE.dtypes, orient="row")
    newest = SEP_BASE.validate(latest_versions(history.reverse()))
    assert newest.group_by("permaticker").agg(pl.col("close").unique()).sort("permaticker").rows() == [(1, [11.0]), (2, [12.0])]
