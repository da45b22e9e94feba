"""A year's features brought up to date: what can differ from the rows that stand is computed, the rest is taken over.

The result has the bits of `kairos.features.core.build`. Whether the standing rows may be built upon at all, having been
made by the same code from what was read then, is for the caller to establish.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.core import KEY, FeatureSet, compute
from kairos.features.incremental import is_opaque, of_panel, reached_in
from kairos.features.panel import INPUTS
from kairos.frames import Frame

MOST = 0.5  # of a year's rows: beyond it, computing all of them is cheaper than choosing
MOST_SESSIONS = 64  # of late corrections, each of which reaches every name where names are compared

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Mended:
    """A year's features.

    Attributes:
        rows: All of them, sorted by name and session.
        computed: How many rows were computed; the others stood.
    """

    rows: Frame
    computed: int


def changed_rows(then: Frame, now: Frame, *, years: Sequence[int]) -> Frame:
    """Return permaticker and session of the rows that features read and that differ in any bit, appeared or went.

    Args:
        then: Rows of the `daily_returns` table, in any order.
        now: Rows of it later.
        years: Calendar years that are compared.
    """
    compared = ~pl.col("is_delisting") & pl.col("session").dt.year().is_in(years)
    before, after = (frame.filter(compared).select(INPUTS) for frame in (then, now))
    here, there = (frame.select(KEY).with_row_index(name) for frame, name in ((before, "before"), (after, "after")))
    met = here.join(there, on=KEY, how="full", coalesce=True)
    both = met.filter(pl.col("before").is_not_null() & pl.col("after").is_not_null())
    differs = np.zeros(both.height, bool)
    for name in INPUTS:
        if name not in {*KEY, "is_delisting"}:
            differs |= _bits(before[name])[both["before"].to_numpy()] != _bits(after[name])[both["after"].to_numpy()]
    alone = met.filter(pl.col("before").is_null() | pl.col("after").is_null())
    return pl.concat([both.filter(pl.Series(differs)), alone]).select(KEY).sort(KEY)


def _bits(values: pl.Series) -> NDArray[np.uint64]:
    held: NDArray[np.uint64] = values.cast(pl.Float64).fill_nan(None).to_numpy().view(np.uint64)
    return held


def mend(feature_set: FeatureSet, panel: Frame, *, year: int, standing: Frame, changed: Frame) -> Mended:
    """Return what `build` returns of a year, computing the rows alone that can differ from those that stand.

    Args:
        feature_set: What to compute.
        panel: The year's, as `panel_of_year` makes it.
        year: Calendar year of the rows returned.
        standing: What `build` gave before, of other `daily_returns` perhaps.
        changed: permaticker and session of the rows of `daily_returns` that differ from those of then, in the panel's years.
    """
    of_year = (panel["session"] >= date(year, 1, 1)).to_numpy()
    wanted = _wanted(feature_set, panel, of_year, standing=standing, changed=changed)
    if wanted is not None and wanted.sum() <= MOST * of_year.sum():
        kept = _still_there(standing, panel.select(KEY).filter(pl.Series(of_year & ~wanted)))
        if kept is not None:
            made = of_panel(feature_set, panel, wanted)
            return Mended(_in_order(wanted[of_year], made=made, kept=kept.select(made.columns)), made.height)
    rows = compute(feature_set, panel).filter(pl.Series(of_year))
    return Mended(rows, rows.height)


def _wanted(feature_set: FeatureSet, panel: Frame, of_year: _Mask, *, standing: Frame, changed: Frame) -> _Mask | None:
    """Which rows can differ from those that stand; None where all may, or where telling costs more than computing them."""
    newest = standing["session"].max()
    if not isinstance(newest, date) or is_opaque(feature_set):
        return None
    late, new = changed.filter(pl.col("session") <= newest), changed.filter(pl.col("session") > newest)
    if feature_set.compares_names and late["session"].n_unique() > MOST_SESSIONS:
        return None
    wanted = np.zeros(panel.height, bool)
    if new.height:
        wanted |= (panel["session"] >= new["session"].min()).to_numpy()
    if late.height:
        wanted |= _within(panel, reached_in(feature_set, late, panel.select(KEY)))
    return wanted & of_year


def _within(panel: Frame, reached: Frame) -> _Mask:
    """Which rows lie in one of the ranges of their name."""
    at = panel.select(KEY).with_row_index("at")
    found = at.join(reached, on="permaticker").filter(pl.col("session").is_between("first", "last"))["at"]
    mask = np.zeros(panel.height, bool)
    mask[found.to_numpy()] = True
    return mask


def _still_there(standing: Frame, keys: Frame) -> Frame | None:
    """The standing rows of these keys, in their order; None if some are not there."""
    if standing.select(KEY).equals(keys):
        return standing
    found = keys.join(standing, on=KEY, how="inner", maintain_order="left")
    return found if found.height == keys.height else None


def _in_order(wanted: _Mask, *, made: Frame, kept: Frame) -> Frame:
    """One row of either for each row of the year: where wanted the next one made, elsewhere the next one kept."""
    at = np.where(wanted, kept.height + np.cumsum(wanted) - 1, np.cumsum(~wanted) - 1)
    return kept if not made.height else pl.concat([kept, made])[at]
