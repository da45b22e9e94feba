import csv
import io
import json
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kairos.errors import SourceError
from kairos.sources.feeds import FEEDS
from kairos.sources.parse import Parsed, parse
from kairos.tables.raw import QUARANTINE, RawRows
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources.vendor_double import page, payload

ESTIMATES = "stable/analyst-estimates?page=0&period=quarter&symbol=ZQXA"
OURS = [*RawRows.to_schema().columns, "record"]
OTHERS = {
    "fmp_social": bodies.SOCIAL,
    "quiver_congress": bodies.CONGRESS,
    "quiver_insiders": bodies.INSIDER,
    "quiver_social": bodies.MENTION,
}
ROWS = {**{name: both[0] for name, both in bodies.BOTH.items()}, **OTHERS}


def parsed(rows: object, dataset: str, request: str = ESTIMATES) -> Parsed:
    content = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    return parse(payload(content, dataset, request, "fmp"))


def facts(rows: object, dataset: str) -> dict[str, object]:
    made = parsed(rows, dataset)
    assert made.rejects.equals(QUARANTINE.empty())
    return FEEDS[dataset].table.validate(made.rows).drop(OURS).row(0, named=True)


@pytest.mark.parametrize("dataset", bodies.BOTH)
def test_both_generations_say_the_same(dataset):
    stable, legacy = bodies.BOTH[dataset]
    assert facts([stable], dataset) == facts([legacy], dataset)


@pytest.mark.parametrize("dataset", ROWS)
def test_every_column_of_a_full_answer_is_read(dataset):
    absent = {"fmp_rating": {"date"}, "fmp_key_metrics": {"return_on_assets"}, "fmp_news": {"publisher"}}
    assert {name for name, value in facts([ROWS[dataset]], dataset).items() if value is None} == absent.get(dataset, set())


@pytest.mark.parametrize("dataset", ROWS)
def test_the_record_is_the_row_as_sent(dataset):
    assert json.loads(parsed([ROWS[dataset]], dataset).rows["record"][0]) == ROWS[dataset]


@pytest.mark.parametrize("dataset", ROWS)
def test_a_list_under_data_is_the_list(dataset):
    assert facts({"data": [ROWS[dataset]]}, dataset) == facts([ROWS[dataset]], dataset)


@pytest.mark.parametrize("dataset", ROWS)
def test_bulk_csv_with_every_value_a_text_says_the_same(dataset):
    sent = {**ROWS[dataset], **({"period": "quarter"} if dataset == "fmp_analyst_estimates" else {})}
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in sent.items()}
    built = io.StringIO()
    writer = csv.DictWriter(built, list(texts))
    writer.writeheader()
    writer.writerow(texts)
    assert facts(built.getvalue().encode(), dataset) == facts([ROWS[dataset]], dataset)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": []}', b" [ ]\n"])
@pytest.mark.parametrize("dataset", ROWS)
def test_an_empty_answer_is_no_row_and_says_nothing(dataset, body):
    made = payload(body, dataset, ESTIMATES, "fmp")
    assert made.says_nothing
    assert parse(made).rows.equals(FEEDS[dataset].table.empty())
    assert parse(made).payload_row["rows"].to_list() == [0]


def test_an_answer_with_rows_says_something():
    assert not payload(json.dumps([bodies.STABLE_RATING]).encode(), "fmp_rating").says_nothing


def test_an_income_statement_is_read_to_the_last_figure():
    found = facts([bodies.BOTH["fmp_income_statement"][1]], "fmp_income_statement")
    assert (found["date"], found["filing_date"], found["accepted_date"]) == (
        date(2025, 6, 30),
        date(2025, 8, 5),
        "2025-08-05 16:07:42",
    )
    assert (found["cik"], found["fiscal_year"], found["period"]) == ("0001999901", "2025", "Q2")
    assert (found["revenue"], found["net_income"], found["eps_diluted"]) == (1.25e9, 3.2e8, 1.57)
    assert (found["weighted_average_shares"], found["weighted_average_shares_diluted"]) == (2e8, 203821656)


