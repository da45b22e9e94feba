import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import polars as pl
import pytest

from kairos.calendar import FixedClock, session_close
from kairos.sandbox.access import (
    SANDBOX_FMP_FREE_KEY,
    SANDBOX_FMP_KEY,
    SANDBOX_FMP_LEGACY_KEY,
    SANDBOX_FMP_SUSPENDED_KEY,
    Meter,
)
from kairos.sandbox.chatter import hourly_posts
from kairos.sandbox.filings import KEY
from kairos.sandbox.fmp_rows import FmpView
from kairos.sandbox.fmp_statements import with_heads
from kairos.sandbox.server import VendorServer

c = pl.col
EVENING = datetime(2018, 6, 15, 23, tzinfo=UTC)
HEAD = "date symbol reportedCurrency cik filingDate acceptedDate fiscalYear period"
OLD_HEAD = "date symbol reportedCurrency cik fillingDate acceptedDate calendarYear period"
SHAPES = {  # first and last fields, and some that one generation alone spells like this
    "income-statement": (f"{HEAD} revenue costOfRevenue", "weightedAverageShsOut weightedAverageShsOutDil", "ebit epsDiluted"),
    "balance-sheet-statement": (f"{HEAD} cashAndCashEquivalents", "totalInvestments totalDebt netDebt", "treasuryStock"),
    "cash-flow-statement": (f"{HEAD} netIncome", "freeCashFlow incomeTaxesPaid interestPaid", "netDividendsPaid"),
    "key-metrics": (
        "symbol date fiscalYear period reportedCurrency marketCap",
        "stockBasedCompensationToRevenue intangiblesToTotalAssets",
        "returnOnEquity evToEBITDA researchAndDevelopementToRevenue",
    ),
    "ratios": (
        "symbol date fiscalYear period reportedCurrency grossProfitMargin",
        "effectiveTaxRate enterpriseValueMultiple dividendPerShare",
        "debtToEquityRatio priceToEarningsRatio dividendYieldPercentage",
    ),
    "analyst-estimates": (
        "symbol date revenueLow revenueHigh revenueAvg",
        "epsAvg epsHigh epsLow numAnalystsRevenue numAnalystsEps",
        "sgaExpenseAvg",
    ),
}
OLD_SHAPES = {
    "income-statement": (
        f"{OLD_HEAD} revenue costOfRevenue grossProfit grossProfitRatio",
        "weightedAverageShsOutDil link finalLink",
        "epsdiluted ebitdaratio",
    ),
    "balance-sheet-statement": (
        f"{OLD_HEAD} cashAndCashEquivalents",
        "totalLiabilitiesAndStockholdersEquity link finalLink",
        "othertotalStockholdersEquity accountPayables",
    ),
    "cash-flow-statement": (
        f"{OLD_HEAD} netIncome",
        "freeCashFlow link finalLink",
        "otherInvestingActivites netCashUsedForInvestingActivites debtRepayment dividendsPaid otherFinancingActivites",
    ),
    "key-metrics": (
        "symbol date calendarYear period revenuePerShare",
        "inventoryTurnover roe capexPerShare",
        "pocfratio pfcfRatio researchAndDdevelopementToRevenue roic",
    ),
    "ratios": (
        "symbol date calendarYear period currentRatio quickRatio",
        "dividendYield enterpriseValueMultiple priceFairValue",
        "debtRatio debtEquityRatio priceEarningsRatio returnOnEquity",
    ),
    "analyst-estimates": (
        "symbol date estimatedRevenueLow",
        "estimatedEpsLow numberAnalystEstimatedRevenue numberAnalystsEstimatedEps",
        "estimatedSgaExpenseAvg",
    ),
}


@pytest.fixture(scope="module")
def moved():
    return FixedClock(EVENING)


@pytest.fixture(scope="module")
def served(demo, moved):
    with VendorServer(demo, moved) as running:
        yield running


