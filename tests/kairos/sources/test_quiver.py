import json
import logging
from collections.abc import Iterator
from datetime import date

import pytest

from kairos.calendar import FixedClock
from kairos.errors import PlanError, SettingsError, SourceError
from kairos.settings import load_settings
from kairos.sources.pace import RateLimiter, RetryPolicy
from kairos.sources.parse import parse
from kairos.sources.quiver import QuiverClient
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources.vendor_double import KEY, RECEIVED, Answer, FakeTime, Vendor

UPGRADE = b'"Upgrade your subscription plan to access this dataset."'


@pytest.fixture
def quiver(vendor: Vendor, fake_time: FakeTime) -> Iterator[QuiverClient]:
    with QuiverClient(
        f"{vendor.url}/beta",
        KEY,
        clock=FixedClock(RECEIVED),
        limiter=RateLimiter(10_000),
        policy=RetryPolicy(timeout_s=2),
        timing=fake_time.timing(),
        page_rows=2,
    ) as made:
        yield made


def rows(*sent: object, wrapped: bool = False) -> Answer:
    return Answer(json.dumps({"data": sent} if wrapped else sent).encode())


@pytest.mark.parametrize("wrapped", [False, True])
def test_trades_of_congress_are_walked_to_an_empty_page(vendor, quiver, wrapped):
    trades = [{**bodies.CONGRESS, "Ticker": ticker} for ticker in ("A", "B", "C")]
    vendor.answers = [rows(*trades[:2], wrapped=wrapped), rows(trades[2], wrapped=wrapped), rows(wrapped=wrapped)]
    made = quiver.congress()
    assert [payload.request for payload in made] == [
        f"bulk/congresstrading?page={page}&page_size=2&version=V1" for page in (1, 2)
    ]
    assert [ticker for payload in made for ticker in parse(payload).rows["ticker"]] == ["A", "B", "C"]
    assert vendor.asked[0].headers["authorization"] == f"Token {KEY}"


def test_a_trade_of_congress_is_read_to_its_last_column(vendor, quiver):
    vendor.answers = [rows(bodies.CONGRESS)]
    (made,) = quiver.congress_of("ZQXA")
    assert (made.source, made.dataset, made.request) == ("quiver", "quiver_congress", "historical/congresstrading/ZQXA")
    found = parse(made).rows.drop("payload_id", "row", "source", "fetched_at", "received_year", "record").row(0)
    assert found == (
        "ZQXA", "Example Person", "E000000", date(2025, 7, 20), date(2025, 6, 18), "Purchase", "$1,001 - $15,000",
        1001.0, "Representatives", "I", date(2025, 7, 21),
    )  # fmt: skip


def test_one_day_of_trades_is_asked_without_hyphens(vendor, quiver):
    vendor.answers = [Answer(b"[]")]
    quiver.congress(day=date(2025, 7, 4))
    quiver.insiders(day=date(2025, 7, 4))
    assert [asked.params["date"] for asked in vendor.asked] == ["20250704", "20250704"]


def test_insiders_and_mentions_become_rows(vendor, quiver):
    vendor.answers = [rows(bodies.INSIDER), Answer(b"[]")]
    (insiders,) = quiver.insiders()
    vendor.answers = [rows(bodies.MENTION)]
    (mentions,) = quiver.social("ZQXA")
    assert (insiders.request, mentions.request) == ("live/insiders?page=1&page_size=2", "historical/wallstreetbets/ZQXA")
    trade = parse(insiders).rows
    assert trade.select("ticker", "shares", "price_per_share", "file_date", "uploaded").rows() == [
        ("ZQXA", 1000.0, 50.25, date(2025, 7, 21), "2025-07-21 20:15:03")
    ]
    assert parse(mentions).rows.select("date", "mentions", "sentiment").rows() == [(date(2025, 7, 24), 12.0, -0.12)]


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (Answer(UPGRADE, status=403), PlanError, r"Upgrade your subscription plan .* Check QUIVER_API_KEY"),
        (Answer(UPGRADE), PlanError, r"Upgrade your subscription plan .* Check QUIVER_API_KEY"),
        (Answer(b'{"detail": "Invalid token."}', status=401), PlanError, r"Invalid token\. Check QUIVER_API_KEY"),
        (Answer(b'{"detail": "No."}', status=403), PlanError, r"HTTP 403: No\. Check"),
        (Answer(b'{"detail": "Not found."}', status=404), SourceError, r"Not found\. Check QUIVER_BASE_URL"),
        (Answer(b"<h1>404</h1>", status=404), SourceError, "HTTP 404, an unknown or withdrawn address"),
        (Answer(b'{"detail": "odd"}'), SourceError, r"odd\. Check QUIVER_BASE_URL"),
    ],
)
def test_a_refusal_is_asked_once_and_says_what_to_do(vendor, quiver, answer, kind, message):
    vendor.answers = [answer]
    with pytest.raises(SourceError, match=message) as caught:
        quiver.social("ZQXA")
    assert type(caught.value) is kind
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(
    "fault",
    [Answer(b"<html>", status=502), Answer(b'{"detail": "Request was throttled."}', status=429), Answer(b"[{", missing=3)],
    ids=["502", "429", "cut"],
)
def test_a_passing_fault_is_asked_again(vendor, quiver, fault):
    vendor.answers = [fault, rows(bodies.MENTION)]
    assert parse(quiver.social("ZQXA")[0]).rows.height == 1


def test_the_key_is_in_no_message_and_no_log(vendor, quiver, caplog):
    caplog.set_level(logging.DEBUG)
    vendor.answers = [Answer(json.dumps({"detail": f"unknown Token {KEY}"}).encode(), status=401)]
    with pytest.raises(PlanError) as caught:
        quiver.social("ZQXA")
    assert "unknown Token ***" in str(caught.value)
    assert KEY not in caplog.text + repr(quiver._request("x", {}))


def test_without_a_key_the_setting_is_named(tmp_path):
    with pytest.raises(SettingsError, match="QUIVER_API_KEY is not set"):
        QuiverClient.from_settings(load_settings(home=tmp_path), FixedClock(RECEIVED))


def test_settings_make_the_client(vendor, tmp_path):
    vendor.answers = [Answer(b"[]")]
    settings = load_settings(home=tmp_path, quiver_api_key=KEY, quiver_base_url=f"{vendor.url}/beta")
    with QuiverClient.from_settings(settings, FixedClock(RECEIVED)) as client:
        assert client.social("ZQXA")[0].says_nothing
    assert vendor.asked[0].path == "/beta/historical/wallstreetbets/ZQXA"
