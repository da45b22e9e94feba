"""Every table is declared once, and completely."""

import polars as pl
import pytest

from kairos.errors import ContractError, NotFoundError
from kairos.tables.core import Partition
from kairos.tables.registry import TABLES, table_named
from kairos.targets.checks import misplaced_forward_columns
from kairos.warehouse.views import DUCKDB_TYPES

EACH = pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))


@EACH
def test_its_key_and_partition_columns_are_columns(table):
    derived = {"year"} if table.partition is Partition.YEARS else set()
    assert {*table.key, *table.partition_by, *table.identity} <= {*table.columns, *derived}


@EACH
def test_no_key_column_may_be_null(table):
    assert not any(table.schema.columns[name].nullable for name in table.key)


@EACH
def test_every_column_says_what_it_holds(table):
    assert all(column.description for column in table.schema.columns.values())


@EACH
def test_every_column_has_a_type_in_sql(table):
    assert {dtype.base_type() for dtype in table.dtypes.values()} <= set(DUCKDB_TYPES)


@EACH
def test_an_empty_frame_holds_to_the_contract(table):
    assert table.validate(table.empty()).height == 0


def test_forward_columns_exist_in_the_targets_alone():
    assert misplaced_forward_columns(TABLES.values()) == []


def test_a_value_that_does_not_fit_is_named():
    table = TABLES["trials"]
    frame = pl.DataFrame({name: ["x"] for name in table.columns})
    with pytest.raises(ContractError, match="trials"):
        table.validate(frame)


def test_a_misspelt_name_brings_the_nearest():
    with pytest.raises(NotFoundError, match="sep_base"):
        table_named("sep_bsae")