@pytest.fixture
def fmp(served, moved):
    moved.instant = EVENING
    served.clear_faults()
    with httpx.Client(timeout=10) as client:

        def ask(path, *, key=SANDBOX_FMP_KEY, **parameters):
            return client.get(f"{served.origin}/{path}", params={**parameters, "apikey": key})

        yield ask


@pytest.fixture(scope="module")
def symbol(demo):
    view = FmpView(demo, EVENING)
    busy = demo.filings.join(view.symbols, on="permaticker").group_by("symbol").len().sort("len", "symbol")
    return busy["symbol"][-1]


def message(answer):
    return answer.json()["Error Message"]


@pytest.mark.parametrize("kind", list(SHAPES))
def test_the_stable_rows_have_the_stable_fields_in_order(fmp, symbol, kind):
    row = fmp(f"stable/{kind}", symbol=symbol, period="quarter", limit=1).json()[0]
    first, last, some = (text.split() for text in SHAPES[kind])
    assert list(row)[: len(first)] == first
    assert list(row)[-len(last) :] == last
    assert set(some) <= set(row)


@pytest.mark.parametrize("kind", list(OLD_SHAPES))
def test_the_legacy_rows_have_the_legacy_misspellings_in_order(fmp, symbol, kind):
    row = fmp(f"api/v3/{kind}/{symbol}", key=SANDBOX_FMP_LEGACY_KEY, period="quarter", limit=1).json()[0]
    first, last, some = (text.split() for text in OLD_SHAPES[kind])
    assert list(row)[: len(first)] == first
    assert list(row)[-len(last) :] == last
    assert set(some) <= set(row)


def test_return_on_equity_is_in_key_metrics_alone_and_debt_to_equity_in_ratios_alone(fmp, symbol):
    metrics, ratios = (fmp(f"stable/{kind}", symbol=symbol, limit=1).json()[0] for kind in ("key-metrics", "ratios"))
    assert "returnOnEquity" in metrics
    assert "returnOnEquity" not in ratios
    assert "debtToEquityRatio" in ratios
    assert "debtToEquityRatio" not in metrics
    assert not {"filingDate", "acceptedDate"} & {*metrics, *ratios}


def test_lists_come_newest_first_and_hold_as_many_periods_as_asked_for(fmp, symbol):
    rows = fmp("stable/income-statement", symbol=symbol, period="quarter", limit=7).json()
    dates = [row["date"] for row in rows]
    assert len(rows) == 7
    assert dates == sorted(dates, reverse=True)
    assert {row["period"] for row in rows} == {"Q1", "Q2", "Q3", "Q4"}
    assert {row["period"] for row in fmp("stable/income-statement", symbol=symbol).json()} == {"FY"}
    assert {row["period"] for row in fmp("stable/income-statement", symbol=symbol, period="Q2").json()} == {"Q2"}


def test_both_generations_tell_the_same_numbers(fmp, symbol):
    new = fmp("stable/cash-flow-statement", symbol=symbol, period="quarter", limit=9).json()
    old = fmp(f"api/v3/cash-flow-statement/{symbol}", key=SANDBOX_FMP_LEGACY_KEY, period="quarter", limit=9).json()
    assert [row["netDividendsPaid"] for row in new] == [row["dividendsPaid"] for row in old]
    assert [row["filingDate"] for row in new] == [row["fillingDate"] for row in old]
    assert all(row["freeCashFlow"] == float(row["operatingCashFlow"]) + row["capitalExpenditure"] for row in new)


def test_estimates_need_a_period_and_span_past_and_future_in_pages(fmp, symbol):
    whole = fmp("stable/analyst-estimates", symbol=symbol, period="quarter").json()
    pages = [fmp("stable/analyst-estimates", symbol=symbol, period="quarter", page=i, limit=4).json() for i in (0, 1)]
    refused = fmp("stable/analyst-estimates", symbol=symbol)
    assert whole[0]["date"] > "2019-01-01"
    assert whole[-1]["date"] < "2014-01-01"
    assert pages[0] + pages[1] == whole[:8]
    assert all(row["epsLow"] <= row["epsAvg"] <= row["epsHigh"] for row in whole)
    assert (refused.status_code, refused.text) == (400, "Query Error: Invalid or missing query parameter - period")


