import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.errors import ContractError, ModelError
from kairos.models.folds import Span
from kairos.models.panel import make_panel

USED = ("ret_5d", "rsi_14")


def test_rows_are_sorted_by_session_and_name_whatever_their_order(matrix):
    shuffled = make_panel(matrix.sample(fraction=1, shuffle=True, seed=3), features=USED)

    assert_frame_equal(shuffled.rows, make_panel(matrix, features=USED).rows)


def test_a_part_has_the_values_of_the_whole(matrix, sessions):
    panel = make_panel(matrix, features=USED)
    span = Span(sessions[50], sessions[69])
    early, late = panel.between(span), panel
    late.values("rank")

    assert np.array_equal(early.values("rank"), late.between(span).values("rank"))


def test_a_part_has_the_sessions_of_its_span(matrix, sessions):
    part = make_panel(matrix, features=USED).between(Span(sessions[50], sessions[69]))

    assert part.sessions == sessions[50:70]
    assert part.rows["session"].unique().sort().to_list() == list(sessions[50:70])
    assert part.starts.tolist() == [40 * i for i in range(21)]


def test_unknown_labels_are_nan(matrix):
    labels = make_panel(matrix, features=USED).labels("ret_5d_f_xs")

    assert np.isnan(labels[-5 * 40 :]).all()
    assert np.isfinite(labels[: -5 * 40]).all()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_label_that_is_no_number_is_refused(matrix, value):
    broken = matrix.with_columns(
        pl.when((pl.col("ticker") == "T03") & (pl.int_range(pl.len()) < 40))
        .then(value)
        .otherwise("ret_5d_f_xs")
        .alias("ret_5d_f_xs")
    )

    with pytest.raises(ModelError, match=r"ret_5d_f_xs is NaN or infinite in 1 row\(s\), first ticker T03"):
        make_panel(broken, features=USED).labels("ret_5d_f_xs")


def test_a_missing_label_is_named(matrix):
    with pytest.raises(ModelError, match="no label column ret_9d_f_xs; found ret_1d_f"):
        make_panel(matrix, features=USED).labels("ret_9d_f_xs")


def test_an_empty_feature_asks_for_the_full_matrix(matrix):
    base = matrix.with_columns(pl.lit(None, dtype=pl.Float32).alias("rsi_14"))

    with pytest.raises(ModelError, match=r"feature\(s\) rsi_14 hold no value in 13200 rows.*Run the full matrix"):
        make_panel(base, features=USED)


def test_a_missing_feature_is_named(matrix):
    with pytest.raises(ModelError, match=r"missing feature\(s\) rsi_14"):
        make_panel(matrix.drop("rsi_14"), features=USED)


def test_a_feature_that_is_no_number_is_refused(matrix):
    with pytest.raises(ModelError, match="are no numbers"):
        make_panel(matrix.with_columns(pl.lit("A").alias("rsi_14")), features=USED)


def test_a_missing_key_is_named(matrix):
    with pytest.raises(ContractError, match="missing column\\(s\\) ticker"):
        make_panel(matrix.drop("ticker"), features=USED)


def test_a_universe_of_one_name_is_refused(matrix):
    with pytest.raises(ModelError, match=r"at most 1 name\(s\) on a session; expected at least 3"):
        make_panel(matrix.filter(pl.col("ticker") == "T00"), features=USED)


def test_repeated_rows_are_refused(matrix):
    with pytest.raises(ModelError, match="rows repeat"):
        make_panel(pl.concat([matrix, matrix.head(1)]), features=USED)


@pytest.mark.parametrize("years", [[], [2015, 2016]])
def test_only_one_universe_year_is_taken(matrix, years):
    rows = pl.concat([matrix.clear(), *(matrix.with_columns(pl.lit(y, dtype=pl.Int32).alias("universe_year")) for y in years)])

    with pytest.raises(ModelError, match=r"expected exactly one|hold no value"):
        make_panel(rows, features=USED)
