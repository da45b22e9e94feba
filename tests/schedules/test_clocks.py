"""The clocks tick on sessions, ask for what is missing, and say why they ask for nothing."""

from datetime import date, datetime

import dagster as dg
import polars as pl
import pytest

from assets.incremental_proof import DAY
from kairos.calendar import NEW_YORK, sessions_between
from kairos.tables.features import FEAT_TREND
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.universe import MIDCAP_UNIVERSE
from kairos.warehouse.commit import Commit
from resources.platform import Platform
from schedules import SCHEDULES, daily_ingest_schedule, wednesday_retrain_schedule, weekly_compaction_schedule
from schedules.clocks import CATCH_UP, daily_feeds_schedule, incremental_proof_schedule

BY = Commit("test")


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("KAIROS_NOW", "NASDAQ_DATA_LINK_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAIROS_VENDOR", "sharadar")
    return Platform(home=str(tmp_path))


def tick(schedule, home, at):
    at = datetime.fromisoformat(at).replace(tzinfo=NEW_YORK)
    context = dg.build_schedule_context(scheduled_execution_time=at, resources={"platform": home})
    return schedule(context)


def asked(made):
    return [request.partition_key for request in made]


def pulled(home, *sessions, dataset="sep"):
    rows = {
        "payload_id": [f"{dataset}{session}" for session in sessions],
        "dataset": dataset,
        "session": list(sessions),
        **dict.fromkeys(("sha256", "source", "request", "path"), "x"),
        **dict.fromkeys(("bytes", "rows", "rejected", "received_year"), 1),
        "fetched_at": datetime(2018, 7, 1, tzinfo=NEW_YORK),
    }
    home.warehouse.append_new(RAW_PAYLOADS, RAW_PAYLOADS.conform(pl.DataFrame(rows)), commit=BY)


def test_the_evening_of_a_session_asks_for_it(home):
    assert asked(tick(daily_ingest_schedule, home, "2018-07-05T20:30")) == ["2018-07-05"]


@pytest.mark.parametrize(
    ("day", "why"),
    [
        ("2018-07-04T20:30", "Wednesday 2018-07-04 is no NYSE session"),
        ("2018-07-07T20:30", "Saturday 2018-07-07 is no NYSE session"),
    ],
    ids=["holiday", "weekend"],
)
def test_a_closed_day_asks_for_nothing(home, day, why):
    assert why in tick(daily_ingest_schedule, home, day).skip_message


def test_a_home_without_a_vendor_asks_for_nothing(home, monkeypatch):
    monkeypatch.setenv("KAIROS_VENDOR", "none")
    assert "KAIROS_VENDOR" in tick(daily_ingest_schedule, home, "2018-07-05T20:30").skip_message


def test_a_standing_clock_asks_for_nothing(home, monkeypatch):
    monkeypatch.setenv("KAIROS_NOW", "2018-07-05T23:00:00+00:00")
    assert "KAIROS_NOW" in tick(daily_ingest_schedule, home, "2018-07-05T20:30").skip_message


def test_a_session_that_is_in_is_not_asked_for_again(home):
    pulled(home, date(2018, 7, 5))
    assert "up to session 2018-07-05" in tick(daily_ingest_schedule, home, "2018-07-05T22:30").skip_message


def test_a_session_that_was_late_is_asked_for_again_at_the_next_tick(home):
    pulled(home, date(2018, 7, 5))
    evening, night = (tick(daily_ingest_schedule, home, f"2018-07-06T{hour}:30") for hour in (20, 22))
    assert asked(evening) == asked(night) == ["2018-07-06"]
    assert evening[0].run_key != night[0].run_key


def test_missed_evenings_are_caught_up_even_on_a_weekend(home):
    pulled(home, date(2018, 7, 3))
    assert asked(tick(daily_ingest_schedule, home, "2018-07-07T06:30")) == ["2018-07-05", "2018-07-06"]


def test_a_long_pause_is_not_caught_up_by_the_clock(home):
    pulled(home, date(2018, 1, 3))
    due = sessions_between(date(2018, 1, 4), date(2018, 7, 5))
    assert asked(tick(daily_ingest_schedule, home, "2018-07-05T20:30")) == [day.isoformat() for day in due[-CATCH_UP:]]


def test_the_feeds_are_asked_for_the_sessions_that_they_lack(home, monkeypatch):
    assert "ENABLE_FMP" in tick(daily_feeds_schedule, home, "2018-07-05T21:45").skip_message
    monkeypatch.setenv("ENABLE_FMP", "true")
    home = Platform(home=home.home)
    pulled(home, date(2018, 7, 5))
    pulled(home, date(2018, 7, 3), dataset="fmp_rating")
    assert asked(tick(daily_feeds_schedule, home, "2018-07-05T21:45")) == ["2018-07-05"]
    assert "up to session 2018-07-05" in tick(daily_ingest_schedule, home, "2018-07-05T22:30").skip_message


def test_bulk_payloads_are_no_daily_pull(home):
    pulled(home, None)
    assert asked(tick(daily_ingest_schedule, home, "2018-07-05T20:30")) == ["2018-07-05"]


def test_wednesday_retrains_the_newest_universe_year(home):
    for year in (2013, 2014):
        row = {"universe_year": year, "permaticker": 1, "ticker": "A", "entry": date(year, 1, 2), "reason": "trading"}
        rows = MIDCAP_UNIVERSE.conform(pl.DataFrame({**row, "sector": None, "exit": None}))
        home.warehouse.replace(MIDCAP_UNIVERSE, rows, partition={"universe_year": year}, commit=BY)
    assert tick(wednesday_retrain_schedule, home, "2018-07-04T22:00").partition_key == "2014"


def test_wednesday_without_a_universe_says_what_is_missing(home):
    assert "no universe has been built" in tick(wednesday_retrain_schedule, home, "2018-07-04T22:00").skip_message


def test_saturday_compacts_once(home):
    made = tick(weekly_compaction_schedule, home, "2018-07-07T06:00")
    assert made.run_key == "compaction-2018-07-07"


def test_the_date_of_a_night_draws_what_is_proved(home):
    assert "kairos features" in tick(incremental_proof_schedule, home, "2018-07-07T03:30").skip_message
    home.warehouse.replace(FEAT_TREND, FEAT_TREND.empty(), partition={"year": 2014}, commit=BY)
    assert tick(incremental_proof_schedule, home, "2018-07-07T03:30").tags[DAY] == "2018-07-07"


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_clocks_go_by_new_york(schedule):
    assert schedule.execution_timezone == "America/New_York"
