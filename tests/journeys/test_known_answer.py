"""Nothing where nothing is planted, a fair share where something is, and never more than there is.

Ten small markets without alpha are brought through the path of the assets and learned from; the mean daily RankIC over five
sessions in the sealed holdout is tested with Newey and West's t, Bartlett weights, a lag of 10. The trees are fewer than in
their configuration, which changes no finding (`python -m benchmarks.known_answer` runs them all); --seconds S goes on with
further seeds for S seconds.
"""

import time
from dataclasses import replace
from itertools import count

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.models.ledger import seal_event
from kairos.sandbox.known_answer import enough_found, nothing_impossible
from kairos.sandbox.sizes import SIZES
from kairos.settings import load_settings
from kairos.simulation.plan import Plan
from kairos.simulation.survivorship import UNIVERSE, Ground, survivorship_bias
from kairos.tables.matrix import FEAT_MATRIX_TARGETS
from kairos.tables.models import HOLDOUT_LEDGER, MODEL_METRICS, PREDICTIONS, TRIALS
from kairos.tables.universe import MIDCAP_UNIVERSE
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from kairos_dagster.build import build_defs
from kairos_dagster.runs import RunFailedError, instance_folder, run_assets
from resources.vendor import embedded_market
from tests.journeys.known_markets import SMALL, build, config_of, learned
from tests.journeys.leaks import return_of_the_next_session

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("known_answer")]
SEEDS = range(301, 311)
WITH_ALPHA = SEEDS[:3]
TREES = 40
MODELS = {"ridge": config_of("ridge"), "lgbm": config_of("lgbm", rounds=TREES)}
BEYOND = 3.0


@pytest.fixture(scope="module")
def barren():
    """The markets without alpha."""
    return [build(SMALL, seed, alpha=False) for seed in SEEDS]


@pytest.fixture(scope="module")
def unfounded(barren):
    """What the models know there."""
    return [learned(place, config) for place in barren for config in MODELS.values()]


@pytest.fixture(scope="module")
def founded():
    """What ridge knows where alpha is planted."""
    return [learned(build(SMALL, seed, alpha=True), MODELS["ridge"]) for seed in WITH_ALPHA]


def holdouts(answers, column):
    return pl.concat([answer.figures.filter(segment="holdout") for answer in answers])[column]


def test_hardly_anything_is_significant_without_alpha(unfounded):
    found = holdouts(unfounded, "rank_ic_t")
    assert (found.len(), found.null_count()) == (20, 0)
    assert (found.abs() > BEYOND).sum() <= 1
    assert set(holdouts(unfounded, "lag")) == {10}


def test_what_is_found_without_alpha_has_no_sign(unfounded):
    assert abs(holdouts(unfounded, "rank_ic_t").mean()) < 1.5


def test_no_training_without_alpha_is_stopped(unfounded):
    assert [outcome.summary for answer in unfounded if not (outcome := nothing_impossible(answer)).passed] == []


def test_half_of_what_prices_tell_is_found_where_it_is_planted(founded):
    share = holdouts(founded, "rank_ic").mean() / holdouts(founded, "oracle_prices").mean()
    assert 0.4 < share < 1.2


def test_nobody_beats_the_oracle(founded):
    assert holdouts(founded, "rank_ic").mean() < holdouts(founded, "oracle").mean()
    assert all(nothing_impossible(answer).passed for answer in founded)


def test_further_seeds_stay_silent_too(request):
    seconds = request.config.getoption("--seconds")
    if seconds is None:
        pytest.skip("asked for with --seconds")
    end, ts = time.monotonic() + seconds, []
    for seed in count(1001):
        place = build(SMALL, seed, alpha=False)
        ts += [holdouts([learned(place, config)], "rank_ic_t").item() for config in MODELS.values()]
        if time.monotonic() > end:
            break
    assert sum(abs(t) > BEYOND for t in ts) <= 1 + 0.03 * len(ts), ts


@pytest.mark.parametrize(
    "forward", [pl.col("ret_5d_f").fill_null(0.0), pl.col("ret_1d_f").fill_null(0.0)], ids=["its label", "tomorrow's return"]
)
def test_a_feature_from_the_future_is_impossible(barren, forward):
    place = barren[0]
    told = replace(place, matrix=place.matrix.with_columns(forward.cast(pl.Float32).alias("ret_1d")))
    answer = learned(told, MODELS["ridge"])
    assert abs(holdouts([answer], "rank_ic_t").item()) > 10
    assert not nothing_impossible(answer).passed
    assert not enough_found(answer).passed


def test_a_leak_in_the_making_of_a_feature_is_impossible():
    leaking = build(SMALL, SEEDS[0], alpha=False, steps={"feat_price_action": return_of_the_next_session})
    outcome = nothing_impossible(learned(leaking, MODELS["ridge"]))
    assert not outcome.passed
    assert "Something from after the close" in outcome.summary


def test_more_than_the_oracle_is_impossible_with_alpha_too():
    leaking = build(SMALL, WITH_ALPHA[0], alpha=True, steps={"feat_price_action": return_of_the_next_session})
    assert "more than the oracle" in nothing_impossible(learned(leaking, MODELS["ridge"])).summary


def test_a_universe_without_its_dead_looks_better_than_it_was(barren):
    bias = pl.concat([universe_bias(place) for place in barren])
    assert bias["dead"].min() > 0
    assert bias["cagr_net_bias"].mean() > 0


