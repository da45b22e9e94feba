import io
import json
import logging
import zipfile
from datetime import UTC, date, datetime

import pytest
from pydantic import SecretStr

from kairos.calendar import FixedClock
from kairos.errors import PlanError, RateLimitError, SettingsError, SourceError
from kairos.settings import Settings
from kairos.sources.parse import parse
from kairos.sources.sharadar import RESTARTS, SharadarClient
from tests.kairos.sources.vendor_double import KEY, RECEIVED, Answer, Vendor, error_body, page, sep_row

DAY = date(2025, 7, 24)


def answers(*bodies: bytes) -> list[Answer]:
    return [Answer(body) for body in bodies]


def test_a_session_comes_page_by_page_to_the_last(client, vendor):
    vendor.answers = answers(page([sep_row("A")], "c1"), page([sep_row("B")], "c2"), page([sep_row("C")]))
    pulled = client.session_rows("sep", DAY)
    tickers = [parse(payload).rows["ticker"].to_list() for payload in pulled]
    assert tickers == [["A"], ["B"], ["C"]]
    assert [asked.params.get("qopts.cursor_id") for asked in vendor.asked] == [None, "c1", "c2"]
    assert all(asked.params["date"] == "2025-07-24" for asked in vendor.asked)


def test_pages_are_followed_beyond_a_hundred(client, vendor):
    vendor.answers = answers(*(page([sep_row(f"T{n}")], f"c{n}") for n in range(120)), page([sep_row("LAST")]))
    assert len(client.whole("sep")) == 121


def test_the_request_is_path_and_sorted_parameters(client, vendor):
    vendor.answers = answers(page([sep_row("A")], "c=1"), page([]))
    assert [payload.request for payload in client.session_rows("sep", DAY)] == [
        "datatables/SHARADAR/SEP.json?date=2025-07-24&qopts.per_page=10000",
        "datatables/SHARADAR/SEP.json?date=2025-07-24&qopts.cursor_id=c%3D1&qopts.per_page=10000",
    ]


def test_payloads_bear_the_bytes_and_the_clock(client, vendor):
    vendor.answers = answers(page([sep_row("A")]))
    (only,) = client.whole("sep")
    assert (only.content, only.fetched_at, only.source) == (page([sep_row("A")]), RECEIVED, "sharadar")


@pytest.mark.parametrize(
    ("dataset", "name"),
    [("sep", "lastupdated.gte"), ("daily", "lastupdated.gte"), ("tickers", "lastupdated.gte"), ("actions", "date.gte")],
)
def test_changes_are_asked_by_the_filter_that_the_table_has(client, vendor, dataset, name):
    vendor.answers = [Answer(error_body("QESx08"), 422)]
    with pytest.raises(SourceError, match="QESx08"):
        client.updated_since(dataset, DAY)
    assert vendor.asked[0].params[name] == "2025-07-24"


def test_tickers_are_asked_for_the_price_table_alone(client, vendor):
    vendor.answers = [Answer(error_body("QECx02"), 404)]
    with pytest.raises(SourceError):
        client.whole("tickers")
    assert vendor.asked[0].params["table"] == "SEP"


def test_tickers_have_no_session(client):
    with pytest.raises(SourceError, match="no date to ask by"):
        client.session_rows("tickers", DAY)


def test_a_lost_cursor_starts_the_pull_anew(client, vendor):
    lost = Answer(error_body("QESx06"), 400)
    vendor.answers = [*answers(page([sep_row("A")], "c1")), lost, *answers(page([sep_row("A")], "d1"), page([sep_row("B")]))]
    pulled = client.session_rows("sep", DAY)
    assert [payload.request.count("cursor_id=d1") for payload in pulled] == [0, 1]


def test_a_cursor_lost_every_time_ends_in_an_error(client, vendor):
    vendor.answers = [Answer(error_body("QESx06"), 400)]
    with pytest.raises(SourceError, match="QESx06"):
        client.whole("sep")
    assert len(vendor.asked) == RESTARTS + 1


