"""Contact with the returns to come, for what no changed world shows: a stored column, a file, a constant learnt from it all.

Five ways to touch them, each with a bound that no honest feature of daily data comes near:

- `by session`: mean over sessions of the rank correlation across names, for 1, 5 and 21 sessions ahead. Published daily
  signals reach 0.03 to 0.05; beyond 0.1 plus five standard errors something knows.
- `of sessions`: rank correlation over sessions of the means across names, one session ahead; it shows a market known ahead.
- `over time`: rank correlation over the rows of one name, one session ahead; six standard errors beyond 0.1 for the worst name.
- `change`: all of these of the feature's change from the name's last row, which shows a level that runs ahead.
- `equal`: rows whose value is a return to come in six digits, which is no return of before, more often than chance.

What is learnt from the future and shows up weaker than that (a direction chosen, a scale) is not seen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.core import KEY
from kairos.frames import Frame

HORIZONS = (1, 5, 21)
HONEST = 0.10  # no published signal on daily returns has such a correlation
ERRORS = {"by session": 5.0, "of sessions": 5.0, "over time": 6.0}
MIN_SESSIONS, MIN_NAMES = 60, 8
MIN_EQUAL = 3  # rows; one in a million honest ones is equal by chance
DIGITS = 1e-6
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Contact:
    """A feature that touches the returns to come.

    Attributes:
        feature: Name of the column.
        how: Which statistic, of what, how far beyond which bound.
        permaticker: Name of an example row.
        session: Its session.
        value: The feature there.
        ahead: The return to come there.
    """

    feature: str
    how: str
    permaticker: int
    session: date
    value: float
    ahead: float


def returns_ahead(daily_returns: Frame) -> Frame:
    """Return permaticker, session, `back` (the session's own return) and `ahead_{h}` for 1, 5 and 21 rows ahead."""
    rows = daily_returns.filter(pl.col("ret_cc").is_not_null()).select(*KEY, back="ret_cc").sort(KEY)
    wealth = (1 + pl.col("back")).cum_prod().over("permaticker")
    ahead = [(wealth.shift(-h).over("permaticker") / wealth - 1).alias(f"ahead_{h}") for h in HORIZONS]
    return rows.with_columns(ahead).with_columns(pl.selectors.float().fill_nan(None))


def contacts(values: Frame, daily_returns: Frame, names: tuple[str, ...]) -> list[Contact]:
    """Return the features that touch the returns to come, each by the first statistic that shows it.

    Args:
        values: Key and features, sorted by key.
        daily_returns: Rows of that table of the same names, with those after the values' as far as there are any.
        names: Features to look at.
    """
    ahead = returns_ahead(daily_returns)
    rows = values.select(*KEY, *names).join(ahead, on=KEY, how="inner", maintain_order="left")
    if rows.is_empty():
        return []
    grid = _Grid(rows)
    value, to_come = grid.cube(rows, names), grid.cube(rows, [f"ahead_{h}" for h in HORIZONS])
    change = np.full_like(value, np.nan)
    change[:, 1:] = value[:, 1:] - value[:, :-1]
    found: dict[int, tuple[str, int]] = {}
    for at, how, horizon in _touches(value, change, to_come, grid.cube(rows, ["back"])[0]):
        found.setdefault(at, (how, horizon))
    return [_contact(names[at], how, rows, horizon) for at, (how, horizon) in sorted(found.items())]


class _Grid:
    """Rows as cubes (columns, sessions, names), NaN where there is no row."""

    def __init__(self, rows: Frame) -> None:
        coded = rows.select(pl.col(*KEY).rank("dense").cast(pl.Int64) - 1)
        self._name, self._session = (coded[column].to_numpy() for column in KEY)

    def cube(self, rows: Frame, columns: Sequence[str]) -> Array:
        """Return the columns (C, S, N)."""
        cube = np.full((len(columns), int(self._session.max()) + 1, int(self._name.max()) + 1), np.nan)
        for at, column in enumerate(columns):
            cube[at, self._session, self._name] = rows[column].cast(pl.Float64).to_numpy()
        return cube


def _touches(value: Array, change: Array, to_come: Array, back: Array) -> Iterator[tuple[int, str, int]]:
    """Yield column number, finding and horizon of every contact; values and changes (F, S, N), returns (H, S, N)."""
    for ahead, horizon in zip(to_come, HORIZONS, strict=True):
        yield from _equal(value, ahead, back, horizon)
    ranks = _ranks(value)
    for ahead, horizon in zip(to_come, HORIZONS, strict=True):
        yield from _by_session("value", value, ahead, horizon, ranks=ranks)
    for what, cube in (("value", value), ("change", change)):
        yield from _of_sessions(what, cube, to_come[0])
        yield from _over_time(what, cube, to_come[0])
    yield from _by_session("change", change, to_come[0], 1, ranks=_ranks(change))


def _equal(value: Array, ahead: Array, back: Array, horizon: int) -> Iterator[tuple[int, str, int]]:
    later = np.roll(ahead, -1, axis=0)
    later[-1:] = np.nan
    hits = _as_close(value, ahead, back)
    chance = _as_close(-value, ahead, back) + _as_close(value, later, back)  # prices in ticks make the same ratios again
    for at in np.flatnonzero(hits >= MIN_EQUAL + 2 * chance):
        yield int(at), f"{hits[at]} values are the return {horizon} session(s) ahead", horizon


def _as_close(value: Array, ahead: Array, back: Array) -> NDArray[np.int64]:
    """Count by column the values that are a return in six digits, which is no return of before."""
    width = DIGITS * np.abs(ahead)
    new = (np.abs(ahead) > DIGITS) & ~(np.abs(back - ahead) <= width)
    return np.asarray(((np.abs(value - ahead) <= width) & new & (np.abs(value - back) > width)).sum(axis=(1, 2)))


def _by_session(what: str, cube: Array, ahead: Array, horizon: int, *, ranks: Array) -> Iterator[tuple[int, str, int]]:
    rho, _ = _rank_correlation(cube, ahead, least=MIN_NAMES, ranks=ranks)
    for at, daily in enumerate(rho):
        known = daily[np.isfinite(daily)]
        if known.size < MIN_SESSIONS:
            continue
        bound = HONEST + ERRORS["by session"] * known.std() / np.sqrt(known.size / horizon)
        if abs(known.mean()) > bound:
            yield at, _said(f"mean rank correlation by session of the {what}", known.mean(), horizon, bound), horizon


def _over_time(what: str, cube: Array, ahead: Array) -> Iterator[tuple[int, str, int]]:
    rho, n = _rank_correlation(cube.transpose(0, 2, 1).copy(), ahead.T.copy(), least=MIN_SESSIONS)
    bounds = HONEST + ERRORS["over time"] / np.sqrt(np.maximum(n, 1))
    excess = np.where(np.isfinite(rho), np.abs(rho) - bounds, -1.0)
    for at in np.flatnonzero(excess.max(axis=1) > 0):
        worst = excess[at].argmax()
        yield int(at), _said(f"rank correlation over time of one name's {what}", rho[at, worst], 1, bounds[at, worst]), 1


def _of_sessions(what: str, cube: Array, ahead: Array) -> Iterator[tuple[int, str, int]]:
    means, market = (_mean(part) for part in (cube, ahead[None]))
    rho, n = _rank_correlation(means[:, None, :], market, least=MIN_SESSIONS)
    bounds = HONEST + ERRORS["of sessions"] / np.sqrt(np.maximum(n, 1))
    for at in np.flatnonzero(np.abs(np.nan_to_num(rho[:, 0])) > bounds[:, 0]):
        yield int(at), _said(f"rank correlation of the session's mean {what}", rho[at, 0], 1, bounds[at, 0]), 1


def _mean(cube: Array) -> Array:
    """Mean over names (.., S), NaN where no name has a value."""
    known = np.isfinite(cube)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, cube, 0.0).sum(axis=-1) / np.where(known.any(axis=-1), known.sum(axis=-1), np.nan))


