import polars as pl
import pytest

from kairos.errors import ContractError
from kairos.models.trials import canonical_json, data_set_digest, scores_digest, trial_id

CONFIG = {"family": "ridge", "seed": 7, "settings": {"a": 1.0, "b": [1, 2]}}


def identity(**changes):
    values = {"kind": "model", "config": CONFIG, "universe_year": 2015, "horizon": 5, "data_set": "d"} | changes
    return trial_id(values.pop("kind"), values.pop("config"), **values)


@pytest.fixture
def universe():
    return pl.DataFrame(
        {"universe_year": [2015] * 3, "permaticker": [1, 2, 3], "ticker": ["A", "B", "C"], "exit": [None, None, None]}
    )


def test_a_rerun_is_the_same_trial():
    assert identity() == identity(config=dict(reversed(CONFIG.items())))


def test_the_digest_is_the_same_on_every_machine():
    assert identity() == "45eb3cc240bdddde"


@pytest.mark.parametrize(
    "change",
    [{"kind": "simulation"}, {"config": {**CONFIG, "seed": 8}}, {"universe_year": 2016}, {"horizon": 21}, {"data_set": "e"}],
)
def test_any_other_part_makes_another_trial(change):
    assert identity(**change) != identity()


def test_what_is_no_number_has_no_identity():
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})


def test_the_data_set_does_not_depend_on_the_order_of_rows_or_on_deaths(universe):
    later = universe.reverse().with_columns(pl.lit("2016-03-04").alias("exit"))

    assert data_set_digest(later) == data_set_digest(universe)


def test_a_new_name_of_a_member_is_no_other_data_set(universe):
    assert data_set_digest(universe.with_columns(ticker=pl.Series(["A", "B", "D"]))) == data_set_digest(universe)


def test_scores_are_known_by_their_values_in_any_order():
    scores = pl.DataFrame({"permaticker": [1, 2], "session": ["2015-01-02"] * 2, "score": [0.1, 0.2], "ticker": ["A", "B"]})
    assert scores_digest(scores.reverse().drop("ticker")) == scores_digest(scores)
    assert scores_digest(scores.with_columns(score=pl.Series([0.1, 0.2 + 1e-12]))) != scores_digest(scores)


def test_other_members_another_year_or_source_are_another_data_set(universe):
    others = [
        data_set_digest(universe.head(2)),
        data_set_digest(universe.with_columns(universe_year=2016)),
        data_set_digest(universe.with_columns(permaticker=pl.Series([1, 2, 4]))),
        data_set_digest(universe, source="file"),
    ]

    assert len({data_set_digest(universe), *others}) == 5


def test_a_missing_column_is_named(universe):
    with pytest.raises(ContractError, match="universe: missing column\\(s\\) permaticker"):
        data_set_digest(universe.drop("permaticker"))
