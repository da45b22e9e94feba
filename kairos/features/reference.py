"""The reference form of every term, in plain polars: each name's chain by itself, each session by itself, slow and plain.

`kairos.features.fast` is the form that is used; it must agree with this one.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import mul

import polars as pl

from kairos.features.begun import BEGUN
from kairos.features.dates import calendar_fact
from kairos.features.terms import Kind, Term
from kairos.frames import Frame

NO_SPREAD = 1e-12  # a variance below this share of the mean square is rounding, not spread: it counts as 0
FEWEST = 5  # names that a standing in the session needs
CHAIN = "_chain"
X, Y, Z = pl.col("x"), pl.col("y"), pl.col("z")


def reference_values(terms: Sequence[Term], panel: Frame) -> list[pl.Series]:
    """Return the value of each term on each row of `panel` (Float64, null where missing)."""
    made: dict[Term, pl.Series] = {}
    read = frozenset().union(*(term.roots for term in terms))
    frame = panel.select(name for name in panel.columns if name in {"permaticker", "session", *read})
    if "row" in read:
        frame = frame.with_columns(_chain())
    return [_value(term, frame, made) for term in terms]


def _chain() -> pl.Expr:
    """Number the stretches of one name whose rows follow each other."""
    follows = (pl.col("permaticker") == pl.col("permaticker").shift(1)) & (pl.col("row") == pl.col("row").shift(1) + 1)
    return (~follows.fill_null(value=False)).cum_sum().alias(CHAIN)


def _value(term: Term, frame: Frame, made: dict[Term, pl.Series]) -> pl.Series:
    if term not in made:
        inputs = [_value(each, frame, made).alias(name) for each, name in zip(term.inputs, "xyz", strict=False)]
        made[term] = frame.with_columns(inputs).select(_finite(_expression(term, frame)).alias("value"))["value"]
    return made[term]


def _finite(x: pl.Expr) -> pl.Expr:
    number = x.cast(pl.Float64)
    return pl.when(number.is_finite()).then(number)


def _expression(term: Term, frame: Frame) -> pl.Expr:
    if term.kind is Kind.COLUMN:
        return pl.col(term.word)
    if term.expr is not None:
        return term.expr
    if term.kind is Kind.CONSTANT:
        return pl.repeat(term.number, pl.len(), dtype=pl.Float64)
    if term.kind is Kind.CALENDAR:
        return pl.lit(calendar_fact(term.word, frame["session"]))
    if term.kind is Kind.WINDOW:
        return _window(term)
    return _across(term) if term.kind is Kind.ACROSS else _each(term)


def _each(term: Term) -> pl.Expr:
    if term.word == "where":
        otherwise = Z if len(term.inputs) == 3 else pl.lit(None)  # noqa: PLR2004 - condition, x, otherwise
        return pl.when(X.is_null()).then(None).when(X != 0).then(Y).otherwise(otherwise)
    return _EACH[term.word]


_BOTH_THERE = X.is_not_null() & Y.is_not_null()
_EACH = {
    "add": X + Y,
    "sub": X - Y,
    "mul": X * Y,
    "div": X / Y,
    "neg": -X,
    "abs": X.abs(),
    "log": X.log(),
    "log1p": X.log1p(),
    "sqrt": X.sqrt(),
    "sign": X.sign(),
    "gt": X > Y,
    "ge": X >= Y,
    "lt": X < Y,
    "le": X <= Y,
    "eq": X == Y,
    "ne": X != Y,
    "and": pl.when(_BOTH_THERE).then((X != 0) & (Y != 0)),
    "or": pl.when(_BOTH_THERE).then((X != 0) | (Y != 0)),
    "min": pl.when(X <= Y).then(X).when(X > Y).then(Y),
    "max": pl.when(X >= Y).then(X).when(X < Y).then(Y),
    "known": X.is_not_null(),
}


def _window(term: Term) -> pl.Expr:
    """A window over one chain; polars itself leaves what it cannot fill null."""
    rows, number = term.rows, term.number
    if term.word in BEGUN:
        return _begun(rows, int(number), BEGUN[term.word].newest(number))
    return _complete(_WINDOWS[term.word](rows, number), term).over(CHAIN)


def _complete(value: pl.Expr, term: Term) -> pl.Expr:
    """Null where the chain has too few rows or an input of the window is missing."""
    back = term.rows if term.word == "lag" else term.rows - 1
    enough = pl.int_range(pl.len()) >= back
    if term.word == "lag":
        return pl.when(enough).then(value)
    missing = pl.any_horizontal(pl.col(name).is_null() for name in "xyz"[: len(term.inputs)])
    return pl.when(enough & (missing.cast(pl.Float64).rolling_max(term.rows, min_samples=1) == 0)).then(value)


def _shifts(rows: int) -> list[pl.Expr]:
    return [X.shift(age) for age in range(rows)]


def _ewm(rows: int, decay: float) -> pl.Expr:
    weights = [decay**age for age in range(rows)]
    return pl.sum_horizontal(x * weight for x, weight in zip(_shifts(rows), weights, strict=True)) / sum(weights)


def _begun(rows: int, period: int, newest: float) -> pl.Expr:
    """An average over the rows since the chain began or x was missing: of a full window, or on from the mean of the first."""
    since = (CHAIN, X.is_null().rle_id())
    there, left = X.is_not_null().cum_sum(), 1 - newest
    first = pl.when(there == period).then(X.rolling_mean(period)).when(there > period).then(X)
    young = first.ewm_mean(alpha=newest, adjust=False).over(since)
    later = rows - period
    weights = [newest * left**age for age in range(later)] + [left**later / period] * period
    full = pl.sum_horizontal(x * weight for x, weight in zip(_shifts(rows), weights, strict=True)).over(CHAIN)
    return pl.when(there.over(since) >= rows).then(full).otherwise(young)


def _age_of_highest(rows: int, _: float) -> pl.Expr:
    top = X.rolling_max(rows)
    return pl.coalesce(pl.when(x == top).then(age) for age, x in enumerate(_shifts(rows)))


def _spread(x: pl.Expr, rows: int) -> pl.Expr:
    """Sum of squared deviations, 0 where it is only rounding."""
    spread = x.rolling_var(rows) * (rows - 1)
    return pl.when(spread <= NO_SPREAD * (x * x).rolling_sum(rows)).then(0.0).otherwise(spread)


def _varies(x: pl.Expr, rows: int, value: pl.Expr) -> pl.Expr:
    return pl.when(_spread(x, rows) > 0).then(value)


def _common(x: pl.Expr, y: pl.Expr, rows: int) -> pl.Expr:
    """Sum of products of the deviations of two."""
    return pl.rolling_cov(x, y, window_size=rows) * (rows - 1)


def _corr(x: pl.Expr, y: pl.Expr, rows: int) -> pl.Expr:
    scale = (_spread(x, rows) * _spread(y, rows)).sqrt()
    return pl.when(scale > 0).then((_common(x, y, rows) / scale).clip(-1, 1))


def _beta(rows: int, _: float) -> pl.Expr:
    return _varies(Y, rows, _common(X, Y, rows) / _spread(Y, rows))


def _residual_std(rows: int, _: float) -> pl.Expr:
    common = _common(X, Y, rows)
    left = _spread(X, rows) - common * common / _spread(Y, rows)
    rounding = left <= NO_SPREAD * (X * X).rolling_sum(rows)
    return _varies(Y, rows, (pl.when(rounding).then(0.0).otherwise(left) / (rows - 2)).sqrt())


_TIME = pl.int_range(pl.len()).cast(pl.Float64)
_WINDOWS: dict[str, Callable[[int, float], pl.Expr]] = {
    "lag": lambda rows, _: X.shift(rows),
    "total": lambda rows, _: X.rolling_sum(rows),
    "product": lambda rows, _: reduce(mul, _shifts(rows)),
    "ewm": _ewm,
    "highest": lambda rows, _: X.rolling_max(rows),
    "age_of_highest": _age_of_highest,
    "rank": lambda rows, _: (X.rolling_rank(rows, method="average") - 1) / (rows - 1),
    "quantile": lambda rows, level: X.rolling_quantile(level, interpolation="linear", window_size=rows),
    "std": lambda rows, _: (_spread(X, rows) / (rows - 1)).sqrt(),
    "corr": lambda rows, _: _corr(X, Y, rows),
    "beta": _beta,
    "residual_std": _residual_std,
    "slope": lambda rows, _: _common(X, _TIME, rows) / (rows * (rows * rows - 1) / 12),
    "r_squared": lambda rows, _: _corr(X, _TIME, rows) ** 2,
    "skew": lambda rows, _: _varies(X, rows, X.rolling_skew(rows, bias=True)),
    "kurt": lambda rows, _: _varies(X, rows, X.rolling_kurtosis(rows, fisher=True, bias=True)),
}


def _across(term: Term) -> pl.Expr:
    """A comparison within one session, and group where there is one; a name without a group has no standing."""
    by = ["session", term.group] if term.group else ["session"]
    value = pl.when(X.count() >= FEWEST).then(_ACROSS[term.word]).over(by)
    return pl.when(pl.col(term.group).is_not_null()).then(value) if term.group else value


_SESSION_SPREAD = X.var() * (X.count() - 1)
_ACROSS = {
    "mean": X.mean(),
    "std": pl.when(NO_SPREAD * (X * X).sum() >= _SESSION_SPREAD).then(0.0).otherwise(X.std()),
    "rank": (X.rank("average") - 1) / (X.count() - 1),
}
