"""Daily metrics in USD, as first delivered."""

from datetime import UTC, date, datetime

import pytest

from kairos.calendar import prices_known_at
from kairos.market.metrics import daily_metrics
from kairos.tables.market import DAILY_METRICS
from kairos.tables.raw import QUARANTINE

DAY = date(2015, 6, 1)
LATER = datetime(2016, 6, 3, tzinfo=UTC)


@pytest.fixture
def build(raw_tickers, raw_daily):
    known = raw_tickers([{"ticker": "AAA", "permaticker": 1}])
    base = {"ticker": "AAA", "date": DAY, "marketcap": 10160.0, "ev": -5.0, "pe": 22.0}
    return lambda *changes: daily_metrics(raw_daily([base | change for change in changes]), known, year=2015)


def test_millions_become_dollars_and_multiples_stay(build):
    row = DAILY_METRICS.validate(build({}).rows).row(0, named=True)
    assert (row["marketcap"], row["ev"], row["pe"]) == (10_160_000_000.0, -5_000_000.0, 22.0)
    assert (row["known_at"], row["known_source"]) == (prices_known_at(DAY), "assumed")


def test_a_restatement_does_not_rewrite_what_was_visible(build):
    found = build({}, {"marketcap": 1.0, "fetched_at": LATER})
    assert (found.rows["marketcap"].to_list(), found.repeated) == ([10_160_000_000.0], 1)


def test_a_market_cap_that_comes_late_is_known_from_its_receipt(build):
    row = build({"marketcap": None}, {"fetched_at": LATER}).rows.row(0, named=True)
    assert (row["marketcap"], row["known_at"], row["known_source"]) == (10_160_000_000.0, LATER, "observed")


@pytest.mark.parametrize(
    ("changes", "reasons", "kept"),
    [
        ([{"ticker": "ZZZ"}], ["unknown_ticker"], 0),
        ([{"date": date(2015, 7, 4)}], ["not_a_session"], 0),
        ([{"marketcap": -1.0}], ["nonpositive_marketcap"], 1),
        ([{}, {}], ["duplicate_row"], 1),
        ([{}, {"payload_id": "another pull of that instant"}], [], 1),
        ([{}, {}, {"payload_id": "another pull of that instant"}], ["duplicate_row"], 1),
        ([{}, {"pe": 3.0}], ["conflicting_duplicate"] * 2, 0),
    ],
)
def test_what_cannot_be_kept_goes_to_quarantine(build, changes, reasons, kept):
    found = build(*changes)
    assert QUARANTINE.validate(found.quarantine)["reason"].to_list() == reasons
    assert found.rows.height == kept
    assert len(changes) == found.rows.height + found.rejected + found.repeated