def test_the_rating_has_no_date_in_the_stable_snapshot_and_advice_in_the_old_one(fmp, symbol):
    new = fmp("stable/ratings-snapshot", symbol=symbol).json()[0]
    old = fmp(f"api/v3/rating/{symbol}", key=SANDBOX_FMP_LEGACY_KEY).json()[0]
    past = fmp("stable/ratings-historical", symbol=symbol, limit=3).json()
    older = fmp(f"api/v3/historical-rating/{symbol}", key=SANDBOX_FMP_LEGACY_KEY, limit=3).json()
    assert list(new)[:3] == ["symbol", "rating", "overallScore"]
    assert "date" not in new
    assert list(old)[:5] == ["symbol", "date", "rating", "ratingScore", "ratingRecommendation"]
    assert old["ratingScore"] == new["overallScore"]
    assert old["ratingDetailsDCFScore"] == new["discountedCashFlowScore"]
    assert [row["date"] for row in past] == ["2018-06-15", "2018-06-14", "2018-06-13"] == [row["date"] for row in older]


def test_exchange_changes_its_meaning_between_the_generations(fmp, symbol):
    new = fmp("stable/profile", symbol=symbol).json()[0]
    old = fmp(f"api/v3/profile/{symbol}", key=SANDBOX_FMP_LEGACY_KEY).json()[0]
    assert new["exchange"] == old["exchangeShortName"]
    assert new["exchangeFullName"] == old["exchange"]
    assert (new["marketCap"], new["lastDividend"]) == (old["mktCap"], old["lastDiv"])
    assert fmp("stable/profile-cik", cik=new["cik"]).json()[0]["symbol"] == symbol


def test_a_legacy_profile_takes_a_list_and_a_stable_one_does_not(fmp, demo):
    two = ",".join(FmpView(demo, EVENING).symbols["symbol"][:2])
    assert len(fmp(f"api/v3/profile/{two}", key=SANDBOX_FMP_LEGACY_KEY).json()) == 2
    assert fmp("stable/profile", symbol=two).json() == []


def test_sector_and_industry_are_those_of_tickers(fmp, demo, symbol):
    row = fmp("stable/profile", symbol=symbol).json()[0]
    mine = demo.securities.filter(c("permaticker") == int(row["cik"])).row(0, named=True)
    assert (row["sector"], row["industry"]) == (mine["sector"], mine["industry"])


def test_news_comes_in_pages_by_symbols_and_days(fmp, demo):
    two = FmpView(demo, EVENING).symbols["symbol"][:2].to_list()
    rows = fmp("stable/news/stock", symbols=",".join(two), limit=5, page=1).json()
    whole = fmp("stable/news/stock", symbols=",".join(two), limit=10).json()
    window = fmp("stable/news/stock", symbols=two[0], **{"from": "2017-01-01", "to": "2017-06-30"}, limit=250).json()
    old = fmp("api/v3/stock_news", key=SANDBOX_FMP_LEGACY_KEY, tickers=two[0], limit=1).json()[0]
    assert rows == whole[5:]
    assert [row["publishedDate"] for row in whole] == sorted((row["publishedDate"] for row in whole), reverse=True)
    assert {row["publishedDate"][:4] for row in window} == {"2017"}
    assert {row["symbol"] for row in whole} <= set(two)
    assert list(rows[0]) == ["symbol", "publishedDate", "publisher", "title", "image", "site", "text", "url"]
    assert "publisher" not in old
    assert fmp("stable/news/stock-latest", limit=1).json()[0]["publishedDate"] >= whole[0]["publishedDate"]


