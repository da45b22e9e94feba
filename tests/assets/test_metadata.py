"""What the UI shows is readable, small, and true of the columns."""

import polars as pl

from assets import metadata
from kairos.tables.models import MODEL_METRICS
from kairos.tables.simulation import LEADERBOARD, STRATEGY_STATS
from resources.table_io import Read


def test_a_preview_survives_bars_and_line_breaks():
    shown = metadata.preview(pl.DataFrame({"a": ["x|y\nz"], "b": [1 / 3]})).value
    assert shown == "| a | b |\n|---|---|\n| x\\|y z | 0.333333 |"


def test_a_preview_cuts_long_cells():
    cell = metadata.preview(pl.DataFrame({"a": ["x" * 500]})).value.splitlines()[-1]
    assert cell == f"| {'x' * metadata.MAX_CELL_CHARS}… |"


def test_a_plot_is_an_image():
    assert metadata.picture(b"png").value.startswith("![plot](data:image/png;base64,")


def test_a_plot_too_large_for_the_event_log_is_left_out_and_said_so():
    assert "100,001 bytes was left out" in metadata.picture(b"x" * 100_001).value


def test_two_tables_read_from_one_asset_both_stand_in_the_column_lineage():
    reads = (Read(STRATEGY_STATS), Read(MODEL_METRICS, from_asset="strategy_stats"))
    lineage = metadata.column_lineage(LEADERBOARD, reads).deps_by_column
    assert {dep.asset_key.to_user_string() for dep in lineage["tag"]} == {"strategy_stats"}


def test_a_description_says_nothing_twice():
    assert metadata.described(LEADERBOARD, LEADERBOARD.description).count(LEADERBOARD.description) == 1
