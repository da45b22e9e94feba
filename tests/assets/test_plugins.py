"""A plug-in's asset fills its table in a real instance; one that leaks in a year only is stopped there."""

from datetime import date

import dagster as dg
import polars as pl
import pytest

from assets.plugins import plugin_assets
from kairos.features.leaks.sample import filled, made_up_tables
from kairos.settings import Settings
from kairos.tables.leaks import FEATURE_LEAKS
from kairos.tables.market import DAILY_RETURNS, TICKERS
from kairos.tables.plugins import load_plugins
from kairos.tables.registry import TABLES, register
from kairos.warehouse.commit import Commit
from kairos_dagster.build import build_defs
from resources.platform import Platform
from resources.table_io import TableIO
from tests.kairos.features.test_plugins import CALM, LEAKY, RANKED

# honest in the year that the file is tried on; only the warehouse's years show it
WHEN = 'by_polars(pl.when(pl.col("session").dt.year() == 2016).then(pl.col("R").shift(-1)).otherwise(pl.col("R")))'
LATE = "import polars as pl\nfrom kairos.features.terms import by_polars\n" + (
    CALM.replace("feat_calm", "feat_late").replace("calm_21d", "late").replace("mean(R, 21) / std(R, 21)", WHEN)
)
FILES = {"calm": CALM, "ranked": RANKED, "late": LATE, "leaky": LEAKY.replace("feat_ranked", "feat_leaky")}
YEARS = (2014, 2015, 2016)


@pytest.fixture(scope="module")
def market():
    return made_up_tables(8, names=12, first=date(2014, 1, 1), last=date(2016, 12, 31))


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "plugins" / "features"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / f"{name}.py").write_text(text)
    yield tmp_path
    register(())


class Place:
    """A home whose plug-ins are loaded and whose warehouse holds three years of prices."""

    def __init__(self, home, market):
        self.plugins = load_plugins(home)
        self.assets = {made.key.to_user_string(): made for made in plugin_assets(self.plugins)}
        self.platform = Platform(home=str(home))
        self.instance = dg.DagsterInstance.ephemeral()
        commit = Commit("test", run_id="r", partition="-", reads={})
        for year in YEARS:
            rows = market["daily_returns"].filter(pl.col("session").dt.year() == year)
            rows = filled(rows, DAILY_RETURNS.dtypes)
            self.platform.warehouse.replace(DAILY_RETURNS, rows, partition={"year": year}, commit=commit)
        lives = filled(market["tickers"], TICKERS.dtypes).with_columns(
            known_at=pl.datetime(2014, 1, 1, time_zone="UTC"), known_source=pl.lit("assumed")
        )
        self.platform.warehouse.replace(TICKERS, lives, partition={}, commit=commit)

    def run(self, name, first, last):
        span = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        resources = {"platform": self.platform, "table_io": TableIO(platform=self.platform)}
        return dg.materialize([self.assets[name]], resources=resources, instance=self.instance, tags=span, raise_on_error=False)

    def verdicts(self, name):
        return self.platform.warehouse.read(FEATURE_LEAKS, where=pl.col("feature_set") == name)


@pytest.fixture
def place(home, market):
    return Place(home, market)


def years(place, name):
    return place.platform.warehouse.read(TABLES[name])["session"].dt.year().unique().sort().to_list()


def proof(result):
    events = [event for event in result.all_events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    return next(e.event_specific_data for e in events if e.event_specific_data.check_name == "feature_leaks")


@pytest.mark.parametrize(("name", "column"), [("feat_calm", "calm_21d"), ("feat_ranked", "rank_in_sector")])
def test_a_clean_plugin_fills_its_table_and_its_verdicts_are_kept(place, name, column):
    result = place.run(name, "2015", "2016")
    assert result.success
    rows = place.platform.warehouse.read(TABLES[name])
    assert years(place, name) == [2015, 2016]
    assert rows[column].null_count() < rows.height
    assert place.verdicts(name).select("feature", "passed").unique().rows() == [(column, True)]
    assert proof(result).passed


def test_a_plugin_that_leaks_in_one_year_only_is_stopped_in_that_year(place):
    result = place.run("feat_late", "2015", "2016")
    assert not result.success
    assert years(place, "feat_late") == [2015]
    assert not proof(result).passed
    assert proof(result).description.startswith("2016: 1 of 1 features of feat_late know what comes later: late fails future")
    assert place.verdicts("feat_late").filter(~pl.col("passed"))["year"].unique().to_list() == [2016]


def test_a_leaking_file_stands_in_the_graph_with_its_reason_and_cannot_be_built(place):
    refused = place.assets["feat_leaky_refused"]
    assert isinstance(refused, dg.AssetSpec)
    assert "rank_in_sector fails future" in refused.description
    assert "feat_leaky" not in TABLES


def test_the_code_location_loads_with_them_all(home, caplog):
    definitions = build_defs(Settings(home=home))
    keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert {"feat_calm", "feat_ranked", "feat_late", "feat_leaky_refused", "feature_leaks", "feat_trend"} <= keys
    assert "plug-in leaky.py is refused: 1 of 1 features of feat_leaky" in caplog.text