def test_social_posts_are_hourly_and_legacy_alone(fmp, symbol):
    first, second = (
        fmp("api/v4/historical/social-sentiment", key=SANDBOX_FMP_LEGACY_KEY, symbol=symbol, page=page).json()
        for page in (0, 1)
    )
    assert len(first) == 100
    assert first[0]["date"] == "2018-06-15 19:00:00"
    assert second[0]["date"] == "2018-06-11 15:00:00"
    assert all(0 <= row["stocktwitsSentiment"] <= 1 for row in first)
    assert fmp("stable/historical/social-sentiment", symbol=symbol).status_code == 404


def test_an_hour_before_the_close_does_not_know_the_days_return(demo, symbol):
    number = FmpView(demo, EVENING).symbols.filter(c("symbol") == symbol)["permaticker"][0]
    wild = pl.when(c("session") == EVENING.date()).then(0.2).otherwise("total_return")
    other = replace(demo, bars=demo.bars.with_columns(total_return=wild))
    calm, moved = (hourly_posts(market, number, symbol, now=EVENING, skip=0, limit=24) for market in (demo, other))
    before = c("date") < "2018-06-15 16:00:00"
    assert calm.filter(before).equals(moved.filter(before))
    assert calm.filter(before).height == 20
    assert not calm.filter(~before)["stocktwitsSentiment"].equals(moved.filter(~before)["stocktwitsSentiment"])


def test_posts_do_not_depend_on_when_they_are_asked_for(fmp, symbol, moved):
    ask = lambda: fmp("api/v4/historical/social-sentiment", key=SANDBOX_FMP_LEGACY_KEY, symbol=symbol, page=0).json()  # noqa: E731
    evening = {row["date"]: row for row in ask()}
    moved.instant = datetime(2018, 6, 15, 19, 30, tzinfo=UTC)
    noon = ask()
    assert noon[0]["date"] == "2018-06-15 15:00:00"
    shared = [row for row in noon if row["date"] in evening]
    assert len(shared) == 96
    assert all(evening[row["date"]] == row for row in shared)


def test_the_oddities_the_vendor_is_known_for_occur(demo):
    view = FmpView(demo, EVENING)
    rows = view.statement("income-statement", view.named(view.symbols["symbol"].to_list()))
    repeated = rows.select("symbol", "date", "period").is_duplicated().mean()
    assert 0.005 < repeated < 0.05
    assert 0.01 < rows["acceptedDate"].is_null().mean() < 0.06
    assert 0 < rows["filingDate"].is_null().mean() < 0.02
    assert 0.02 < rows["worded"].mean() < 0.09
    assert (rows["researchAndDevelopmentExpenses"] == 0).mean() > 0.2


def test_a_worded_row_sends_numbers_as_text(fmp, demo):
    view = FmpView(demo, EVENING)
    worded = with_heads(view.filings(view.named(view.symbols["symbol"].to_list()))).filter("worded", c("period") != "FY")
    row = worded.row(0, named=True)
    sent = fmp("stable/income-statement", symbol=row["symbol"], period="quarter").json()
    found = next(line for line in sent if line["date"] == row["period_end"].isoformat())
    assert found["revenue"] == str(int(row["revenue"]))
    assert isinstance(found["netIncome"], int)


def test_a_report_shows_from_its_acceptance_and_no_minute_before(fmp, demo, moved):
    late = demo.filings.filter(
        c("version") == 1,
        c("period") != "FY",
        (c("filing_date") - c("period_end")).dt.total_days() >= 60,
        c("filing_date") > demo.sessions[100],
    )
    living = late.join(demo.securities.filter(c("last_session").is_null()).select("permaticker"), on="permaticker").row(
        0, named=True
    )
    ends = []
    for minutes in (-1, 1):
        moved.instant = living["accepted_at"] + timedelta(minutes=minutes)
        view = FmpView(demo, moved.instant)
        name = view.symbols.filter(c("permaticker") == living["permaticker"])["symbol"][0]
        ends.append({row["date"] for row in fmp("stable/balance-sheet-statement", symbol=name, period="quarter").json()})
    assert living["period_end"].isoformat() not in ends[0]
    assert ends[1] - ends[0] == {living["period_end"].isoformat()}


