"""What features look like on a market: how often they are null, and which other one says nearly the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.errors import ContractError
from kairos.features.core import Feature
from kairos.frames import Frame, require_columns

SAMPLE = 20_000  # rows that correlations are taken over
FEWEST = 1_000  # rows on which two features must both be known to be compared


@dataclass(frozen=True)
class Surveyed:
    """What a feature looked like.

    Attributes:
        null_rate: Share of rows without a value.
        null_rate_full: The same among rows with as many earlier rows of their name as the look-back asks for; None where
            there are none.
        nearest: The feature with the largest absolute rank correlation; empty where none could be taken.
        rank_correlation: With that feature, over all sampled rows of both; None where none could be taken.
    """

    null_rate: float
    null_rate_full: float | None
    nearest: str
    rank_correlation: float | None


def survey(values: Frame, features: Sequence[Feature], *, seed: int = 7) -> dict[str, Surveyed]:
    """Return what each feature looks like on `values`, by name.

    Args:
        values: permaticker, session and the features, one row per name and session.
        features: What is looked at.
        seed: Decides which rows the correlations are taken over.

    Raises:
        ContractError: A feature is missing, or there are no rows.
    """
    names = [feature.name for feature in features]
    require_columns(values, ["permaticker", "session", *names], where="survey of features")
    if values.is_empty():
        raise ContractError("survey of features: no rows. Build the feature tables first.")
    rows = values.sort("permaticker", "session").with_columns(_row=pl.int_range(pl.len()).over("permaticker"))
    nearest = _nearest(values.select(names).sample(min(SAMPLE, values.height), seed=seed))
    return {feature.name: Surveyed(*_null_rates(rows, feature), *nearest[feature.name]) for feature in features}


def _null_rates(rows: Frame, feature: Feature) -> tuple[float, float | None]:
    absent = pl.col(feature.name).is_null()
    every, full = rows.select(absent.mean().alias("every"), absent.filter(pl.col("_row") >= feature.lookback).mean()).row(0)
    return round(every, 4), None if full is None else round(full, 4)


def _nearest(sample: Frame) -> dict[str, tuple[str, float | None]]:
    size = np.abs(rank_correlations(sample))
    np.fill_diagonal(size, np.nan)
    found: dict[str, tuple[str, float | None]] = {}
    for name, row in zip(sample.columns, size, strict=True):
        known = not np.isnan(row).all()
        found[name] = (sample.columns[int(np.nanargmax(row))], round(float(np.nanmax(row)), 4)) if known else ("", None)
    return found


def rank_correlations(values: Frame) -> NDArray[np.float64]:
    """Return the correlations of the columns' ranks, each over the rows where both have a value.

    NaN where one does not vary or fewer than `FEWEST` rows have both. Ranks are those among all values of a column.
    """
    ranks = values.select(pl.all().rank().cast(pl.Float64)).to_numpy()
    there = (~np.isnan(ranks)).astype(np.float64)
    x = np.nan_to_num(ranks - np.nansum(ranks, axis=0) / np.maximum(there.sum(axis=0), 1))
    both = there.T @ there
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = x.T @ there / both
        spread = (x * x).T @ there / both - mean * mean
        common = x.T @ x / both - mean * mean.T
        found = common / np.sqrt(spread * spread.T)
    return np.where((both >= FEWEST) & (spread > 0) & (spread.T > 0), found, np.nan)
