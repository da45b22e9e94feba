"""Dollar volume over the 60 market sessions that end on each session."""

import numpy as np
import polars as pl

from kairos.calendar import sessions_between
from kairos.frames import Frame
from kairos.tables.market import MV_LIQUIDITY_60D

WINDOW = 60
_BLOCK = 200  # securities at a time: 200 x 252 x 60 numbers are 24 MB


def liquidity_60d(daily_returns: Frame, *, year: int) -> Frame:
    """Return `mv_liquidity_60d` for a year's sessions with prices.

    A session without a row, as in a halt or before the listing, counts as one without volume. Where the loaded market
    sessions do not fill the window, mean and median are null.

    Args:
        daily_returns: Rows of `daily_returns` of `year` and the year before it.
        year: Calendar year of the rows handed back.
    """
    traded = daily_returns.filter(~pl.col("is_delisting")).select("permaticker", "session", "dollar_volume")
    wanted = traded.filter(pl.col("session").dt.year() == year).select("permaticker", "session")
    if wanted.is_empty():
        return MV_LIQUIDITY_60D.empty()
    sessions = sessions_between(traded["session"].min(), traded["session"].max())  # type: ignore[arg-type]
    calendar = pl.DataFrame({"session": sessions}).with_row_index("column")
    names = wanted.select("permaticker").unique().sort("permaticker").with_row_index("line")
    placed = traded.join(names, on="permaticker").join(calendar, on="session")
    ends = calendar.filter(pl.col("session").dt.year() == year)
    measured = pl.concat(
        _measure(placed.filter(pl.col("line").is_between(start, start + _BLOCK - 1)), ends, start)
        for start in range(0, names.height, _BLOCK)
    )
    joined = wanted.join(names, on="permaticker").join(measured, on=["line", "session"], how="left")
    return MV_LIQUIDITY_60D.conform(joined).sort("permaticker", "session")


def _measure(placed: Frame, ends: Frame, start: int) -> Frame:
    """Figures of one block of securities (L) for the windows that end on each session (T) of `ends`."""
    line = placed["line"].to_numpy().astype(np.int64) - start
    column = placed["column"].to_numpy().astype(np.int64)
    last = ends["column"].to_numpy().astype(np.int64)
    lines = int(line.max()) + 1
    dollars = np.zeros((lines, WINDOW + int(last[-1])))  # 59 empty sessions ahead of the first one loaded
    dollars[line, column + WINDOW - 1] = placed["dollar_volume"].fill_null(0.0).to_numpy()
    windows = np.lib.stride_tricks.sliding_window_view(dollars, WINDOW, axis=1)[:, last[0] :]  # (L, T, 60)
    ahead = np.maximum(WINDOW - 1 - last, 0)  # (T,)
    full = np.tile(ahead == 0, lines)
    figures = {"avg_dollar_vol_60d": windows.mean(axis=2), "median_dollar_vol_60d": np.median(windows, axis=2)}
    return pl.DataFrame(
        {
            "line": np.repeat(np.arange(start, start + lines, dtype=np.uint32), last.size),
            "session": pl.concat([ends["session"]] * lines),
            "zero_volume_days_60d": ((windows == 0).sum(axis=2) - ahead).ravel(),
            "full": full,
            **{name: values.ravel() for name, values in figures.items()},
        }
    ).with_columns(pl.when("full").then(pl.col(name)).alias(name) for name in figures)
