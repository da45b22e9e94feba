"""Jumps that no trading and no action explains: a series that changed its scale, such as a split nobody recorded."""

import numpy as np
import polars as pl

from kairos.frames import Frame
from kairos.market.cleaned import waived

WAIVER = "scale_break"
FACTOR = 4.0  # smaller jumps happen; larger ones without trade are the series' scale, not its value
TRADED = 3.0  # times the usual shares and dollars: news is traded, a change of scale is not
TRAIL = 20
LEAST_TRAIL = 5  # fewer bars say nothing of what is usual: a series that begins on a wrong scale would pass as traded


def without_breaks(rows: Frame, waivers: Frame) -> tuple[Frame, Frame]:
    """Return the rows with return 0 and source `break` where the scale changed, and those rows as they were.

    A jump beyond a factor of 4 counts as real when both shares and dollars are at least three times their median of the
    20 rows before, of which there must be five. A change of scale moves one of the two at most.

    Args:
        rows: Sorted by permaticker and session, with ret_cc, ret_source, close and volume.
        waivers: Columns ticker, session and reason.
    """
    jump = pl.col("ret_cc").log1p().abs() > float(np.log(FACTOR))
    names = rows.filter(jump)["permaticker"].unique()
    if names.is_empty():
        return rows, rows.clear()
    suspects = rows.filter(pl.col("permaticker").is_in(names.implode()))
    dollars = pl.col("close") * pl.col("volume")
    traded = pl.all_horizontal(
        (amount > 0) & (amount >= TRADED * amount.rolling_median(TRAIL, min_samples=LEAST_TRAIL).shift(1).over("permaticker"))
        for amount in (pl.col("volume"), dollars)
    )
    found = suspects.filter((jump & ~traded.fill_null(False)).fill_null(False))
    found = found.filter(~waived(found, waivers, WAIVER))
    marked = found.select("permaticker", "session", pl.lit(True).alias("_broken"))
    joined = rows.join(marked, on=["permaticker", "session"], how="left", maintain_order="left")
    broken = pl.col("_broken").is_not_null()
    mended = joined.with_columns(
        pl.when(broken).then(0.0).otherwise("ret_cc").alias("ret_cc"),
        pl.when(broken).then(pl.lit("break")).otherwise("ret_source").alias("ret_source"),
    )
    return mended.drop("_broken"), found
