"""The fundamental tables keep what every declared table keeps."""

import polars as pl
import pytest

from kairos.tables.fundamentals import TABLES
from kairos.warehouse.views import DUCKDB_TYPES

EACH = pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
PURE = {"z_roe", "z_roa", "z_gm", "z_dta", "z_rev", "z_rev_eps", "value", "quality", "liquidity", "beta"}


@EACH
def test_its_key_columns_are_columns_and_never_null(table):
    assert set(table.key) <= set(table.columns)
    assert not any(table.schema.columns[name].nullable for name in table.key)


@EACH
def test_every_column_says_what_it_holds_and_every_number_its_unit(table):
    columns = table.schema.columns
    assert all(column.description for column in columns.values())
    numbers = {name for name, dtype in table.dtypes.items() if dtype == pl.Float64} - PURE
    assert [name for name in numbers if not columns[name].metadata["unit"]] == []


@EACH
def test_every_column_has_a_type_in_sql_and_an_empty_frame_is_valid(table):
    assert {dtype.base_type() for dtype in table.dtypes.values()} <= set(DUCKDB_TYPES)
    assert table.validate(table.empty()).height == 0


def test_names_occur_once():
    names = [table.name for table in TABLES]
    assert len(names) == len(set(names)) == 12