@pytest.mark.parametrize("same", [True, False])
def test_a_restatement_takes_the_place_of_the_first_version_from_its_day_on(fmp, demo, moved, same):
    again = demo.filings.filter(version=2).join(demo.filings.filter(version=1), on=KEY, suffix="_1")
    kept = (c("accepted_at") == c("accepted_at_1")) == same
    quiet = (c("permaticker") * 7919 + c("quarter") * 104729) % 1009 > 100  # none of the oddities
    row = again.filter(kept, quiet, c("period") != "FY", c("served_at_1") > datetime(2013, 2, 1, tzinfo=UTC)).row(0, named=True)
    seen = []
    for minutes in (-1, 1):
        moved.instant = row["served_at"] + timedelta(minutes=minutes)
        name = FmpView(demo, moved.instant).symbols.filter(c("permaticker") == row["permaticker"])["symbol"][0]
        rows = fmp("stable/income-statement", symbol=name, period="quarter").json()
        (found,) = [line for line in rows if line["date"] == row["period_end"].isoformat()]
        seen.append(found)
    stamp = lambda at: at.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%d %H:%M:%S")  # noqa: E731
    assert seen[0]["revenue"] == row["revenue_1"]
    assert seen[1]["revenue"] == row["revenue"]
    assert seen[0]["acceptedDate"] == stamp(row["accepted_at_1"])
    assert (seen[1]["acceptedDate"] == seen[0]["acceptedDate"]) is same
    assert seen[1]["acceptedDate"] == stamp(row["accepted_at"])


def test_a_filing_after_the_close_is_stamped_after_the_close(demo):
    after = demo.filings.filter(c("filing_date").is_in(list(demo.sessions))).with_columns(
        closed=c("filing_date").replace_strict({day: session_close(day) for day in demo.sessions})
    )
    assert 0.35 < (after["accepted_at"] > after["closed"]).mean() < 0.55


def test_a_name_whose_symbol_another_has_taken_is_gone(demo):
    view = FmpView(demo, datetime(2018, 12, 31, 23, tzinfo=UTC))
    assert view.symbols["symbol"].is_unique().all()
    assert demo.symbols["ticker"].is_duplicated().any()
    assert view.symbols.height < demo.securities.height


def test_classes_are_spelt_with_a_hyphen(demo):
    symbols = FmpView(demo, EVENING).symbols["symbol"]
    assert not symbols.str.contains(".", literal=True).any()
    assert symbols.str.ends_with("-B").any()


@pytest.mark.parametrize(
    ("path", "key", "status", "start"),
    [
        ("stable/profile?symbol=X", "wrong", 401, "Invalid API KEY"),
        ("stable/profile?symbol=X", "", 401, "Invalid API KEY"),
        ("stable/profile?symbol=X", SANDBOX_FMP_SUSPENDED_KEY, 403, "Account suspended"),
        ("api/v3/profile/X", SANDBOX_FMP_KEY, 403, "Legacy Endpoint"),
        ("api/v4/historical/social-sentiment?symbol=X", SANDBOX_FMP_KEY, 403, "Legacy Endpoint"),
        ("api/v3/profile/X", SANDBOX_FMP_FREE_KEY, 403, "Legacy Endpoint"),
        ("stable/news/stock?symbols=X", SANDBOX_FMP_FREE_KEY, 402, "Exclusive Endpoint"),
        ("stable/profile-bulk?part=0", SANDBOX_FMP_FREE_KEY, 402, "Exclusive Endpoint"),
    ],
)
def test_each_refusal_has_its_status_and_words(served, path, key, status, start):
    answer = httpx.get(f"{served.origin}/{path}", headers={"apikey": key})
    assert answer.status_code == status
    assert message(answer).startswith(start)


