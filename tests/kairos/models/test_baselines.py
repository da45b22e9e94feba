import pytest

from kairos.errors import ContractError, NotFoundError
from kairos.evaluation.scores import forecast_scores
from kairos.models.baselines import BASELINES, baseline_scores


def test_reversal_is_the_negative_of_last_weeks_return(matrix):
    assert baseline_scores(matrix, "reversal")["score"].equals((-matrix["ret_5d"]).cast(float))


def test_momentum_is_last_years_return(matrix):
    assert baseline_scores(matrix, "momentum")["score"].equals(matrix["mom_12_1"].cast(float))


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_is_judged_by_the_same_function_as_a_model(matrix, name):
    scored = matrix.with_columns(baseline_scores(matrix, name)["score"])

    found = forecast_scores(scored, horizon=5, label="ret_5d_f_xs")

    assert (found["rank_ic"] > 0.1) == (name == "reversal")  # reversal is planted, momentum is not


def test_an_unknown_baseline_is_refused(matrix):
    with pytest.raises(NotFoundError, match="no baseline 'value'; known: reversal, momentum"):
        baseline_scores(matrix, "value")


def test_a_missing_feature_is_named(matrix):
    with pytest.raises(ContractError, match="matrix for baseline momentum: missing column\\(s\\) mom_12_1"):
        baseline_scores(matrix.drop("mom_12_1"), "momentum")
