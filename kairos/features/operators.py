"""The words features are written in: columns, windows over a name's own trailing rows, standings within one session.

A window never looks across names or across a break in the chain of returns: a row whose window would begin before the
chain does is missing, as is a window with a missing input. A standing reads the rows of its own session alone.
"""

from kairos.errors import ContractError
from kairos.features.begun import BEGUN
from kairos.features.terms import Kind, Number, Term, across, as_term, each, window


def column(name: str) -> Term:
    """Return a column of the panel."""
    return Term(Kind.COLUMN, name)


R, C, O, H, L = (column(name) for name in ("R", "C", "O", "H", "L"))  # noqa: E741 - the field's own letters
DV, V, P = column("DV"), column("V"), column("P")
LOG_R = R.log1p()
LOG_C = C.log()

_TURN = 3  # Lakonishok and Smidt (1988): the last session of a month and the first three of the next
MONTH = Term(Kind.CALENDAR, "month")
"""1 to 12."""
WEEKDAY = Term(Kind.CALENDAR, "weekday")
"""1 is Monday, 5 Friday."""
SESSION_OF_MONTH = Term(Kind.CALENDAR, "session_of_month")
"""1 on the first session of the calendar month."""
WEEKDAYS_LEFT = Term(Kind.CALENDAR, "weekdays_left")
"""Weekdays of the calendar month still to come; holidays count, since some are known only when they come."""


def ratio(top: Term | Number, bottom: Term | Number) -> Term:
    """Return top / bottom, missing where bottom is 0."""
    return each("div", top, bottom)


def minimum(x: Term | Number, y: Term | Number) -> Term:
    """Return the smaller of two."""
    return each("min", x, y)


def maximum(x: Term | Number, y: Term | Number) -> Term:
    """Return the larger of two."""
    return each("max", x, y)


def positive(x: Term) -> Term:
    """Return max(x, 0)."""
    return maximum(x, 0)


def equal(x: Term | Number, y: Term | Number) -> Term:
    """Return 1 where the two are equal, else 0."""
    return each("eq", x, y)


def differs(x: Term | Number, y: Term | Number) -> Term:
    """Return 1 where the two are unlike, else 0."""
    return each("ne", x, y)


def known(x: Term) -> Term:
    """Return 1 where x is there, 0 where it is missing."""
    return each("known", x)


def where(condition: Term, x: Term | Number, otherwise: Term | Number | None = None) -> Term:
    """Return x where the condition holds, `otherwise` where not, missing where the condition is; none is missing.

    Only the one chosen matters: the other may be missing.
    """
    return each("where", condition, x) if otherwise is None else each("where", condition, x, otherwise)


def clip(x: Term, low: Number, high: Number) -> Term:
    """Return x held between two numbers."""
    return minimum(maximum(x, low), high)


def lag(x: Term, rows: int) -> Term:
    """Return x[t-rows]."""
    return window("lag", x, rows=rows)


def change(x: Term, rows: int) -> Term:
    """Return x[t] / x[t-rows] - 1."""
    return ratio(x, lag(x, rows)) - 1


def total(x: Term, window_rows: int) -> Term:
    """Return sum(x[t-window+1..t])."""
    return window("total", x, rows=window_rows)


def product(x: Term, window_rows: int) -> Term:
    """Return the product of x[t-window+1..t]."""
    return window("product", x, rows=window_rows)


def compound(x: Term, window_rows: int) -> Term:
    """Return the return over the window of session returns x: product of 1 + x, less 1."""
    return product(1 + x, window_rows) - 1


def mean(x: Term, window_rows: int) -> Term:
    """Return the mean of x[t-window+1..t]."""
    return total(x, window_rows) / window_rows


def count(condition: Term, window_rows: int) -> Term:
    """Return how many of the window's rows the condition holds on."""
    return total(differs(condition, 0), window_rows)


def share(condition: Term, window_rows: int) -> Term:
    """Return the share of the window's rows where `condition` holds."""
    return mean(differs(condition, 0), window_rows)


def sum_where(x: Term, condition: Term, window_rows: int) -> Term:
    """Return the sum of x over the window's rows where the condition holds; x may be missing on the others."""
    return total(where(condition, x, 0), window_rows)


def mean_where(x: Term, condition: Term, window_rows: int) -> Term:
    """Return the mean of x over the window's rows where the condition holds, missing where it never does."""
    return ratio(sum_where(x, condition, window_rows), count(condition, window_rows))


def ewm(x: Term, window_rows: int, *, decay: float) -> Term:
    """Return the mean of x[t-window+1..t] with weights decay**age that sum to 1: finite, so its lookback is exact.

    Raises:
        ContractError: The decay is not between 0 and 1.
    """
    if not 0 < decay < 1:
        raise ContractError(f"ewm: decay {decay}; expected above 0 and below 1. Write the share of a row's weight a row later.")
    return window("ewm", x, rows=window_rows, number=decay)


def wilder(x: Term, period: int) -> Term:
    """Return Wilder's average: the mean of the first `period` rows, then (period - 1) / period of the last and the rest new.

    It begins with the first row in which x is there, anew after a missing one, and counts the last 16 periods alone: what
    is older would weigh less than one in three million. So it has values from `period` rows on, and its lookback is exact.
    """
    return _begun("wilder", x, period)


