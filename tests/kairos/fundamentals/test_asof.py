"""What was known when, against a loop that looks at every version."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairos.calendar import session_close, sessions_between
from kairos.errors import CalendarError, ContractError
from kairos.fundamentals.asof import facts_as_of, join_as_of
from tests.kairos.fundamentals.made_up import ENDS, START, Loop, made_versions

SESSIONS = sessions_between(ENDS[0], ENDS[-1])
REAL = Path(__file__).parents[3].parent / "shared/data/fundamentals/edgar_reports_pit_2015_2017.parquet"
COLUMNS = ("revenue", "assets", "revenue_ttm", "revenue_year_ago", "revenue_q", "assets_ttm")


def panel(names: int, step: int = 1) -> pl.DataFrame:
    days = SESSIONS[::step]
    return pl.DataFrame(
        {"permaticker": np.repeat(np.arange(names), len(days)), "session": list(days) * names},
        schema_overrides={"permaticker": pl.Int64},
    )


@given(seed=st.integers(0, 10**6), days=st.integers(0, 1700))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_fact_known_later_is_visible(seed, days):
    instant = START + timedelta(days=days)
    versions = made_versions(seed, names=2)
    seen = facts_as_of(versions, instant)
    assert seen.filter(pl.col("known_at") > instant).is_empty()
    assert seen.equals(facts_as_of(versions.filter(pl.col("known_at") <= instant), instant))


@given(seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_the_newest_visible_period_never_goes_back(seed):
    known = join_as_of(panel(3), made_versions(seed, names=3), ["revenue"])
    steps = known.select(pl.col("period_end").diff().over("permaticker").dt.total_days())
    assert steps.filter(pl.col("period_end") < 0).is_empty()
    assert known.filter(
        pl.col("period_end").is_null() & pl.col("period_end").shift(1).over("permaticker").is_not_null()
    ).is_empty()


def test_a_restatement_of_an_old_period_changes_that_period_and_not_which_is_newest():
    def at(day):
        return datetime(2016, *day, tzinfo=UTC)

    versions = pl.DataFrame(
        {
            "permaticker": [1, 1, 1],
            "period_end": [ENDS[3], ENDS[4], ENDS[3]],
            "period": ["Q4", "Q1", "Q4"],
            "known_at": [at((2, 10)), at((5, 10)), at((8, 1))],
            "revenue": [10.0, 11.0, 7.0],
        }
    )
    assert facts_as_of(versions, at((6, 1)))["revenue"].to_list() == [11.0]
    assert facts_as_of(versions, at((9, 1)))["revenue"].to_list() == [11.0]
    assert facts_as_of(versions, at((3, 1)))["revenue"].to_list() == [10.0]
    assert facts_as_of(versions, at((2, 10)))["revenue"].to_list() == [10.0]
    assert facts_as_of(versions, at((2, 10)) - timedelta(microseconds=1)).is_empty()


def test_ten_thousand_probes_agree_with_the_loop():
    versions = made_versions(7, names=40, restated=60)
    loop, chance = Loop(versions), np.random.default_rng(11)
    wrong, late = 0, 0
    for _ in range(250):
        instant = START + timedelta(minutes=int(chance.integers(0, 1700 * 1440)))
        seen = {row["permaticker"]: row for row in facts_as_of(versions, instant).iter_rows(named=True)}
        wrong += sum(seen.get(name) != loop.newest(name, instant) for name in range(40))
        late += sum(row["known_at"] > instant for row in seen.values())
    assert (wrong, late) == (0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_every_row_of_the_join_agrees_with_the_loop(seed):
    versions = made_versions(seed, names=3, restated=40)
    loop = Loop(versions)
    known = join_as_of(panel(3, step=7), versions, COLUMNS)
    for row in known.iter_rows(named=True):
        name, close = row["permaticker"], session_close(row["session"])
        newest = loop.newest(name, close)
        assert row["period_end"] == (newest and newest["period_end"])
        assert row["revenue_ttm"] == pytest.approx(loop.trailing(name, close, "revenue"))
        assert row["revenue_year_ago"] == loop.a_year_before(name, close, "revenue")
        if newest:
            quarter = loop.at(name, close, newest["period_end"], annual=False)
            assert row["revenue_q"] == (quarter and quarter["revenue"])
            assert row["facts_known_at"] <= close
            firsts = [each["known_at"] for each in loop.rows[name] if each["period_end"] == newest["period_end"]]
            assert row["reported_at"] == min(firsts)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_versions_and_what_comes_later_change_nothing(seed):
    versions, cut = made_versions(seed), SESSIONS[600]
    rows = panel(4, step=3)
    whole = join_as_of(rows, versions, COLUMNS)
    assert whole.equals(join_as_of(rows, versions.sample(fraction=1, shuffle=True, seed=seed + 1), COLUMNS))
    so_far = versions.filter(pl.col("known_at") <= session_close(cut))
    early = pl.col("session") <= cut
    assert whole.filter(early).equals(join_as_of(rows.filter(early), so_far, COLUMNS))


def quarters(values, *, start=0, period=None):
    ends = ENDS[start : start + len(values)]
    return pl.DataFrame(
        {
            "permaticker": [1] * len(values),
            "period_end": ends,
            "period": period or [f"Q{end.month // 3}" for end in ends],
            "known_at": [datetime(end.year, end.month, end.day, tzinfo=UTC) + timedelta(days=40) for end in ends],
            "revenue": values,
        },
        schema_overrides={"revenue": pl.Float64},
    )


def last(versions, column):
    one = pl.DataFrame({"permaticker": [1], "session": [SESSIONS[-1]]})
    return join_as_of(one, versions, [column])[column][0]


def test_trailing_sums_by_hand():
    nine = quarters([1.0, 2, 3, 4, 5, 6, 7, 8, 9])
    assert last(nine, "revenue_ttm") == 6 + 7 + 8 + 9
    assert last(nine, "revenue_ttm_year_ago") == 2 + 3 + 4 + 5
    assert last(nine, "revenue_q_year_ago") == 5
    assert last(nine.filter(pl.col("revenue") != 7), "revenue_ttm") is None
    assert last(nine.filter(pl.col("revenue") != 3), "revenue_ttm") == 30


def test_a_name_that_reports_years_alone_has_the_year_as_its_trailing_sum():
    years = quarters([1.0, 2, 3, 100, 5, 6, 7, 200]).filter(pl.col("revenue") >= 100).with_columns(period=pl.lit("FY"))
    assert last(years, "revenue_ttm") == 200
    assert last(years, "revenue_ttm_year_ago") == 100
    assert last(years, "revenue_q") is None


def test_a_fiscal_year_of_weeks_meets_its_quarters():
    ends = [datetime(2017, 4, 29), datetime(2017, 7, 29), datetime(2017, 10, 28), datetime(2018, 2, 3)]
    weeks = quarters([1.0, 2, 3, 4]).with_columns(period_end=pl.Series(ends).dt.date())
    assert last(weeks, "revenue_ttm") == 10


def test_a_filing_after_the_close_counts_from_the_next_session():
    close = session_close(SESSIONS[100])
    rows = pl.DataFrame({"permaticker": [1, 1], "session": SESSIONS[100:102]})
    for late, seen in ((timedelta(0), [1.0, 1.0]), (timedelta(microseconds=1), [None, 1.0])):
        versions = quarters([1.0]).with_columns(known_at=pl.lit(close + late))
        assert join_as_of(rows, versions, ["revenue"])["revenue"].to_list() == seen


def test_no_versions_leave_the_panel_without_facts():
    known = join_as_of(panel(2, step=100), made_versions(1).clear(), COLUMNS)
    assert known.select(COLUMNS).null_count().row(0) == (known.height,) * len(COLUMNS)


def test_an_unknown_column_is_named():
    with pytest.raises(ContractError, match="no column profit_ttm"):
        join_as_of(panel(1), made_versions(1), ["profit_ttm"])


def test_a_naive_instant_is_refused():
    with pytest.raises(CalendarError, match="no time zone"):
        facts_as_of(made_versions(1), datetime(2016, 1, 1))
