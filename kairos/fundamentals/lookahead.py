"""What joining facts on the end of their period, instead of on when they were known, would have told too early."""

from dataclasses import dataclass

import polars as pl

from kairos.frames import UTC_TIME, Frame
from kairos.fundamentals.asof import join_as_of
from kairos.fundamentals.instants import with_close


@dataclass(frozen=True)
class LookaheadError:
    """Size of the error; days are calendar days.

    Attributes:
        rows: Rows of the panel for which the wrong join has a fact.
        future_share: Share of them whose fact became known only after the session's close.
        median_lag_days: Median time from the period's end to when it was known, over first versions.
        median_days_early: Median time by which those facts came too early.
        changed_share: Share of the rows with another value than what was known, a value where nothing was known included.
    """

    rows: int
    future_share: float
    median_lag_days: float
    median_days_early: float
    changed_share: float


def lookahead_error(panel: Frame, versions: Frame, fact: str) -> LookaheadError:
    """Measure the error made by taking a fact as known from the end of its fiscal period on, in its last version.

    Args:
        panel: Has permaticker and session, sorted by both.
        versions: Rows with permaticker, period_end, period, known_at and the fact.
        fact: The fact that is compared.
    """
    key = ["permaticker", "period_end", "period"]
    ordered = versions.sort(*key, "known_at")
    firsts = ordered.unique(key, keep="first").with_columns(_midnight("period_end").alias("_ended"))
    lags = firsts.select((pl.col("known_at") - pl.col("_ended")).dt.total_days().alias("lag"))["lag"]
    told = ordered.unique(key, keep="last").select(*key, fact, pl.col("known_at").alias("_really"))
    naive = told.with_columns(_midnight("period_end").alias("known_at"))
    wrong = with_close(join_as_of(panel, naive, [fact, "_really"]).rename({fact: "_told"}))
    right = join_as_of(panel, versions, [fact])
    both = wrong.with_columns(right[fact]).filter(pl.col("period_end").is_not_null())
    early = both.filter(pl.col("_really") > pl.col("closes_at"))
    days = early.select((pl.col("_really") - pl.col("closes_at")).dt.total_seconds() / 86400).to_series()
    return LookaheadError(
        rows=both.height,
        future_share=early.height / max(both.height, 1),
        median_lag_days=float(lags.median() or 0.0),  # type: ignore[arg-type]
        median_days_early=float(days.median() or 0.0),  # type: ignore[arg-type]
        changed_share=both.filter(pl.col(fact).ne_missing(pl.col("_told"))).height / max(both.height, 1),
    )


def _midnight(day: str) -> pl.Expr:
    return pl.col(day).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(UTC_TIME)
