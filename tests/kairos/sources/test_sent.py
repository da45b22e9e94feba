import csv
import io
import json
from datetime import date

import pytest

from kairos.errors import SourceError
from kairos.sources.feeds import FEEDS
from kairos.sources.parse import parse
from tests.kairos.sources import feed_bodies as bodies
from tests.kairos.sources.feed_rows import ESTIMATES, ROWS, facts, parsed
from tests.kairos.sources.vendor_double import payload


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
