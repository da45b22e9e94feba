"""The demo, once, as a new user would run it; then what it promised, looked up in what it left behind."""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date
from hashlib import sha256
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kairos.features.registry import FACT_SETS
from kairos.fundamentals.checks import same_as_known_then
from kairos.fundamentals.features import build_fundamentals, build_revisions
from kairos.fundamentals.panel import Facts
from kairos.models.artifacts import load_model
from kairos.settings import load_settings
from kairos.sources.payloads import PayloadStore
from kairos.tables import market, matrix, models, raw, simulation, universe
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from kairos_dagster.steps import CORE_FEATURES, FEATURES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
KAIROS = str(Path(sys.executable).parent / "kairos")


def kairos(home, *arguments, check=True):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("KAIROS_", "STRAT_", "UNIVERSE_"))}
    environment |= {"KAIROS_HOME": str(home), "COLUMNS": "160"}
    return subprocess.run([KAIROS, *arguments], env=environment, capture_output=True, text=True, check=check)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    home = tmp_path_factory.mktemp("demo")
    done = kairos(home, "demo")
    return home, done


@pytest.fixture(scope="module")
def warehouse(demo):
    return Warehouse(demo[0] / "warehouse")


def rows(home, statement):
    return json.loads(kairos(home, "sql", statement, "--json").stdout)


def test_it_ends_in_a_table_of_strategies_and_what_to_try_next(demo):
    out = demo[1].stdout
    assert re.search(r"ridge 5d +-?\d\.\d\d \| -?\d\.\d\d", out)
    assert "What next" in out


def test_it_tells_what_share_of_the_planted_alpha_was_found_and_what_the_dead_are_worth(demo):
    out = " ".join(demo[1].stdout.split())
    assert re.search(r"Known answer: prices tell of a RankIC of 0\.\d+ \| 0\.\d+.*ridge -?\d+% \| -?\d+%", out)
    assert re.search(
        r"Survivorship: without the \d+ of \d+ names that died,.* earned -?\d+\.\d% \| -?\d+\.\d% a year, not", out
    )


def test_it_shows_progress(demo):
    assert "✓ sep_versions" in demo[1].stderr


def test_every_table_of_the_path_holds_rows(warehouse):
    filled = {name for name, table in TABLES.items() if warehouse.read(table, columns=list(table.key)).height}
    unasked = {f"raw_{name}_bulk" for name in ("fmp_social", "sp500", "quiver_congress", "quiver_insiders", "quiver_social")}
    unasked |= {"raw_earnings_surprises_bulk", "raw_social_posts_bulk", "earnings_surprises"}  # archives are brought by people
    unasked |= {*FEATURES} - {*CORE_FEATURES} | {"factor_report"}  # built by `kairos features` and `kairos factor`
    assert filled >= set(TABLES) - unasked - {"raw_sf1"}  # no captures of those, and SF1 may change nothing on an evening


def test_no_feature_of_facts_knows_more_than_its_session_did(warehouse):
    made = {name: warehouse.read(TABLES[name]) for name in ("feat_fundamentals", "feat_revisions")}
    facts = Facts(
        income=warehouse.read(TABLES["fmp_income_statement"]),
        balance=warehouse.read(TABLES["fmp_balance_sheet"]),
        cash_flow=warehouse.read(TABLES["fmp_cash_flow"]),
        estimates=warehouse.read(TABLES["fmp_analyst_estimates"]),
        ratings=warehouse.read(TABLES["fmp_rating"]),
        daily_metrics=warehouse.read(market.DAILY_METRICS),
        actions=warehouse.read(market.ACTIONS),
    )
    returns = warehouse.read(market.DAILY_RETURNS)
    for name, build in (("feat_fundamentals", build_fundamentals), ("feat_revisions", build_revisions)):
        features = FACT_SETS[name].names
        for day in (date(2014, 3, 3), date(2017, 8, 1), date(2018, 12, 3)):
            rows = made[name].filter(session=day)

            def remake(instant, build=build, day=day):
                return build(returns.filter(session=day), facts.known_by(instant), year=day.year)

            verdict = same_as_known_then(rows, remake, [day], names=features)
            assert verdict.passed, (name, verdict.summary)
            assert verdict.figures["rows"] > 100


def test_estimates_are_known_from_their_captures_and_never_before(warehouse):
    estimates = warehouse.read(TABLES["fmp_analyst_estimates"])
    assert (estimates["known_at"] >= estimates["fetched_at"]).all()
    assert estimates["known_at"].min().year == 2017  # when the collector began
    revisions = warehouse.read(TABLES["feat_revisions"])
    assert (
        revisions.filter(pl.col("session").dt.year() < 2017)["eps_revision_63d"].null_count()
        == revisions.filter(pl.col("session").dt.year() < 2017).height
    )
    assert revisions.filter(pl.col("session").dt.year() == 2018)["eps_revision_63d"].count() > 30_000


