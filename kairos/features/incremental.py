"""Features of some rows alone, to the same bits as a full build: new sessions, and what a late correction reaches.

A year's index `C` is chained from 1.0 at the first row of the year two before it, whatever is computed of it: the chain
is made for all rows, the features only for those asked for and the rows that they read.
"""

from datetime import date

import polars as pl

from kairos.features.core import KEY, FeatureSet, compute
from kairos.features.panel import CHAINED, price_panel
from kairos.frames import Frame

_AT = "_position"


def build_sessions(feature_set: FeatureSet, daily_returns: Frame, *, since: date) -> Frame:
    """Return the set's features for every session from `since` on, sorted by name and session.

    Args:
        feature_set: What to compute.
        daily_returns: Rows of the `daily_returns` table from the year two before that of `since` on.
        since: First session of the rows returned.
    """
    last = daily_returns.select(pl.col("session").max()).item() or since
    years = range(since.year, max(last.year, since.year) + 1)
    wanted = pl.col("session") >= since
    return pl.concat([_of_year(feature_set, daily_returns, year, wanted) for year in years]).sort(KEY)


def build_rows(feature_set: FeatureSet, daily_returns: Frame, reached: Frame) -> Frame:
    """Return the set's features for the rows within some ranges, sorted by name and session.

    Args:
        feature_set: What to compute.
        daily_returns: Rows of the `daily_returns` table from two years before the first range on.
        reached: Ranges, as `rows_reached` gives them.
    """
    if reached.is_empty():
        return _of_year(feature_set, daily_returns.clear(), date.max.year, pl.lit(value=False))
    if len(_reaches(feature_set)) == 1:
        daily_returns = daily_returns.join(reached, on="permaticker", how="semi")
    marked = daily_returns.select(KEY).unique().join(reached, on="permaticker").filter(
        pl.col("session").is_between("first", "last")
    ).select(KEY).unique().with_columns(_wanted=True)  # fmt: skip
    rows = daily_returns.join(marked, on=KEY, how="left")
    years = range(reached["first"].min().year, reached["last"].max().year + 1)
    return pl.concat([_of_year(feature_set, rows, year, pl.col("_wanted")) for year in years]).sort(KEY)


def rows_reached(feature_set: FeatureSet, corrections: Frame, daily_returns: Frame) -> Frame:
    """Return permaticker, first and last: the sessions of each name whose features a corrected row can change in any bit.

    A row reaches as many rows of its name as the set looks back; every later row of the years whose index it is part of,
    where the set reads the index; and every name, where the set compares names.

    Args:
        feature_set: Whose features.
        corrections: permaticker and session of rows of `daily_returns` that changed, appeared or went.
        daily_returns: All rows as they are now.
    """
    rows = daily_returns.filter(~pl.col("is_delisting")).select(KEY).sort(KEY)
    rows = rows.with_columns(pl.int_range(pl.len()).over("permaticker").alias(_AT))
    ends = pl.date(pl.col("session").dt.year() + 2, 12, 31)  # the panels of later years begin after the row
    found = corrections.select("permaticker", first="session", last="session", ends=ends).unique()
    inner, *outer = reversed(_reaches(feature_set))
    found = _later(found, rows, inner)
    if {name for feature in feature_set.features for name in feature.expr.roots} & set(CHAINED) or _opaque(feature_set):
        found = found.with_columns(last="ends")
    for reach in outer:
        spans = found.select("first", "last", "ends").unique()
        found = _later(rows.select("permaticker").unique().join(spans, how="cross"), rows, reach)
    within = found.with_columns(last=pl.min_horizontal("last", "ends"))
    return within.select("permaticker", "first", "last").unique().sort("permaticker", "first", "last")


def _later(spans: Frame, rows: Frame, reach: int) -> Frame:
    """Extend each span by so many rows of its name; spans after a name's last row go."""
    begun = spans.sort("last").join_asof(
        rows.sort("session"), left_on="last", right_on="session", by="permaticker", strategy="forward", check_sortedness=False
    )
    final = rows.group_by("permaticker").agg(pl.col(_AT).max().alias("_final"), pl.col("session").max().alias("_newest"))
    known = begun.join(final, on="permaticker").filter(pl.col("first") <= pl.col("_newest"))
    at = pl.min_horizontal(pl.col(_AT) + reach, "_final").fill_null(pl.col("_final"))
    ends = rows.select("permaticker", pl.col(_AT).alias("_to"), pl.col("session").alias("_last"))
    moved = known.with_columns(at.alias("_to")).join(ends, on=["permaticker", "_to"])
    return moved.select("permaticker", "first", pl.max_horizontal("last", "_last").alias("last"), "ends")


def _reaches(feature_set: FeatureSet) -> tuple[int, ...]:
    """Rows back that the set reads: of its own name, then of every name for each comparison in it, outermost first."""
    found = [feature.expr.reaches for feature in feature_set.features]
    depth = max(map(len, found), default=1)
    return tuple(max((reaches[level] for reaches in found if level < len(reaches)), default=0) for level in range(depth))


def _opaque(feature_set: FeatureSet) -> bool:
    return any(feature.expr.opaque for feature in feature_set.features)


def _of_year(feature_set: FeatureSet, daily_returns: Frame, year: int, wanted: pl.Expr) -> Frame:
    until_then = daily_returns.filter(pl.col("session") <= date(year, 12, 31))
    panel = price_panel(until_then, first_session=date(year - 2, 1, 1))
    marks = until_then.filter(wanted & (pl.col("session") >= date(year, 1, 1))).select(KEY)
    needed = panel if _opaque(feature_set) else _with_what_it_reads(panel, marks, _reaches(feature_set))
    return compute(feature_set, needed).join(marks, on=KEY, how="semi", maintain_order="left")


def _with_what_it_reads(panel: Frame, marks: Frame, reaches: tuple[int, ...]) -> Frame:
    """The marked rows and those they read: so many rows before them, and all names wherever names are compared."""
    placed = panel.with_columns(pl.int_range(pl.len()).over("permaticker").alias(_AT))
    kept = placed.join(marks, on=KEY, how="semi")
    for level, reach in enumerate(reaches):
        if level:
            kept = placed.filter(pl.col("session").is_between(kept["session"].min(), kept["session"].max()))
        spans = kept.group_by("permaticker").agg(low=pl.col(_AT).min() - reach, high=pl.col(_AT).max())
        kept = placed.join(spans, on="permaticker", maintain_order="left").filter(pl.col(_AT).is_between("low", "high"))
    return kept.select(panel.columns).sort(KEY)
