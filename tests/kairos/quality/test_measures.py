"""Each measure gives the number that a hand gives."""

from datetime import date, timedelta
from math import log

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.quality.feeds import Feed
from kairos.quality.known import Dated, Known
from kairos.quality.measures import completeness, drift, freshness, measured, missing, null_rates, stability_index
from kairos.tables.fundamentals import FMP_INCOME_STATEMENT
from kairos.tables.market import SEP_BASE

SESSION = date(2017, 6, 30)
STATEMENTS = Feed(FMP_INCOME_STATEMENT, rhythm=45, window=120, covers=200, filled=("revenue",), steady=("revenue",))
PRICES = Feed(SEP_BASE, rhythm=0)


def known(days, *, names=None, revenue=None, feed=STATEMENTS, older=None):
    rows = {"day": days, "permaticker": names or list(range(len(days))), "revenue": revenue or [1.0] * len(days)}
    return Known(feed, Dated(pl.DataFrame(rows).sort("day")), older)


def only(figures):
    (figure,) = figures
    return figure


def test_freshness_counts_the_sessions_since_the_newest_fact():
    figure = only(freshness(known([date(2017, 6, 23), date(2017, 1, 3)]), SESSION))
    assert figure.value == 5
    assert figure.detail == "newest fact of 2017-06-23, 5 sessions before"


def test_a_fact_of_a_later_day_is_not_there_yet():
    assert only(freshness(known([date(2017, 6, 23), date(2017, 7, 3)]), SESSION)).value == 5


def test_freshness_reaches_back_beyond_the_rows_read():
    assert only(freshness(known([], older=date(2017, 6, 1)), SESSION)).value == 21


def test_completeness_is_the_share_of_trading_companies_with_a_recent_fact():
    days = [SESSION - timedelta(days=30)] * 15 + [SESSION - timedelta(days=200)] * 9
    figure = only(completeness(known(days), SESSION, pl.Series(range(4, 24))))
    assert figure.value == 11 / 20
    assert figure.detail == "11 of 20 companies that trade have a fact of 200 days"


def test_a_feed_that_has_just_begun_is_not_yet_complete_or_incomplete():
    days = [SESSION - timedelta(days=30)] * 15
    assert not [*completeness(known(days), SESSION, pl.Series(range(20)))]


def test_few_companies_tell_nothing():
    days = [SESSION - timedelta(days=300)] * 15
    assert not [*completeness(known(days), SESSION, pl.Series(range(19)))]


def test_prices_are_complete_by_the_calendars_sessions():
    sessions = [day for day in sessions_between(date(2017, 5, 1), SESSION) if day not in {date(2017, 6, 6), date(2017, 6, 7)}]
    days = [day for day in sessions for _ in range(9 if day == date(2017, 6, 8) else 20)]
    figure = only(completeness(known(days, feed=PRICES), SESSION, pl.Series([1])))
    assert figure.value == 20 / 23  # 31 days with 23 sessions; two lack and one is half empty
    assert figure.detail == "20 of 23 sessions have half of the usual 20 names or more"


def test_null_rates_count_nulls_and_nans_of_the_window():
    days = [SESSION - timedelta(days=10)] * 20 + [SESSION - timedelta(days=130)] * 20
    revenue = [None, float("nan"), None, *[1.0] * 17, *[None] * 20]
    figure = only(null_rates(known(days, revenue=revenue), SESSION))
    assert (figure.column, figure.value, figure.detail) == ("revenue", 3 / 20, "3 of 20 rows have none")


def test_a_text_may_be_missing_too():
    assert missing(pl.Series(["a", None])) == 1


def test_the_stability_index_is_what_a_hand_gives():
    before = pl.Series(np.arange(1000.0))
    now = pl.Series(np.repeat(np.arange(1000.0)[900:], 10))
    p = 100.5 / 1005  # each decile
    empty, full = 0.5 / 1005, 1000.5 / 1005
    assert stability_index(before, now) == pytest.approx(9 * (empty - p) * log(empty / p) + (full - p) * log(full / p))


def test_equal_numbers_have_no_index():
    numbers = pl.Series(np.random.default_rng(1).normal(size=500))
    assert stability_index(numbers, numbers.sample(fraction=1.0, shuffle=True, seed=2)) == pytest.approx(0.0)


def test_one_wild_value_moves_the_index_no_more_than_any_other():
    numbers = np.random.default_rng(1).normal(size=500)
    largest = numbers.argmax()
    wild = numbers.copy()
    wild[largest] = 1e15
    assert stability_index(pl.Series(numbers), pl.Series(wild)) == stability_index(pl.Series(numbers), pl.Series(numbers))


def test_few_or_no_numbers_have_no_index():
    many = pl.Series(np.arange(200.0))
    assert stability_index(many, many.head(99)) is None
    assert stability_index(many, pl.Series([None] * 200, dtype=pl.Float64)) is None


def test_equal_values_fall_into_one_bin():
    ones = pl.Series(np.ones(200))
    assert stability_index(ones, ones) == pytest.approx(0.0)


def test_bins_of_unequal_size_weigh_by_their_own_share():
    before, now = pl.Series([1.0] * 300 + [2.0] * 100), pl.Series([1.0] * 100 + [2.0] * 100)
    p, q = (300.5 / 401.5, 100.5 / 401.5, 0.5 / 401.5), (100.5 / 201.5, 100.5 / 201.5, 0.5 / 201.5)
    assert stability_index(before, now) == pytest.approx(sum((b - a) * log(b / a) for a, b in zip(p, q, strict=True)))


def test_drift_compares_the_window_with_the_year_before_it():
    generator = np.random.default_rng(3)
    days = [SESSION - timedelta(days=10)] * 200 + [SESSION - timedelta(days=300)] * 400 + [SESSION - timedelta(days=600)] * 400
    lately, earlier, long_ago = generator.normal(0, 1, 200), generator.normal(0, 1, 400), generator.normal(50, 1, 400)
    figure = only(drift(known(days, revenue=[*lately, *earlier, *long_ago]), SESSION))
    assert figure.value == stability_index(pl.Series(earlier), pl.Series(lately))
    assert figure.value < 0.2
    assert figure.detail == "200 values against 400 of the year before"


def test_rows_that_a_feed_leaves_out_are_not_judged():
    feed = Feed(FMP_INCOME_STATEMENT, rhythm=45, window=120, filled=("revenue",), among=("permaticker", (1, 2)))
    days, names = [SESSION] * 40, [1, 3] * 20
    revenue = [1.0, None] * 20
    assert only(null_rates(known(days, names=names, revenue=revenue, feed=feed), SESSION)).value == 0


def test_a_table_without_facts_has_no_figures():
    assert not [*measured(known([]), SESSION, pl.Series(range(50)))]
    assert not [*measured(known([date(2017, 7, 3)] * 50), SESSION, pl.Series(range(50)))]
