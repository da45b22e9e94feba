"""The fundamental tables keep what every declared table keeps."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.errors import WarehouseError
from kairos.tables.fundamentals import FMP_BALANCE_SHEET, TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
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
    assert len(names) == len(set(names)) == 13


def test_rows_without_a_session_lie_in_the_year_they_became_known(tmp_path):
    warehouse = Warehouse(tmp_path / "warehouse")
    rows = raw_fundamentals(known=datetime(2019, 1, 2, tzinfo=UTC), end=date(2018, 9, 30))
    warehouse.replace(FMP_BALANCE_SHEET, rows, partition={"year": 2019}, commit=Commit("test"))
    assert warehouse.read(FMP_BALANCE_SHEET, where=pl.col("year") == 2019).equals(rows)
    with pytest.raises(WarehouseError, match="outside year=2018"):
        warehouse.replace(FMP_BALANCE_SHEET, rows, partition={"year": 2018}, commit=Commit("test"))


def raw_fundamentals(*, known: datetime, end: date) -> pl.DataFrame:
    told = {
        "permaticker": [1], "period_end": [end], "period": ["Q3"], "symbol": ["AAA"], "record": ["{}"], "source": ["fmp"],
        "known_at": [known], "known_source": ["vendor"], "fetched_at": [known], "payload_id": ["p"], "row": [0],
    }  # fmt: skip
    frame = pl.DataFrame(told)
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in FMP_BALANCE_SHEET.dtypes.items() if name not in told]
    return FMP_BALANCE_SHEET.conform(frame.with_columns(missing))
