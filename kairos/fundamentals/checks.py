"""Proof that a row made from facts knows nothing from after its session's close."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

import polars as pl

from kairos.calendar import session_close
from kairos.frames import Frame
from kairos.fundamentals.instants import with_close
from kairos.tables.core import Check, Outcome

KEY = ["permaticker", "session"]
FROM_PRICES = {"liquidity"}  # values in tables of facts that are made of prices alone


def nothing_from_the_future(rows: Frame) -> Outcome:
    """No row was made from a fact with a known_at after its session's close, and no value came from no fact at all."""
    values = [name for name, dtype in rows.schema.items() if dtype.is_float() and name not in FROM_PRICES]
    dated = with_close(rows)
    late = dated.filter(pl.col("facts_known_at") > pl.col("closes_at"))
    orphans = rows.filter(pl.col("facts_known_at").is_null() & pl.any_horizontal(pl.col(values).is_not_null()))
    worst = late.sort(pl.col("facts_known_at") - pl.col("closes_at"), descending=True)
    shown = f"; worst {worst.select(*KEY, 'facts_known_at').row(0)}" if worst.height else ""
    return Outcome(
        passed=late.is_empty() and orphans.is_empty(),
        summary=f"{late.height} of {rows.height} rows were made from a fact known after their session's close{shown}; "
        f"{orphans.height} have values and no fact",
        figures={"rows": rows.height, "from_the_future": late.height, "without_facts": orphans.height},
    )


def same_as_known_then(
    rows: Frame, remake: Callable[[datetime], Frame], sessions: Sequence[date], *, names: Sequence[str]
) -> Outcome:
    """Rows made again from only what was known by their session's close have the same values.

    It finds what a stamp alone cannot: a row that bears an honest known_at and a value from later.

    Args:
        rows: Rows of a feature table.
        remake: Makes the table again from the facts known by an instant.
        sessions: Sessions to try.
        names: Value columns.
    """
    differing = 0
    tried = 0
    for session in sessions:
        own = rows.filter(pl.col("session") == session).sort(KEY).select(*KEY, *names)
        again = remake(session_close(session)).filter(pl.col("session") == session).sort(KEY).select(*KEY, *names)
        tried += own.height
        both = own.join(again, on=KEY, how="full", suffix="_again")
        same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_again")) for name in names)
        differing += both.filter(~same | pl.any_horizontal(pl.col([*KEY, *(f"{x}_again" for x in KEY)]).is_null())).height
    return Outcome(
        passed=differing == 0,
        summary=f"{differing} of {tried} rows on {len(sessions)} sessions differ from what was known at their close",
        figures={"rows": tried, "differing": differing, "sessions": len(sessions)},
    )


NOTHING_FROM_THE_FUTURE = Check(
    "nothing_from_the_future",
    "No row was made from a fact with a known_at after its session's close.",
    nothing_from_the_future,
)
"""Blocking check of every table that has facts_known_at."""

CHECKS: dict[str, tuple[Check, ...]] = dict.fromkeys(
    ("feat_fundamentals", "feat_revisions", "social_features", "fmp_revisions_cs", "fundamentals_factors_v1"),
    (NOTHING_FROM_THE_FUTURE,),
)
"""Checks by table name, as `kairos.market.checks.CHECKS`."""
