"""Rewrites the statistical windows in sums over windows, which many of them share; nothing is computed here."""

import math
from collections.abc import Callable

from kairos.features.begun import BEGUN
from kairos.features.terms import Kind, Term, constant, each

_MISSING = constant(math.nan)

PARTS = ("totals", "aged_totals", "products", "highest", "ages_of_highest", "rank", "quantile", "lag", "moments", "begun")
"""Windows that are left after lowering. `moments` takes the mean beside x and a number: which power.

`begun` takes the weight of the newest row beside x and a number, the period; it ends where its window is full.
"""


def lowered(term: Term, made: dict[Term, Term]) -> Term:
    """Return an equal term whose windows are all among `PARTS`.

    Args:
        term: Any term.
        made: What was lowered before; it is added to, so that equal branches become one.
    """
    if term not in made:
        inputs = tuple(lowered(each_input, made) for each_input in term.inputs)
        if term.kind is Kind.WINDOW:
            made[term] = _WINDOWS[term.word](*inputs, rows=term.rows, number=term.number)
        else:
            made[term] = _with_inputs(term, inputs)
    return made[term]


def _with_inputs(term: Term, inputs: tuple[Term, ...]) -> Term:
    if term.word == "where" and len(inputs) < 3:  # noqa: PLR2004 - condition, x, otherwise
        inputs = (*inputs, _MISSING)
    return Term(term.kind, term.word, inputs, term.rows, term.number, term.group, term.expr)


def _part(word: str, *inputs: Term, rows: int, number: float = 0.0) -> Term:
    return Term(Kind.WINDOW, word, inputs, rows=rows, number=number)


def _total(x: Term, rows: int) -> Term:
    return _part("totals", x, rows=rows, number=1.0)


def _as_part(word: str) -> Callable[..., Term]:
    return lambda x, *, rows, number: _part(word, x, rows=rows, number=number)


def _ewm(x: Term, *, rows: int, number: float) -> Term:
    return _part("totals", x, rows=rows, number=number) / ((1 - number**rows) / (1 - number))


def _begun(word: str) -> Callable[..., Term]:
    def average(x: Term, *, rows: int, number: float) -> Term:
        """The window's weights where it is full; a sum over it is not there where it is not."""
        newest, period = BEGUN[word].newest(number), int(number)
        later, left = rows - period, 1 - newest
        first = _part("lag", _total(x, period), rows=later)
        full = newest * _part("totals", x, rows=later, number=left) + left**later / period * first
        return each("where", each("known", full), full, _part("begun", x, constant(newest), rows=rows, number=number))

    return average


def _centre(x: Term, y: Term, rows: int) -> Term:
    return _total(x, rows) * _total(y, rows) / rows


def _spread(x: Term, rows: int) -> Term:
    """Sum of squared deviations, 0 where it is only rounding."""
    squares = _total(x * x, rows)
    return each("spread", squares, _centre(x, x, rows), squares)


def _common(x: Term, y: Term, rows: int) -> Term:
    """Sum of products of the deviations of two."""
    return _spread(x, rows) if x == y else _total(x * y, rows) - _centre(x, y, rows)


def _if_positive(condition: Term, x: Term) -> Term:
    return each("where", condition > 0, x, _MISSING)


def _std(x: Term, *, rows: int, number: float) -> Term:  # noqa: ARG001 - every window takes the same
    return (_spread(x, rows) / (rows - 1)).sqrt()


def _corr(x: Term, y: Term, *, rows: int, number: float) -> Term:  # noqa: ARG001
    scale = _spread(x, rows).sqrt() * _spread(y, rows).sqrt()
    return each("clip", _if_positive(scale, _common(x, y, rows) / scale), -1, 1)


def _beta(x: Term, y: Term, *, rows: int, number: float) -> Term:  # noqa: ARG001
    return _if_positive(_spread(y, rows), _common(x, y, rows) / _spread(y, rows))


def _residual_std(x: Term, y: Term, *, rows: int, number: float) -> Term:
    explained = _common(x, y, rows) * _beta(x, y, rows=rows, number=number)
    left = each("spread", _spread(x, rows), explained, _total(x * x, rows))
    return (left / (rows - 2)).sqrt()


def _time_common(x: Term, rows: int) -> Term:
    """Sum of (time - mean time) (x - mean x) over the window; time runs forward."""
    return (rows - 1) / 2 * _total(x, rows) - _part("aged_totals", x, rows=rows)


def _slope(x: Term, *, rows: int, number: float) -> Term:  # noqa: ARG001
    return _time_common(x, rows) / (rows * (rows**2 - 1) / 12)


def _r_squared(x: Term, *, rows: int, number: float) -> Term:  # noqa: ARG001
    common, variation = _time_common(x, rows), _spread(x, rows) * (rows * (rows**2 - 1) / 12)
    return each("clip", _if_positive(variation, common * common / variation), 0, 1)


def _moment(power: int, x: Term, rows: int) -> Term:
    return _part("moments", x, _total(x, rows) / rows, rows=rows, number=power)


def _skew(x: Term, *, rows: int, number: float) -> Term:  # noqa: ARG001
    variance = _moment(2, x, rows)
    return _if_positive(_spread(x, rows), _moment(3, x, rows) / (variance * variance.sqrt()))


def _kurt(x: Term, *, rows: int, number: float) -> Term:  # noqa: ARG001
    variance = _moment(2, x, rows)
    return _if_positive(_spread(x, rows), _moment(4, x, rows) / (variance * variance) - constant(3))


_WINDOWS: dict[str, Callable[..., Term]] = {
    "lag": _as_part("lag"),
    "total": lambda x, *, rows, number: _part("totals", x, rows=rows, number=number or 1.0),
    "product": _as_part("products"),
    "ewm": _ewm,
    **{word: _begun(word) for word in BEGUN},
    "highest": _as_part("highest"),
    "age_of_highest": _as_part("ages_of_highest"),
    "rank": _as_part("rank"),
    "quantile": _as_part("quantile"),
    "std": _std,
    "corr": _corr,
    "beta": _beta,
    "residual_std": _residual_std,
    "slope": _slope,
    "r_squared": _r_squared,
    "skew": _skew,
    "kurt": _kurt,
}
