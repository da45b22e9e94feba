import io
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import polars as pl
import pytest

from kairos.sandbox.catalog import SEP
from kairos.sandbox.exports import csv_bytes
from kairos.sandbox.query import parse_query
from kairos.sandbox.server import FREE_KEY, SANDBOX_KEY, VendorServer


def rows_of(answer):
    return answer.json()["datatable"]["data"]


def error_of(answer):
    return answer.status_code, answer.json()["quandl_error"]["code"]


def all_pages(get, table, **parameters):
    pages, cursor = [], None
    while True:
        more = {"qopts.cursor_id": cursor} if cursor else {}
        answer = get(table, **parameters, **more).json()
        pages.append(answer["datatable"]["data"])
        cursor = answer["meta"]["next_cursor_id"]
        if cursor is None:
            return pages


def export(get, **parameters):
    answer = get("SEP.json", **{"qopts.export": "true"}, **parameters).json()["datatable_bulk_download"]
    return answer["file"]["status"], answer["file"]["link"], answer


def csv_of(link):
    archive = zipfile.ZipFile(io.BytesIO(httpx.get(link).content))
    (name,) = archive.namelist()
    return name, pl.read_csv(archive.read(name), try_parse_dates=True)


def test_rows_are_arrays_under_typed_columns(get):
    answer = get("SEP", date="2013-12-30").json()
    columns = answer["datatable"]["columns"]
    assert columns[0] == {"name": "ticker", "type": "String"}
    assert columns[1] == {"name": "date", "type": "Date"}
    assert [column["name"] for column in columns] == list(SEP.columns)
    first = answer["datatable"]["data"][0]
    assert first[1] == "2013-12-30"
    assert isinstance(first[6], float)
    assert answer["meta"] == {"next_cursor_id": None}


def test_no_match_is_an_empty_page_with_its_columns(get):
    answer = get("SEP.json", date="2013-12-29").json()
    assert answer["datatable"]["data"] == []
    assert len(answer["datatable"]["columns"]) == 10


def test_paging_returns_every_row_exactly_once(get, server, tiny):
    pages = all_pages(get, "SEP", **{"qopts.per_page": 700})
    rows = [tuple(row[:2]) for page in pages for row in page]
    assert [len(page) for page in pages[:-1]] == [700] * (len(pages) - 1)
    assert len(rows) == len(set(rows)) == tiny.bars.filter(pl.col("session") <= pl.date(2013, 12, 30)).height
    assert rows == sorted(rows)


def test_a_table_that_changes_while_it_is_paged_stays_the_one_it_was(get, clock):
    first = get("SEP", **{"qopts.per_page": 10}).json()
    clock.instant += timedelta(days=1)
    second = get("SEP", **{"qopts.per_page": 10, "qopts.cursor_id": first["meta"]["next_cursor_id"]}).json()
    assert first["datatable"]["data"][-1][:2] < second["datatable"]["data"][0][:2]


def test_a_list_may_be_commas_or_brackets_or_a_body(get, server):
    tickers = sorted({row[0] for row in rows_of(get("SEP", date="2013-12-30"))})[:2]
    commas = rows_of(get("SEP", ticker=",".join(tickers), date="2013-12-30"))
    brackets = rows_of(get("SEP", **{"ticker[]": tickers, "date": "2013-12-30"}))
    body = {"ticker": tickers, "date.gte": "2013-12-30", "date.lte": "2013-12-30", "qopts.columns": ["ticker", "close"]}
    posted = httpx.post(f"{server.base_url}/datatables/SHARADAR/SEP.json", json=body, headers={"X-API-Token": SANDBOX_KEY})
    assert len(commas) == 2
    assert commas == brackets
    assert rows_of(posted) == [[row[0], row[5]] for row in commas]


def test_columns_come_as_asked_for(get):
    answer = get("SEP", **{"date": "2013-12-30", "qopts.columns": "close,ticker"}).json()["datatable"]
    assert [column["name"] for column in answer["columns"]] == ["close", "ticker"]


def test_ranges_are_inclusive_or_not_as_they_say(get):
    days = lambda **ranges: {row[1] for row in rows_of(get("SEP", **ranges))}  # noqa: E731
    assert days(**{"date.gte": "2013-12-26", "date.lt": "2013-12-30"}) == {"2013-12-26", "2013-12-27"}
    assert days(**{"date.gt": "2013-12-26", "date.lte": "2013-12-30"}) == {"2013-12-27", "2013-12-30"}


def test_lastupdated_brings_new_rows_and_whole_rewritten_histories(get, tiny):
    event = tiny.events.filter(pl.col("action") == "dividend", pl.col("session") <= pl.date(2013, 12, 30)).sort("session")
    day = event["session"][-1]
    found = rows_of(get("SEP", **{"lastupdated.gte": day.isoformat()}))
    assert min(row[1] for row in found) < day.isoformat()


@pytest.mark.parametrize(
    ("path", "parameters", "expected"),
    [
        ("SEP", {"api_key": "wrong"}, (400, "QEAx01")),
        ("SEP", {}, (403, "QEPx05")),
        ("TICKERS", {}, (403, "QEAx03")),
        ("SEP", {"api_key": FREE_KEY}, (403, "QEPx04")),
        ("SFX", {"api_key": SANDBOX_KEY}, (404, "QECx02")),
        ("SEP.xml", {"api_key": SANDBOX_KEY}, (406, "QESx05")),
        ("SEP", {"api_key": SANDBOX_KEY, "close.gt": "3"}, (422, "QESx08")),
        ("SEP", {"api_key": SANDBOX_KEY, "qopts.cursor_id": "nonsense"}, (400, "QESx06")),
        ("ACTIONS", {"api_key": SANDBOX_KEY, "lastupdated.gte": "2013-01-02"}, (422, "QESx04")),
        ("SEP/nothing", {"api_key": SANDBOX_KEY}, (400, "QECx01")),
    ],
)
def test_each_mistake_has_its_code(server, path, parameters, expected):
    answer = httpx.get(f"{server.base_url}/datatables/SHARADAR/{path}", params=parameters)
    assert error_of(answer) == expected


