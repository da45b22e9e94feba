"""Rows with dates that cannot be go to quarantine, each by name; nothing of them reaches the raw tables."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from kairos.calendar import FIRST_DATE
from kairos.sources.parse import parse
from kairos.sources.payloads import Payload
from kairos.tables.raw import QUARANTINE

EVENING = datetime(2016, 3, 2, 2, tzinfo=UTC)  # the first of March in New York
TODAY = date(2016, 3, 1)


def read(*days, dataset="sep", value="close", more=""):
    lines = [f"A{',split' if dataset == 'actions' else ''},{day},2.5" for day in days]
    header = "ticker,action,date,value" if dataset == "actions" else f"ticker,date,{value}"
    content = "\n".join([header, *lines, *([more] if more else []), ""]).encode()
    return parse(Payload("mine", dataset, "file/a.csv", content, EVENING))


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (FIRST_DATE, None),
        (FIRST_DATE - timedelta(days=1), "before_calendar"),
        (date(1962, 1, 2), "before_calendar"),
        (TODAY, None),
        (TODAY + timedelta(days=1), "after_receipt"),
        (date(2051, 1, 3), "after_receipt"),
    ],
)
@pytest.mark.parametrize(("dataset", "value"), [("sep", "close"), ("daily", "marketcap")])
def test_a_date_outside_is_set_aside_with_its_values(day, reason, dataset, value):
    found = read(date(2015, 1, 2), day, dataset=dataset, value=value)
    QUARANTINE.validate(found.rejects)
    assert found.rows.height == (2 if reason is None else 1)
    assert found.payload_row.select("rows", "rejected").row(0) == (found.rows.height, found.rejects.height)
    if reason:
        line = found.rejects.row(0, named=True)
        assert (line["reason"], line["row"], line["year"], line["writer"]) == (reason, 1, day.year, f"raw_{dataset}")
        assert (line["action"], json.loads(line["detail"])) == (
            "row_rejected",
            {"ticker": "A", "date": str(day), value: "2.5"},
        )


def test_an_action_may_be_announced_but_not_lie_before_the_calendar():
    found = read(date(2016, 6, 1), date(1990, 6, 1), dataset="actions")
    assert found.rows["date"].to_list() == [date(2016, 6, 1)]
    assert found.rejects["reason"].to_list() == ["before_calendar"]


def test_a_row_rejected_for_another_reason_is_told_once():
    found = read(date(2015, 1, 2), date(1990, 1, 2), more="A,1991-01-02,x")
    assert found.rejects.select("row", "reason").rows() == [(2, "unreadable_number"), (1, "before_calendar")]
    assert found.payload_row["rejected"].to_list() == [2]


def test_a_file_of_old_prices_alone_is_set_aside_whole():
    found = read(date(1990, 1, 2), date(1990, 1, 3))
    assert (found.rows.height, found.rejects["reason"].to_list()) == (0, ["before_calendar"] * 2)


def test_decades_of_old_rows_cost_no_time():
    days = pl.date_range(date(1900, 1, 1), date(1999, 12, 31), "1d", eager=True)
    assert read(*days).rejects.height == (FIRST_DATE - date(1900, 1, 1)).days


def test_an_unreadable_date_is_no_date_outside():
    assert read(date(2015, 1, 2), "soon").rejects["reason"].to_list() == ["unreadable_date"]
