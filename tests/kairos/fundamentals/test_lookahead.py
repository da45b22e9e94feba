"""The error of joining on the period's end, by hand and on real filings."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from benchmarks.real_filings import FILE, real_panel, real_versions
from kairos.calendar import session_close, sessions_between
from kairos.fundamentals.asof import facts_as_of, join_as_of
from kairos.fundamentals.lookahead import lookahead_error
from tests.kairos.fundamentals.made_up import ENDS, Loop

real = pytest.mark.skipif(not FILE.exists(), reason="real filings are not on this machine")


def test_the_error_by_hand():
    """One quarter, known 40 days after its end and restated 20 days later: 59 days of it are told from the future."""
    known = [datetime(2015, 5, 10, 12, tzinfo=UTC), datetime(2015, 5, 30, 12, tzinfo=UTC)]
    versions = pl.DataFrame(
        {"permaticker": [1, 1], "period_end": [ENDS[0]] * 2, "period": ["Q1"] * 2, "known_at": known, "x": [1.0, 2.0]}
    )
    days = sessions_between(ENDS[0], ENDS[1])
    panel = pl.DataFrame({"permaticker": [1] * len(days), "session": days})
    error = lookahead_error(panel, versions, "x")
    early = [day for day in days if session_close(day) < known[1]]
    assert (error.rows, error.median_lag_days) == (len(days), 40)
    assert error.future_share == pytest.approx(len(early) / len(days))
    assert error.changed_share == error.future_share
    middle = np.median([(known[1] - session_close(day)).total_seconds() for day in early]) / 86400
    assert error.median_days_early == pytest.approx(middle)


def test_facts_joined_when_they_were_known_are_in_no_error():
    end = pl.col("period_end").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    versions = pl.DataFrame({"permaticker": [1], "period_end": [ENDS[0]], "period": ["Q1"], "x": [1.0]}).with_columns(
        known_at=end
    )
    panel = pl.DataFrame({"permaticker": [1], "session": [sessions_between(ENDS[0], ENDS[1])[5]]})
    assert lookahead_error(panel, versions, "x").future_share == 0


@pytest.fixture(scope="module")
def filings() -> pl.DataFrame:
    return real_versions()


@real
def test_real_filings_are_told_40_days_too_late_for_a_join_on_their_period(filings):
    error = lookahead_error(real_panel(filings), filings, "net_income")
    assert error.median_lag_days == 40  # 39 to the archive, and a day and a half to its use
    assert 0.40 < error.future_share < 0.46


@real
def test_real_filings_known_later_are_never_visible_and_their_order_does_not_matter(filings):
    shuffled = filings.sample(fraction=1, shuffle=True, seed=3)
    first = filings["known_at"].min()
    for days in range(0, 740, 37):
        instant = first + timedelta(days=days, hours=5)
        seen = facts_as_of(filings, instant)
        assert seen["known_at"].max() <= instant
        assert seen.equals(facts_as_of(filings.filter(pl.col("known_at") <= instant), instant))
        assert seen.equals(facts_as_of(shuffled, instant).select(seen.columns))


@real
def test_real_probes_agree_with_the_loop(filings):
    month = pl.col("period_end").dt.offset_by("-15d").dt.truncate("1mo")
    clashing = filings.filter(pl.col("period_end").n_unique().over("permaticker", month) > 1)["permaticker"].unique()
    plain = filings.filter(~pl.col("permaticker").is_in(clashing.implode())).select(
        "permaticker", "period_end", "period", "known_at", "net_income"
    )
    loop, first = Loop(plain), filings["known_at"].min()
    for days in (30, 200, 410, 700):
        instant = first + timedelta(days=days)
        seen = {row["permaticker"]: row for row in facts_as_of(plain, instant).iter_rows(named=True)}
        assert len(seen) > 250
        assert [name for name in loop.rows if seen.get(name) != loop.newest(name, instant)] == []


@real
def test_real_restatements_of_old_periods_never_take_the_newest_period_back(filings):
    known = join_as_of(real_panel(filings), filings, ["net_income"])
    steps = known.select(pl.col("period_end").diff().over("permaticker").dt.total_days().alias("step"))["step"]
    assert (steps < -15).sum() == 0