def _rank_correlation(cube: Array, ahead: Array, *, least: int, ranks: Array | None = None) -> tuple[Array, Array]:
    """Return Spearman's rho (ties by position) along the last axis and the number of pairs, NaN below `least`."""
    known = np.isfinite(cube) & np.isfinite(ahead)
    n = known.sum(axis=-1)
    count = np.maximum(n, 1)[..., None]
    one, other = _ranks(cube) if ranks is None else ranks, np.broadcast_to(_ranks(ahead), cube.shape)
    one, other = (
        np.where(known, part - np.where(known, part, 0).sum(axis=-1, keepdims=True) / count, 0) for part in (one, other)
    )
    scale = np.sqrt((one * one).sum(axis=-1) * (other * other).sum(axis=-1))
    low, high = np.where(known, cube, np.inf).min(axis=-1), np.where(known, cube, -np.inf).max(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((n >= least) & (high > low), (one * other).sum(axis=-1) / scale, np.nan), n


def _ranks(values: Array) -> Array:
    """Places along the last axis, those of NaN last."""
    order = np.argsort(values, axis=-1)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(values.shape[-1], dtype=float), values.shape), axis=-1)
    return ranks


def _said(what: str, rho: float, horizon: int, bound: float) -> str:
    return f"{what} with the return {horizon} session(s) ahead {rho:+.2f}, bound {bound:.2f}"


def _contact(name: str, how: str, rows: Frame, horizon: int) -> Contact:
    ahead = pl.col(f"ahead_{horizon}")
    known = rows.filter(ahead.is_finite(), pl.col(name).is_finite())
    row = known.sort(ahead.abs(), descending=True).row(0, named=True)
    return Contact(name, how, row["permaticker"], row["session"], row[name], row[f"ahead_{horizon}"])
