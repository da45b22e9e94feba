"""What analysts and the vendor's rating said at each session's close, now and so many sessions before."""

from datetime import timedelta

import polars as pl

from kairos.features.facts import ESTIMATES, HORIZONS
from kairos.frames import Frame
from kairos.fundamentals.instants import new_york_day, with_close
from kairos.fundamentals.panel import closes_before, with_split_factor

PER_SHARE = ("eps_avg", "eps_high", "eps_low")
LONGEST_YEAR = timedelta(days=372)  # 53 weeks and a day
DAY = timedelta(days=1)
_OF = ["permaticker", "period_end"]


def with_forecasts(panel: Frame, estimates: Frame, actions: Frame, *, stamp: str) -> Frame:
    """Add what was expected of the fiscal year in progress (fy1) and the next (fy2), now and before, and `stamp`.

    Per-share figures are brought to the split basis of the session. `estimate_age_days` counts from the last change of
    fy1's mean earnings estimate.

    Args:
        panel: Has permaticker and session, sorted by both.
        estimates: `fmp_analyst_estimates`.
        actions: `actions`.
        stamp: Name of the column for the newest known_at of all that was used.
    """
    annual = _changes(estimates.filter(pl.col("period") == "annual"))
    annual = with_split_factor(annual, actions, "split_basis", name="_basis")
    rows = with_split_factor(with_close(panel), actions, "session", name="_now")
    rows = _fiscal_year(rows.with_columns(pl.col("session").alias("_from")), annual, name="fy1")
    rows = _fiscal_year(rows.with_columns((pl.col("fy1") + DAY).alias("_from")), annual, name="fy2")
    rows = _forecast(rows, annual, year="fy1", at="closes_at", suffix="_fy1")
    age = (pl.col("session") - new_york_day("_changed_at_fy1")).dt.total_days()
    rows = rows.with_columns(age.alias("estimate_age_days"))
    rows = _forecast(rows, annual, year="fy2", at="closes_at", suffix="_fy2")
    for sessions in HORIZONS:
        rows = rows.join(closes_before(sessions), on="session", how="left", maintain_order="left")
        rows = _forecast(rows, annual, year="fy1", at="then", suffix=f"_fy1_{sessions}d_ago").drop("then")
    used = [name for name in rows.columns if name.startswith("_known_at")]
    rows = rows.with_columns(pl.max_horizontal(used).alias(stamp))
    return rows.drop("closes_at", "_now", "fy1", "fy2", *used, pl.selectors.starts_with("_changed_at"))


def with_ratings(panel: Frame, ratings: Frame, *, stamp: str) -> Frame:
    """Add rating_score, rating_score_63d_ago and `stamp`, the newer known_at of the two."""
    told = ratings.sort("permaticker", "known_at").select("permaticker", "known_at", "ratingScore")
    rows = with_close(panel).join(closes_before(63), on="session", how="left", maintain_order="left")
    for at, suffix in (("closes_at", ""), ("then", "_63d_ago")):
        known = told.rename({"ratingScore": f"rating_score{suffix}", "known_at": f"_rated{suffix}"})
        rows = rows.join_asof(
            known, left_on=at, right_on=f"_rated{suffix}", by="permaticker", check_sortedness=False, coalesce=False
        )
    rows = rows.with_columns(pl.max_horizontal("_rated", "_rated_63d_ago").alias(stamp))
    return rows.drop("closes_at", "then", "_rated", "_rated_63d_ago")


def _changes(annual: Frame) -> Frame:
    """Add when the mean earnings estimate last changed, and name each version's own instant."""
    ordered = annual.sort(*_OF, "known_at")
    changed = pl.col("eps_avg").ne_missing(pl.col("eps_avg").shift(1).over(_OF)) | pl.struct(_OF).is_first_distinct()
    since = pl.when(changed).then("known_at").forward_fill().over(_OF)
    return ordered.select(*_OF, "known_at", "split_basis", *ESTIMATES, since.alias("_changed_at"))


def _fiscal_year(rows: Frame, annual: Frame, *, name: str) -> Frame:
    """Add the end of the first fiscal year from `_from` on that had been forecast by the close, if it ends within a year."""
    firsts = annual.group_by(_OF).agg(pl.col("known_at").min().alias("_first")).sort(_OF)
    open_ = rows.select("permaticker", "closes_at", "_from", pl.col("_from").alias("_begin")).with_row_index("_at")
    settled = []
    while open_.height:
        found = open_.sort("permaticker", "_from").join_asof(
            firsts, left_on="_from", right_on="period_end", by="permaticker", strategy="forward", check_sortedness=False,
            coalesce=False,
        )  # fmt: skip
        near = found.filter(pl.col("period_end") - pl.col("_begin") <= LONGEST_YEAR + DAY)
        seen = pl.col("_first") <= pl.col("closes_at")
        settled.append(near.filter(seen).select("_at", pl.col("period_end").alias(name)))
        open_ = near.filter(~seen).with_columns((pl.col("period_end") + DAY).alias("_from")).drop("period_end", "_first")
    numbered = rows.drop("_from").with_row_index("_at")
    empty = pl.DataFrame(schema={"_at": numbered.schema["_at"], name: pl.Date})
    return numbered.join(pl.concat([empty, *settled]), on="_at", how="left", maintain_order="left").drop("_at")


def _forecast(rows: Frame, annual: Frame, *, year: str, at: str, suffix: str) -> Frame:
    """Add what was expected of the fiscal year `year` at the instant `at`, per-share figures on the session's basis."""
    told = ("_changed_at", *ESTIMATES)
    named = annual.select(
        *_OF, pl.col("known_at").alias(f"_known_at{suffix}"), "_basis", *(pl.col(x).alias(f"{x}{suffix}") for x in told)
    )
    joined = rows.rename({year: "period_end"}).join_asof(
        named.sort(*_OF, f"_known_at{suffix}"), left_on=at, right_on=f"_known_at{suffix}", by=_OF, check_sortedness=False,
        coalesce=False,
    )  # fmt: skip
    rebased = [pl.col(f"{fact}{suffix}") * pl.col("_basis") / pl.col("_now") for fact in PER_SHARE]
    return joined.rename({"period_end": year}).with_columns(rebased).drop("_basis")