def test_statements_come_from_sf1_before_the_collector_began_and_from_fmp_where_it_saw_them_arrive(warehouse):
    known = warehouse.read(TABLES["fmp_income_statement"]).group_by(pl.col("known_at").dt.year().alias("year"), "source").len()
    counts = {(year, source): count for year, source, count in known.rows()}
    assert all(counts[year, "sharadar"] > 500 for year in (2014, 2015, 2016))
    assert not {(year, "fmp") for year in (2014, 2015, 2016)} & set(counts)
    assert counts[2018, "fmp"] > 100


def test_every_table_holds_to_its_contract(warehouse):
    for table in TABLES.values():
        table.validate(warehouse.read(table))


def test_every_commit_names_its_run_and_what_it_read(warehouse):
    for table in (market.SEP_BASE, matrix.FEAT_MATRIX_TARGETS, models.PREDICTIONS, simulation.STRATEGY_STATS):
        for _, commit in warehouse.history(table):
            assert commit.run_id != "-"
            assert commit.reads
            assert all(version <= warehouse.version(TABLES[name]) for name, version in commit.reads.items())


def test_every_payload_is_there_byte_for_byte(demo, warehouse):
    store = PayloadStore(demo[0])
    for record in warehouse.read(raw.RAW_PAYLOADS).iter_rows(named=True):
        assert sha256(store.load(record).content).hexdigest() == record["sha256"]


def test_no_raw_row_vanishes(warehouse):
    received = pl.concat([warehouse.read(table) for table in (raw.RAW_SEP, raw.RAW_SEP_BULK)])
    kept = warehouse.read(market.SEP_VERSIONS).select("payload_id", "row")
    aside = warehouse.read(raw.QUARANTINE).filter(pl.col("writer") == "sep_versions").select("payload_id", "row")
    unexplained = received.join(pl.concat([kept, aside]), on=["payload_id", "row"], how="anti")
    values = ["ticker", "date", "open", "high", "low", "close", "volume", "closeadj", "closeunadj"]
    said_before = received.join(unexplained.select("payload_id", "row"), on=["payload_id", "row"], how="anti")
    assert unexplained.join(said_before, on=values, how="anti", nulls_equal=True).height == 0


def test_delisted_names_are_members_and_have_a_return(warehouse):
    members = warehouse.read(universe.MIDCAP_UNIVERSE)
    assert members.filter(pl.col("exit").is_not_null()).height > 0
    dead = members.filter(pl.col("reason") == "performance")["permaticker"].implode()
    final = warehouse.read(market.DAILY_RETURNS).filter(pl.col("is_delisting") & pl.col("permaticker").is_in(dead))
    assert final.height > 0
    assert set(final["ret_cc"].round(2)) <= {-0.3, -0.55}


def test_the_dead_of_the_bias_are_the_members_that_left(warehouse):
    bias = warehouse.read(simulation.SURVIVORSHIP_BIAS, where=pl.col("tag") == "top20")
    scored = warehouse.read(models.PREDICTIONS, columns=["permaticker"])["permaticker"].unique().implode()
    members = warehouse.read(universe.MIDCAP_UNIVERSE).filter(pl.col("permaticker").is_in(scored))
    assert set(bias["names"]) == {members.height}
    assert set(bias["dead"]) == {members["exit"].count()} != {0}
    assert set(bias["taken_over"]) == {members.filter(reason="merger").height}


def test_the_bias_tries_nothing(warehouse):
    assert warehouse.read(simulation.SURVIVORSHIP_BIAS).filter(model_id="universe").height > 0
    assert warehouse.read(simulation.STRATEGY_STATS).filter(model_id="universe").is_empty()
    followed = (
        warehouse.read(simulation.STRATEGY_STATS, where=pl.col("tag") == "top20").select("model_id", "horizon", "k").unique()
    )
    assert warehouse.read(models.TRIALS).filter(kind="simulation", name="top20").height == followed.height


def test_every_exclusion_has_its_reason(warehouse):
    candidates = warehouse.read(universe.MID_CAP_XX)
    assert candidates.filter(~pl.col("included")).height > 0
    assert not set(candidates.filter(~pl.col("included"))["reason"]) & {"member", "no_marketcap"}


def test_forecasts_are_out_of_sample_and_quantiles_do_not_cross(warehouse):
    forecasts = warehouse.read(models.PREDICTIONS)
    assert forecasts["is_oos"].all()
    known = forecasts.filter(pl.col("p05").is_not_null())
    assert known.filter((pl.col("p05") > pl.col("p50")) | (pl.col("p50") > pl.col("p95"))).height == 0


def test_the_holdout_is_sealed_and_its_reads_are_counted(warehouse):
    ledger = warehouse.read(models.HOLDOUT_LEDGER)
    [sealed] = ledger.filter(pl.col("event") == "sealed").iter_rows(named=True)
    assert sealed["last_session"] == date(2018, 12, 31)
    stats = warehouse.read(simulation.STRATEGY_STATS)
    assert set(stats["holdout_spends"]) == {ledger.filter(pl.col("event") == "spent").height}
    assert set(stats["n_trials"]) == {warehouse.read(models.TRIALS).height}


