from datetime import date

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats

from kairos.errors import ContractError
from kairos.evaluation.ic import daily_ic, long_short

DAYS = [date(2015, 1, 5), date(2015, 1, 6)]


def rows_of(scores, labels, days=DAYS):
    return pl.DataFrame(
        {
            "session": [day for day, names in zip(days, scores, strict=True) for _ in names],
            "score": [float(score) for names in scores for score in names],
            "label": [float(label) for names in labels for label in names],
        }
    )


@pytest.fixture
def noisy():
    rng = np.random.default_rng(4)
    days = [date(2015, 1, day) for day in range(5, 15)]
    return pl.DataFrame(
        {
            "session": np.repeat(np.array(days, dtype="datetime64[D]"), 37),
            "score": rng.integers(0, 9, 370).astype(float),  # many ties
            "label": rng.normal(size=370).round(1),
        }
    ).sample(fraction=1, shuffle=True, seed=1)


def test_four_assets_on_two_days_whose_returns_follow_the_factor_have_an_ic_of_one():
    factor = [[1, 2, 3, 4], [4, 3, 2, 1]]

    assert daily_ic(rows_of(factor, factor))["rank_ic"].to_list() == [1.0, 1.0]


def test_four_assets_on_two_days_whose_returns_oppose_the_factor_have_an_ic_of_minus_one():
    factor = [[1, 2, 3, 4], [4, 3, 2, 1]]

    assert daily_ic(rows_of(factor, factor[::-1]))["rank_ic"].to_list() == [-1.0, -1.0]


def test_the_rank_ic_is_spearman_not_pearson():
    found = daily_ic(rows_of([[1, 2, 3, 1000]], [[1, 2, 3, 4]], days=DAYS[:1]))

    assert found["rank_ic"][0] == 1.0
    assert found["ic"][0] == pytest.approx(1499 / (5 * 747005) ** 0.5)


@pytest.mark.parametrize(("column", "oracle"), [("ic", stats.pearsonr), ("rank_ic", stats.spearmanr)])
def test_every_session_agrees_with_scipy_ties_included(noisy, column, oracle):
    expected = [
        oracle(part["score"], part["label"]).statistic
        for part in noisy.sort("session").partition_by("session", maintain_order=True)
    ]

    assert np.allclose(daily_ic(noisy)[column].to_numpy(), expected, atol=1e-12)


def test_the_order_of_rows_does_not_matter_for_ranks(noisy):
    columns = ["session", "names", "rank_ic"]

    assert_frame_equal(daily_ic(noisy).select(columns), daily_ic(noisy.reverse()).select(columns))


@pytest.mark.parametrize(
    ("score", "label"), [([5, 5, 5, 5], [1, 2, 3, 4]), ([1, 2, 3, 4], [0.1, 0.1, 0.1, 0.1]), ([1, 2], [1, 2]), ([1], [1])]
)
def test_a_session_without_a_correlation_has_null_not_zero(score, label):
    found = daily_ic(rows_of([score], [label], days=DAYS[:1]))

    assert found.select("ic", "rank_ic").row(0) == (None, None)


def test_rows_without_score_or_label_are_left_out():
    rows = rows_of([[1, 2, 3, 4, 9]], [[1, 2, 3, 4, -9]], days=DAYS[:1]).with_columns(
        pl.when(pl.col("score") == 9).then(None).otherwise(pl.col("score")).alias("score")
    )

    assert daily_ic(rows)["names"].to_list() == [4]
    assert daily_ic(rows)["rank_ic"].to_list() == [1.0]


def test_no_rows_give_no_sessions(noisy):
    assert daily_ic(noisy.clear()).height == 0
    assert long_short(noisy.clear()).height == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_score_that_is_no_number_is_refused(value):
    rows = rows_of([[1, 2, 3, value]], [[1, 2, 3, 4]], days=DAYS[:1])

    with pytest.raises(ContractError, match=r"score: 1 value\(s\) are NaN or infinite"):
        daily_ic(rows)


def test_a_missing_column_is_named():
    with pytest.raises(ContractError, match="missing column\\(s\\) forecast"):
        daily_ic(rows_of([[1]], [[1]], days=DAYS[:1]), score="forecast")


def test_twenty_names_have_two_in_each_decile():
    label = [i / 100 for i in range(20)]

    found = long_short(rows_of([range(20)], [label], days=DAYS[:1]))

    assert found["spread"][0] == pytest.approx((0.19 + 0.18) / 2 - (0.00 + 0.01) / 2)


@pytest.mark.parametrize("score", [[7] * 20, range(4)])
def test_without_names_in_a_decile_there_is_no_spread(score):
    found = long_short(rows_of([score], [range(len(score))], days=DAYS[:1]))

    assert found["spread"].to_list() == [None]
