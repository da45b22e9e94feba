"""What is measured of one table on one session. How bad a figure is, `levels` says."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from kairos.quality.known import Known, sessions_after
from kairos.tables.quality import MEASURES

Floats = npt.NDArray[np.float64]
FRESHNESS, COMPLETENESS, NULL_RATE, DRIFT, AGREEMENT = MEASURES
LEAST_NAMES = 20  # a few companies may all miss a fact, a market does not
LEAST_ROWS = 20
LEAST_SAMPLE = 100  # with fewer, ten bins differ by chance alone
BINS = 10
BEFORE = 365  # days before the window that it is compared with
FULL_SESSION = 0.5  # of the usual number of names


@dataclass(frozen=True)
class Figure:
    """One figure of one table on one session.

    Attributes:
        check: What was measured.
        column: The column; empty where it is about whole rows.
        value: The figure.
        detail: Where it comes from, in words.
    """

    check: str
    column: str
    value: float
    detail: str


def measured(known: Known, session: date, names: pl.Series) -> Iterator[Figure]:
    """Return the figures of a table that are held against earlier ones as well; none before its first fact.

    Args:
        known: The table's rows.
        session: The session judged.
        names: Companies that trade.
    """
    if known.since is None or known.since > session:
        return
    yield from freshness(known, session)
    yield from completeness(known, session, names)
    yield from null_rates(known, session)


def freshness(known: Known, session: date) -> Iterator[Figure]:
    """Return the age of the newest fact, in sessions."""
    newest = known.newest(session)
    if newest is not None:
        age = sessions_after(newest, session)
        yield Figure(FRESHNESS, "", float(age), f"newest fact of {newest}, {age} sessions before")


def completeness(known: Known, session: date, names: pl.Series) -> Iterator[Figure]:
    """Return the share of companies that have a fact, once the feed has had time to bring one of each.

    Of a table without companies to cover that is judged every session, it is the share of sessions with rows.
    """
    covers = known.feed.covers
    started = known.since is not None and known.since <= session - timedelta(days=covers)
    if covers and started and len(names) >= LEAST_NAMES:
        there = names.is_in(known.within(covers, session)["permaticker"].unique().implode()).sum()
        share = int(there) / len(names)
        yield Figure(COMPLETENESS, "", share, f"{there} of {len(names)} companies that trade have a fact of {covers} days")
    if known.feed.by_session and known.feed.rhythm == 0:
        yield from _sessions_there(known, session)


def _sessions_there(known: Known, session: date) -> Iterator[Figure]:
    counts = known.within(known.feed.window, session).group_by("day").len()
    usual = counts["len"].median()
    since = (known.since or session) - timedelta(days=1)
    expected = sessions_after(max(session - timedelta(days=known.feed.window), since), session)
    if isinstance(usual, float) and usual >= LEAST_NAMES and expected:
        there = counts.filter(pl.col("len") >= FULL_SESSION * usual).height
        said = f"{there} of {expected} sessions have half of the usual {usual:.0f} names or more"
        yield Figure(COMPLETENESS, "", there / expected, said)


def null_rates(known: Known, session: date) -> Iterator[Figure]:
    """Return the share of rows without a number or text, by column."""
    rows = known.judged(session - timedelta(days=known.feed.window), session)
    if rows.height < LEAST_ROWS:
        return
    for name in known.feed.filled:
        lacking = missing(rows[name])
        yield Figure(NULL_RATE, name, lacking / rows.height, f"{lacking} of {rows.height} rows have none")


def missing(values: pl.Series) -> int:
    """Return how many values are null or NaN."""
    return values.null_count() + (int(values.is_nan().sum() or 0) if values.dtype.is_float() else 0)


def drift(known: Known, session: date) -> Iterator[Figure]:
    """Return how far the numbers of the window moved from those of the year before it, by column."""
    start = session - timedelta(days=known.feed.window)
    now, before = known.judged(start, session), known.judged(start - timedelta(days=BEFORE), start)
    for name in known.feed.steady:
        index = stability_index(before[name], now[name])
        if index is not None:
            yield Figure(DRIFT, name, index, f"{now.height} values against {before.height} of the year before")


def stability_index(before: pl.Series, now: pl.Series) -> float | None:
    """Return the population stability index over the deciles of `before`; None where either has too few numbers.

    PSI = sum over bins of (q - p) ln(q / p), p and q the shares before and now, each bin counted half a value more so that
    none is empty. Only ranks enter: an outlier weighs as much as any value of its bin. Equal distributions give about
    9 (1/n + 1/m), values that all moved beyond the highest decile about 7.

    Source: Siddiqi (2006), Credit Risk Scorecards.
    """
    old, new = _numbers(before), _numbers(now)
    if min(old.size, new.size) < LEAST_SAMPLE:
        return None
    edges = np.unique(np.quantile(old, np.arange(1, BINS) / BINS))
    p, q = (_shares(values, edges) for values in (old, new))
    return float(np.sum((q - p) * np.log(q / p)))


def _numbers(values: pl.Series) -> Floats:
    numbers: Floats = values.drop_nulls().cast(pl.Float64).to_numpy()
    return numbers[np.isfinite(numbers)]


def _shares(values: Floats, edges: Floats) -> Floats:
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=edges.size + 1)
    shares: Floats = np.divide(counts + 0.5, values.size + 0.5 * counts.size, dtype=np.float64)
    return shares
