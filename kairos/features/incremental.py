"""Features of some rows alone, to the same bits as a full build: new sessions, and what a late correction reaches.

A year's index `C` is chained from 1.0 at the first row of the year two before it, whatever is computed of it: the chain
is made for all rows, the features only for those asked for and the rows that they read.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.core import KEY, Feature, FeatureSet, compute, compute_ordered, panel_of_year
from kairos.features.panel import CHAINED, require_ordered
from kairos.frames import Frame

LARGE = 100_000  # rows; with fewer, making one plan for the whole set costs less than several for its parts, in general
FEW = 8  # rows read for one computed, from which on most of them are look-back
REACHES = (0, 25, 70, 140, 260)  # a day, a month, a quarter, a half and a year of sessions, and a few

_AT = "_position"
_Mask = NDArray[np.bool_]
_Wanted = Callable[[Frame], _Mask]


def build_sessions(feature_set: FeatureSet, daily_returns: Frame, *, since: date) -> Frame:
    """Return the set's features for every session from `since` on, sorted by name and session.

    Args:
        feature_set: What to compute.
        daily_returns: Rows of the `daily_returns` table from the year two before that of `since` on.
        since: First session of the rows returned.
    """
    last = daily_returns.select(pl.col("session").max()).item() or since
    years = range(since.year, max(last.year, since.year) + 1)

    def wanted(panel: Frame) -> _Mask:
        return (panel["session"] >= since).to_numpy()

    return pl.concat([_of_year(feature_set, daily_returns, year, wanted) for year in years]).sort(KEY)


def build_rows(feature_set: FeatureSet, daily_returns: Frame, reached: Frame) -> Frame:
    """Return the set's features for the rows within some ranges, sorted by name and session.

    Args:
        feature_set: What to compute.
        daily_returns: Rows of the `daily_returns` table from two years before the first range on.
        reached: Ranges, as `rows_reached` gives them.
    """
    if len(_reaches(feature_set)) == 1:
        daily_returns = daily_returns.join(reached, on="permaticker", how="semi")
    first, last = reached.select(pl.col("first").dt.year().min(), pl.col("last").dt.year().max()).row(0)
    within = pl.col("session").is_between("first", "last")
    marks = daily_returns.select(KEY).join(reached, on="permaticker").filter(within).select(KEY).unique()

    def wanted(panel: Frame) -> _Mask:
        found = panel.select(KEY).join(marks.with_columns(found=True), on=KEY, how="left", maintain_order="left")
        return found["found"].fill_null(value=False).to_numpy()

    years = range(first, last + 1) if first is not None else range(date.max.year, date.max.year + 1)
    return pl.concat([_of_year(feature_set, daily_returns, year, wanted) for year in years]).sort(KEY)


def rows_reached(feature_set: FeatureSet, corrections: Frame, daily_returns: Frame) -> Frame:
    """Return permaticker, first and last: the sessions of each name whose features a corrected row can change in any bit.

    A row reaches as many rows of its name as the set looks back; every later row of the years whose index it is part of,
    where the set reads the index; and every name, where the set compares names.

    Args:
        feature_set: Whose features.
        corrections: permaticker and session of rows of `daily_returns` that changed, appeared or went.
        daily_returns: All rows as they are now.
    """
    return reached_in(feature_set, corrections, daily_returns.filter(~pl.col("is_delisting")).select(KEY).sort(KEY))


def reached_in(feature_set: FeatureSet, corrections: Frame, keys: Frame) -> Frame:
    """Return what `rows_reached` does; `keys` are permaticker and session of all rows as they are now, sorted by both."""
    rows = keys.with_columns(pl.int_range(pl.len()).over("permaticker").alias(_AT))
    ends = pl.date(pl.col("session").dt.year() + 2, 12, 31)  # the panels of later years begin after the row
    found = corrections.select("permaticker", first="session", last="session", ends=ends).unique()
    inner, *outer = reversed(_reaches(feature_set))
    found = _later(found, rows, inner)
    if {name for feature in feature_set.features for name in feature.expr.roots} & set(CHAINED) or is_opaque(feature_set):
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
    if feature_set.all_at_once is not None:
        return (max(feature.lookback for feature in feature_set.features),)
    found = [feature.expr.reaches for feature in feature_set.features]
    depth = max(map(len, found), default=1)
    return tuple(max((reaches[level] for reaches in found if level < len(reaches)), default=0) for level in range(depth))


def is_opaque(feature_set: FeatureSet) -> bool:
    """Tell whether what the set reads cannot be told from its formulas: it is always computed from the whole panel."""
    return feature_set.all_at_once is None and any(feature.expr.opaque for feature in feature_set.features)


def _of_year(feature_set: FeatureSet, daily_returns: Frame, year: int, wanted: _Wanted) -> Frame:
    panel = panel_of_year(daily_returns, year=year)
    return of_panel(feature_set, panel, (panel["session"] >= date(year, 1, 1)).to_numpy() & wanted(panel))


def of_panel(feature_set: FeatureSet, panel: Frame, marked: _Mask) -> Frame:
    """Return the set's features for the marked rows of a price panel, from those and what they read alone."""
    if feature_set.all_at_once is not None and marked.any():
        return _at_once(feature_set, panel, marked)
    if is_opaque(feature_set):
        return compute(feature_set, panel).filter(pl.Series(marked))
    reaches = _reaches(feature_set)
    rows, kept = _cut(panel.select(_columns(feature_set)), marked, reaches)
    require_ordered(rows, where=f"{feature_set.name}, {feature_set.inputs.name}")
    own, *others = reaches
    worth = rows.height > LARGE or min(own, max(others, default=0)) > REACHES[1]
    grouped = worth and marked.sum() * FEW <= rows.height
    made = [_of_group(group, rows, kept) for group in (_by_reach(feature_set) if grouped else [feature_set])]
    columns = {name: values for part in made for name, values in part.to_dict().items()}
    return pl.DataFrame(columns).select(made[0].columns if len(made) == 1 else [*KEY, *feature_set.names])


