"""A feature year that follows an ingest is built upon what stands of it, where it is known what that was made from."""

import shutil
from datetime import date

import dagster as dg
import numpy as np
import polars as pl
import pytest

from assets.features import FEATURE_ASSETS
from assets.incremental_proof import DAY, incremental_proof
from assets.increments import COMPUTED, REUSED
from assets.recipe import ONLY_CHANGED
from kairos.calendar import SystemClock, sessions_between
from kairos.features import fingerprint as source
from kairos.tables.features import FEAT_REVERSAL, FEAT_TREND
from kairos.tables.market import DAILY_RETURNS
from kairos.warehouse.commit import Commit
from kairos.warehouse.maintenance import compact_and_vacuum
from resources.kept import Kept
from resources.platform import Platform
from resources.table_io import TableIO

BY = Commit("test")
YEAR = 2017
SESSIONS = sessions_between(date(2015, 7, 1), date(2017, 9, 29))
NAMES = 6
TWO = (FEAT_TREND, FEAT_REVERSAL)
ASSETS = [asset for asset in FEATURE_ASSETS if asset.key.path[-1] in {table.name for table in TWO}]


def made_returns() -> pl.DataFrame:
    chance = np.random.default_rng(5)
    rows = NAMES * len(SESSIONS)
    values = {name: chance.normal(0, 0.02, rows) for name in ("ret_cc", "ret_co", "ret_oc")}
    spread = {"high_to_close": chance.exponential(0.01, rows), "low_to_close": -chance.exponential(0.01, rows)}
    sizes = {"dollar_volume": np.exp(chance.normal(16, 1, rows)), "closeunadj": np.exp(chance.normal(3, 0.1, rows))}
    key = {"permaticker": np.repeat(np.arange(NAMES) + 100, len(SESSIONS)), "session": list(SESSIONS) * NAMES}
    return DAILY_RETURNS.conform(
        pl.DataFrame({**key, **values, **spread, **sizes, "ret_source": "actions", "is_delisting": False})
    )


RETURNS = made_returns()
BEFORE = RETURNS.filter(pl.col("session") < SESSIONS[-2])
MISTAKE = (pl.col("permaticker") == 101) & (pl.col("session") == date(2016, 12, 28))
WRONG = BEFORE.with_columns(ret_cc=pl.when(MISTAKE).then(0.5).otherwise("ret_cc"))


