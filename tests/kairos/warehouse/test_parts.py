"""A large partition comes part by part: one commit of all or of none, and a partition may lack what is optional."""

from datetime import date

import polars as pl
import pytest

from kairos.errors import ContractError, WarehouseError
from kairos.frames import Parts
from kairos.tables.market import MV_LIQUIDITY_60D as TABLE
from kairos.tables.matrix import FEAT_MATRIX_COMPLETE as MATRIX
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import connect

BY = Commit("test", run_id="r1", partition="2014", reads={})


def rows(month, value=1.0, count=3):
    days = [date(2014, month, day) for day in (3, 4)]
    keys = pl.DataFrame({"session": days}).join(pl.DataFrame({"permaticker": range(count)}), how="cross")
    value_of = pl.lit(value)
    made = keys.with_columns(avg_dollar_vol_60d=value_of, median_dollar_vol_60d=value_of, zero_volume_days_60d=pl.lit(0))
    return TABLE.conform(made)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse")


def stored(warehouse, *parts):
    return warehouse.replace_by_parts(TABLE, Parts(lambda: iter(parts)), partition={"year": 2014}, commit=BY)


def test_parts_are_one_commit_of_all_their_rows_each_together_and_by_session(warehouse):
    stored(warehouse, rows(1).clear(), rows(1), rows(2), rows(3))
    assert [version for version, _ in warehouse.history(TABLE)] == [0]
    assert warehouse.read(TABLE).equals(pl.concat([rows(1), rows(2), rows(3)]).sort(TABLE.key))
    lying = pl.read_parquet(*warehouse.path(TABLE).rglob("*.parquet")).with_columns(month=pl.col("session").dt.month())
    assert sorted(lying["month"].rle().struct.field("value")) == [1, 2, 3]
    assert all(part["session"].is_sorted() for part in lying.partition_by("month"))


def test_parts_replace_the_partition_alone(warehouse):
    other = rows(5).with_columns(pl.col("session").dt.offset_by("1y"))
    warehouse.replace(TABLE, other, partition={"year": 2015}, commit=BY)
    stored(warehouse, rows(1), rows(2))
    stored(warehouse, rows(3))
    assert warehouse.read(TABLE).equals(pl.concat([rows(3), other]).sort(TABLE.key))


@pytest.mark.parametrize(
    ("last", "error", "message"),
    [
        (rows(2, value=-1.0), ContractError, "column avg_dollar_vol_60d: 6 value"),
        (rows(1), ContractError, "a part begins on 2014-01-03, the one before ended on 2014-01-04; expected later sessions"),
        (rows(2).with_columns(pl.col("session").dt.offset_by("1y")), WarehouseError, r"6 row\(s\) outside year=2014"),
    ],
    ids=["contract", "order", "partition"],
)
def test_a_part_that_may_not_be_lets_none_of_them_in(warehouse, last, error, message):
    stored(warehouse, rows(4))
    with pytest.raises(error, match=message):
        stored(warehouse, rows(1), last)
    assert warehouse.read(TABLE).equals(rows(4).sort(TABLE.key))


def test_what_making_a_part_raises_comes_out_as_it_is(warehouse):
    def broken():
        yield rows(1)
        raise ZeroDivisionError("oops")

    with pytest.raises(ZeroDivisionError, match="oops"):
        warehouse.replace_by_parts(TABLE, Parts(broken), partition={"year": 2014}, commit=BY)
    assert warehouse.version(TABLE) is None


def test_parts_within_the_limit_are_one_frame_and_larger_ones_stay_parts():
    parts = Parts(lambda: iter([rows(1), rows(2)]))
    assert parts.within(10_000).equals(pl.concat([rows(1), rows(2)]))
    assert parts.within(rows(1).estimated_size()) is parts


def matrix(year, names):
    keys = pl.DataFrame({"universe_year": [year], "permaticker": [1], "ticker": ["A"], "session": [date(year, 3, 3)]})
    return MATRIX.conform(keys.with_columns(pl.lit(0.5).alias(name) for name in names))


def seen(warehouse, *names):
    """What SQL sees of the columns, by year; the engine sees the same."""
    counts = ", ".join(f'count("{name}")' for name in names)
    with connect(warehouse) as connection:
        found = connection.sql(f"SELECT universe_year, {counts} FROM feat_matrix_complete GROUP BY 1 ORDER BY 1").fetchall()  # noqa: S608 - the registry's own names
    own = warehouse.read(MATRIX).group_by("universe_year").agg(pl.col(name).count() for name in names).sort("universe_year")
    assert own.rows() == found
    return found


@pytest.mark.parametrize("order", [(2014, 2015), (2015, 2014)])
def test_years_with_other_optional_columns_stand_beside_each_other(warehouse, order):
    held = {2014: ("ret_1d",), 2015: ("ret_1d", "KMID")}
    for year in order:
        warehouse.replace(MATRIX, matrix(year, held[year]), partition={"universe_year": year}, commit=BY)
    assert seen(warehouse, "ret_1d", "KMID", "rsi_14d") == [(2014, 1, 0, 0), (2015, 1, 1, 0)]
    assert warehouse.read(MATRIX).columns == list(MATRIX.columns)


@pytest.mark.parametrize("order", [(2014, 2015), (2015, 2014)])
def test_a_year_with_every_column_stands_beside_one_with_few(warehouse, order):
    held = {2014: ("ret_1d",), 2015: tuple(name for name in MATRIX.columns if name in MATRIX.optional)}
    for year in order:
        warehouse.replace(MATRIX, matrix(year, held[year]), partition={"universe_year": year}, commit=BY)
    assert seen(warehouse, "ret_1d", "KMID") == [(2014, 1, 0), (2015, 1, 1)]


def test_a_column_that_was_never_written_is_not_in_the_files(warehouse):
    warehouse.replace(MATRIX, matrix(2014, ["ret_1d"]), partition={"universe_year": 2014}, commit=BY)
    assert "KMID" not in pl.read_parquet(*warehouse.path(MATRIX).rglob("*.parquet")).columns
    assert warehouse.scan(MATRIX, as_written=True).collect_schema().names() == [*matrix(2014, ["ret_1d"]).columns]


def test_a_partition_written_again_with_fewer_columns_loses_the_others(warehouse):
    for names, version in ((("ret_1d", "KMID"), 0), (("ret_1d",), 1), (("ret_1d",), 1)):
        written = warehouse.replace(MATRIX, matrix(2014, names), partition={"universe_year": 2014}, commit=BY)
        assert written == version
    assert seen(warehouse, "ret_1d", "KMID") == [(2014, 1, 0)]


def test_what_is_not_optional_must_be_there():
    with pytest.raises(ContractError, match=r"feat_matrix_complete: missing column\(s\) ticker"):
        MATRIX.conform(matrix(2014, ["ret_1d"]).drop("ticker"))
