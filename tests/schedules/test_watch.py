"""What follows from a run: the years it touched, fresh views, and a line about a failure."""

import json
from datetime import UTC, date, datetime

import dagster as dg
import polars as pl
import pytest

from kairos.errors import SourceError
from kairos.tables.market import DAILY_RETURNS, SEP_BASE
from kairos.tables.raw import RAW_PAYLOADS, RAW_SEP
from kairos.warehouse.commit import Commit
from resources.platform import Platform
from schedules import publish_views, refresh_after_ingest, report_failure

BY = Commit("test")
SEEN = {"fetched_at": datetime(2018, 1, 1, tzinfo=UTC), "received_year": 2018, "source": "t"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KAIROS_NOW", "2018-07-06T01:00:00+00:00")
    return Platform(home=str(tmp_path))


def received(home, session, *dated, **prices):
    """Write the payload of a session with price rows of these days; `prices` are those of the last."""
    text = dict.fromkeys(("sha256", "request", "path"), "x") | {"payload_id": f"p{session}", "dataset": "sep"}
    payload = pl.DataFrame({**SEEN, **text, "session": session, "bytes": 1, "rows": 1, "rejected": 0})
    home.warehouse.append_new(RAW_PAYLOADS, RAW_PAYLOADS.conform(payload), commit=BY)
    bare = dict.fromkeys(("open", "high", "low", "volume", "closeadj", "closeunadj", "lastupdated"))
    rows = [
        {**SEEN, **bare, "payload_id": f"p{session}", "row": n, "ticker": "A", "date": day, "close": 1.0}
        | (prices if day == dated[-1] else {})
        for n, day in enumerate(dated)
    ]
    home.warehouse.append_new(RAW_SEP, RAW_SEP.conform(pl.DataFrame(rows)), commit=BY)


def ran(*, name="daily_ingest", error=None, **tags):
    """Run a job of that name and return what a sensor is told of it."""

    @dg.op(name="pull")
    def pull() -> None:
        if error is not None:
            raise error

    @dg.job(name=name, tags=tags)
    def job():
        pull()

    instance = dg.DagsterInstance.ephemeral()
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    event = next(event for event in result.all_events if event.is_job_event and (event.is_failure or event.is_job_success))
    return dg.build_run_status_sensor_context(
        sensor_name="s", dagster_instance=instance, dagster_run=result.dagster_run, dagster_event=event
    )


def test_an_ingest_is_followed_by_its_year(home):
    received(home, date(2018, 7, 5), date(2018, 7, 5), date(2018, 7, 3))
    [request] = refresh_after_ingest(ran(**{"dagster/partition": "2018-07-05"}), platform=home)
    assert request.tags == {"dagster/partition": "2018", "kairos/only-changed": "true"}


def test_an_ingest_that_brought_earlier_rows_is_followed_by_every_year_from_there(home):
    received(home, date(2018, 7, 5), date(2018, 7, 5), date(2016, 2, 1))
    [request] = refresh_after_ingest(ran(**{"dagster/partition": "2018-07-05"}), platform=home)
    assert request.tags == span("2016", "2018")


def span(first, last):
    years = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    return years | {"kairos/only-changed": "true"}


def shown(home, day, **prices):
    """Let the tables show a price of ticker A, and a return of it."""
    told = {"permaticker": 1, "session": day, "ticker": "A", "payload_id": "before", "row": 0, "ret_source": "close"}
    told |= SEEN | {"known_at": SEEN["fetched_at"], "known_source": "observed", "is_delisting": False} | prices
    for table in (SEP_BASE, DAILY_RETURNS):
        bare = dict.fromkeys(table.columns) | {name: value for name, value in told.items() if name in table.columns}
        home.warehouse.replace(
            table,
            pl.DataFrame([bare], schema=table.dtypes),
            partition={"year": day.year},
            commit=Commit("test", partition=str(day.year)),
        )


def test_where_adjusted_prices_alone_moved_the_prices_are_built_again_and_no_more(home):
    old = date(2014, 3, 3)
    shown(home, old, close=1.0, closeadj=0.9, closeunadj=1.0)
    received(home, date(2018, 7, 5), date(2018, 7, 5), old, closeadj=0.8, closeunadj=1.0)
    context = ran(**{"dagster/partition": "2018-07-05"})
    prices, everything = refresh_after_ingest(context, platform=home)
    assert prices.tags == span("2014", "2017")
    assert [key.to_user_string() for key in prices.asset_selection] == ["sep_versions", "sep_base", "corrections"]
    assert everything.tags == {"dagster/partition": "2018", "kairos/only-changed": "true"}
    assert everything.asset_selection is None
    assert prices.run_key != everything.run_key


def test_a_range_of_sessions_is_followed_by_its_years(home):
    for session in (date(2017, 12, 29), date(2018, 1, 2)):
        received(home, session, session)
    pulled = {"dagster/asset_partition_range_start": "2017-12-29", "dagster/asset_partition_range_end": "2018-01-02"}
    [request] = refresh_after_ingest(ran(**pulled), platform=home)
    assert request.tags == span("2017", "2018")


def test_each_ingest_is_followed_once(home):
    received(home, date(2018, 7, 5), date(2018, 7, 5))
    context = ran(**{"dagster/partition": "2018-07-05"})
    keys = {request.run_key for _ in range(2) for request in refresh_after_ingest(context, platform=home)}
    assert keys == {f"years-{context.dagster_run.run_id}"}


def test_views_are_published_after_a_run(home):
    publish_views(ran(), platform=home)
    assert home.settings.duckdb_file.exists()


def test_a_failed_run_leaves_a_line_that_says_why(home):
    why = dg.Failure("raw_payloads[2018-07-05]: sep: 0 rows on 2018-07-05.")
    context = ran(error=why, **{"dagster/partition": "2018-07-05"}).for_run_failure()
    report_failure(context, platform=home)
    line = json.loads((home.settings.home / "alerts.jsonl").read_text())
    assert line == {
        "at": "2018-07-06T01:00:00+00:00",
        "run_id": context.dagster_run.run_id,
        "job": "daily_ingest",
        "partition": "2018-07-05",
        "message": why.description,
    }


def test_a_failed_run_of_unforeseen_cause_names_the_step_and_the_cause(home):
    report_failure(ran(error=SourceError("no\nroute")).for_run_failure(), platform=home)
    assert (
        json.loads((home.settings.home / "alerts.jsonl").read_text())["message"] == "pull: kairos.errors.SourceError: no route"
    )


def test_what_a_failed_run_had_written_is_published(home):
    report_failure(ran(error=SourceError("x")).for_run_failure(), platform=home)
    assert home.settings.duckdb_file.exists()


def test_failures_are_kept_line_by_line(home):
    for _ in range(2):
        report_failure(ran(error=SourceError("x")).for_run_failure(), platform=home)
    assert len((home.settings.home / "alerts.jsonl").read_text().splitlines()) == 2