def _of_group(group: FeatureSet, rows: Frame, marked: _Mask) -> Frame:
    reaches = _reaches(group)
    needed, kept = _cut(rows.select(_columns(group)), marked, reaches)
    first = None
    if len(reaches) == 2 and kept.any():  # noqa: PLR2004 - compared once: only on the sessions that the rows themselves read
        own = _with_what_it_reads(needed, kept, reaches[:1])
        first = needed.filter(pl.Series(own)).select(pl.col("session").min()).item()
    return compute_ordered(group, needed, compared_from=first, wanted=kept).filter(pl.Series(kept))


def _columns(feature_set: FeatureSet) -> list[str]:
    read = frozenset().union(*(feature.expr.roots for feature in feature_set.features))
    return [*KEY, *sorted({*read, "row"} - {*KEY})]


def _cut(panel: Frame, marked: _Mask, reaches: tuple[int, ...]) -> tuple[Frame, _Mask]:
    """The marked rows with those that they read, and which of them are marked."""
    needed = _with_what_it_reads(panel, marked, reaches)
    return (panel, marked) if needed.all() else (panel.filter(pl.Series(needed)), marked[needed])


def _by_reach(feature_set: FeatureSet) -> list[FeatureSet]:
    """The set in parts that look back about as far, of its own name and of others: few rows are read for short windows."""
    groups: dict[tuple[int, ...], list[Feature]] = {}
    for feature in feature_set.features:
        groups.setdefault(tuple(bisect_left(REACHES, rows) for rows in feature.expr.reaches), []).append(feature)
    return [replace(feature_set, features=tuple(features)) for features in groups.values()]


def _at_once(feature_set: FeatureSet, panel: Frame, marked: _Mask) -> Frame:
    """The marked rows by the set's own loops, which take all names from one session on."""
    names = panel["permaticker"].is_in(panel["permaticker"].filter(pl.Series(marked)).unique().implode()).to_numpy()
    since: date = panel.filter(pl.Series(marked)).select(pl.col("session").min()).item()
    spanned = names & (panel["session"] >= since).to_numpy()
    needed = _with_what_it_reads(panel, spanned, _reaches(feature_set))
    return compute(feature_set, panel.filter(pl.Series(needed)), since=since).filter(pl.Series(marked[spanned]))


def _with_what_it_reads(panel: Frame, marked: _Mask, reaches: tuple[int, ...]) -> _Mask:
    """The marked rows and those they read: so many rows before them, and all names wherever names are compared."""
    names, sessions = panel["permaticker"].to_numpy(), panel["session"].to_physical().to_numpy()
    begins = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]])) if names.size else np.empty(0, np.int64)
    kept = marked
    for level, reach in enumerate(reaches):
        if level and kept.any():
            kept = (sessions >= sessions[kept].min()) & (sessions <= sessions[kept].max())
        kept = _reaching_back(kept, begins, reach)
    return kept


def _reaching_back(kept: _Mask, begins: NDArray[np.int64], reach: int) -> _Mask:
    """Each name's rows from `reach` before its first kept one to its last kept one."""
    at = np.flatnonzero(kept)
    names, first = np.unique(np.searchsorted(begins, at, side="right") - 1, return_index=True)
    low = np.maximum(at[first] - reach, begins[names])
    high = at[np.append(first[1:], at.size)[: names.size] - 1]
    steps = np.zeros(kept.size + 1, np.int64)
    steps[low] += 1
    steps[high + 1] -= 1
    spanned: _Mask = np.cumsum(steps[:-1]) > 0
    return spanned