def test_costs_only_take(warehouse):
    daily = warehouse.read(simulation.SIMULATION_DAILY)
    assert daily.filter(pl.col("nav_net") > pl.col("nav_gross") + 1e-12).height == 0
    assert daily["positions"].max() <= 20


def test_the_duckdb_file_shows_the_seeds_names(demo):
    with duckdb.connect(str(demo[0] / "kairos.duckdb"), read_only=True) as shell:
        for name in ("midcap_2014_universe", "feat_matrix_complete_2014", "feat_matrix_targets_2014", "strategy_stats"):
            assert shell.table(name).count("*").fetchall()[0][0] > 0


def test_the_csv_outputs_are_there(demo):
    names = {file.name for file in (demo[0] / "models" / "output").iterdir()}
    assert {f"{kind}_{model}_2014.csv" for kind in ("predictions", "metrics", "shap") for model in ("ridge", "lgbm")} <= names


def test_a_model_read_back_forecasts_and_a_changed_byte_is_refused(demo, warehouse, tmp_path):
    row = warehouse.read(models.MODELS).filter(pl.col("model_id") == "ridge_2014").row(0, named=True)
    folder = demo[0] / "models" / row["artifact"]
    last = warehouse.read(matrix.FEAT_MATRIX_TARGETS, where=pl.col("session") == date(2018, 12, 31))
    assert load_model(folder).forecast(last).height == last.height
    copy = shutil.copytree(folder, tmp_path / "copy")
    file = copy / "coefficients.json"
    file.write_text(file.read_text().replace("0.", "1.", 1))
    with pytest.raises(Exception, match=r"coefficients\.json was changed"):
        load_model(copy)


def test_no_pickle_is_written(demo):
    suspects = {".pkl", ".pickle", ".joblib", ".pt"}
    assert [path for path in demo[0].rglob("*") if path.suffix in suspects and "dagster" not in path.parts] == []


def test_mlflow_has_a_finished_run_per_model(demo, warehouse):
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{demo[0] / 'mlflow.db'}")
    for run_id in warehouse.read(models.MODELS)["run_id"]:
        run = client.get_run(run_id)
        assert run.info.status == "FINISHED"
        assert "validation.h5.rank_ic" in run.data.metrics
        assert "reads.feat_matrix_targets" in run.data.params


def test_a_prediction_file_of_ones_own_is_simulated(demo):
    home = demo[0]
    source = home / "models" / "output" / "predictions_ridge_2014.csv"
    kairos(home, "simulate", "--year", "2014", "--tag", "mine", "--k", "20", "--pred-file", str(source))
    [mine] = rows(home, "SELECT sharpe_gross_validation AS s FROM strategy_stats WHERE tag = 'mine'")
    [theirs] = rows(
        home,
        "SELECT sharpe_gross_validation AS s FROM strategy_stats "
        "WHERE tag = 'top20' AND model_id = 'ridge_2014' AND cost_bps = 10",
    )
    assert mine["s"] == pytest.approx(theirs["s"], rel=1e-6)


def test_a_configuration_of_ones_own_becomes_a_model(demo, tmp_path):
    home = demo[0]
    (tmp_path / "slow.yaml").write_text("name: slow\nfamily: single\nfeatures: [ret_21d]\nsettings: {sign: -1}\n")
    kairos(home, "train", "--config", str(tmp_path / "slow.yaml"), "--year", "2014")
    assert rows(home, "SELECT family FROM models WHERE model_id = 'slow_2014'") == [{"family": "single"}]


def test_the_demo_does_not_mix_with_another_seed(demo):
    done = kairos(demo[0], "demo", "--seed", "8", check=False)
    assert done.returncode != 0
    assert "Set KAIROS_HOME to an empty folder" in done.stderr


def test_the_demo_does_not_mix_with_a_market_without_alpha(demo):
    environment = {**os.environ, "KAIROS_HOME": str(demo[0]), "KAIROS_SANDBOX_ALPHA": "false"}
    done = subprocess.run([KAIROS, "demo"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "seed 7, without alpha" in done.stderr


def test_settings_of_the_home_are_those_of_the_demo(demo, monkeypatch):
    monkeypatch.delenv("KAIROS_VENDOR", raising=False)
    settings = load_settings(home=demo[0])
    assert (settings.vendor, settings.top_k) == ("sandbox", 20)


def test_merging_into_a_file_of_ones_own(demo, tmp_path):
    golden = tmp_path / "golden.duckdb"
    kairos(demo[0], "merge", "--update-golden", str(golden))
    with duckdb.connect(str(golden), read_only=True) as shell:
        merged = shell.sql("SELECT count(*) FROM sep_base").fetchall()[0][0]
    assert [{"n": merged}] == rows(demo[0], "SELECT count(*) AS n FROM sep_base")
