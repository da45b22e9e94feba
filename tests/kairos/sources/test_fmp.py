import logging
import os
import subprocess
import sys
import time
from datetime import date
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from kairos.calendar import FixedClock
from kairos.errors import BudgetError, SettingsError, SourceError
from kairos.settings import load_settings
from kairos.sources.budget import CallBudget
from kairos.sources.fmp import FmpClient
from kairos.sources.parse import parse
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources import fmp_double as shapes
from tests.kairos.sources.fmp_double import client_of, rows
from tests.kairos.sources.vendor_double import KEY, RECEIVED, Answer

LATER = date(2025, 7, 25)
EARLIER = date(2025, 7, 18)

ASK = {
    "fmp_income_statement": lambda client: client.income_statement("ZQXA"),
    "fmp_balance_sheet": lambda client: client.balance_sheet("ZQXA"),
    "fmp_cash_flow": lambda client: client.cash_flow("ZQXA"),
    "fmp_key_metrics": lambda client: client.key_metrics("ZQXA"),
    "fmp_ratios": lambda client: client.ratios("ZQXA"),
    "fmp_analyst_estimates": lambda client: client.analyst_estimates("ZQXA", period="quarter"),
    "fmp_rating": lambda client: client.rating("ZQXA"),
    "fmp_profile": lambda client: client.profile("ZQXA"),
    "fmp_news": lambda client: client.news(["ZQXA", "ZQXB"], since=EARLIER, until=LATER),
}
QUARTERS = "limit=400&period=quarter"
ASKED = {
    "fmp_income_statement": (f"stable/income-statement?{QUARTERS}&symbol=ZQXA", f"api/v3/income-statement/ZQXA?{QUARTERS}"),
    "fmp_balance_sheet": (
        f"stable/balance-sheet-statement?{QUARTERS}&symbol=ZQXA",
        f"api/v3/balance-sheet-statement/ZQXA?{QUARTERS}",
    ),
    "fmp_cash_flow": (f"stable/cash-flow-statement?{QUARTERS}&symbol=ZQXA", f"api/v3/cash-flow-statement/ZQXA?{QUARTERS}"),
    "fmp_key_metrics": (f"stable/key-metrics?{QUARTERS}&symbol=ZQXA", f"api/v3/key-metrics/ZQXA?{QUARTERS}"),
    "fmp_ratios": (f"stable/ratios?{QUARTERS}&symbol=ZQXA", f"api/v3/ratios/ZQXA?{QUARTERS}"),
    "fmp_analyst_estimates": (
        "stable/analyst-estimates?limit=100&page=0&period=quarter&symbol=ZQXA",
        f"api/v3/analyst-estimates/ZQXA?{QUARTERS}",
    ),
    "fmp_rating": ("stable/ratings-snapshot?symbol=ZQXA", "api/v3/rating/ZQXA"),
    "fmp_profile": ("stable/profile?symbol=ZQXA", "api/v3/profile/ZQXA"),
    "fmp_news": (
        "stable/news/stock?from=2025-07-18&limit=100&page=0&symbols=ZQXA%2CZQXB&to=2025-07-25",
        "api/v3/stock_news?from=2025-07-18&limit=100&page=0&tickers=ZQXA%2CZQXB&to=2025-07-25",
    ),
}


@pytest.mark.parametrize("generation", ["stable", "legacy"])
@pytest.mark.parametrize("dataset", ASK)
def test_an_endpoint_is_asked_as_documented_and_gives_its_row(vendor, fake_time, dataset, generation):
    old = generation == "legacy"
    vendor.answers = [rows(bodies.BOTH[dataset][old]), Answer(b"[]")]
    with client_of(vendor, fake_time, generation) as client:
        (made,) = ASK[dataset](client)
    assert (made.source, made.dataset, made.fetched_at) == ("fmp", dataset, RECEIVED)
    assert made.request == ASKED[dataset][old]
    asked = vendor.asked[0]
    path, _, query = made.request.partition("?")
    assert asked.path == f"/{path}"
    assert {name: value for name, value in asked.params.items() if name != "apikey"} == dict(parse_qsl(query))
    assert parse(made).payload_row.select("rows", "rejected").rows() == [(1, 0)]


def test_the_key_travels_in_the_header_on_stable_addresses(vendor, stable):
    vendor.answers = [rows(bodies.STABLE_RATING)]
    stable.rating("ZQXA")
    assert vendor.asked[0].headers["apikey"] == KEY
    assert KEY not in str(vendor.asked[0].params)


def test_the_key_travels_as_a_parameter_on_legacy_addresses(vendor, legacy):
    vendor.answers = [rows(bodies.LEGACY_RATING)]
    legacy.rating("ZQXA")
    assert vendor.asked[0].params == {"apikey": KEY}
    assert "apikey" not in vendor.asked[0].headers


def test_social_sentiment_is_asked_of_the_old_address_by_either_generation(vendor, stable):
    vendor.answers = [rows(bodies.SOCIAL), Answer(b"[]")]
    (made,) = stable.social("ZQXA")
    assert made.request == "api/v4/historical/social-sentiment?page=0&symbol=ZQXA"
    assert vendor.asked[0].params["apikey"] == KEY
    assert parse(made).rows["posted_at"].to_list() == ["2022-06-30 23:00:00"]


