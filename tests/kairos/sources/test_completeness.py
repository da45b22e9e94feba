"""Rows that did not come are missed by what another answer, or an earlier delivery, says of them."""

from datetime import date

import polars as pl
import pytest

from kairos.errors import PlanError, SourceError
from kairos.sources.completeness import check_not_sample, check_seen_again, check_session_complete, check_swept, far_fewer
from kairos.sources.datasets import SEP

DAY = date(2025, 7, 24)


def test_a_sample_in_place_of_the_table_is_refused():
    rows = pl.DataFrame({"ticker": ["A", "A", "B"]})
    check_not_sample(rows, floor=2)
    with pytest.raises(PlanError, match=r"2 ticker\(s\), expected at least 3.*sends a sample"):
        check_not_sample(rows, floor=3)


def test_a_session_is_complete_with_nine_tenths_of_the_names():
    check_session_complete(90, 100, session=DAY)
    with pytest.raises(SourceError, match="89 rows on 2025-07-24, expected about 100"):
        check_session_complete(89, 100, session=DAY)


@pytest.mark.parametrize("expected", [0, 100])
def test_a_session_without_rows_is_never_complete(expected):
    with pytest.raises(SourceError, match="0 rows on 2025-07-24"):
        check_session_complete(0, expected, session=DAY)


def test_a_halt_and_a_death_in_a_small_market_are_no_loss():
    assert not far_fewer(16, 18)
    assert far_fewer(15, 18)


def test_where_nothing_is_known_a_session_has_as_many_names_as_any_real_one():
    check_session_complete(10, 0, session=DAY, floor=10)
    with pytest.raises(PlanError, match="9 rows on 2025-07-24, expected at least 10"):
        check_session_complete(9, 0, session=DAY, floor=10)


def changed(*tickers: str) -> pl.DataFrame:
    return pl.DataFrame({"ticker": tickers, "date": [DAY] * len(tickers), "lastupdated": [DAY] * len(tickers)})


def test_every_row_of_a_session_is_among_the_changes():
    check_swept(changed("A"), changed("A", "B"), SEP, since=DAY)
    with pytest.raises(SourceError, match="1 of 2 rows of the session are not among the 1 changed since 2025-07-24"):
        check_swept(changed("A", "B"), changed("A"), SEP, since=DAY)


def test_a_sweep_has_what_the_delivery_before_it_had():
    check_seen_again(90, 100, dataset="actions", since=DAY)
    with pytest.raises(SourceError, match="actions: 89 rows since 2025-07-24, expected at least the 100"):
        check_seen_again(89, 100, dataset="actions", since=DAY)
