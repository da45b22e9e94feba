"""What a score says about the return that followed, session by session. Averages over sessions are in `scores`.

Every figure of a session is computed across its names alone. A session whose score or label is the same for all
names, or that has fewer than three, has no correlation: null, never 0.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.errors import ContractError
from kairos.frames import Frame, require_columns

Array = NDArray[np.float64]
Starts = NDArray[np.int64]

MIN_NAMES = 3  # two names always correlate perfectly
DECILE = 0.1


def scored_rows(frame: Frame, *, score: str = "score", label: str = "label") -> Frame:
    """Return the rows that have a score and a label, by session, with columns renamed `score` and `label`.

    Raises:
        ContractError: A column is missing, or a score or label is NaN or infinite.
    """
    require_columns(frame, ("session", score, label), where="scores and labels")
    named = frame.with_columns(pl.col(score).cast(pl.Float64).alias("score"), pl.col(label).cast(pl.Float64).alias("label"))
    known = named.filter(pl.col("score").is_not_null() & pl.col("label").is_not_null())
    for name, column in (("score", score), ("label", label)):
        bad = known.filter(~pl.col(name).is_finite()).height
        if bad:
            raise ContractError(f"{column}: {bad} value(s) are NaN or infinite; expected numbers or nulls. Mend the column.")
    return known.sort("session", maintain_order=True)


def daily_ic(frame: Frame, *, score: str = "score", label: str = "label") -> Frame:
    """Return one row per session: session, names, ic (Pearson) and rank_ic (Spearman, ties share their mean rank)."""
    rows = scored_rows(frame, score=score, label=label).with_columns(
        pl.col("score").rank().over("session").alias("score_rank"), pl.col("label").rank().over("session").alias("label_rank")
    )
    sessions, starts = _sessions(rows)
    columns = {
        name: _correlations(rows[one].to_numpy(), rows[other].to_numpy(), starts)
        for name, one, other in (("ic", "score", "label"), ("rank_ic", "score_rank", "label_rank"))
    }
    return sessions.with_columns(pl.Series(name, values, nan_to_null=True) for name, values in columns.items())


def long_short(frame: Frame, *, score: str = "score", label: str = "label") -> Frame:
    """Return one row per session: mean label of the top decile of scores less that of the bottom decile.

    A name is in the top decile where (mean rank - 1/2) / names >= 0.9; tied names are in together or out together.
    Columns session, names and spread, null where a decile is empty.
    """
    rows = scored_rows(frame, score=score, label=label).with_columns(
        ((pl.col("score").rank() - 0.5) / pl.len()).over("session").alias("place")
    )
    sessions, starts = _sessions(rows)
    place, labels = rows["place"].to_numpy(), rows["label"].to_numpy()
    spread = _masked_mean(labels, place >= 1 - DECILE, starts) - _masked_mean(labels, place <= DECILE, starts)
    return sessions.with_columns(pl.Series("spread", spread, nan_to_null=True))


def _sessions(rows: Frame) -> tuple[Frame, Starts]:
    """Return the sessions of sorted rows with their number of names, and the row each one starts at."""
    sessions = rows.group_by("session", maintain_order=True).agg(pl.len().cast(pl.Int64).alias("names"))
    counts = sessions["names"].to_numpy()
    return sessions, np.cumsum(counts) - counts


def _correlations(one: Array, other: Array, starts: Starts) -> Array:
    if not starts.size:
        return np.empty(0)
    counts = np.diff(np.append(starts, one.size))
    a, b = (_centred(values, starts, counts) for values in (one, other))
    defined = (counts >= MIN_NAMES) & _varies(one, starts) & _varies(other, starts)
    scale = np.sqrt(np.add.reduceat(a * a, starts) * np.add.reduceat(b * b, starts))
    correlation = np.full(starts.size, np.nan)
    np.divide(np.add.reduceat(a * b, starts), scale, out=correlation, where=defined & (scale > 0))
    return np.asarray(correlation.clip(-1, 1))


def _centred(values: Array, starts: Starts, counts: Starts) -> Array:
    return np.asarray(values - np.repeat(np.add.reduceat(values, starts) / counts, counts))


def _varies(values: Array, starts: Starts) -> NDArray[np.bool_]:
    return np.asarray(np.maximum.reduceat(values, starts) > np.minimum.reduceat(values, starts))


def _masked_mean(values: Array, mask: NDArray[np.bool_], starts: Starts) -> Array:
    if not starts.size:
        return np.empty(0)
    count = np.add.reduceat(mask.astype(np.float64), starts)
    mean = np.full(starts.size, np.nan)
    np.divide(np.add.reduceat(np.where(mask, values, 0.0), starts), count, out=mean, where=count > 0)
    return mean