def test_a_legacy_key_works_on_stable_and_a_header_is_as_good_as_a_query(served, symbol):
    answer = httpx.get(f"{served.origin}/stable/profile", params={"symbol": symbol}, headers={"apikey": SANDBOX_FMP_LEGACY_KEY})
    assert answer.json()[0]["symbol"] == symbol


@pytest.mark.parametrize(
    ("changed", "name"), [({"limit": 6}, "limit"), ({"period": "quarter"}, "period"), ({"symbol": "NOPE"}, "symbol")]
)
def test_a_free_plan_refuses_values_in_plain_text(fmp, demo, changed, name):
    sample = FmpView(demo, EVENING).symbols.sort("permaticker")["symbol"][0]
    asked = {"symbol": sample, "limit": 5, **changed}
    answer = fmp("stable/income-statement", key=SANDBOX_FMP_FREE_KEY, **asked)
    assert answer.status_code == 402
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith(f"Premium Query Parameter: 'Special Endpoint : This value set for '{name}'")
    assert fmp("stable/income-statement", key=SANDBOX_FMP_FREE_KEY, symbol=sample, limit=5).status_code == 200


def test_an_unknown_symbol_is_an_empty_list_and_an_unknown_path_is_not_found(fmp):
    unknown = fmp("stable/income-statement", symbol="NOPE")
    withdrawn = fmp("stable/historical-rating", symbol="NOPE")
    assert (unknown.status_code, unknown.json()) == (200, [])
    assert (withdrawn.status_code, withdrawn.json()) == (404, [])


@pytest.mark.parametrize(
    ("path", "parameters", "name"),
    [
        ("stable/income-statement", {}, "symbol"),
        ("stable/news/stock", {}, "symbols"),
        ("stable/income-statement", {"symbol": "X", "period": "weekly"}, "period"),
        ("stable/income-statement", {"symbol": "X", "limit": "many"}, "limit"),
        ("stable/news/stock", {"symbols": "X", "from": "lately"}, "from"),
        ("stable/income-statement-bulk", {"period": "Q1"}, "year"),
        ("stable/profile-bulk", {}, "part"),
    ],
)
def test_a_missing_parameter_is_named_in_plain_text(fmp, path, parameters, name):
    answer = fmp(path, **parameters)
    assert (answer.status_code, answer.text) == (400, f"Query Error: Invalid or missing query parameter - {name}")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "rate_limit"}, (429, "Limit Reach . Please")),
        ({"kind": "rate_limit", "status": 200}, (200, "Limit Reach . Please")),
        ({"kind": "bandwidth_limit"}, (429, "Bandwidth Limit Reach .")),
        ({"kind": "suspended"}, (200, "Account suspended")),
        ({"kind": "error_body"}, (200, "Invalid API KEY")),
        ({"kind": "error_body", "text": "Restricted Endpoint : no", "status": 403}, (403, "Restricted Endpoint")),
        ({"kind": "exclusive"}, (402, "Exclusive Endpoint")),
        ({"kind": "exclusive", "status": 403}, (403, "Exclusive Endpoint")),
    ],
)
def test_faults_speak_the_vendors_words_once(fmp, served, symbol, fault, expected):
    served.inject(**fault)
    status, words = expected
    answer = fmp("stable/profile", symbol=symbol)
    assert answer.status_code == status
    assert message(answer).startswith(words)
    assert fmp("stable/profile", symbol=symbol).json()[0]["symbol"] == symbol


