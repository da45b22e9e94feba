"""The table `quality_results`: every figure of every table on the sessions that are judged."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from kairos.frames import Frame
from kairos.quality.agreement import Pairs, agreement
from kairos.quality.known import Dated, Known, judged_sessions, trading
from kairos.quality.levels import judge
from kairos.quality.measures import Figure, drift, measured
from kairos.tables.quality import QUALITY_RESULTS

TRADED_WITHIN = 10  # days; a halt may last some, a death does not end


@dataclass(frozen=True)
class Delivered:
    """What a year's results are made from.

    Attributes:
        known: The rows of every judged table.
        pairs: Values of two sources for the same thing.
        prices: permaticker and day of every price.
        common: The common stocks; None where no vendor says which they are.
        last_loaded: The last session with prices or market values; None where there is none.
    """

    known: Sequence[Known]
    pairs: Sequence[Pairs]
    prices: Dated
    common: Sequence[int] | None
    last_loaded: date | None


def quality_results(delivered: Delivered, *, year: int) -> Frame:
    """Return the judged figures of a year: of its months' last sessions, and of the last session loaded.

    A table without a fact by a session has no row of it.
    """
    if delivered.last_loaded is None:
        return QUALITY_RESULTS.empty()
    rows = [
        (table, session, figure.check, figure.column, figure.value, figure.detail)
        for session in judged_sessions(year, delivered.last_loaded)
        for table, figure in _figures(delivered, session, judged=session.year == year)
    ]
    schema = ["table_name", "session", "check_name", "column_name", "value", "detail"]
    figures = pl.DataFrame(
        rows, schema={name: QUALITY_RESULTS.dtypes[name] for name in schema}, orient="row"
    )  # fmt: skip
    made = judge(figures).filter(pl.col("session").dt.year() == year)
    return made.select(QUALITY_RESULTS.columns).sort(QUALITY_RESULTS.key)


def _figures(delivered: Delivered, session: date, *, judged: bool) -> Iterator[tuple[str, Figure]]:
    names = trading(delivered.prices, delivered.common, session, days=TRADED_WITHIN)
    for known in delivered.known:
        yield from ((known.feed.table.name, figure) for figure in measured(known, session, names))
        if judged:  # it is held against no earlier figure
            yield from ((known.feed.table.name, figure) for figure in drift(known, session))
    for pairs in delivered.pairs:
        yield from ((pairs.table, figure) for figure in agreement(pairs, session))