def test_a_cursor_that_repeats_ends_in_an_error(client, vendor):
    vendor.answers = answers(*(page([sep_row(f"T{n}")], "same") for n in range(20)))
    with pytest.raises(SourceError, match="same cursor came twice"):
        client.whole("sep")


def test_a_page_sent_twice_is_pulled_anew(client, vendor):
    first, second = page([sep_row("A")], "c1"), page([sep_row("B")])
    vendor.answers = answers(first, page([sep_row("A")], "c2"), first, second)
    assert [payload.content for payload in client.whole("sep")] == [first, second]


def test_truncated_json_is_asked_again(client, vendor, fake_time):
    whole = page([sep_row("A")])
    vendor.answers = [Answer(whole[:50], announce=False), Answer(whole)]
    assert [payload.content for payload in client.whole("sep")] == [whole]
    assert len(fake_time.slept) == 1


def test_html_in_place_of_json_is_an_error(client, vendor):
    vendor.answers = answers(b"<html><body>Welcome</body></html>")
    with pytest.raises(SourceError, match="a web page came in place of JSON"):
        client.whole("sep")


def test_an_accepted_answer_is_asked_again_after_thirty_seconds(client, vendor, fake_time):
    vendor.answers = [Answer(error_body("QEAx07"), 202), Answer(page([]))]
    client.whole("sep")
    assert fake_time.slept == [30]


def test_a_limit_of_ten_minutes_is_waited_out(client, vendor, fake_time):
    vendor.answers = [*[Answer(error_body("QELx05"), 429)] * 9, Answer(page([sep_row("A")]))]
    assert len(client.whole("sep")) == 1
    assert sum(fake_time.slept) > 120


def test_a_spent_day_is_told_at_once(client, vendor, fake_time):
    vendor.answers = [Answer(error_body("QELx03"), 429)]
    with pytest.raises(RateLimitError, match="day's allowance is spent"):
        client.whole("sep")
    assert fake_time.slept == []


def export_state(vendor: Vendor, status: str, link: str | None = "/files/sep.zip") -> bytes:
    file = {"link": link and vendor.url + link, "status": status, "data_snapshot_time": "2025-07-25 03:41:10 UTC"}
    return json.dumps({"datatable_bulk_download": {"file": file, "datatable": {}}}).encode()


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("SHARADAR_SEP_1.csv"), text)
    return buffer.getvalue()


SEP_CSV = "ticker,date,open,high,low,close,volume,closeadj,closeunadj,lastupdated\nA,2025-07-24,1,2,1,2,9.5,2,2,2025-07-24\n"


def test_an_export_is_waited_for_and_parses(client, vendor, fake_time):
    vendor.files["/files/sep.zip"] = [Answer(zipped(SEP_CSV))]
    vendor.answers = answers(
        export_state(vendor, "creating", None), export_state(vendor, "generating", None), export_state(vendor, "fresh")
    )
    file = client.export("sep")
    assert fake_time.slept == [30, 30]
    assert parse(file).rows.select("ticker", "close", "volume").rows() == [("A", 2.0, 9.5)]
    assert file.request == "datatables/SHARADAR/SEP.json?qopts.export=true"


def test_the_key_does_not_travel_to_the_export_link(client, vendor):
    vendor.files["/files/sep.zip"] = [Answer(zipped(SEP_CSV))]
    vendor.answers = answers(export_state(vendor, "fresh"))
    client.export("sep")
    keyed = {asked.path: "x-api-token" in asked.headers for asked in vendor.asked}
    assert keyed == {"/api/v3/datatables/SHARADAR/SEP.json": True, "/files/sep.zip": False}


def test_an_expired_link_is_asked_for_anew(client, vendor):
    vendor.files["/files/old.zip"] = [Answer(b"<Error>Request has expired</Error>", 403)]
    vendor.files["/files/new.zip"] = [Answer(zipped(SEP_CSV))]
    vendor.answers = answers(export_state(vendor, "fresh", "/files/old.zip"), export_state(vendor, "fresh", "/files/new.zip"))
    assert client.export("sep").content == zipped(SEP_CSV)


