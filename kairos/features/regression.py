"""Least squares with two regressors over a window, put together from correlations and deviations; no feature stands here."""

from kairos.features.operators import corr, std, where
from kairos.features.terms import Term

COLLINEAR = 1e-9  # below this 1 - rho**2 the two regressors are one, but for rounding


def beta_beside(y: Term, x: Term, *, other: Term, window_rows: int) -> Term:
    """Return the slope on x of regressing y on x and `other`, missing where the two do not vary or are one.

    Args:
        y: What is explained.
        x: The regressor whose slope is asked for.
        other: The regressor beside it.
        window_rows: Rows of the window.
    """
    with_x, with_other, between = (corr(y, x, window_rows), corr(y, other, window_rows), corr(x, other, window_rows))
    left = 1 - between * between
    slope = (with_x - with_other * between) / left * std(y, window_rows) / std(x, window_rows)
    return where(left > COLLINEAR, slope)


def r_squared_of_two(y: Term, x: Term, *, other: Term, window_rows: int) -> Term:
    """Return the share of y's variance that x and `other` explain together, missing where the two are one.

    Args:
        y: What is explained.
        x: A regressor.
        other: The other one.
        window_rows: Rows of the window.
    """
    with_x, with_other, between = (corr(y, x, window_rows), corr(y, other, window_rows), corr(x, other, window_rows))
    left = 1 - between * between
    explained = with_x * with_x + with_other * with_other - 2 * with_x * with_other * between
    return where(left > COLLINEAR, explained / left)
