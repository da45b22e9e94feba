"""What every family promises, tested on all of them."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.errors import ModelError
from kairos.evaluation.scores import forecast_scores
from kairos.models.config import family_settings, select_features
from kairos.models.family import Task
from kairos.models.folds import Span
from kairos.models.panel import make_panel
from kairos.models.registry import FAMILIES

TASK = Task(horizon=5, target="xs", seed=7)


class Bench:
    """One family on the shared panel: fits it on windows of any matrix, and forecasts the sessions after them."""

    def __init__(self, family, config_of, matrix, sessions):
        self.family, self.config_of, self.matrix, self.sessions = FAMILIES[family], config_of, matrix, sessions
        self.config = config_of(family)
        self.windows = [Span(sessions[0], sessions[119]), Span(sessions[0], sessions[199])]
        self.tested = self.panel(matrix.filter(pl.col("session").is_between(sessions[205], sessions[324])))

    def panel(self, rows):
        return make_panel(rows, features=select_features(rows, self.config))

    def fit(self, matrix, windows=None):
        settings = family_settings(self.config)
        return list(self.family.train(self.panel(matrix), windows or self.windows, task=TASK, settings=settings))

    def scores(self, forecaster):
        return forecaster.forecast(self.tested)

    def judged(self, forecaster):
        return self.scores(forecaster).join(self.tested.rows, on=["permaticker", "session"])

    def figures(self, forecaster):
        return forecast_scores(self.judged(forecaster), horizon=5, label="ret_5d_f_xs")


@pytest.fixture(scope="module")
def benches(config_of, matrix, sessions):
    return {family: Bench(family, config_of, matrix, sessions) for family in FAMILIES}


@pytest.fixture
def bench(family, benches):
    return benches[family]


@pytest.fixture(scope="module")
def all_fits(benches, matrix):
    return {family: bench.fit(matrix) for family, bench in benches.items()}


@pytest.fixture
def fits(family, all_fits):
    return all_fits[family]


def test_a_planted_signal_is_found(bench, fits):
    found = bench.figures(fits[1])

    assert found["rank_ic"] > 0.15  # one planted feature has about .2, both have .3
    assert found["r2"] > 0.02


def test_noise_is_not_taken_for_a_signal(bench, matrix_of):
    noise = Bench(bench.family.name, bench.config_of, matrix_of(signal=0.0), bench.sessions)

    found = noise.figures(noise.fit(noise.matrix)[1])

    assert abs(found["rank_ic_t"]) < 3
    assert found["r2"] < 0.005


def test_a_saved_forecaster_forecasts_the_same(bench, fits, tmp_path):
    fits[1].save(tmp_path)

    loaded = bench.family.load(tmp_path)

    assert_frame_equal(bench.scores(loaded), bench.scores(fits[1]), check_exact=True)
    assert loaded.terms == fits[1].terms


def test_the_same_seed_gives_the_same_forecasts(bench, fits, matrix):
    assert_frame_equal(bench.scores(bench.fit(matrix)[1]), bench.scores(fits[1]), check_exact=True)


def test_rows_outside_the_window_change_nothing(bench, fits, matrix):
    late = pl.col("session") > bench.windows[1].last
    changed = matrix.with_columns(
        pl.when(late).then(-7 * pl.col("ret_5d_f_xs")).otherwise("ret_5d_f_xs").alias("ret_5d_f_xs"),
        pl.when(late).then(pl.col("rsi_14") ** 3 + pl.col("ret_5d")).otherwise("rsi_14").alias("rsi_14"),
    )

    for expected, found in zip(fits, bench.fit(changed), strict=True):
        assert_frame_equal(bench.scores(found), bench.scores(expected), check_exact=True)


def test_sessions_after_the_window_need_not_exist(bench, fits, matrix):
    short = matrix.filter(pl.col("session") <= bench.windows[1].last)

    assert_frame_equal(bench.scores(bench.fit(short)[1]), bench.scores(fits[1]), check_exact=True)


def test_doubled_returns_double_the_forecasts(bench, fits, matrix):
    doubled = bench.fit(matrix.with_columns(ret_5d_f_xs=2 * pl.col("ret_5d_f_xs")))[1]

    assert np.allclose(bench.scores(doubled)["score"], 2 * bench.scores(fits[1])["score"], rtol=1e-9)


@pytest.mark.parametrize("learner", ["ridge", "lgbm"])
def test_what_learns_the_sign_follows_reversed_returns(learner, benches, matrix):
    reversed_ = benches[learner].fit(matrix.with_columns(ret_5d_f_xs=-pl.col("ret_5d_f_xs")))[1]

    assert benches[learner].figures(reversed_)["rank_ic"] < -0.2


def test_a_session_is_forecast_the_same_alone_and_among_others(bench, fits):
    day = bench.sessions[210]
    alone = bench.panel(bench.tested.rows.filter(pl.col("session") == day))

    whole = bench.scores(fits[1]).filter(pl.col("session") == day)

    assert_frame_equal(fits[1].forecast(alone), whole, check_exact=True)


def test_a_missing_feature_is_named(family, matrix, config_of):
    with pytest.raises(ModelError, match=r"feature 'vol_21d' fits none of 5 features\."):
        select_features(matrix.drop("vol_21d"), config_of(family, features=["ret_5d", "vol_21d"]))


def test_a_window_without_labels_is_refused(bench, matrix):
    with pytest.raises(ModelError, match="no row with a label among 160; expected some"):
        bench.fit(matrix, [Span(bench.sessions[326], bench.sessions[329])])


def test_gaps_in_labels_and_features_are_no_obstacle(bench, matrix):
    gaps = matrix.with_columns(
        pl.when(pl.col("permaticker") % 3 > 0).then("ret_5d_f_xs").alias("ret_5d_f_xs"),
        pl.when(pl.col("permaticker") % 4 > 0).then("ret_5d").alias("ret_5d"),
    )

    assert bench.figures(bench.fit(gaps)[1])["rank_ic"] > 0.12


def test_contributions_add_up_to_the_score_less_a_constant(bench, fits):
    rows = list(range(0, 400, 7))
    contributions = fits[1].contributions(bench.tested, rows)

    rest = bench.scores(fits[1])["score"].to_numpy()[rows] - contributions.sum(axis=1)

    assert np.ptp(rest) < 1e-9
    assert contributions.shape == (len(rows), len(fits[1].terms))


def test_the_planted_features_weigh_most(bench, fits):
    weight = np.abs(fits[1].contributions(bench.tested, list(range(400)))).mean(axis=0)

    assert {fits[1].terms[i] for i in np.argsort(weight)[-2:]} <= {"ret_5d", "rsi_14"}


def test_the_score_is_in_units_of_the_return(bench, fits):
    rows = bench.judged(fits[1]).drop_nulls("ret_5d_f_xs")

    slope = np.polyfit(rows["score"], rows["ret_5d_f_xs"], 1)[0]

    assert 0.6 < slope < 1.8
