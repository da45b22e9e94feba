import json
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kairos.errors import SourceError
from kairos.sources.feeds import FEEDS
from kairos.sources.misdated import misfiled
from kairos.sources.parse import parse
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources.feed_rows import parsed
from tests.kairos.sources.vendor_double import page, payload


def test_a_row_without_its_key_is_set_aside():
    rows = [bodies.STABLE_RATING, {**bodies.STABLE_RATING, "symbol": None}, {**bodies.STABLE_RATING, "symbol": ""}]
    made = parsed(rows, "fmp_rating")
    assert made.rejects.select("row", "reason").rows() == [(1, "missing_symbol"), (2, "missing_symbol")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'[{"symbol": "ZQXA"', "no readable JSON"),
        (b'[["ZQXA"]]', "row 0 is list, expected an object"),
        (b"[1, 2]", "row 0 is int, expected an object"),
        (b'{"data": [7]}', "row 0 is int, expected an object"),
    ],
)
def test_a_body_that_is_no_list_of_objects_is_refused(body, message):
    with pytest.raises(SourceError, match=message):
        parsed(body, "fmp_rating")


@pytest.mark.parametrize("sent", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_no_json_are_no_numbers(sent):
    body = json.dumps([bodies.STABLE_RATING, {**bodies.STABLE_RATING, "overallScore": 987}]).replace("987", sent).encode()
    rows = parsed(body, "fmp_rating").rows
    assert rows["rating_score"].to_list() == [4.0, None]
    assert json.loads(rows["record"][1], parse_constant=pytest.fail)["overallScore"] == sent


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-800, 800), min_size=1, max_size=8))
@example([-1, 0, 1, 365, 366])
def test_a_filing_date_stands_if_it_follows_its_period_by_a_year_at_most(days):
    end = date(2020, 6, 30)
    row = bodies.BOTH["fmp_income_statement"][0]
    sent = [{**row, "date": str(end), "filingDate": str(end + timedelta(days=n))} for n in days]
    made = parsed(sent, "fmp_income_statement")
    assert made.rows["filing_date"].to_list() == [end + timedelta(days=n) if 0 < n <= 365 else None for n in days]
    told = [
        (i, "filed_before_period_end" if n <= 0 else "filed_over_a_year_later") for i, n in enumerate(days) if not 0 < n <= 365
    ]
    assert made.rejects.select("row", "reason").rows() == told
    assert set(made.rejects["action"]) <= {"value_nulled"}


def test_the_filing_date_that_was_dropped_is_told():
    row = {**bodies.BOTH["fmp_cash_flow"][1], "fillingDate": "2025-06-30"}
    detail = json.loads(parsed([row], "fmp_cash_flow").rejects["detail"][0])
    assert (detail["symbol"], detail["date"], detail["filing_date"]) == ("ZQXA", "2025-06-30", "2025-06-30")


def test_a_period_that_ends_after_its_receipt_is_set_aside_but_a_forecast_one_is_not():
    row = {**bodies.BOTH["fmp_ratios"][0], "date": "2026-12-31"}
    assert parsed([row], "fmp_ratios").rejects["reason"].to_list() == ["after_receipt"]
    assert parsed([bodies.STABLE_ESTIMATE], "fmp_analyst_estimates").rows["date"].to_list() == [date(2026, 12, 31)]


def test_sharadar_pages_become_sf1_rows_with_their_record():
    names = list(FEEDS["sf1"].expected)
    known = {
        "ticker": "ZQXA",
        "dimension": "ARQ",
        "calendardate": "2025-06-30",
        "datekey": "2025-08-05",
        "reportperiod": "2025-06-28",
        "lastupdated": "2025-08-06",
        "revenue": 1250000000.0,
        "epsdil": 1.57,
    }
    made = parse(payload(page([[known.get(name) for name in names]], names=names), "sf1"))
    row = FEEDS["sf1"].table.validate(made.rows).row(0, named=True)
    assert (row["datekey"], row["reportperiod"], row["revenue"], row["epsdil"]) == (
        date(2025, 8, 5),
        date(2025, 6, 28),
        1.25e9,
        1.57,
    )
    assert {name: value for name, value in json.loads(row["record"]).items() if value is not None} == known


def test_sf1_without_a_documented_column_is_refused():
    names = [name for name in FEEDS["sf1"].expected if name != "sharefactor"]
    with pytest.raises(SourceError, match="sharefactor missing from SHARADAR/SF1"):
        parse(payload(page([], names=names), "sf1"))


def test_a_file_in_the_vendors_spelling_is_told_its_mapping():
    content = b"symbol,rating,overallScore\nZQXA,A,4\n"
    with pytest.raises(SourceError, match=r"rating_score of fmp_rating missing; .* --map rating_score=overallScore"):
        parse(payload(content, "fmp_rating", "file/a.csv", "mine"))
    made = parse(payload(content, "fmp_rating", "file/a.csv?map.rating_score=overallScore", "mine"))
    assert made.rows.select("symbol", "rating_score").rows() == [("ZQXA", 4.0)]
    assert json.loads(made.rows["record"][0]) == {"symbol": "ZQXA", "rating": "A", "overallScore": "4"}


def test_thousands_of_rows_take_no_time():
    import time

    rows = [bodies.BOTH["fmp_income_statement"][index % 2] for index in range(5000)]
    started = time.process_time()
    assert parsed(rows, "fmp_income_statement").rows.height == 5000
    assert time.process_time() - started < 2


def test_rows_of_one_payload_bear_its_id():
    made = payload(json.dumps([bodies.SOCIAL, bodies.SOCIAL]).encode(), "fmp_social", "api/v4/x", "fmp")
    rows = parse(made).rows
    assert rows.select("payload_id", "row", "source").rows() == [(made.payload_id, 0, "fmp"), (made.payload_id, 1, "fmp")]
    assert rows.schema["posted_at"] == pl.String


def test_a_late_filing_date_is_doubted_of_one_vendor_alone():
    """Without its date the row would count as known from an assumed day, long before an archive saw it."""
    ends, filed = (pl.Series([date(2014, 3, 28)]), pl.Series([date(2015, 6, 5)]))
    assert misfiled(ends, filed).to_list() == ["filed_over_a_year_later"]
    assert misfiled(ends, filed, source="edgar") is None
    assert misfiled(ends, ends, source="edgar").to_list() == ["filed_before_period_end"]
