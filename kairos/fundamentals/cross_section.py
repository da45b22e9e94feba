"""Standing of a number among the others of its session."""

import polars as pl

LIMIT = 3.0
TAIL = 0.01  # share of a session's values on each side that counts no more than the outermost of the rest
FEWEST = 5  # names that a mean and a spread can be taken of


def z_score(column: str, by: list[str]) -> pl.Expr:
    """Return `column` less the group's mean over its sample standard deviation, within 3; null below 5 names or no spread.

    Args:
        column: Values; nulls stay null and do not count.
        by: Columns that make the group.
    """
    x = pl.col(column)
    spread, count = x.std().over(by), x.count().over(by)
    usable = (count >= FEWEST) & (spread > 1e-12 * x.abs().max().over(by))
    return pl.when(usable).then(((x - x.mean().over(by)) / spread).clip(-LIMIT, LIMIT))


def within_tails(column: str, by: list[str]) -> pl.Expr:
    """Return `column` held between the 1st and the 99th percentile of its group, so that no outlier makes the spread."""
    x = pl.col(column)
    low, high = (x.quantile(share, interpolation="nearest").over(by) for share in (TAIL, 1 - TAIL))
    return x.clip(low, high).alias(column)