def test_a_body_that_is_no_json_is_refused(server):
    answer = httpx.post(f"{server.base_url}/datatables/SHARADAR/SEP", content=b"{", headers={"x-api-token": SANDBOX_KEY})
    assert error_of(answer) == (400, "QESx09")


def test_a_cursor_of_another_query_is_refused(get):
    cursor = get("SEP", **{"qopts.per_page": 5}).json()["meta"]["next_cursor_id"]
    assert error_of(get("SEP", **{"qopts.cursor_id": cursor, "date": "2013-12-30"})) == (400, "QESx06")


def test_a_free_key_reads_tickers(server):
    answer = httpx.get(f"{server.base_url}/datatables/SHARADAR/TICKERS", params={"api_key": FREE_KEY, "table": "SEP"})
    assert len(rows_of(answer)) == 20


def test_a_free_key_may_be_served_the_sample_in_silence(tiny, clock):
    with VendorServer(tiny, clock, free_key="sample") as server:
        answer = httpx.get(f"{server.base_url}/datatables/SHARADAR/SEP", params={"api_key": FREE_KEY})
    assert answer.status_code == 200
    assert len({row[0] for row in rows_of(answer)}) == 3


def test_metadata_tells_filters_and_key_and_hides_columns_from_the_nameless(get, server):
    known = get("SEP/metadata.json").json()["datatable"]
    assert known["filters"] == ["date", "lastupdated", "ticker"]
    assert known["primary_key"] == ["ticker", "date"]
    assert known["status"]["refreshed_at"] == "2013-12-30T22:30:00.000Z"
    assert len(known["columns"]) == 10
    nameless = httpx.get(f"{server.base_url}/datatables/SHARADAR/SEP/metadata").json()["datatable"]
    assert nameless["columns"] == []


def test_csv_has_a_header_iso_dates_and_a_cursor_header(get):
    answer = get("SEP.csv", **{"qopts.per_page": 3})
    assert answer.text.splitlines()[0] == ",".join(SEP.columns)
    assert answer.text.splitlines()[1].split(",")[1] == "2013-01-02"
    assert "Cursor_ID" in answer.headers


def test_an_export_is_created_then_fresh_then_regenerated(get, clock):
    assert export(get)[:2] == ("creating", None)
    state, link, described = export(get)
    assert state == "fresh"
    assert described["file"]["data_snapshot_time"] == "2013-12-30 22:30:00 UTC"
    clock.instant += timedelta(days=1)
    state, older, described = export(get)
    assert state == "regenerating"
    assert older.partition("?")[0] == link.partition("?")[0]
    assert described["file"]["data_snapshot_time"] < described["datatable"]["last_refreshed_time"]
    state, newer, _ = export(get)
    assert state == "fresh"
    assert newer.partition("?")[0] != link.partition("?")[0]


def test_an_export_file_holds_the_table_in_one_csv_and_needs_no_key(get, server):
    export(get)
    link = export(get)[1]
    name, found = csv_of(link)
    assert name.startswith("SHARADAR_SEP_")
    whole = server.vendor.frame(parse_query(SEP, {}), found["date"].max())
    assert found.equals(whole)
    assert httpx.get(link).content == httpx.get(link).content


def test_each_query_has_an_export_of_its_own(get):
    export(get)
    assert export(get, ticker="AAA")[0] == "creating"


def test_an_export_link_expires(get, clock):
    export(get)
    link = export(get)[1]
    clock.instant += timedelta(minutes=31)
    answer = httpx.get(link)
    assert answer.status_code == 403
    assert answer.text.startswith("<?xml")


def test_a_forged_link_is_refused(get):
    export(get)
    assert httpx.get(export(get)[1] + "0").status_code == 403


def test_exports_need_as_many_polls_as_asked_for(tiny, clock):
    with VendorServer(tiny, clock, export_polls=3) as server, httpx.Client(params={"api_key": SANDBOX_KEY}) as client:
        url, asked = f"{server.base_url}/datatables/SHARADAR/SEP.json", {"qopts.export": "true"}
        states = [client.get(url, params=asked).json()["datatable_bulk_download"]["file"]["status"] for _ in range(4)]
    assert states == ["creating", "creating", "creating", "fresh"]


def test_the_log_tells_every_request_and_no_key(server, get):
    get("SEP", date="2013-12-30")
    httpx.get(f"{server.base_url}/datatables/SHARADAR/SEP", params={"api_key": SANDBOX_KEY})
    assert [request.status for request in server.requests] == [200, 200]
    assert server.requests[0].parameters == {"date": ["2013-12-30"]}
    assert SANDBOX_KEY not in repr(server.requests)


def test_the_server_follows_the_clock(get, clock):
    clock.instant = datetime(2013, 6, 3, 12, tzinfo=UTC)
    assert rows_of(get("SEP", date="2013-06-03")) == []
    clock.instant = datetime(2013, 6, 3, 22, tzinfo=UTC)
    assert len(rows_of(get("SEP", date="2013-06-03"))) > 15


def test_large_numbers_are_written_out_in_csv():
    assert csv_bytes(pl.DataFrame({"volume": [1461684.0]})) == b"volume\n1461684.0\n"
