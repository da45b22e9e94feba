"""A home written before a column was declared goes on: the column is null there, and filled from the next write on."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from kairos.tables.core import Partition, Table
from kairos.tables.features import FEAT_TREND
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import connect

BY = Commit("test", run_id="r", partition="-", reads={})
COLUMN = FEAT_TREND.columns[-1]


def before(table: Table) -> Table:
    """The table as it was declared before its last column came."""
    return replace(table, rows=table.schema.remove_columns([table.columns[-1]]))


def rows(table: Table, year: int) -> pl.DataFrame:
    frame = pl.DataFrame({"permaticker": [1, 2], "session": [date(year, 3, 3)] * 2})
    return frame.with_columns(pl.lit(0.5, pl.Float32).alias(name) for name in table.columns if name not in frame.columns)


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    made = Warehouse(tmp_path / "warehouse")
    old = before(FEAT_TREND)
    assert FEAT_TREND.partition is Partition.YEARS
    for year in (2014, 2015):
        made.replace(old, rows(old, year), partition={"year": year}, commit=BY)
    return made


def seen(warehouse: Warehouse) -> list[tuple[int, int]]:
    """Years with how many values of the column there are, as SQL sees them."""
    with connect(warehouse) as connection:
        asked = f'SELECT year(session), count("{COLUMN}") FROM feat_trend GROUP BY 1 ORDER BY 1'  # noqa: S608 - the registry's own names
        return connection.sql(asked).fetchall()


def held(warehouse: Warehouse) -> list[tuple[int, int]]:
    """The same, as the engine reads them."""
    counted = warehouse.read(FEAT_TREND).group_by(pl.col("session").dt.year()).agg(pl.col(COLUMN).count()).sort("session")
    return counted.rows()


def test_a_column_declared_since_is_null(warehouse):
    assert seen(warehouse) == held(warehouse) == [(2014, 0), (2015, 0)]


def test_a_year_written_anew_has_it_and_the_others_are_still_there(warehouse):
    warehouse.replace(FEAT_TREND, rows(FEAT_TREND, 2015), partition={"year": 2015}, commit=BY)
    assert seen(warehouse) == held(warehouse) == [(2014, 0), (2015, 2)]
    warehouse.replace(FEAT_TREND, rows(FEAT_TREND, 2014), partition={"year": 2014}, commit=BY)
    assert seen(warehouse) == held(warehouse) == [(2014, 2), (2015, 2)]


def test_a_year_emptied_takes_no_other_with_it(warehouse):
    warehouse.replace(FEAT_TREND, rows(FEAT_TREND, 2015), partition={"year": 2015}, commit=BY)
    warehouse.replace(FEAT_TREND, rows(FEAT_TREND, 2015).clear(), partition={"year": 2015}, commit=BY)
    assert seen(warehouse) == held(warehouse) == [(2014, 0)]


def test_every_table_can_be_asked_of_such_a_home(warehouse):
    with connect(warehouse) as connection:
        for name in TABLES:
            connection.sql(f'SELECT count(*) FROM "{name}"').fetchall()  # noqa: S608 - the registry's own names