def ema(x: Term, period: int) -> Term:
    """Return the exponential average: the mean of the first `period` rows, then 2 / (period + 1) of each new row.

    It begins as `wilder` does and counts the last 9 periods alone: what is older would weigh less than one in three million.
    """
    return _begun("ema", x, period)


def _begun(word: str, x: Term, period: int) -> Term:
    if isinstance(period, bool) or not isinstance(period, int) or period < 2:  # noqa: PLR2004 - of one row it is x itself
        raise ContractError(f"{word}: period of {period} rows; expected a whole number, at least 2. Write a longer period.")
    return window(word, x, rows=period * BEGUN[word].periods, number=period)


def highest(x: Term, window_rows: int) -> Term:
    """Return max(x[t-window+1..t])."""
    return window("highest", x, rows=window_rows)


def lowest(x: Term, window_rows: int) -> Term:
    """Return min(x[t-window+1..t])."""
    return -highest(-x, window_rows)


def age_of_highest(x: Term, window_rows: int) -> Term:
    """Return how many rows ago the window's maximum was, the latest one if it occurs more than once."""
    return window("age_of_highest", x, rows=window_rows)


def age_of_lowest(x: Term, window_rows: int) -> Term:
    """Return how many rows ago the window's minimum was, the latest one if it occurs more than once."""
    return age_of_highest(-x, window_rows)


def days_since(condition: Term, window_rows: int) -> Term:
    """Return how many rows ago the condition last held, 0 for now; missing where it never did in the window."""
    held = differs(condition, 0)
    return where(highest(held, window_rows) > 0, age_of_highest(held, window_rows))


def rank(x: Term, window_rows: int) -> Term:
    """Return the share of the window's other rows below x[t], ties counting half."""
    return window("rank", x, rows=window_rows, fewest=2)


def quantile(x: Term, level: float, window_rows: int) -> Term:
    """Return the quantile of x[t-window+1..t], interpolated linearly between its order statistics.

    Raises:
        ContractError: The level is not within 0 and 1.
    """
    if not 0 <= level <= 1:
        raise ContractError(f"quantile: level {level}; expected 0 to 1. Write the median as 0.5.")
    return window("quantile", x, rows=window_rows, number=level)


def median(x: Term, window_rows: int) -> Term:
    """Return the median of x[t-window+1..t]."""
    return quantile(x, 0.5, window_rows)


def std(x: Term, window_rows: int) -> Term:
    """Return the sample standard deviation (n - 1) of x[t-window+1..t]; 0 where its spread is only rounding."""
    return window("std", x, rows=window_rows, fewest=2)


def corr(x: Term, y: Term, window_rows: int) -> Term:
    """Return the Pearson correlation of x and y over the window; missing where either does not vary."""
    return window("corr", x, y, rows=window_rows, fewest=2)


def beta(x: Term, on: Term, window_rows: int) -> Term:
    """Return the least-squares slope of x on `on` over the window; missing where `on` does not vary."""
    return window("beta", x, on, rows=window_rows, fewest=2)


def residual_std(x: Term, on: Term, window_rows: int) -> Term:
    """Return the standard error (n - 2) of regressing x on `on` over the window; missing where `on` does not vary."""
    return window("residual_std", x, on, rows=window_rows, fewest=3)


def slope(x: Term, window_rows: int) -> Term:
    """Return the least-squares slope of x on time over the window, per row."""
    return window("slope", x, rows=window_rows, fewest=2)


def r_squared(x: Term, window_rows: int) -> Term:
    """Return the share of x's variance over the window that a straight line in time explains; missing where x is constant."""
    return window("r_squared", x, rows=window_rows, fewest=2)


def skew(x: Term, window_rows: int) -> Term:
    """Return the moment skewness m3 / m2**1.5 of the window; missing where x is constant."""
    return window("skew", x, rows=window_rows, fewest=2)


def kurt(x: Term, window_rows: int) -> Term:
    """Return the excess kurtosis m4 / m2**2 - 3 of the window; missing where x is constant."""
    return window("kurt", x, rows=window_rows, fewest=2)


def by_session_mean(x: Term, *, within: str = "") -> Term:
    """Return the mean of x over the names of the session, missing where fewer than 5 have a value.

    Args:
        x: What is averaged; each name counts the same.
        within: Column of the panel, such as `sector`, whose values are taken one by one; empty for all names.
    """
    return across("mean", x, group=within)


def by_session_demeaned(x: Term, *, within: str = "") -> Term:
    """Return x less its mean over the names of the session, missing where fewer than 5 have a value."""
    return as_term(x) - by_session_mean(x, within=within)


def by_session_zscore(x: Term, *, within: str = "") -> Term:
    """Return x less its mean over its sample deviation among the names of the session.

    Missing where fewer than 5 names have a value, or the values do not vary.
    """
    return ratio(by_session_demeaned(x, within=within), across("std", x, group=within))


def by_session_rank(x: Term, *, within: str = "") -> Term:
    """Return the share of the session's other names below x, ties counting half; missing where fewer than 5 have a value."""
    return across("rank", x, group=within)


M = by_session_mean(R)
"""The market's return: the mean of R over the names of the panel, missing where fewer than 5 have one."""
TURN_OF_MONTH = (SESSION_OF_MONTH <= _TURN) | (WEEKDAYS_LEFT <= 0)
"""1 on the first three sessions of a month and on its last weekday, else 0."""
