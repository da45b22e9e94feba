"""Values of two sources are paired by what they are of, and counted within 1 %."""

from datetime import UTC, date, datetime, timedelta

import polars as pl

from kairos.quality.agreement import Pairs, agreement, of_key_metrics, of_profiles, of_statements
from kairos.quality.known import Dated

DAY = date(2017, 6, 20)
FILED = date(2017, 5, 10)
END = date(2017, 3, 31)


def at(day, hour=22):
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def pairs(ours, theirs, *, day=DAY):
    rows = {"day": [day] * len(ours), "name": [str(place) for place in range(len(ours))], "ours": ours, "theirs": theirs}
    return Pairs("fmp_income_statement", "revenue", "sf1", 200, Dated(pl.DataFrame(rows)))


def test_a_hundredth_apart_agrees_and_more_does_not():
    (figure,) = agreement(pairs([101.0] * 12 + [99.0] * 4 + [101.1] * 5 + [-100.0] * 4, [100.0] * 25), DAY)
    assert figure.value == 16 / 25
    assert figure.detail == "16 of 25 within 1% of sf1"


def test_zero_agrees_with_zero_alone():
    (figure,) = agreement(pairs([0.0] * 10 + [1.0] * 10, [0.0] * 20), DAY)
    assert figure.value == 0.5


def test_losses_agree_as_profits_do():
    (figure,) = agreement(pairs([-100.5] * 15 + [-102.0] * 5, [-100.0] * 20), DAY)
    assert figure.value == 0.75


def test_pairs_without_a_value_do_not_count():
    assert not [*agreement(pairs([1.0] * 19 + [None], [1.0] * 20), DAY)]


def test_pairs_of_other_days_do_not_count():
    assert not [*agreement(pairs([1.0] * 20, [1.0] * 20), DAY + timedelta(days=200))]
    assert not [*agreement(pairs([1.0] * 20, [1.0] * 20), DAY - timedelta(days=1))]


METRICS = pl.DataFrame(
    {
        "permaticker": [1, 1, 2],
        "session": [DAY - timedelta(days=1), DAY, DAY],
        "known_at": [at(DAY - timedelta(days=1)), at(DAY), at(DAY)],
        "marketcap": [100.0, 110.0, 7.0],
    }
)


def test_a_profile_is_beside_the_market_value_known_then():
    profiles = pl.DataFrame(
        {"permaticker": [1, 1, 3], "known_at": [at(DAY, 21), at(DAY, 23), at(DAY, 23)], "market_cap": [5.0, 6.0, 7.0]}
    )
    found = of_profiles(profiles, METRICS).dated.rows
    assert found.rows() == [(DAY, "1", 5.0, 100.0), (DAY, "1", 6.0, 110.0), (DAY, "3", 7.0, None)]


def test_a_market_value_of_weeks_ago_is_none():
    profiles = pl.DataFrame({"permaticker": [1], "known_at": [at(DAY + timedelta(days=11))], "market_cap": [5.0]})
    assert of_profiles(profiles, METRICS).dated.rows["theirs"].to_list() == [None]


def test_key_metrics_are_of_their_periods_end_and_those_of_sf1_are_left_out():
    rows = pl.DataFrame(
        {
            "permaticker": [1, 2],
            "period_end": [DAY + timedelta(days=2)] * 2,
            "known_at": [at(DAY + timedelta(days=40))] * 2,
            "known_source": ["vendor", "assumed"],
            "market_cap": [111.0, 8.0],
        }
    )
    found = of_key_metrics(rows, METRICS).dated.rows
    assert found.rows() == [(DAY + timedelta(days=40), "1", 111.0, 110.0)]


def statements():
    fmp = {
        "symbol": ["A", "A", "A"],
        "date": [END] * 3,
        "period": ["Q1", "Q1", "FY"],
        "fetched_at": [at(FILED), at(DAY), at(DAY)],
        "revenue": [10.0, 11.0, 40.0],
        "net_income": [1.0, 1.5, 4.0],
    }
    sf1 = {
        "ticker": ["A", "A", "A", "A"],
        "dimension": ["ARQ", "ARQ", "ARY", "MRQ"],
        "reportperiod": [END] * 4,
        "datekey": [FILED, FILED + timedelta(days=9), FILED, END],
        "revenue": [9.0, 11.05, 39.0, 1.0],
        "netinc": [0.9, 1.4, 3.9, 0.1],
    }
    return pl.DataFrame(fmp), pl.DataFrame(sf1)


def test_what_was_first_said_of_a_period_is_beside_each_other():
    revenue, income = of_statements("fmp_income_statement", *statements())
    assert (revenue.column, income.column) == ("revenue", "net_income")
    assert revenue.dated.rows.select("day", "ours", "theirs").rows() == [
        (FILED, 10.0, 9.0),
        (FILED, 40.0, 39.0),
    ]
    assert income.dated.rows.select("ours", "theirs").rows() == [(1.0, 0.9), (4.0, 3.9)]
