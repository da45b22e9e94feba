import io
import zipfile

import pytest

from kairos.errors import PlanError, RateLimitError, SourceError
from kairos.sources.http import Reply, TransientError
from kairos.sources.ndl import PagingError, decode_page, read_archive, read_export, read_json, read_page
from tests.kairos.sources.vendor_double import error_body, page, sep_row


def reply(content: bytes, status: int = 200, **headers: str) -> Reply:
    return Reply("vendor/SEP", status, headers, content)


def test_a_page_is_its_columns_rows_and_cursor():
    found = decode_page(page([sep_row("ZQXA")], cursor="abc"), where="p")
    assert (found.columns[:2], found.rows[0][:2], found.cursor) == (("ticker", "date"), ["ZQXA", "2025-07-24"], "abc")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>busy</html>", "a web page came in place of JSON"),
        (b'{"datatable": {"da', "no readable JSON"),
        (b"[1]", "JSON holds list"),
        (b"{}", "datatable is missing; found an empty object"),
        (b'{"datatable":{"rows":[]},"meta":{}}', "expected data and columns"),
        (page([["ZQXA"]]), "row 0 has 1 values, expected 10"),
        (page([["a", "b"]], names=["close", "close"]), "a column name comes twice"),
        (b'{"datatable":{"data":[],"columns":[]}}', "may not be the last"),
    ],
)
def test_what_is_no_page_is_refused_with_its_reason(content, message):
    with pytest.raises(SourceError, match=message):
        decode_page(content, where="p")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("QELx01", 429, RateLimitError),
        ("QELx03", 429, RateLimitError),
        ("QELx06", 422, RateLimitError),
        ("QELx05", 429, TransientError),
        ("QEAx01", 400, PlanError),
        ("QEAx03", 403, PlanError),
        ("QEAx06", 429, TransientError),
        ("QEAx07", 202, TransientError),
        ("QEPx04", 403, PlanError),
        ("QEMx01", 500, TransientError),
        ("QEXx02", 502, TransientError),
        ("QESx06", 400, PagingError),
        ("QESx08", 422, SourceError),
        ("QECx02", 404, SourceError),
        ("QEZx01", 418, SourceError),
        ("QEPx04", 200, PlanError),
    ],
)
def test_a_vendor_error_is_told_by_its_class(code, status, kind):
    with pytest.raises(SourceError, match=code if code != "QEZx01" else "418") as caught:
        read_json(reply(error_body(code), status))
    assert type(caught.value) is kind


def test_an_accepted_request_waits_thirty_seconds():
    with pytest.raises(TransientError) as caught:
        read_json(reply(error_body("QEAx07"), 202))
    assert caught.value.wait_s == 30


def test_a_limit_of_ten_minutes_is_waited_for_as_a_limit():
    with pytest.raises(TransientError) as caught:
        read_json(reply(error_body("QELx05"), 429, **{"retry-after": "12"}))
    assert (caught.value.limited, caught.value.wait_s) == (True, 12)


def test_json_cut_short_may_pass_but_a_web_page_does_not():
    with pytest.raises(TransientError, match="cut short"):
        read_page(reply(page([sep_row("ZQXA")])[:-20]))
    with pytest.raises(SourceError, match="web page") as caught:
        read_page(reply(b"\n<!DOCTYPE html>"))
    assert not isinstance(caught.value, TransientError)


def export_reply(status: str, link: str | None = "http://x/f.zip") -> Reply:
    link_json = f'"{link}"' if link else "null"
    time = "2025-07-25 03:41:10 UTC"
    return reply(
        f'{{"datatable_bulk_download":{{"file":{{"link":{link_json},"status":"{status}","data_snapshot_time":"{time}"}}}}}}'.encode()
    )


def test_only_a_fresh_file_or_one_new_enough_is_usable():
    older = read_export(export_reply("regenerating"))
    assert older.snapshot is not None
    assert read_export(export_reply("fresh")).usable_link(None) == "http://x/f.zip"
    assert older.usable_link(None) is None
    assert older.usable_link(older.snapshot) == "http://x/f.zip"
    assert read_export(export_reply("creating", None)).usable_link(older.snapshot) is None


def test_an_export_without_status_is_refused():
    with pytest.raises(SourceError, match=r"file\.status is missing"):
        read_export(reply(b'{"datatable_bulk_download":{"datatable":{}}}'))


def test_an_archive_is_whole_expired_or_cut_short():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "ticker\n" * 100)
    whole = buffer.getvalue()
    assert read_archive(reply(whole)) == whole
    assert read_archive(reply(b"<Error>AccessDenied</Error>", 403)) is None
    with pytest.raises(TransientError, match="cut short"):
        read_archive(reply(whole[:-30]))
    with pytest.raises(SourceError, match="web page"):
        read_archive(reply(b"<html>"))


def test_a_file_older_than_its_table_is_not_usable_however_fresh_it_is_said_to_be():
    told = (
        b'{"datatable_bulk_download":{"file":{"link":"http://x/f.zip","status":"fresh",'
        b'"data_snapshot_time":"2025-07-18 03:00:00 UTC"},'
        b'"datatable":{"last_refreshed_time":"2025-07-25 03:00:00 UTC"}}}'
    )
    state = read_export(reply(told))
    assert state.usable_link(None) is None
    assert "before the table's refresh at 2025-07-25" in state.summary
    assert "f.zip" not in repr(state)


def test_an_archive_with_another_checksum_is_fetched_again():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.csv", "ticker\n" * 100)
    damaged = buffer.getvalue().replace(b"ticker\nticker", b"ticker\nTICKER", 1)
    with pytest.raises(TransientError, match=r"a\.csv has another checksum"):
        read_archive(reply(damaged))


def test_json_nested_beyond_reason_is_no_crash():
    with pytest.raises(TransientError, match="no JSON"):
        read_page(reply(b"[" * 100_000))
