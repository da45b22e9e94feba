from datetime import UTC, datetime

import httpx
import polars as pl
import pytest

from kairos.calendar import FixedClock
from kairos.sandbox.access import SANDBOX_QUIVER_BASIC_KEY, SANDBOX_QUIVER_KEY
from kairos.sandbox.server import VendorServer
from kairos.sandbox.views import current_tickers

c = pl.col
NOW = datetime(2016, 3, 31, 22, tzinfo=UTC)
CONGRESS = (
    "Representative BioGuideID ReportDate TransactionDate Ticker Transaction Range District House Amount Party last_modified "
    "TickerType Description ExcessReturn PriceChange SPYChange"
)
INSIDERS = (
    "Ticker Date Name AcquiredDisposedCode TransactionCode Shares PricePerShare SharesOwnedFollowing fileDate officerTitle "
    "isDirector isOfficer isTenPercentOwner isOther directOrIndirectOwnership uploaded"
)


@pytest.fixture(scope="module")
def served(demo):
    with VendorServer(demo, FixedClock(NOW)) as running:
        yield running


@pytest.fixture
def quiver(served):
    served.clear_faults()

    def ask(path, *, authorization=f"Token {SANDBOX_QUIVER_KEY}", **parameters):
        headers = {"Authorization": authorization} if authorization else {}
        return httpx.get(f"{served.quiver_url}/{path}", params=parameters, headers=headers)

    return ask


@pytest.fixture(scope="module")
def ticker(demo):
    traded = demo.congress.filter(c("uploaded_at") <= NOW).group_by("permaticker").len().sort("len", "permaticker")
    return current_tickers(demo, NOW.date()).filter(c("permaticker") == traded["permaticker"][-1])["ticker"][0]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("bulk/congresstrading", CONGRESS),
        ("live/congresstrading", CONGRESS),
        ("historical/congresstrading/{}", CONGRESS),
        ("live/insiders", INSIDERS),
        ("historical/wallstreetbets/{}", "Date Ticker Mentions Rank Sentiment"),
    ],
)
def test_rows_have_the_vendors_fields_in_order(quiver, ticker, path, fields):
    rows = quiver(path.format(ticker)).json()
    assert list(rows[0]) == fields.split()
    if "historical" in path:
        assert {row["Ticker"] for row in rows} == {ticker}


def test_a_bearer_is_as_good_as_a_token(quiver):
    token, bearer = (quiver("live/insiders", authorization=f"{scheme} {SANDBOX_QUIVER_KEY}") for scheme in ("Token", "Bearer"))
    assert token.json() == bearer.json() != []


@pytest.mark.parametrize("authorization", ["", "Token wrong", SANDBOX_QUIVER_KEY, f"Basic {SANDBOX_QUIVER_KEY}"])
def test_a_bad_key_gets_a_detail(quiver, authorization):
    answer = quiver("live/insiders", authorization=authorization)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])


def test_a_lower_tier_gets_a_json_string(quiver):
    basic = f"Token {SANDBOX_QUIVER_BASIC_KEY}"
    refused = quiver("live/insiders", authorization=basic)
    assert (refused.status_code, refused.json()) == (403, "Upgrade your subscription plan to access this dataset.")
    assert quiver("bulk/congresstrading", authorization=basic).status_code == 200


@pytest.mark.parametrize("path", ["historical/insiders/X", "live/wikipedia", "bulk", ""])
def test_an_unknown_path_is_not_found(quiver, path):
    assert quiver(path).status_code == 404


def test_pages_cover_the_bulk_once(quiver):
    whole = quiver("bulk/congresstrading").json()
    pages = [quiver("bulk/congresstrading", page=i, page_size=400).json() for i in (1, 2, 3)]
    assert [row for page in pages for row in page] == whole[:1200]
    assert [len(page) for page in pages] == [400, min(400, len(whole) - 400), max(0, min(400, len(whole) - 800))]


def test_nothing_shows_before_its_upload(quiver, demo):
    shown = len(quiver("bulk/congresstrading").json())
    bearing = current_tickers(demo, NOW.date()).filter(c("taken_on").is_null())["permaticker"].implode()
    known = demo.congress.filter(c("permaticker").is_in(bearing))
    assert shown == known.filter(c("uploaded_at") <= NOW).height
    assert shown < known.height
    assert all(row["TransactionDate"] < row["ReportDate"] <= "2016-03-31" for row in quiver("live/congresstrading").json())


def test_the_live_list_is_recent(quiver):
    assert min(row["uploaded"] for row in quiver("live/insiders").json()) >= "2016-01-01"


def test_rows_may_come_in_an_envelope_or_be_refused_or_empty(quiver, served):
    served.inject("envelope")
    assert list(quiver("live/insiders").json()) == ["data"]
    served.inject("upgrade")
    assert quiver("live/insiders").json().startswith("Upgrade")
    served.inject("empty_table", count=1)
    assert quiver("live/insiders").json() == []


def test_mentions_come_newest_first_and_lean_between_minus_one_and_one(quiver, ticker):
    rows = quiver(f"historical/wallstreetbets/{ticker}").json()
    assert rows[0]["Date"] == "2016-03-31"
    assert [row["Date"] for row in rows] == sorted((row["Date"] for row in rows), reverse=True)
    assert all(-1 <= row["Sentiment"] <= 1 for row in rows)
    assert quiver("historical/wallstreetbets/NOPE").json() == []