def test_social_sentiment_stops_after_the_pages_wanted(vendor, stable):
    vendor.answers = [rows({**bodies.SOCIAL, "stocktwitsPosts": n}) for n in range(5)]
    assert len(stable.social("ZQXA", pages=2)) == 2
    assert len(vendor.asked) == 2


def test_dated_ratings_are_ratings(vendor, stable):
    vendor.answers = [rows({**bodies.STABLE_RATING, "date": "2025-07-24"})]
    (made,) = stable.rating_history("ZQXA", limit=7)
    assert (made.dataset, made.request) == ("fmp_rating", "stable/ratings-historical?limit=7&symbol=ZQXA")
    assert parse(made).rows["date"].to_list() == [date(2025, 7, 24)]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": []}'])
def test_an_ambiguous_answer_comes_back_empty_and_marked(vendor, stable, body):
    vendor.answers = [Answer(body)]
    for dataset, ask in ASK.items():
        (made,) = ask(stable)
        assert (made.dataset, made.content, made.says_nothing) == (dataset, body, True)
        assert parse(made).rows.height == 0


@pytest.mark.parametrize("generation", ["stable", "legacy"])
def test_the_key_is_in_no_payload_message_log_or_description(vendor, fake_time, caplog, generation):
    caplog.set_level(logging.DEBUG)
    seen = []
    with client_of(vendor, fake_time, generation) as client:
        for status, body, *_ in shapes.FINAL.values():
            echo = body.replace(b"Invalid API KEY", f"Invalid API KEY {KEY}".encode())
            vendor.answers = [Answer(echo, status=status)]
            with pytest.raises(SourceError) as caught:
                client.profile("ZQXA")
            seen.append(str(caught.value))
        for answer in (
            Answer(reset=True),
            Answer(b"x", status=503),
            Answer(status=302, headers={"Location": f"/?apikey={KEY}"}),
        ):
            vendor.answers = [answer]
            with pytest.raises(SourceError) as caught:
                client.profile("ZQXA")
            seen.append(str(caught.value))
        vendor.answers = [rows(bodies.STABLE_RATING)]
        seen += [repr(client.rating("ZQXA")), repr(client), str(client._request("api/v3/x", {})), client.rating("Z")[0].request]
    assert KEY not in " ".join(seen) + caplog.text
    assert any("***" in text for text in seen)


def test_every_attempt_is_on_the_budget(vendor, fake_time, tmp_path):
    budget = CallBudget(tmp_path, vendor="fmp", key=SecretStr(KEY), per_minute=100, per_day=3, timing=fake_time.timing())
    vendor.answers = [Answer(status=500), Answer(status=500), rows(bodies.STABLE_RATING)]
    with client_of(vendor, fake_time, limiter=budget) as client:
        client.rating("ZQXA")
        with pytest.raises(BudgetError, match="FMP: the day's 3 calls are used up"):
            client.rating("ZQXA")
    assert len(vendor.asked) == 3


CALL = """
import sys
from kairos.calendar import SystemClock
from kairos.settings import load_settings
from kairos.sources.fmp import FmpClient
FmpClient.from_settings(load_settings(), SystemClock()).profile("ZQXA")
"""


def test_a_call_stays_counted_when_its_process_is_killed_on_the_way(vendor, tmp_path):
    vendor.answers = [Answer(b"[]", delay_s=1)]
    named = {"KAIROS_HOME": str(tmp_path), "FMP_API_KEY": KEY, "FMP_BASE_URL": vendor.url, "FMP_CALLS_PER_DAY": "1"}
    process = subprocess.Popen([sys.executable, "-c", CALL], env={**os.environ, **named})
    while not vendor.asked:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    settings = load_settings(home=tmp_path, fmp_api_key=KEY, fmp_base_url=vendor.url, fmp_calls_per_day=1)
    with FmpClient.from_settings(settings, FixedClock(RECEIVED)) as client, pytest.raises(BudgetError):
        client.profile("ZQXA")
    assert len(vendor.asked) == 1


def test_settings_make_the_client_and_its_shared_budget(vendor, tmp_path):
    settings = load_settings(
        home=tmp_path, fmp_api_key=KEY, fmp_base_url=vendor.url, fmp_generation="legacy", fmp_calls_per_day=2
    )
    vendor.answers = [Answer(b"[]")]
    for _ in range(2):
        with FmpClient.from_settings(settings, FixedClock(RECEIVED)) as client:
            client.profile("ZQXA")
    with FmpClient.from_settings(settings, FixedClock(RECEIVED)) as client, pytest.raises(BudgetError):
        client.profile("ZQXA")
    assert [asked.path for asked in vendor.asked] == ["/api/v3/profile/ZQXA"] * 2
    (kept,) = (tmp_path / "budgets").glob("*.json")
    assert KEY not in kept.name + kept.read_text()


@pytest.mark.parametrize("key", [None, "", " "])
def test_without_a_key_the_setting_is_named(tmp_path, key):
    with pytest.raises(SettingsError, match="FMP_API_KEY is not set"):
        FmpClient.from_settings(load_settings(home=tmp_path, fmp_api_key=key), FixedClock(RECEIVED))


def test_news_of_nobody_are_refused(stable):
    with pytest.raises(SourceError, match="no symbol was given"):
        stable.news([], since=EARLIER, until=LATER)
