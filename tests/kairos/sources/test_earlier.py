"""What earlier deliveries held, by the newest that has been read."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from kairos.sources.datasets import ACTIONS
from kairos.sources.earlier import names_expected, rows_exported_before, rows_since_before
from kairos.tables.raw import RAW_ACTIONS, RAW_ACTIONS_BULK, RAW_PAYLOADS, RAW_SEP
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from tests.kairos.sources.vendor_double import RECEIVED

BY = Commit("test", run_id="r", partition="-", reads={})
DAY = date(2025, 7, 24)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path)


def record(payload_id: str, *, session: date | None, rows: int, hours: int) -> dict[str, object]:
    nothing = dict.fromkeys(RAW_PAYLOADS.columns)
    told = {"payload_id": payload_id, "sha256": payload_id, "source": "sharadar", "dataset": "actions", "session": session}
    asked = {"request": "export", "bytes": 1, "rows": rows, "rejected": 0, "path": payload_id, "received_year": 2025}
    return nothing | told | asked | {"fetched_at": RECEIVED + timedelta(hours=hours)}


def payloads(*records: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(records, schema=RAW_PAYLOADS.dtypes)


def rows(table, payload_id: str, *days: date, at: datetime = RECEIVED) -> pl.DataFrame:
    made = [
        {"payload_id": payload_id, "row": n, "ticker": f"T{n}", "date": day, "action": "dividend"} for n, day in enumerate(days)
    ]
    named = pl.DataFrame(made).with_columns(source=pl.lit("sharadar"), fetched_at=pl.lit(at), received_year=pl.lit(2025))
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in table.dtypes.items() if name not in named.columns]
    return table.conform(named.with_columns(missing))


def test_names_are_expected_from_the_newest_session_within_a_month(warehouse):
    warehouse.append_new(RAW_SEP, rows(RAW_SEP, "p", DAY, DAY, DAY - timedelta(days=1)), commit=BY)
    assert names_expected(warehouse, "sep", DAY) == 1
    assert names_expected(warehouse, "sep", DAY + timedelta(days=7)) == 2
    assert names_expected(warehouse, "sep", DAY + timedelta(days=60)) == 0


def test_the_newest_delivery_that_has_been_read_is_the_measure(warehouse):
    export, pulled, unread = (
        record("bulk", session=None, rows=3, hours=0),
        record("daily", session=DAY, rows=2, hours=1),
        record("next", session=DAY + timedelta(days=1), rows=0, hours=2),
    )

    def measure():
        return rows_since_before(warehouse, warehouse.read(RAW_PAYLOADS), ACTIONS, source=unread["source"], since=DAY)

    assert measure() == 0
    warehouse.append_new(RAW_PAYLOADS, payloads(export, pulled, unread), commit=BY)
    warehouse.append_new(RAW_ACTIONS_BULK, rows(RAW_ACTIONS_BULK, "bulk", DAY, DAY, DAY), commit=BY)
    assert measure() == 3
    warehouse.append_new(RAW_ACTIONS, rows(RAW_ACTIONS, "daily", DAY, DAY - timedelta(days=1)), commit=BY)
    assert measure() == 1


def test_the_export_before_is_the_newest_of_the_same_question(warehouse):
    coming = payloads(record("new", session=None, rows=9, hours=9))
    assert rows_exported_before(warehouse, coming) == 0
    before = [record("a", session=None, rows=5, hours=0), record("b", session=None, rows=7, hours=1)]
    warehouse.append_new(RAW_PAYLOADS, payloads(*before, record("c", session=DAY, rows=99, hours=2)), commit=BY)
    assert rows_exported_before(warehouse, coming) == 7
