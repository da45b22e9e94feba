"""Two outcomes side by side: which features differ, where first, by what."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.core import KEY
from kairos.features.leaks.cuts import Cut
from kairos.frames import Frame

Bits = NDArray[np.uint32]
MOST_ROUNDED = 0.01  # share of rows in which a rounding may flip a rank or a threshold; a level moves nearly all
NEAR = 1e-4  # of a value, and of its column's spread: a readjusted price differs by a rounding, a leak by the adjustment


@dataclass(frozen=True)
class Difference:
    """A feature whose known values changed.

    Attributes:
        feature: Name of the column.
        rows: Rows that differ.
        permaticker: Name of the first of them.
        session: Its session.
        before: Its value with everything there is; None for null or no row.
        after: Its value in the changed world.
    """

    feature: str
    rows: int
    permaticker: int
    session: date
    before: float | None
    after: float | None


def differing(one: Frame, other: Frame, names: tuple[str, ...]) -> list[str]:
    """Return the columns in which two frames of the same rows differ in any bit, nulls included."""
    return [name for name in names if not np.array_equal(_bits(one[name]), _bits(other[name]))]


def known_rows(values: Frame, cut: Cut) -> Frame:
    """Return the rows up to the cut, sorted by key."""
    if not cut.own:
        return values.filter(pl.col("session") <= cut.session)
    return cut.with_cut(values).filter(pl.col("session") <= pl.col("_cut")).drop("_cut")


def differences(
    one: Frame, other: Frame, names: tuple[str, ...], *, exact: bool = True, ties: float = MOST_ROUNDED
) -> list[Difference]:
    """Return the features in which two outcomes differ, rows that only one of them has included.

    Args:
        one: Outcome with everything there is, sorted by key.
        other: Outcome of the changed world, sorted by key.
        names: Features.
        exact: Whether every bit counts; else roundings do not, nor do rows that only one of them has a value for.
        ties: Share of rows in which a rounding may flip a rank or a threshold, where not every bit counts.
    """
    if not exact:
        other = one.select(KEY).join(other, on=KEY, how="left", maintain_order="left")
    elif not one.select(KEY).equals(other.select(KEY)):
        every = pl.concat([one.select(KEY), other.select(KEY)]).unique().sort(KEY)
        both = [every.join(part.with_columns(_there=1), on=KEY, how="left", maintain_order="left") for part in (one, other)]
        one, other = both
        lost = (one["_there"].is_null() | other["_there"].is_null()).to_numpy()
        return _found(one, other, names, exact=True, ties=ties) or [_first(one, other, names[0], lost)]
    return _found(one, other, names, exact=exact, ties=ties)


def _found(one: Frame, other: Frame, names: tuple[str, ...], *, exact: bool, ties: float) -> list[Difference]:
    found = []
    for name in names:
        differs = _bits(one[name]) != _bits(other[name]) if exact else _far(one[name], other[name], ties)
        if differs.any():
            found.append(_first(one, other, name, differs))
    return found


def _first(one: Frame, other: Frame, name: str, differs: NDArray[np.bool_]) -> Difference:
    at = int(differs.argmax())
    permaticker, session = one.select(KEY).row(at)
    return Difference(name, int(differs.sum()), permaticker, session, one[name][at], other[name][at])


def _bits(values: pl.Series) -> Bits:
    return values.cast(pl.Float32).to_numpy(writable=True).view(np.uint32)


def _far(one: pl.Series, other: pl.Series, ties: float) -> NDArray[np.bool_]:
    a, b = (values.cast(pl.Float64).to_numpy() for values in (one, other))
    known = np.isfinite(a) & np.isfinite(b)
    spread = float(np.std(a[known])) if known.any() else 0.0
    with np.errstate(invalid="ignore"):
        far = np.asarray(known & (np.abs(a - b) > NEAR * (np.abs(a) + spread)))
    return far if far.sum() > ties * known.sum() else np.zeros_like(far)