def test_a_number_may_come_as_text_whole_or_broken():
    row = {
        **bodies.BOTH["fmp_income_statement"][0],
        "revenue": "1250000000",
        "eps": "1.6",
        "ebitda": 466000000.0,
        "inventory": 1,
    }
    other = {**row, "revenue": 7, "eps": None, "ebitda": "0"}
    rows = parsed([row, other], "fmp_income_statement").rows
    assert rows.select("revenue", "eps", "ebitda").rows() == [(1.25e9, 1.6, 4.66e8), (7.0, None, 0.0)]


def test_the_short_exchange_code_is_found_in_both_generations():
    for row in bodies.BOTH["fmp_profile"]:
        found = facts([row], "fmp_profile")
        assert (found["exchange"], found["exchange_full_name"]) == ("NASDAQ", "NASDAQ Global Select")


def test_a_lone_exchange_is_not_taken_for_its_full_name_as_well():
    row = {name: value for name, value in bodies.BOTH["fmp_profile"][0].items() if name != "exchangeFullName"}
    found = facts([row], "fmp_profile")
    assert (found["exchange"], found["exchange_full_name"]) == ("NASDAQ", None)


def test_a_profile_says_its_flags_in_words():
    found = facts([bodies.BOTH["fmp_profile"][0]], "fmp_profile")
    assert (found["is_etf"], found["is_actively_trading"]) == ("false", "true")


def test_the_period_of_estimates_is_the_one_asked_for():
    rows = parsed([bodies.STABLE_ESTIMATE], "fmp_analyst_estimates", "api/v3/analyst-estimates/ZQXA?limit=9&period=annual").rows
    assert rows["period"].to_list() == ["annual"]


def test_estimates_that_say_no_period_anywhere_are_refused():
    with pytest.raises(SourceError, match=r"period \(period\) is missing from every one of 1 rows"):
        parsed([bodies.STABLE_ESTIMATE], "fmp_analyst_estimates", "stable/analyst-estimates?symbol=ZQXA")


def test_what_depends_on_the_day_of_fetching_has_no_column():
    assert not {"excess_return", "price_change", "spy_change"} & set(FEEDS["quiver_congress"].dtypes)


def test_a_row_without_a_mandatory_key_in_either_spelling_is_set_aside_and_told():
    good, bad = bodies.BOTH["fmp_income_statement"][0], dict(bodies.BOTH["fmp_income_statement"][0])
    del bad["filingDate"]
    made = parsed([good, bad], "fmp_income_statement")
    assert made.rows["row"].to_list() == [0]
    assert made.rejects.select("row", "reason", "action").rows() == [(1, "lacks_filing_date", "row_rejected")]
    assert made.payload_row.select("rows", "rejected").rows() == [(1, 1)]


def test_a_key_that_is_there_and_null_is_no_reason():
    row = {**bodies.BOTH["fmp_income_statement"][0], "filingDate": None, "acceptedDate": None}
    assert facts([row], "fmp_income_statement")["filing_date"] is None


@pytest.mark.parametrize("dataset", [name for name in ROWS if name != "fmp_news"])
def test_an_answer_whose_every_row_lacks_a_mandatory_key_is_refused(dataset):
    spec = FEEDS[dataset]
    for name in set(spec.expected) - {*spec.from_request, *spec.never_null}:
        row = {key: value for key, value in ROWS[dataset].items() if key not in spec.spellings[name]}
        with pytest.raises(SourceError, match=rf"{name} \(.*\) is missing from every one of 2 rows of {spec.vendor_code}"):
            parsed([row, row], dataset)


def test_bulk_csv_without_a_mandatory_column_is_refused_with_what_it_has():
    with pytest.raises(SourceError, match=r"rating_score missing from FMP rating; found symbol, rating, stars"):
        parsed(b"symbol,rating,stars\nZQXA,A,4\n", "fmp_rating", "stable/rating-bulk")


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