def universe_bias(place):
    """What the whole universe would seem to earn without the dead, over all its sessions."""
    scores = place.matrix.select("permaticker", "session", score=pl.lit(0.0))
    ground = Ground(place.returns, place.tickers, universe_year=2014, holdout_first=place.holdout.first_session)
    plan = Plan("t", models=(), horizon=5, k=10, costs_bps=(10.0,))
    bias = survivorship_bias(plan, ground.book(plan, scores), scores, ground=ground)
    return bias.filter((pl.col("model_id") == UNIVERSE) & (pl.col("segment") == "whole"))


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A home on the small market, which stands in for the size `tiny`: that has too few sessions to train on."""
    monkeypatch.setitem(SIZES, "tiny", SMALL)
    known = {"vendor": "sandbox", "sandbox_size": "tiny", "sandbox_seed": SEEDS[0], "sandbox_alpha": False}
    for name, value in known.items():
        monkeypatch.setenv(f"KAIROS_{name.upper()}", str(value))
    monkeypatch.setenv("KAIROS_NOW", "2017-04-01T00:30:00+00:00")
    return load_settings(home=tmp_path / "home")


def filled(settings, place):
    """Write what a training reads into the home, and the market that it comes of."""
    embedded_market(settings)
    warehouse, by = Warehouse(settings.warehouse), Commit("test")
    where = {"universe_year": 2014}
    warehouse.replace(FEAT_MATRIX_TARGETS, place.matrix, partition=where, commit=by)
    warehouse.replace(MIDCAP_UNIVERSE, place.members, partition=where, commit=by)
    sealed = seal_event(HOLDOUT_LEDGER.empty(), place.sessions, universe_year=2014, length=252, now=settings.now)
    warehouse.append_new(HOLDOUT_LEDGER, sealed, commit=by)
    return warehouse


def train(settings):
    assets = [f"{kind}_ridge" for kind in ("model", "predictions", "model_metrics", "shap_importance")]
    return run_assets(settings, assets, partitions=["2014"])


def verdict(settings, check):
    """The newest verdict of a check, as the UI shows it."""
    key = dg.AssetCheckKey(dg.AssetKey("model_metrics_ridge"), check)
    with dg.DagsterInstance.from_config(str(instance_folder(settings))) as instance:
        record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    return record.event.dagster_event.event_specific_data


def test_an_honest_training_bears_its_known_answer(settings, barren):
    warehouse = filled(settings, barren[0])
    done = train(settings)
    assert verdict(settings, "known_answer").passed
    assert verdict(settings, "recovery").passed
    figures = verdict(settings, "known_answer").metadata
    [told] = warehouse.read(MODEL_METRICS, where=(pl.col("year") == 0) & (pl.col("segment") == "holdout")).iter_rows(named=True)
    assert figures["holdout 5d rank_ic"].value == pytest.approx(told["rank_ic"], rel=1e-12)
    assert figures["holdout 5d rank_ic_t"].value == pytest.approx(told["rank_ic_t"], rel=1e-12)
    [shown] = [event for event in done.get_asset_materialization_events() if event.asset_key.path[-1] == "model_metrics_ridge"]
    assert "data:image/png" in shown.step_materialization_data.materialization.metadata["known answer"].value


def test_training_again_forecasts_the_same_and_is_no_new_trial(settings, barren):
    warehouse = filled(settings, barren[0])
    train(settings)
    trials, forecasts = warehouse.read(TRIALS), warehouse.read(PREDICTIONS)
    train(settings)
    assert_frame_equal(warehouse.read(TRIALS), trials)
    assert_frame_equal(warehouse.read(PREDICTIONS), forecasts)


def test_a_leaking_training_is_stopped_and_still_counted(settings, barren):
    place = barren[0]
    leak = pl.col("ret_5d_f").fill_null(0.0).cast(pl.Float32).alias("ret_1d")
    warehouse = filled(settings, replace(place, matrix=place.matrix.with_columns(leak)))
    with pytest.raises(RunFailedError, match="check known_answer failed: The model knows what nothing tells of"):
        train(settings)
    assert not verdict(settings, "known_answer").passed
    assert verdict(settings, "known_answer").severity is dg.AssetCheckSeverity.ERROR
    assert warehouse.read(PREDICTIONS).is_empty()
    assert warehouse.read(TRIALS).height == 1
    assert warehouse.read(HOLDOUT_LEDGER)["event"].to_list() == ["sealed", "spent"]


def test_another_markets_truth_judges_nothing(settings, barren, monkeypatch):
    filled(settings, barren[0])
    monkeypatch.setenv("KAIROS_SANDBOX_ALPHA", "true")
    with pytest.raises(RunFailedError, match="its prices are of another"):
        train(load_settings(home=settings.home))


def checks_on_metrics(**changes):
    graph = build_defs(load_settings(**changes)).resolve_asset_graph()
    return {key.name for key in graph.asset_check_keys if key.asset_key.path[-1] == "model_metrics_ridge"}


def test_real_vendors_have_no_known_answer(tmp_path):
    assert checks_on_metrics(home=tmp_path, vendor="sandbox") == {"contract", "known_answer", "recovery"}
    for vendor in ("none", "sharadar"):
        assert checks_on_metrics(home=tmp_path, vendor=vendor) == {"contract"}
