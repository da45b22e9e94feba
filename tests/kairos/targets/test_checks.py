import pandera.polars as pa
import polars as pl

from kairos.tables.core import Table
from kairos.tables.registry import TABLES
from kairos.targets.checks import misplaced_forward_columns


def table(name, *columns):
    return Table(
        name,
        group="g",
        key=(columns[0],),
        rows=pa.DataFrameSchema({column: pa.Column(pl.Float64) for column in columns}),
        origin="",
        description="",
    )


def test_no_table_but_the_targets_looks_forward():
    assert misplaced_forward_columns(TABLES.values()) == []


def test_a_forward_column_elsewhere_is_named():
    tables = [table("clean", "x", "half"), table("leaky", "x", "ret_5d_f", "ret_5d_f_xs")]
    assert misplaced_forward_columns(tables) == ["leaky.ret_5d_f", "leaky.ret_5d_f_xs"]


def test_the_targets_themselves_may():
    assert misplaced_forward_columns([TABLES["feat_matrix_targets"]]) == []
