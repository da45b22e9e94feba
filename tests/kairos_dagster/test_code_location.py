"""The code location loads, and every asset tells what it is."""

import subprocess
import sys
from functools import cache

import dagster as dg
import pytest

from kairos.tables.registry import TABLES
from kairos_dagster.build import build_defs


@cache
def definitions():
    return build_defs()


def specs():
    return list(definitions().resolve_all_asset_specs())


def test_it_loads():
    dg.Definitions.validate_loadable(definitions())


def test_every_table_has_an_asset_that_fills_it():
    filled = {spec.metadata["dagster/table_name"] for spec in specs()}
    assert filled == set(TABLES)


def test_every_asset_has_its_papers():
    bare = [
        spec.key.to_user_string()
        for spec in specs()
        if not (spec.description and spec.owners and spec.kinds and spec.metadata.get("dagster/column_schema"))
    ]
    assert bare == []


def test_every_filled_table_has_a_blocking_contract_check():
    graph = definitions().resolve_asset_graph()
    checked = {key.asset_key for key in graph.asset_check_keys if key.name == "contract"}
    assert checked == {spec.key for spec in specs() if graph.get(spec.key).is_materializable}


def test_strategy_stats_comes_from_raw_payloads():
    graph = definitions().resolve_asset_graph()
    upstream, waiting = set(), [dg.AssetKey("strategy_stats")]
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys:
            if parent not in upstream:
                upstream.add(parent)
                waiting.append(parent)
    assert {dg.AssetKey("raw_payloads"), dg.AssetKey("raw_payloads_bulk"), dg.AssetKey("model_ridge")} <= upstream


@pytest.mark.parametrize(
    "job",
    ["daily_ingest", "refresh_year", "incremental_proof", "wednesday_retrain", "weekly_compaction", "full_universe_backfill"],
)
def test_the_jobs_resolve(job):
    assert definitions().resolve_job_def(job)


def test_schedules_and_sensors_run_by_default():
    repository = definitions().get_repository_def()
    assert {schedule.default_status.value for schedule in repository.schedule_defs} == {"RUNNING"}
    assert {sensor.default_status.value for sensor in repository.sensor_defs} == {"RUNNING"}


def test_help_imports_nothing_heavy():
    code = (
        "import sys, kairos_dagster.cli; "
        "heavy = {'dagster', 'mlflow', 'lightgbm', 'polars', 'duckdb', 'pandera', 'torch'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
