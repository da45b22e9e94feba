"""`kairos ui` serves the graph, runs what is launched in it, shows a person what there is, and stops when told to."""

import signal
import time
from datetime import date

import httpx
import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.settings import load_settings, write_settings_file
from tests.journeys.browser import CHROMIUM, browsing
from tests.journeys.ui_server import LOCATION, RAW, await_truth, serving

pytestmark = pytest.mark.slow

SESSION = "2013-12-30"
GAP = date(2012, 2, 6)  # a session that an imported file lacks
MARKET = ("tickers", "sep_versions", "sep_base")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def file_with_a_gap():
    """Daily bars of 25 names over two years, one session of the second year missing."""
    days = [day for day in sessions_between(date(2011, 11, 1), date(2012, 3, 30)) if day != GAP]
    bars = pl.DataFrame({"date": days}).with_columns(close=10.0 + pl.int_range(pl.len()) % 3 * 0.1)
    names = pl.DataFrame({"ticker": [f"N{number}" for number in range(25)]})
    prices = {name: pl.col("close") for name in ("open", "high", "low", "closeadj", "closeunadj")}
    return names.join(bars, how="cross").with_columns(**prices, volume=1e6)


def import_with_a_gap(folder):
    """Import that file and fill the market tables of both years; the second year's check fails."""
    from kairos_dagster.runs import RunFailedError, run_assets

    file_with_a_gap().write_csv(folder / "gap.csv")
    paths = {"ops": {"raw_payloads_bulk": {"config": {"paths": [str(folder / "gap.csv")]}}}}
    settings = load_settings(home=folder)
    run_assets(settings, ["raw_payloads_bulk", "raw_sep_bulk"], run_config=paths)
    with pytest.raises(RunFailedError, match=r"sep_base\[2012\]: check sessions_complete failed: .*all but 2012"):
        run_assets(settings, MARKET, partitions=["2011", "2012"])


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    """The UI of a home on the embedded market, into which a file with a gap was imported."""
    folder = tmp_path_factory.mktemp("ui")
    write_settings_file(
        folder, {"KAIROS_VENDOR": "sandbox", "KAIROS_SANDBOX_SIZE": "tiny", "KAIROS_NOW": "2013-12-31T01:30:00+00:00"}
    )
    import_with_a_gap(folder)
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="module")
def page(ui, tmp_path_factory):
    with browsing(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture(scope="module")
def backfill(ui):
    """A backfill of two years; the daemon takes it up within half a minute, and the other tests go on meanwhile."""
    return ui.backfill(["feat_trend"], ["2012", "2013"])


@pytest.fixture(scope="module")
def ingested(ui, backfill):
    """The UI after a session was pulled in it."""
    assert ui.end_of(ui.launch(RAW, SESSION)) == "SUCCESS", ui.log()
    return ui


def test_the_lineage_leads_from_payloads_to_statistics(ui):
    nodes = ui.ask("{ assetNodes { assetKey { path } dependencyKeys { path } } }")["assetNodes"]
    upstream = {node["assetKey"]["path"][0]: {key["path"][0] for key in node["dependencyKeys"]} for node in nodes}
    found, waiting = set(), ["strategy_stats"]
    while waiting:
        fresh = upstream[waiting.pop()] - found
        found |= fresh
        waiting += fresh
    assert {"raw_payloads", "raw_sep", "daily_returns", "feat_trend", "model_ridge", "simulation_daily"} <= found


def test_schedules_and_sensors_run(ui):
    query = "query($at: RepositorySelector!) { %s(repositorySelector: $at) { ... on %s { results { name %s { status } } } } }"
    schedules = ui.ask(query % ("schedulesOrError", "Schedules", "scheduleState"), at=LOCATION)["schedulesOrError"]["results"]
    sensors = ui.ask(query % ("sensorsOrError", "Sensors", "sensorState"), at=LOCATION)["sensorsOrError"]["results"]
    assert {row["name"]: row["scheduleState"]["status"] for row in schedules} == dict.fromkeys(
        (
            "daily_ingest_schedule",
            "daily_feeds_schedule",
            "incremental_proof_schedule",
            "wednesday_retrain_schedule",
            "weekly_compaction_schedule",
        ),
        "RUNNING",
    )
    assert {row["name"]: row["sensorState"]["status"] for row in sensors} == dict.fromkeys(
        ("refresh_after_ingest", "refresh_after_feeds", "publish_views", "report_failure"), "RUNNING"
    )


def test_a_session_launched_in_the_ui_is_pulled(ingested):
    assert [ingested.partitions(name) for name in RAW] == [[(SESSION, SESSION)]] * len(RAW)


def test_the_published_views_follow_a_run(ingested):
    import duckdb

    def rows():
        if not ingested.folder.joinpath("kairos.duckdb").exists():
            return 0
        with duckdb.connect(ingested.folder / "kairos.duckdb", read_only=True) as shell:
            return shell.sql("SELECT count(*) FROM raw_sep").fetchall()[0][0]

    assert await_truth(rows, within=120, pause=1)


@needs_browser
def test_a_person_sees_the_groups_of_the_graph(ui, page):
    page.open(f"{ui.url}/asset-groups")
    assert page.shows("raw", "market", "universe", "features", "matrix", "models", "simulation"), page.text()


@needs_browser
def test_a_person_sees_the_lineage_of_a_statistic(ui, page):
    page.open(f"{ui.url}/assets/strategy_stats?view=lineage&lineageScope=upstream&lineageDepth=20")
    assert page.shows("strategy_stats", "simulation_daily", "raw_payloads"), page.text()


@needs_browser
def test_a_person_sees_the_steps_of_a_run_and_why_one_failed(ui, page):
    runs = ui.ask("{ runsOrError(filter: {statuses: [FAILURE]}) { ... on Runs { results { runId } } } }")
    page.open(f"{ui.url}/runs/{runs['runsOrError']['results'][0]['runId']}")
    assert page.shows("sep_versions", "sep_base", "Failure", f"less than half of the usual 25 names: {GAP}"), page.text()


@needs_browser
def test_a_person_sees_which_check_failed_with_its_numbers(ui, page):
    page.open(f"{ui.url}/assets/sep_base?view=checks&checkDetail=sessions_complete")
    assert page.shows("blocking", f"2012: 1 of 62 sessions have less than half of the usual 25 names: {GAP}"), page.text()


@needs_browser
def test_a_person_sees_the_plot_of_a_year(ui, page):
    page.open(f"{ui.url}/assets/sep_base?view=partitions&partition=2011")
    row = "[...document.querySelectorAll('tr')].find(row => row.innerText.trim().startsWith('plot'))"
    assert page.becomes(row), page.text()
    page.ask(f"{row}.querySelector('a, button').click()")  # says [Show Markdown]
    assert page.becomes(
        "[...document.images].some(shown => shown.src.startsWith('data:image/png') && shown.naturalWidth > 300)"
    )


def test_a_backfill_of_years_is_one_run(ingested, backfill):
    assert await_truth(lambda: ingested.runs_of(backfill), within=200)
    [run] = ingested.runs_of(backfill)
    assert ingested.end_of(run["runId"]) == "SUCCESS", ingested.log()
    assert len(ingested.runs_of(backfill)) == 1
    assert ingested.partitions("feat_trend") == [("2012", "2013")]


def test_it_stops_when_told_to(ingested):
    began = time.monotonic()
    ingested.process.send_signal(signal.SIGTERM)
    ingested.process.wait(60)
    assert time.monotonic() - began < 60
    with pytest.raises(httpx.ConnectError):
        ingested.ask("{ version }")
