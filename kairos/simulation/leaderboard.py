"""All strategies in one order, with the skill of the scores that they followed."""

import polars as pl

from kairos.frames import Frame
from kairos.tables.simulation import LEADERBOARD, SIMULATION_KEY

WHOLE_SEGMENT = 0  # the year of `model_metrics` that stands for all years


def leaderboard(strategy_stats: Frame, model_metrics: Frame) -> Frame:
    """Return the rows of `leaderboard`: best net validation Sharpe ratio first, strategies without one last.

    Args:
        strategy_stats: Rows of that table, all years and tags.
        model_metrics: Rows of that table; a strategy on a prediction file has none.
    """
    skill = model_metrics.filter((pl.col("segment") == "validation") & (pl.col("year") == WHOLE_SEGMENT)).select(
        "universe_year",
        "model_id",
        "horizon",
        rank_ic_validation="rank_ic",
        rank_ic_t_validation="rank_ic_t",
    )
    ordered = strategy_stats.join(skill, on=["universe_year", "model_id", "horizon"], how="left").sort(
        "sharpe_net_validation", *SIMULATION_KEY, descending=[True] + [False] * len(SIMULATION_KEY), nulls_last=True
    )
    return LEADERBOARD.conform(ordered.with_row_index("rank", offset=1))
