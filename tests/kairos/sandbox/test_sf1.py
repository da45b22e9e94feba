from datetime import UTC, datetime

import httpx
import polars as pl
import pytest

from kairos.calendar import FixedClock
from kairos.sandbox.catalog import SF1
from kairos.sandbox.server import SANDBOX_KEY, VendorServer
from kairos.sandbox.views import VendorView

c = pl.col
KEYS = ["ticker", "dimension", "calendardate", "datekey", "reportperiod", "fiscalperiod", "lastupdated"]


@pytest.fixture(scope="module")
def last(demo):
    view = VendorView(demo, demo.last_session)
    return view.rows("SF1").collect().join(view.names.select("ticker", "permaticker"), on="ticker")


def test_there_are_112_columns_alphabetical_after_the_keys():
    names = list(SF1.columns)
    assert len(names) == 112
    assert names[:7] == KEYS
    assert names[7:] == sorted(names[7:])


def test_each_dimension_is_there(last):
    assert set(last["dimension"]) == {"ARQ", "ARY", "ART", "MRQ", "MRY", "MRT"}


def test_free_cash_flow_and_trailing_sums_hold(last):
    assert last.select((c("fcf") - c("ncfo") - c("capex")).abs().max()).item() == 0
    year = last.filter(dimension="ARY").join(
        last.filter(dimension="ART"), on=["permaticker", "datekey", "reportperiod"], suffix="_t"
    )
    assert year.height > 500
    assert (year["revenue"] - year["revenue_t"]).abs().max() == 0
    assert (year["equity"] - year["equity_t"]).abs().max() == 0


def test_as_reported_rows_keep_the_first_filing_and_the_others_the_last(demo, last):
    again = demo.filings.filter(c("version") == 2, c("period") != "FY")
    key = {"permaticker": "permaticker", "reportperiod": "period_end"}
    joined = [
        last.filter(dimension=dimension).join(
            again.select("permaticker", "period_end", again="revenue"), left_on=list(key), right_on=list(key.values())
        )
        for dimension in ("ARQ", "MRQ")
    ]
    assert joined[0].height == joined[1].height > 50
    assert (joined[0]["revenue"] != joined[0]["again"]).all()
    assert (joined[1]["revenue"] == joined[1]["again"]).all()


def test_the_date_key_is_the_filing_date_or_the_periods_end(last):
    reported, recent = last.filter(c("dimension").str.starts_with("AR")), last.filter(c("dimension").str.starts_with("MR"))
    assert (reported["datekey"] - reported["reportperiod"]).dt.total_days().min() >= 20
    assert (recent["datekey"] == recent["reportperiod"]).all()


def test_averages_are_null_in_quarters_alone(last):
    quarters, others = last.filter(c("dimension").str.ends_with("Q")), last.filter(c("dimension").str.ends_with("Y"))
    for name in ("assetsavg", "roe", "roa", "roic", "assetturnover"):
        assert quarters[name].is_null().all()
        assert others[name].is_not_null().all()


def test_shares_are_on_todays_split_basis(demo, last):
    splits = demo.events.filter(c("action") == "split").join(last.select("permaticker").unique(), on="permaticker", how="semi")
    once = splits.filter(pl.len().over("permaticker") == 1).sort("permaticker")
    assert once.height > 3
    first_told = demo.filings.filter(c("version") == 1)  # a restatement repeats the share count as it was filed
    for split in once.iter_rows(named=True):
        mine = last.filter(c("permaticker") == split["permaticker"], c("dimension") == "ARQ").sort("reportperiod")
        assert mine["sharesbas"].max() - mine["sharesbas"].min() <= 10
        filed = first_told.filter(c("permaticker") == split["permaticker"])
        before, after = (filed.filter((c("filing_date") >= split["session"]) == later) for later in (False, True))
        if before.height and after.height:
            assert after["shares"].min() / before["shares"].max() == pytest.approx(split["value"], rel=1e-4)


def test_marketcap_is_in_dollars_where_daily_has_millions(demo, last):
    reported = last.filter(dimension="ARQ").join(
        demo.daily, left_on=["permaticker", "datekey"], right_on=["permaticker", "session"], suffix="_daily"
    )
    ratio = reported["marketcap"] / reported["marketcap_daily"]
    assert ratio.min() == pytest.approx(1e6)
    assert ratio.max() == pytest.approx(1e6)


def test_a_report_shows_on_the_session_after_its_filing_and_restamps_the_company(demo):
    row = demo.filings.filter(c("version") == 1, c("period") == "Q2", c("filing_date") > demo.sessions[300]).row(0, named=True)
    number = demo.sessions.index(row["filing_date"])
    views = [VendorView(demo, demo.sessions[number + step]) for step in (0, 1)]
    seen = []
    for view in views:
        names = view.names.filter(c("permaticker") == row["permaticker"])
        mine = view.rows("SF1").collect().filter(c("ticker") == names["ticker"][0], c("dimension") == "ARQ")
        seen.append(mine)
    assert row["period_end"] not in seen[0]["reportperiod"]
    assert row["period_end"] in seen[1]["reportperiod"]
    assert set(seen[1]["lastupdated"]) == {demo.sessions[number + 1]}


def test_calendar_dates_are_quarter_ends_near_the_period(last):
    ends = last.filter(dimension="ARQ")
    assert set(ends["calendardate"].dt.strftime("%m-%d")) == {"03-31", "06-30", "09-30", "12-31"}
    assert (ends["calendardate"] - ends["reportperiod"]).dt.total_days().abs().max() <= 46
    assert set(last.filter(dimension="ARY")["calendardate"].dt.strftime("%m-%d")) == {"12-31"}


def test_the_tables_api_serves_filters_and_exports_it(tiny):
    clock = FixedClock(datetime(2013, 12, 30, 23, tzinfo=UTC))
    with VendorServer(tiny, clock) as server, httpx.Client(params={"api_key": SANDBOX_KEY}) as client:
        url = f"{server.base_url}/datatables/SHARADAR/SF1"
        rows = client.get(
            url, params={"dimension": "ARQ", "datekey.gte": "2013-06-01", "qopts.columns": "ticker,datekey"}
        ).json()
        described = client.get(f"{url}/metadata").json()["datatable"]
        refused = client.get(url, params={"revenue.gt": "1"})
        states = [
            client.get(f"{url}.json", params={"qopts.export": "true"}).json()["datatable_bulk_download"]["file"]["status"]
            for _ in range(2)
        ]
    assert len(rows["datatable"]["data"]) > 20
    assert min(row[1] for row in rows["datatable"]["data"]) >= "2013-06-01"
    assert described["primary_key"] == ["ticker", "dimension", "datekey", "reportperiod"]
    assert (refused.status_code, refused.json()["quandl_error"]["code"]) == (422, "QESx08")
    assert states == ["creating", "fresh"]
