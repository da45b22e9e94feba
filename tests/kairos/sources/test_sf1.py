import io
import json
import zipfile
from datetime import date

import pytest

from kairos.errors import SourceError
from kairos.sources.feeds import FEEDS
from kairos.sources.parse import parse
from tests.kairos.sources.vendor_double import RECEIVED, Answer, page

NAMES = list(FEEDS["sf1"].expected)


def sf1_row(ticker: str = "ZQXA", dimension: str = "ARQ", datekey: str = "2025-08-05") -> list[object]:
    known = {
        "ticker": ticker,
        "dimension": dimension,
        "calendardate": "2025-06-30",
        "datekey": datekey,
        "reportperiod": "2025-06-28",
        "lastupdated": "2025-08-06",
        "marketcap": 10160000000.0,
    }
    return [known.get(name) for name in NAMES]


def test_a_session_of_filings_is_asked_by_datekey(vendor, client):
    vendor.answers = [Answer(page([sf1_row()], names=NAMES))]
    (made,) = client.session_rows("sf1", date(2025, 8, 5))
    assert (made.source, made.dataset, made.fetched_at) == ("sharadar", "sf1", RECEIVED)
    assert made.request == "datatables/SHARADAR/SF1.json?datekey=2025-08-05&qopts.per_page=10000"
    assert parse(made).rows.select("ticker", "datekey", "marketcap").rows() == [("ZQXA", date(2025, 8, 5), 1.016e10)]


def test_what_changed_is_asked_by_lastupdated_and_walked_through_its_pages(vendor, client):
    vendor.answers = [
        Answer(page([sf1_row("A"), sf1_row("B")], "next", names=NAMES)),
        Answer(page([sf1_row("A", "MRQ")], names=NAMES)),
    ]
    made = client.updated_since("sf1", date(2025, 8, 1))
    assert [payload.request.partition("?")[2] for payload in made] == [
        "lastupdated.gte=2025-08-01&qopts.per_page=10000",
        "lastupdated.gte=2025-08-01&qopts.cursor_id=next&qopts.per_page=10000",
    ]
    assert [row for payload in made for row in parse(payload).rows.select("ticker", "dimension").rows()] == [
        ("A", "ARQ"),
        ("B", "ARQ"),
        ("A", "MRQ"),
    ]


def test_the_export_is_rows_with_their_record(vendor, client):
    built = io.BytesIO()
    with zipfile.ZipFile(built, "w") as archive:
        line = ",".join("" if value is None else str(value) for value in sf1_row())
        archive.writestr("SHARADAR_SF1.csv", f"{','.join(NAMES)}\n{line}\n")
    state = {"file": {"status": "fresh", "link": f"{vendor.url}/sf1.zip", "data_snapshot_time": "2025-07-25 01:00:00 UTC"}}
    vendor.answers = [Answer(json.dumps({"datatable_bulk_download": state, "meta": {}}).encode())]
    vendor.files["/sf1.zip"] = [Answer(built.getvalue())]
    made = parse(client.export("sf1"))
    assert made.rows.select("ticker", "dimension", "marketcap", "revenue").rows() == [("ZQXA", "ARQ", 1.016e10, None)]
    assert json.loads(made.rows["record"][0])["marketcap"] == "10160000000.0"


def test_a_row_without_a_datekey_is_set_aside(vendor, client):
    vendor.answers = [Answer(page([sf1_row(datekey=""), sf1_row()], names=NAMES))]
    (made,) = client.whole("sf1")
    assert parse(made).rejects.select("row", "reason").rows() == [(0, "missing_datekey")]


def test_a_page_without_a_documented_column_fails_the_pull(vendor, client):
    vendor.answers = [Answer(page([], names=[name for name in NAMES if name != "datekey"]))]
    with pytest.raises(SourceError, match="datekey missing from SHARADAR/SF1"):
        client.whole("sf1")
