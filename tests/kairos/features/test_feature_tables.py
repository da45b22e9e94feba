import polars as pl
import pytest

from kairos.features.core import build
from kairos.features.registry import ALL_FEATURES, FACT_SETS, FEATURE_SETS, SEPARATE_SETS
from kairos.tables import features, matrix
from kairos.tables.core import Partition

EVERY_TABLE = pytest.mark.parametrize("table", features.TABLES, ids=lambda table: table.name)


def test_every_feature_set_has_its_table():
    assert {table.name for table in features.FROM_PRICES} == set(FEATURE_SETS)
    assert {table.name for table in features.FROM_FACTS} == set(FACT_SETS)
    assert {table.name for table in features.SEPARATE} == set(SEPARATE_SETS)
    assert (*features.FROM_PRICES, *features.SEPARATE, *features.FROM_FACTS) == features.TABLES


@pytest.mark.parametrize("table", [*features.FROM_PRICES, *features.SEPARATE], ids=lambda table: table.name)
def test_a_built_year_keeps_its_contract(table, nasty_returns):
    made = build((FEATURE_SETS | SEPARATE_SETS)[table.name], nasty_returns, year=2017)
    assert table.validate(made).equals(made)
    assert [check.name for check in table.checks if not check.run(made).passed] == []


@EVERY_TABLE
def test_feature_tables_are_partitioned_by_year(table):
    assert (table.partition, table.partition_by, table.group) == (Partition.YEARS, ("year",), "features")


def test_a_column_carries_description_and_unit():
    column = features.FEAT_PRICE_ACTION.schema.columns["ret_5d"]
    assert column.description == "C[t] / C[t-5] - 1. Jegadeesh (1990); Lehmann (1990)"
    assert column.metadata == {"unit": "fraction"}


def test_not_a_number_fails_the_check_and_is_counted():
    outcome = features.ALL_FINITE.run(pl.DataFrame({"a": [1.0, float("nan")], "b": [None, 2.0]}))
    assert not outcome.passed
    assert outcome.figures == {"columns": 1, "values": 1}


def test_the_matrix_holds_the_union_of_the_features():
    keys = ("universe_year", "permaticker", "ticker", "session")
    assert matrix.FEAT_MATRIX_COMPLETE.columns == (*keys, *(feature.name for feature in ALL_FEATURES))


def test_the_targets_add_the_forward_columns_and_nothing_else():
    added = set(matrix.FEAT_MATRIX_TARGETS.columns) - set(matrix.FEAT_MATRIX_COMPLETE.columns)
    assert added == {"ret_1d_f", "ret_5d_f", "ret_21d_f", "ret_1d_f_xs", "ret_5d_f_xs", "ret_21d_f_xs"}


def test_the_matrices_have_yearly_views():
    assert [table.yearly_view for table in matrix.TABLES] == ["feat_matrix_complete_{year}", "feat_matrix_targets_{year}"]