def test_faults_of_other_shapes(fmp, served, symbol):
    ask = lambda: fmp("stable/profile", symbol=symbol)  # noqa: E731
    served.inject("listed_error")
    assert ask().json()[0]["Error Message"].startswith("Limit Reach")
    served.inject("premium_parameter", column="limit")
    assert "'limit'" in ask().text
    served.inject("empty_body")
    answer = ask()
    assert (answer.status_code, answer.content) == (200, b"")
    served.inject("withdrawn")
    assert ask().status_code == 404
    served.inject("bad_gateway")
    assert ask().text.startswith("<html>")
    served.inject("rate_limit", seconds=7)
    assert ask().headers["Retry-After"] == "7"
    served.inject("tells_secrets")
    assert SANDBOX_FMP_KEY in ask().text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("empty_table", 0), ("silent_sample", 5), ("short_page", 10), ("duplicate_rows", 21), ("skipped_rows", 10)],
)
def test_faults_of_the_rows(fmp, served, symbol, kind, expected):
    served.inject(kind, table="fmp_cash_flow", count=1)
    rows = fmp("stable/cash-flow-statement", symbol=symbol, period="quarter", limit=20).json()
    assert len(rows) == expected


def test_a_mandatory_key_may_be_missing_or_spelt_otherwise(fmp, served, symbol):
    ask = lambda: fmp("stable/income-statement", symbol=symbol, limit=1).json()[0]  # noqa: E731
    served.inject("missing_column", column="filingDate")
    assert "filingDate" not in ask()
    served.inject("wrong_schema", column="fiscalYear")
    assert "fiscalYear_v2" in ask()
    served.inject("text_value", column="netIncome")
    assert ask()["netIncome"] == "n.a. yet"


def test_a_fault_bound_to_one_data_set_leaves_the_others_alone(fmp, served, symbol):
    served.inject("server_error", table="fmp_news")
    assert fmp("stable/profile", symbol=symbol).status_code == 200
    assert fmp("stable/news/stock", symbols=symbol).status_code == 500


def test_meters_count_calls_a_minute_calls_a_day_and_bytes(tiny):
    clock = FixedClock(datetime(2013, 12, 30, 12, tzinfo=UTC))
    meter = Meter(per_minute=2, per_day=3)
    with VendorServer(tiny, clock, meter=meter) as server, httpx.Client(params={"apikey": SANDBOX_FMP_KEY}) as client:
        ask = lambda: client.get(f"{server.origin}/stable/news/stock-latest")  # noqa: E731
        codes = [ask().status_code for _ in range(3)]
        clock.instant += timedelta(minutes=1)
        codes += [ask().status_code for _ in range(2)]
        clock.instant += timedelta(hours=12)
        codes += [ask().status_code]
        meter.bandwidth = 10
        refused = ask()
        clock.instant += timedelta(days=30)
        codes += [ask().status_code]
    assert codes == [200, 200, 429, 200, 429, 200, 200]
    assert message(refused).startswith("Bandwidth Limit Reach")


def test_bulk_answers_are_csv_with_every_value_in_quotes(fmp, symbol):
    answer = fmp("stable/income-statement-bulk", year=2016, period="Q3")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    mine = next(row for row in rows if row["symbol"] == symbol)
    single = fmp("stable/income-statement", symbol=symbol, period="Q3").json()
    twin = next(row for row in single if row["fiscalYear"] == "2016")
    assert answer.headers["content-type"] == "text/csv"
    assert answer.text.splitlines()[1].startswith('"')
    assert float(mine["revenue"]) == float(twin["revenue"])
    assert {row["period"] for row in rows} == {"Q3"}
    assert len(list(csv.DictReader(io.StringIO(fmp("stable/profile-bulk", part=0).text)))) > 150
    assert len(list(csv.DictReader(io.StringIO(fmp("stable/rating-bulk").text)))) > 150


def test_the_log_shows_no_key_of_any_vendor(served, fmp, symbol):
    fmp("stable/profile", symbol=symbol)
    httpx.get(f"{served.origin}/stable/profile", headers={"apikey": SANDBOX_FMP_LEGACY_KEY})
    httpx.get(f"{served.quiver_url}/live/insiders", headers={"Authorization": "Token secret-token"})
    text = json.dumps([[request.parameters, request.headers] for request in served.requests])
    assert SANDBOX_FMP_KEY not in text
    assert SANDBOX_FMP_LEGACY_KEY not in text
    assert "secret-token" not in text
    assert served.requests[-3].parameters["apikey"] == ["***"]
