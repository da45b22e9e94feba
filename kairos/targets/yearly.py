"""The matrix with forward returns, one calendar year at a time."""

from collections.abc import Iterator
from datetime import date

import polars as pl

from kairos.frames import Frame, LazyFrame, Parts
from kairos.targets.forward import KEY, with_forward_returns


def targets_by_year(matrix: LazyFrame, daily_returns: Frame, *, tickers: Frame, universe_year: int) -> Parts:
    """Return a universe year's rows of `with_forward_returns`, by session and name; a part is a calendar year, after one without rows.

    Args:
        matrix: Rows with universe_year, permaticker and session, each a session with a price of that name.
        daily_returns: Rows of the `daily_returns` table from the matrix's first session to the last loaded.
        tickers: Rows of the `tickers` table, for who is known to be dead.
        universe_year: Its rows alone are read.

    Raises:
        ContractError: A matrix row has no price row.
        CalendarError: A price row falls on no session.
    """
    order = KEY[::-1]
    rows = matrix.filter(pl.col("universe_year") == universe_year)
    keys = rows.select(KEY).collect()
    labels = with_forward_returns(keys, daily_returns, tickers=tickers).sort(order)
    years = labels["session"].dt.year().unique().sort().to_list()

    def make() -> Iterator[Frame]:
        for year in (date.min.year, *years):
            inside = pl.col("session").is_between(date(year, 1, 1), date(year, 12, 31))
            forward = labels.filter(inside).drop(KEY)
            yield pl.concat([rows.filter(inside).collect().sort(order), forward], how="horizontal")

    return Parts(make)
