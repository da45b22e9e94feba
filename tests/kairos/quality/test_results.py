"""A sound market has nothing to look at, and every planted fault is found where it lies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.quality.agreement import of_profiles, of_statements
from kairos.quality.checks import nothing_blocks, nothing_to_look_at
from kairos.quality.feeds import FEEDS, METRICS, PRICES, PROFILES
from kairos.quality.known import Known, by_day
from kairos.quality.results import Delivered, quality_results
from kairos.tables.quality import QUALITY_RESULTS

NAMES = 60
YEAR = 2017
SESSIONS = sessions_between(date(2015, 1, 1), date(YEAR, 12, 31))
FAULT = date(YEAR, 9, 1)  # faults begin here; the end of September is the first session that can show them
INCOME = next(feed for feed in FEEDS if feed.table.name == "fmp_income_statement")


def at(days):
    return [datetime(day.year, day.month, day.day, 22, tzinfo=UTC) for day in days]


def table(feed, days, names, seed):
    """Rows of a table with numbers that differ between names and hardly with time."""
    generator = np.random.default_rng(seed)
    place = {name: number for number, name in enumerate(sorted(set(names)))}
    size = np.exp(generator.normal(0, 1, len(place)))[[place[name] for name in names]]
    rows = {"permaticker": names, "session" if feed.by_session else "known_at": days if feed.by_session else at(days)}
    for column in dict.fromkeys((*feed.filled, *feed.steady)):
        text = column in {"sector", "industry", "country"}
        rows[column] = ["x"] * len(names) if text else size * np.exp(generator.normal(0, 0.02, len(names)))
    return pl.DataFrame(rows)


def prices():
    return table(PRICES, [day for day in SESSIONS for _ in range(NAMES)], [*range(NAMES)] * len(SESSIONS), 1)


def metrics():
    made = table(METRICS, [day for day in SESSIONS for _ in range(NAMES)], [*range(NAMES)] * len(SESSIONS), 2)
    return made.with_columns(known_at=pl.Series(at(made["session"])))


def profiles(values):
    weeks = SESSIONS[::5]
    made = table(PROFILES, [day for day in weeks for _ in range(NAMES)], [*range(NAMES)] * len(weeks), 3)
    same = values.select("permaticker", "known_at", market_cap="marketcap")
    return made.drop("market_cap").join(same, on=["permaticker", "known_at"])


def income():
    """A report of every name in every quarter, on days that differ from name to name."""
    starts = [date(year, month, 1) for year in (2015, 2016, 2017) for month in (1, 4, 7, 10)]
    days = [start + timedelta(days=20 + name % 50) for start in starts for name in range(NAMES)]
    made = table(INCOME, days, [*range(NAMES)] * len(starts), 4)
    return made.with_columns(period=pl.lit("Q1"))


def market(change: Callable[[dict[str, pl.DataFrame]], None] = lambda _: None) -> Delivered:
    """Three years of a sound market, changed by `change` before it is judged."""
    values = metrics()
    frames = {"prices": prices(), "metrics": values, "profiles": profiles(values), "income": income()}
    change(frames)
    feeds = {"prices": PRICES, "metrics": METRICS, "profiles": PROFILES, "income": INCOME}
    known = [Known(feed, by_day(feed, frames[name])) for name, feed in feeds.items()]
    dated = known[0].dated
    pairs = [of_profiles(frames["profiles"], frames["metrics"])]
    return Delivered(known, pairs, dated, None, SESSIONS[-1])


def found(change: Callable[[dict[str, pl.DataFrame]], None]) -> pl.DataFrame:
    """The figures out of bounds."""
    return quality_results(market(change), year=YEAR).filter(pl.col("level") != "ok")


def late(frame):
    day = "session" if "session" in frame.columns else "known_at"
    return pl.col(day).cast(pl.Date) >= FAULT


def said(bad):
    return set(bad.select("table_name", "check_name", "column_name", "level").rows())


def test_a_sound_market_has_nothing_to_look_at():
    made = QUALITY_RESULTS.validate(quality_results(market(), year=YEAR))
    assert made.filter(pl.col("level") != "ok").is_empty()
    assert made["session"].n_unique() == 12
    assert set(made["check_name"]) == {"freshness", "completeness", "null_rate", "drift", "agreement"}
    assert nothing_blocks(made).passed
    assert nothing_to_look_at(made).passed


def test_a_column_that_turns_null_blocks_from_the_month_it_does():
    def nulled(frames):
        rows = frames["metrics"]
        frames["metrics"] = rows.with_columns(ev=pl.when(~late(rows)).then("ev"))

    bad = found(nulled)
    assert said(bad) == {("daily_metrics", "null_rate", "ev", "block")}
    assert bad["session"].to_list() == [date(2017, 9, 29), date(2017, 10, 31), date(2017, 11, 30), date(2017, 12, 29)]
    assert bad["detail"][1] == "1320 of 1320 rows have none"
    assert not nothing_blocks(bad).passed


def test_half_of_the_companies_missing_block():
    def halved(frames):
        rows = frames["metrics"]
        frames["metrics"] = rows.filter(~late(rows) | (pl.col("permaticker") % 2 == 0))

    bad = found(halved).filter(pl.col("check_name") == "completeness")
    assert said(bad) == {("daily_metrics", "completeness", "", "block")}
    assert bad["value"].to_list() == [0.5] * 4


def test_missing_sessions_of_prices_block():
    def gone(frames):
        rows = frames["prices"]
        frames["prices"] = rows.filter(~pl.col("session").is_between(date(2017, 9, 5), date(2017, 9, 22)))

    bad = found(gone)
    assert ("sep_base", "completeness", "", "block") in said(bad)
    assert set(bad["session"]) == {date(2017, 9, 29)}


def test_another_scale_blocks_by_drift_and_by_the_other_source():
    def thousandfold(frames):
        rows = frames["metrics"]
        scale = pl.when(late(rows)).then(1000.0).otherwise(1.0)
        frames["metrics"] = rows.with_columns(marketcap=pl.col("marketcap") * scale)

    bad = found(thousandfold)
    assert said(bad) == {
        ("daily_metrics", "drift", "marketcap", "block"),
        ("dim_company_profile", "agreement", "market_cap", "block"),
    }
    assert bad.filter(check_name="agreement")["value"].max() == 0.0


def test_a_stale_feed_is_to_be_looked_at_and_then_blocks():
    def stopped(frames):
        rows = frames["income"]
        frames["income"] = rows.filter(pl.col("known_at") < datetime(2017, 4, 1, tzinfo=UTC))

    bad = found(stopped).sort("session")
    fresh = bad.filter(check_name="freshness")
    assert said(fresh) == {("fmp_income_statement", "freshness", "", "warn")}
    assert fresh["session"][0] == date(2017, 5, 31)
    assert "newest fact of 2017-03-11" in fresh["detail"][0]
    complete = bad.filter(check_name="completeness")
    assert complete.select("session", "level", "value").row(0) == (date(2017, 8, 31), "block", 27 / 60)


def test_a_shifted_distribution_is_to_be_looked_at():
    def shifted(frames):
        rows = frames["metrics"]
        scale = pl.when(late(rows)).then(4.0).otherwise(1.0)
        frames["metrics"] = rows.with_columns(pb=pl.col("pb") * scale)

    bad = found(shifted)
    assert {row[:3] for row in said(bad)} == {("daily_metrics", "drift", "pb")}
    assert bad["level"][0] == "warn"
    assert not nothing_to_look_at(bad).passed


def test_a_thousandfold_fact_of_one_vendor_is_found_beside_the_other():
    ends = [date(2017, 3, 31)] * 40
    fmp = {"symbol": [f"N{n}" for n in range(40)], "date": ends, "period": ["Q1"] * 40, "fetched_at": at(ends)}
    sf1 = {"ticker": fmp["symbol"], "dimension": ["ARQ"] * 40, "reportperiod": ends, "datekey": [date(2017, 5, 2)] * 40}
    numbers = {"revenue": [1000.0] * 40, "net_income": [5.0] * 40}
    theirs = {"revenue": [1.0] * 40, "netinc": [5.0] * 40}
    pairs = [*of_statements("fmp_income_statement", pl.DataFrame(fmp | numbers), pl.DataFrame(sf1 | theirs))]
    bad = quality_results(replace(market(), pairs=pairs), year=YEAR).filter(check_name="agreement")
    assert said(bad) == {
        ("fmp_income_statement", "agreement", "revenue", "block"),
        ("fmp_income_statement", "agreement", "net_income", "ok"),
    }


def test_a_feed_that_never_was_has_no_figures():
    sound = market()
    without = replace(sound, known=sound.known[:2], pairs=[])
    empty = [Known(feed, by_day(feed, feed.table.empty())) for feed in FEEDS[2:]]
    made = quality_results(replace(without, known=[*without.known, *empty]), year=YEAR)
    assert set(made["table_name"]) == {"sep_base", "daily_metrics"}
    assert made.filter(pl.col("level") != "ok").is_empty()


def test_a_home_without_prices_has_no_results():
    assert quality_results(replace(market(), last_loaded=None), year=YEAR).is_empty()


def test_a_year_after_the_last_loaded_one_has_no_results():
    assert quality_results(market(), year=2018).is_empty()


def test_a_verdict_names_the_newest_figure_of_each_table():
    rows = [
        ("sep_base", date(2017, 1, 31), "null_rate", "open", 0.75, 0.1, "block", "3 of 4 rows have none"),
        ("sep_base", date(2017, 2, 28), "null_rate", "open", 1.0, 0.1, "block", "4 of 4 rows have none"),
        ("sep_base", date(2017, 2, 28), "drift", "volume", 0.6, 0.5, "warn", "200 values against 400 of the year before"),
    ]
    verdict = nothing_blocks(pl.DataFrame(rows, schema=QUALITY_RESULTS.dtypes, orient="row"))
    assert verdict.summary == (
        "2 of 3 figures would let wrong data reach a model; sep_base.open null_rate 1, expected 0.1, on 2017-02-28 "
        "(4 of 4 rows have none)"
    )


@pytest.mark.parametrize("feed", FEEDS, ids=lambda feed: feed.table.name)
def test_every_judged_column_is_the_tables_own(feed):
    assert set(feed.columns) <= set(feed.table.columns)
    assert all(feed.table.dtypes[name].is_numeric() for name in feed.steady)
