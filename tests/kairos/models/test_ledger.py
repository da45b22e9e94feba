"""What is recorded around a training: trials, the seal of the holdout, its reads, and the model's own row."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from kairos import __version__
from kairos.errors import ModelError, NotFoundError
from kairos.models.folds import Holdout
from kairos.models.ledger import model_row, model_trials, seal_event, sealed_holdout, spend_events, trial_rows
from kairos.tables.models import HOLDOUT_LEDGER, MODELS, TRIALS
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse

NOW = datetime(2018, 1, 5, 2, tzinfo=UTC)
LATER = datetime(2018, 3, 5, 2, tzinfo=UTC)
PLACE = {"universe_year": 2015, "data_set": "d", "now": NOW}


@pytest.fixture
def sealing(sessions):
    return seal_event(HOLDOUT_LEDGER.empty(), sessions, universe_year=2015, length=60, now=NOW)


def test_the_last_sessions_are_sealed(sealing, sessions):
    row = HOLDOUT_LEDGER.validate(sealing).row(0, named=True)
    assert (row["first_session"], row["last_session"]) == (sessions[-60], sessions[-1])
    assert (row["event"], row["subject"], row["at"]) == ("sealed", "-", NOW)


def test_a_seal_is_never_moved_by_sessions_to_come(sealing, sessions):
    first = seal_event(HOLDOUT_LEDGER.empty(), sessions[:200], universe_year=2015, length=60, now=NOW)
    again = seal_event(first, sessions, universe_year=2015, length=60, now=LATER)
    assert again.is_empty()
    assert sealed_holdout(pl.concat([first, again]), 2015) == Holdout(sessions[140], sessions[199])


def test_every_universe_year_has_its_own_seal(sealing, sessions):
    other = seal_event(sealing, sessions[:100], universe_year=2016, length=20, now=NOW)
    both = HOLDOUT_LEDGER.validate(pl.concat([sealing, other]))
    assert sealed_holdout(both, 2016) == Holdout(sessions[80], sessions[99])
    assert sealed_holdout(both, 2015).first_session == sessions[-60]


def test_too_short_a_history_cannot_be_sealed(sessions):
    with pytest.raises(ModelError, match="holdout: 60 sessions of 60"):
        seal_event(HOLDOUT_LEDGER.empty(), sessions[:60], universe_year=2015, length=60, now=NOW)


def test_what_is_not_sealed_is_refused_and_says_what_to_run(sealing):
    with pytest.raises(NotFoundError, match=r"universe year 2017: no holdout is sealed; run `kairos targets --year 2017`"):
        sealed_holdout(sealing, 2017)


def test_a_read_is_recorded_once_per_trial(sealing, holdout, config_of, tmp_path):
    warehouse = Warehouse(tmp_path)
    for now in (NOW, LATER):  # the same two horizons, trained twice
        tried = model_trials(config_of("ridge", horizons=[5, 1]), **PLACE | {"now": now})
        for table, rows in ((TRIALS, tried), (HOLDOUT_LEDGER, pl.concat([sealing, spend_events(tried, holdout, now=now)]))):
            warehouse.append_new(table, rows, commit=Commit("t", run_id="r", partition="-", reads={}))
    events = warehouse.read(HOLDOUT_LEDGER)
    assert events["event"].value_counts().sort("event").rows() == [("sealed", 1), ("spent", 2)]
    assert set(events.filter(event="spent")["subject"]) == set(warehouse.read(TRIALS)["trial_id"])
    assert events["at"].unique().to_list() == [NOW]


def test_a_trial_is_counted_per_horizon(config_of):
    found = TRIALS.validate(model_trials(config_of("ridge", horizons=[5, 1]), **PLACE))
    assert found["horizon"].to_list() == [5, 1]
    assert found["trial_id"].n_unique() == 2
    assert json.loads(found["config"][0])["family"] == "ridge"


@pytest.mark.parametrize("change", [{"seed": 8}, {"settings": {"inner_folds": 3}}, {"target": "raw"}])
def test_another_setting_is_another_trial(config_of, change):
    one, other = (model_trials(config_of("ridge", **more), **PLACE)["trial_id"][0] for more in ({}, change))
    assert one != other


@pytest.mark.parametrize("change", [{"name": "mine"}, {"horizons": [5, 21]}])
def test_a_name_or_a_further_horizon_is_no_other_trial(config_of, change):
    one, other = (model_trials(config_of("ridge", **more), **PLACE)["trial_id"][0] for more in ({}, change))
    assert one == other


def test_a_model_and_a_simulation_of_one_configuration_are_two_trials():
    made = [trial_rows(kind, "x", configs={5: {"a": 1}}, **PLACE) for kind in ("model", "simulation")]
    assert made[0]["trial_id"][0] != made[1]["trial_id"][0]


def test_the_models_row_names_everything_it_was_made_from(trained, family, config_of, sessions):
    tried = model_trials(trained.model.config, **PLACE)
    told = {"universe_year": 2015, "run_id": "run", "artifact": "ridge/run", "trials": tried, "now": NOW}
    row = MODELS.validate(model_row(trained, reads={"b": 2, "a": 1}, **told)).row(0, named=True)
    assert (row["model_id"], row["family"], row["code_version"]) == (f"{family}_2015", family, __version__)
    assert json.loads(row["reads"]) == {"a": 1, "b": 2}
    assert row["trial_ids"] == ",".join(tried["trial_id"])
    assert json.loads(row["config"]) == trained.model.config.model_dump(mode="json")
    assert row["trained_through"] == sessions[-6]  # the label of five sessions is known up to there
    assert (row["folds"], row["features"]) == (len(trained.folds[5]), len(trained.model.features))
