"""Answers that come back are deliveries of their own, and those that merely stay are not."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from kairos.sources.parse import parse
from kairos.sources.payloads import Payload
from kairos.sources.returned import Told
from kairos.tables.raw import RAW_PAYLOADS

FIRST = datetime(2014, 3, 7, 21, 30, tzinfo=UTC)


def received(asked, *ratings):
    """What is recorded after a question was answered with these ratings, a week apart."""
    rows = RAW_PAYLOADS.empty()
    for week, rating in enumerate(ratings):
        body = f'[{{"symbol": "ZQXA", "rating": "{rating}", "overallScore": 3}}]'.encode()
        payload = Payload("fmp", "fmp_rating", asked, body, FIRST + timedelta(days=7 * week))
        row = parse(Told.before(rows).marked(payload)).payload_row
        rows = pl.concat([rows, row.join(rows, on="payload_id", how="anti")])
    return rows


@pytest.mark.parametrize("asked", ["stable/ratings-snapshot?symbol=ZQXA", "api/v3/rating/ZQXA"])
def test_every_change_is_a_delivery_and_no_repetition_is(asked):
    marks = received(asked, *"ABBAABCCA")["request"].str.strip_prefix(asked)
    assert marks.to_list() == ["", "", "#2", "#3", "", "#5"]  # A B A B C A


def test_what_another_question_was_answered_with_is_no_return():
    before = received("stable/ratings-snapshot?symbol=ZQXB", "A", "B")
    body = b'[{"symbol": "ZQXA", "rating": "A", "overallScore": 3}]'
    payload = Payload("fmp", "fmp_rating", "stable/ratings-snapshot?symbol=ZQXA", body, FIRST)
    assert Told.before(before).marked(payload) is payload


def test_the_parameters_of_a_marked_question_are_read_as_of_one_without():
    body = b'[{"symbol": "ZQXA", "date": "2014-12-31", "estimatedRevenueAvg": 5, "estimatedEpsAvg": 1.5}]'
    asked = "api/v3/analyst-estimates/ZQXA?limit=400&period=quarter#3"
    assert parse(Payload("fmp", "fmp_analyst_estimates", asked, body, FIRST)).rows["period"].to_list() == ["quarter"]
