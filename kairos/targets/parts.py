"""The matrix with forward returns, a span of sessions at a time."""

from collections.abc import Iterator
from datetime import date

import polars as pl

from kairos.frames import Frame, LazyFrame, Parts
from kairos.targets.forward import KEY, with_forward_returns

PART_ROWS = 250_000  # a part is some sessions with about so many rows


def targets_by_parts(matrix: LazyFrame, daily_returns: Frame, *, tickers: Frame, universe_year: int) -> Parts:
    """Return a universe year's rows of `with_forward_returns`, by session and name; the first part has no rows.

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
    labels = with_forward_returns(rows.select(KEY).collect(), daily_returns, tickers=tickers).sort(order)

    def make() -> Iterator[Frame]:
        yield pl.concat([rows.limit(0).collect(), labels.clear().drop(KEY)], how="horizontal")
        for first, last in _spans(labels["session"]):
            inside = pl.col("session").is_between(first, last)
            forward = labels.filter(inside).drop(KEY)
            yield pl.concat([rows.filter(inside).collect().sort(order), forward], how="horizontal")

    return Parts(make)


def _spans(sessions: pl.Series) -> list[tuple[date, date]]:
    """Return first and last session of each part."""
    days = sessions.value_counts().sort("session")
    part = (pl.col("count").cum_sum() - 1) // PART_ROWS
    spans = days.group_by(part.alias("part"), maintain_order=True).agg(
        pl.col("session").min().alias("first"), pl.col("session").max().alias("last")
    )
    return list(spans.select("first", "last").iter_rows())