class Home:
    """A home with returns, in which two feature tables are built."""

    def __init__(self, folder):
        self.folder = folder
        self.platform = Platform(home=str(folder))

    def write(self, returns, *years):
        for year in years or (2015, 2016, 2017):
            rows = returns.filter(pl.col("session").dt.year() == year)
            commit = Commit("daily_returns", partition=str(year))
            self.platform.warehouse.replace(DAILY_RETURNS, rows, partition={"year": year}, commit=commit)

    def build(self, *, only_changed=True):
        """Build the year; return rows computed and reused of each table."""
        self.platform = Platform(home=str(self.folder))  # every run has its own
        resources = {"platform": self.platform, "table_io": TableIO(platform=self.platform)}
        tags = {"dagster/partition": str(YEAR), **({ONLY_CHANGED: "true"} if only_changed else {})}
        result = dg.materialize(ASSETS, resources=resources, tags=tags)
        found = [
            event.step_materialization_data.materialization for event in result.all_events if event.is_step_materialization
        ]
        told = {each.asset_key.path[-1]: each.metadata for each in found}
        return {name: tuple(shown[key].value for key in (COMPUTED, REUSED) if key in shown) for name, shown in told.items()}

    def prove(self, *, fails=False):
        """Run the nightly proof of the two tables; return its verdicts by table."""
        platform = Platform(home=str(self.folder))
        keys = [key for key in incremental_proof.check_keys if key.asset_key.path[-1] in {table.name for table in TWO}]
        job = dg.Definitions(
            assets=ASSETS,
            asset_checks=[incremental_proof],
            jobs=[dg.define_asset_job("proof", selection=dg.AssetSelection.checks(*keys))],
            resources={"platform": platform, "table_io": TableIO(platform=platform)},
        ).resolve_job_def("proof")
        result = job.execute_in_process(tags={DAY: "2018-01-02"}, raise_on_error=False)
        assert result.success is not fails
        return {verdict.asset_key.path[-1]: verdict for verdict in result.get_asset_check_evaluations()}

    def rows(self):
        return {table.name: self.platform.warehouse.read(table) for table in TWO}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A home whose returns of one name had been wrong on one day when its features were built."""
    home = Home(tmp_path_factory.mktemp("built"))
    home.write(WRONG)
    home.build()
    return home.folder


@pytest.fixture
def home(built, tmp_path):
    return Home(shutil.copytree(built, tmp_path / "home"))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    fresh = Home(tmp_path_factory.mktemp("fresh"))
    fresh.write(RETURNS)
    fresh.build(only_changed=False)
    return fresh.rows()


OF_YEAR = RETURNS.filter(pl.col("session").dt.year() == YEAR).height
ALL = {table.name: (OF_YEAR, 0) for table in TWO}
A_NAME = OF_YEAR // NAMES
# the index of the corrected name begins before
MENDED = (A_NAME + 2 * (NAMES - 1), OF_YEAR - A_NAME - 2 * (NAMES - 1))


def assert_same(home, expected):
    for name, rows in home.rows().items():
        assert rows.equals(expected[name]), name


def test_new_rows_and_those_that_a_correction_reaches_are_computed(home, expected):
    home.write(RETURNS, 2016, YEAR)
    assert home.build() == {table.name: MENDED for table in TWO}
    assert_same(home, expected)


def test_steps_of_a_run_read_and_compare_once(home, monkeypatch):
    home.write(RETURNS, 2016, YEAR)
    made = []
    plain = Kept.of
    monkeypatch.setattr(Kept, "of", lambda kept, kind, key, make: plain(kept, kind, key, lambda: made.append(kind) or make()))
    home.build()
    assert sorted(made) == ["changed", "panel", "read"]


def test_a_run_that_a_person_launches_computes_all(home, expected):
    home.write(RETURNS, 2016, YEAR)
    assert home.build(only_changed=False) == ALL
    assert_same(home, expected)


def test_other_code_computes_all(home, monkeypatch):
    home.write(RETURNS, 2016, YEAR)
    source.fingerprint.cache_clear()
    monkeypatch.setattr(source, "version", lambda name: "another")
    try:
        assert home.build() == ALL
    finally:
        source.fingerprint.cache_clear()


def test_returns_whose_files_an_upkeep_deleted_make_all_computed(home, expected):
    home.write(RETURNS, 2016, YEAR)
    for file in (home.folder / "warehouse" / "daily_returns" / "year=2017").iterdir():
        if file.name not in {path.rsplit("/", 1)[-1] for path in home.platform.warehouse.delta(DAILY_RETURNS).file_uris()}:
            file.unlink()
    assert home.build() == ALL
    assert_same(home, expected)


def test_a_table_of_returns_made_anew_is_another(home, expected):
    """Its versions begin at 0 again, and say nothing of what was read: as read now, those of then hold no wrong row."""
    shutil.rmtree(home.folder / "warehouse" / "daily_returns")
    home.write(BEFORE)
    home.write(RETURNS, YEAR)
    assert home.build() == ALL
    assert_same(home, expected)


def test_rows_written_by_who_names_no_year_make_all_computed(home, expected):
    home.write(RETURNS, 2016, YEAR)
    rows = RETURNS.filter(pl.col("session").dt.year() == 2016)
    home.platform.warehouse.replace(DAILY_RETURNS, rows, partition={"year": 2016}, commit=BY, restate=True)
    assert home.build() == ALL
    assert_same(home, expected)


def test_an_upkeep_changes_nothing(home, expected):
    home.write(RETURNS, 2016, YEAR)
    compact_and_vacuum(home.platform.warehouse, now=SystemClock().now(), keep_days=7)
    assert home.build()["feat_trend"] == MENDED
    assert_same(home, expected)


def plant(table, column, *, at):
    """Move one value by one bit in the file of the year, whose size the log then has to tell."""
    (stored,) = (table / "year=2017").glob("*.parquet")
    rows, size = pl.read_parquet(stored, hive_partitioning=False), stored.stat().st_size
    value = rows[column][at]
    nudged = float(np.nextafter(np.float32(value), np.float32(9)))
    values = pl.Series(column, [*rows[column][:at], nudged, *rows[column][at + 1 :]], pl.Float32)
    rows.with_columns(values).write_parquet(stored)
    for log in (table / "_delta_log").glob("*.json"):
        log.write_text(log.read_text().replace(f'"size":{size},', f'"size":{stored.stat().st_size},'))
    return rows.select("permaticker", "session").row(at), value, nudged


class TestTheNightlyProof:
    """Years that stand are compared with those built anew from what they were made from."""

    def test_an_honest_home_passes(self, home):
        home.write(RETURNS, 2016, YEAR)
        home.build()
        verdicts = home.prove()
        assert {name: verdict.passed for name, verdict in verdicts.items()} == {table.name: True for table in TWO}
        assert {verdict.metadata["rows compared"].value for verdict in verdicts.values()} == {OF_YEAR}

    def test_returns_that_moved_on_since_are_no_difference(self, home):
        home.write(RETURNS, 2016, YEAR)
        assert all(verdict.passed for verdict in home.prove().values())

    def test_a_value_changed_in_a_stored_file_is_found_and_named(self, home):
        column = "px_to_sma_21d"
        key, value, nudged = plant(home.folder / "warehouse" / "feat_trend", column, at=500)
        verdicts = home.prove(fails=True)
        said = (
            f"2017: {column} of permaticker {key[0]} on {key[1]}: stored {nudged}, built anew {value} (1 row(s) differ in it)"
        )
        assert verdicts["feat_trend"].description == said
        assert verdicts["feat_trend"].severity is dg.AssetCheckSeverity.ERROR
        assert not verdicts["feat_trend"].passed
        assert verdicts["feat_reversal"].passed

    def test_years_made_by_other_code_are_not_compared(self, home, monkeypatch):
        source.fingerprint.cache_clear()
        monkeypatch.setattr(source, "version", lambda name: "another")
        try:
            assert {verdict.metadata["rows compared"].value for verdict in home.prove().values()} == {0}
        finally:
            source.fingerprint.cache_clear()