def test_a_truncated_export_is_downloaded_again(client, vendor):
    vendor.files["/files/sep.zip"] = [Answer(zipped(SEP_CSV)[:-25], announce=False), Answer(zipped(SEP_CSV))]
    vendor.answers = answers(export_state(vendor, "fresh"))
    assert client.export("sep").content == zipped(SEP_CSV)


def test_an_older_file_is_taken_only_if_it_is_new_enough(client, vendor):
    vendor.files["/files/sep.zip"] = [Answer(zipped(SEP_CSV))]
    vendor.answers = answers(export_state(vendor, "regenerating"))
    assert client.export("sep", snapshot_since=datetime(2025, 7, 25, tzinfo=UTC)).content == zipped(SEP_CSV)
    with pytest.raises(SourceError, match="no usable export within 3600 s; last seen: regenerating"):
        client.export("sep", snapshot_since=datetime(2025, 7, 26, tzinfo=UTC))


def test_the_key_is_in_no_payload_request_error_or_log(client, vendor, caplog):
    caplog.set_level(logging.DEBUG)
    vendor.answers = [*answers(page([sep_row("A")], "c1"), page([sep_row("B")])), Answer(status=503), Answer(page([]))]
    pulled = [*client.whole("sep"), *client.session_rows("sep", DAY)]
    vendor.answers = [Answer(error_body("QEAx01", f"We could not recognize your API key: {KEY}"), 400)]
    with pytest.raises(PlanError, match=r"your API key: \*\*\*") as caught:
        client.whole("sep")
    told = [str(caught.value), repr(client), caplog.text, *(repr(payload) for payload in pulled)]
    stored = [frame.write_json() for payload in pulled for frame in (parse(payload).rows, parse(payload).payload_row)]
    assert not [text for text in [*told, *stored] if KEY in text]
    assert not [payload for payload in pulled if KEY.encode() in payload.content]
    assert all(asked.headers["x-api-token"] == KEY and KEY not in asked.params.values() for asked in vendor.asked)


def test_a_key_never_travels_in_clear_to_another_machine():
    with pytest.raises(SettingsError, match="use https"):
        SharadarClient("http://data.example/api/v3", KEY, clock=FixedClock(RECEIVED))


def test_settings_without_a_key_make_no_client():
    with pytest.raises(SettingsError, match="NASDAQ_DATA_LINK_API_KEY is not set"):
        SharadarClient.from_settings(Settings(nasdaq_api_key=None), FixedClock(RECEIVED))


def test_settings_make_a_client_with_their_page_size(vendor):
    settings = Settings(nasdaq_api_key=SecretStr(KEY), nasdaq_base_url=vendor.url, nasdaq_page_rows=7)
    vendor.answers = answers(page([]))
    with SharadarClient.from_settings(settings, FixedClock(RECEIVED)) as made:
        made.whole("sep")
    assert vendor.asked[0].params == {"qopts.per_page": "7"}


def test_an_overlap_is_pulled_anew_and_taken_only_when_it_stays(client, vendor):
    overlapping = [page([sep_row("A"), sep_row("B")], "c1"), page([sep_row("B"), sep_row("C")])]
    clean = [page([sep_row("A"), sep_row("B")], "c2"), page([sep_row("C")])]
    vendor.answers = answers(*overlapping, *clean)
    assert [payload.content for payload in client.whole("sep")] == clean
    vendor.answers = answers(*overlapping * (RESTARTS + 1))
    assert [payload.content for payload in client.whole("sep")] == overlapping


def test_a_table_that_happens_to_fill_its_last_page_is_asked_in_pages_of_another_size(client, vendor):
    client._page_rows = 2
    whole = page([sep_row("A"), sep_row("B")])
    vendor.answers = answers(whole)
    assert [payload.content for payload in client.whole("sep")] == [whole]
    assert [asked.params["qopts.per_page"] for asked in vendor.asked] == ["2", "3"]
