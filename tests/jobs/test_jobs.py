"""Which assets each job fills, over which partitions."""

from functools import cache

import dagster as dg
import pytest

from kairos.settings import load_settings
from kairos_dagster.build import build_defs

FROM_FACTS = {"feat_fundamentals", "feat_revisions", "quality_results"}


@cache
def definitions():
    # a live vendor: with it the freshness checks are there
    return build_defs(load_settings().model_copy(update={"vendor": "sharadar", "now": None}))


def filled(job):
    layer = definitions().resolve_job_def(job).asset_layer
    return {key.to_user_string() for key in layer.executable_asset_keys}


def group(*names):
    graph = definitions().resolve_asset_graph()
    return {key.to_user_string() for key in graph.materializable_asset_keys if graph.get(key).group_name in names}


def test_the_ingest_fills_the_daily_raw_tables():
    assert filled("daily_ingest") == {"raw_payloads", "raw_sep", "raw_tickers", "raw_actions", "raw_daily"}


def test_the_refresh_fills_market_quality_and_features():
    assert filled("refresh_year") == group("market", "quality", "features") - FROM_FACTS
    assert "corrections" in filled("refresh_year")


def test_the_feeds_fill_their_raw_tables_and_then_what_follows_from_facts():
    raw = {name for name in group("raw") if name.startswith(("raw_fmp_", "raw_sf1", "raw_sp500", "raw_quiver_"))}
    assert filled("daily_feeds") == {"raw_payloads_feeds"} | {name for name in raw if not name.endswith("_bulk")}
    assert filled("refresh_feeds") == group("fundamentals") | FROM_FACTS | {"sp500", "corrections"}


@pytest.mark.parametrize("job", ["wednesday_retrain", "full_universe_backfill"])
def test_the_retrain_fills_all_from_universe_to_leaderboard(job):
    assert filled(job) == group("universe", "matrix", "models", "simulation")
    assert "leaderboard" in filled(job)


def test_every_asset_but_the_bulk_imports_is_filled_by_a_job():
    jobs = ("daily_ingest", "refresh_year", "daily_feeds", "refresh_feeds", "wednesday_retrain")
    rest = group(
        "raw", "market", "quality", "fundamentals", "features", "universe", "matrix", "models", "simulation"
    ) - set().union(*map(filled, jobs))
    assert {name for name in rest if not name.endswith("_bulk")} == set()


@pytest.mark.parametrize(
    ("job", "key"),
    [
        ("daily_ingest", "2018-07-05"),
        ("refresh_year", "2018"),
        ("wednesday_retrain", "2014"),
        ("full_universe_backfill", "2014"),
    ],
)
def test_a_job_has_its_partitions(job, key):
    assert definitions().resolve_job_def(job).partitions_def.has_partition_key(key)


def test_an_ingest_asks_no_freshness_check():
    checks = definitions().resolve_job_def("daily_ingest").asset_layer.asset_graph.asset_check_keys
    assert {key.name for key in checks} == {"contract"}


def test_the_freshness_of_payloads_is_watched_where_there_is_a_vendor():
    assert (
        dg.AssetCheckKey(dg.AssetKey("raw_payloads"), "freshness_check") in definitions().resolve_asset_graph().asset_check_keys
    )
    assert "freshness_checks_sensor" in {sensor.name for sensor in definitions().get_repository_def().sensor_defs}


@pytest.mark.parametrize("change", [{"vendor": "none"}, {"now": "2019-01-01T00:30:00+00:00"}])
def test_where_nothing_new_can_arrive_nothing_is_late(change):
    defs = build_defs(load_settings().model_copy(update={"vendor": "sharadar", "now": None, **change}))
    assert not [key for key in defs.resolve_asset_graph().asset_check_keys if key.name == "freshness_check"]


def test_runs_that_could_overtake_each_other_take_turns():
    tags = {
        job: definitions().resolve_job_def(job).tags.get("kairos/one-at-a-time")
        for job in ("refresh_year", "wednesday_retrain")
    }
    assert tags == {"refresh_year": "years", "wednesday_retrain": "universe"}
