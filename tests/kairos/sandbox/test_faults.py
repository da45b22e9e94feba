import io
import zipfile
from datetime import date

import httpx
import polars as pl
import pytest

from kairos.sandbox.server import SANDBOX_KEY, FaultKind


def page(get, **parameters):
    answer = get("SEP", **parameters).json()
    return [tuple(row[:2]) for row in answer["datatable"]["data"]], answer["meta"]["next_cursor_id"]


def paged(get, *, most=50, **parameters):
    pages, cursor = [], None
    while len(pages) < most:
        rows, cursor = page(get, **parameters, **({"qopts.cursor_id": cursor} if cursor else {}))
        pages.append(rows)
        if cursor is None:
            break
    return pages


def link_of(get):
    for _ in range(2):
        answer = get("SEP.json", **{"qopts.export": "true"})
    return answer.json()["datatable_bulk_download"]["file"]["link"]


def rows_in(content):
    archive = zipfile.ZipFile(io.BytesIO(content))
    return pl.read_csv(archive.read(archive.namelist()[0]))


WINDOW = {"date.gte": "2013-11-01", "qopts.per_page": 200}


@pytest.mark.parametrize(
    ("kind", "status"),
    [("rate_limit", 429), ("server_error", 500), ("bad_gateway", 502), ("accepted", 202)],
)
def test_a_refusal_strikes_once_and_is_over(get, server, kind, status):
    server.inject(kind)
    assert get("SEP", date="2013-12-30").status_code == status
    assert get("SEP", date="2013-12-30").status_code == 200
    assert [request.fault for request in server.requests] == [FaultKind(kind), None]


def test_a_rate_limit_says_how_long_to_wait_only_if_told_to(get, server):
    server.inject("rate_limit", seconds=2)
    server.inject("rate_limit", after=1)
    first, second = get("SEP"), get("SEP")
    assert first.headers["Retry-After"] == "2"
    assert first.json()["quandl_error"]["code"] == "QELx05"
    assert second.status_code == 429
    assert "Retry-After" not in second.headers


def test_gateway_errors_are_html(get, server):
    server.inject("bad_gateway")
    assert get("SEP").text.startswith("<html>")


def test_accepted_is_a_success_status_with_an_error_body(get, server):
    server.inject("accepted")
    answer = get("SEP")
    assert answer.is_success
    assert answer.json()["quandl_error"]["code"] == "QEAx07"


def test_a_fault_strikes_the_nth_request_and_its_table_only(get, server):
    server.inject("server_error", after=1, count=2, table="DAILY")
    asked = [get(table).status_code for table in ("SEP", "DAILY", "SEP", "DAILY", "DAILY", "DAILY")]
    assert asked == [200, 200, 200, 500, 500, 200]


def test_clearing_ends_a_lasting_fault(get, server):
    server.inject("server_error", count=None)
    assert [get("SEP").status_code for _ in range(3)] == [500] * 3
    server.clear_faults()
    assert get("SEP").status_code == 200


def test_a_reset_breaks_the_connection(get, server):
    server.inject("reset")
    with pytest.raises(httpx.TransportError):
        get("SEP")
    assert server.requests[-1].status == 0
    assert get("SEP").status_code == 200


def test_a_slow_answer_outlasts_a_short_timeout(server):
    server.inject("slow", seconds=2)
    url, key = f"{server.base_url}/datatables/SHARADAR/SEP", {"api_key": SANDBOX_KEY}
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(url, params=key, timeout=0.1)
    assert httpx.get(url, params=key).status_code == 200


def test_truncated_json_has_a_matching_length_and_cannot_be_read(get, server):
    server.inject("truncated")
    answer = get("SEP")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def test_a_body_cut_short_misses_its_promised_length(get, server):
    server.inject("cut_short")
    with pytest.raises(httpx.RemoteProtocolError):
        get("SEP")


def test_a_truncated_zip_is_no_zip(get, server):
    link = link_of(get)
    server.inject("truncated", route="file", table="SEP")
    with pytest.raises(zipfile.BadZipFile):
        rows_in(httpx.get(link).content)
    assert rows_in(httpx.get(link).content).height > 4000


def test_a_duplicate_page_comes_twice_under_another_cursor_and_nothing_is_lost(get, server):
    clean = paged(get, **WINDOW)
    server.inject("duplicate_page", after=1)
    doubled = paged(get, **WINDOW)
    assert doubled == [clean[0], clean[1], clean[1], *clean[2:]]


def test_a_cursor_that_ends_early_loses_the_rest(get, server):
    server.inject("cursor_ends", after=1)
    assert len(paged(get, **WINDOW)) == 2


def test_a_cursor_that_repeats_leads_back_to_the_same_page(get, server):
    first = page(get, **WINDOW)[1]
    server.inject("cursor_repeats", count=None)
    rows, again = page(get, **WINDOW, **{"qopts.cursor_id": first})
    assert again == first
    assert page(get, **WINDOW, **{"qopts.cursor_id": again}) == (rows, first)


def test_an_expired_cursor_strikes_the_first_request_that_has_one(get, server):
    server.inject("cursor_expired")
    _, cursor = page(get, **WINDOW)
    answer = get("SEP", **WINDOW, **{"qopts.cursor_id": cursor})
    assert (answer.status_code, answer.json()["quandl_error"]["code"]) == (400, "QESx06")


def test_a_short_page_is_followed_by_all_the_others(get, server):
    clean = [row for rows in paged(get, **WINDOW) for row in rows]
    server.inject("short_page")
    pages = paged(get, **WINDOW)
    assert len(pages[0]) == 100
    assert [row for rows in pages for row in rows] == clean


def test_ragged_rows_are_shorter_than_their_columns(get, server):
    server.inject("ragged_rows")
    answer = get("SEP").json()["datatable"]
    assert len(answer["data"][0]) == len(answer["columns"]) - 1


def test_a_wrong_schema_renames_a_column_in_page_and_file(get, server):
    link = link_of(get)
    server.inject("wrong_schema", count=2)
    names = [column["name"] for column in get("SEP").json()["datatable"]["columns"]]
    assert "close" not in names
    assert "close_v2" in names
    assert "close_v2" in rows_in(httpx.get(link).content).columns


def test_a_silent_sample_lasts_and_looks_like_success(get, server):
    server.inject("silent_sample")
    for _ in range(2):
        answer = get("SEP")
        assert answer.status_code == 200
        assert len({row[0] for row in answer.json()["datatable"]["data"]}) == 3


def test_a_late_session_has_no_rows_until_it_arrives(get, server):
    server.inject("late_session", session=date(2013, 12, 27))
    assert page(get, date="2013-12-27")[0] == []
    assert len(page(get, date="2013-12-26")[0]) > 15
    server.clear_faults()
    assert len(page(get, date="2013-12-27")[0]) > 15


def test_a_late_session_is_the_newest_unless_named(get, server):
    server.inject("late_session")
    assert page(get, date="2013-12-30")[0] == []


def test_a_shrunken_export_holds_half_of_the_rows(get, server):
    link = link_of(get)
    whole = rows_in(httpx.get(link).content).height
    server.inject("shrunken_export")
    assert rows_in(httpx.get(link).content).height == whole // 2


def test_an_unknown_fault_is_refused(server):
    with pytest.raises(ValueError, match="meteor"):
        server.inject("meteor")
