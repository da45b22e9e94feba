from datetime import date

import pytest

from kairos.calendar import FixedClock
from kairos.errors import SettingsError, SourceError
from kairos.sources.fmp import FmpClient
from kairos.sources.http import FEW_ATTEMPTS
from kairos.sources.pace import RateLimiter
from kairos.sources.parse import parse
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources.fmp_double import rows
from tests.kairos.sources.vendor_double import KEY, RECEIVED, Answer

LATER = date(2025, 7, 25)
EARLIER = date(2025, 7, 18)


def test_the_pages_are_walked_to_an_empty_one_whatever_their_size(vendor, stable):
    vendor.answers = [
        rows({**bodies.NEWS, "url": "1"}, {**bodies.NEWS, "url": "2"}),
        rows({**bodies.NEWS, "url": "3"}),
        rows({**bodies.NEWS, "url": "4"}, {**bodies.NEWS, "url": "5"}),
        Answer(b"[]"),
    ]
    made = stable.news(["ZQXA"], since=EARLIER, until=LATER, limit=2)
    assert [parse(payload).rows["url"].to_list() for payload in made] == [["1", "2"], ["3"], ["4", "5"]]
    assert [asked.params["page"] for asked in vendor.asked] == ["0", "1", "2", "3"]


def test_a_page_that_came_before_is_asked_again(vendor, stable):
    first, second = rows({**bodies.NEWS, "url": "1"}), rows({**bodies.NEWS, "url": "2"})
    vendor.answers = [first, first, second, Answer(b"[]")]
    made = stable.news(["ZQXA"], since=EARLIER, until=LATER)
    assert [parse(payload).rows["url"][0] for payload in made] == ["1", "2"]
    assert [asked.params["page"] for asked in vendor.asked] == ["0", "1", "1", "2"]


def test_a_vendor_that_sends_one_page_for_ever_is_refused(vendor, stable):
    vendor.answers = [rows(bodies.STABLE_ESTIMATE)]
    with pytest.raises(SourceError, match="a page repeats an earlier one, so rows may be missing"):
        stable.analyst_estimates("ZQXA", period="annual")
    assert len(vendor.asked) == 1 + FEW_ATTEMPTS


def test_pages_without_an_end_are_given_up(vendor, stable, monkeypatch):
    monkeypatch.setattr("kairos.sources.lists.MOST_PAGES", 3)
    vendor.answers = [rows({**bodies.NEWS, "url": str(n)}) for n in range(9)]
    with pytest.raises(SourceError, match="3 pages and no end"):
        stable.news(["ZQXA"], since=EARLIER, until=LATER)


def test_a_symbol_cannot_leave_its_place_in_the_path(vendor, legacy):
    vendor.answers = [Answer(b"[]")]
    (made,) = legacy.profile("BRK/../B?x=1")
    assert made.request == "api/v3/profile/BRK%2F..%2FB%3Fx%3D1"
    assert vendor.asked[0].params == {"apikey": KEY}
    for symbol in ("", " ", ".."):
        with pytest.raises(SourceError, match="cannot be asked for"):
            legacy.profile(symbol)


def test_a_key_would_not_travel_in_clear_to_another_machine(fake_time):
    with pytest.raises(SettingsError, match=r"FMP_BASE_URL http://example\.com: the key would travel in clear"):
        FmpClient("http://example.com", KEY, clock=FixedClock(RECEIVED), limiter=RateLimiter(1))
