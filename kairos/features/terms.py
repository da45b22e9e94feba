"""What a feature's formula is made of: a small tree that both forms of the engine read, and that prints as a formula.

A `Term` stands for one number per name and session. Missing is one thing: what is null, NaN or infinite, at any step, is
missing, and what is made from it is missing too. A condition is a number as well, 1 where it holds and 0 where not.
The words that authors write with are in `kairos.features.operators`.
"""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from itertools import zip_longest
from typing import NoReturn, Self

import polars as pl

from kairos.errors import ContractError
from kairos.features.begun import BEGUN

Number = int | float
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "gt": ">", "ge": ">=", "lt": "<", "le": "<=", "and": "&", "or": "|"}


class Kind(Enum):
    """What a term does.

    `COLUMN` reads a column of the panel, `CALENDAR` a fact of the date, `CONSTANT` is one number, `EACH` works row by row,
    `WINDOW` over a name's own trailing rows, `ACROSS` over the rows of one session, `POLARS` whatever its expression does.
    """

    COLUMN = "column"
    CALENDAR = "calendar"
    CONSTANT = "constant"
    EACH = "each"
    WINDOW = "window"
    ACROSS = "across"
    POLARS = "polars"


@dataclass(frozen=True, eq=False)
class Term:
    """One number per name and session, as a tree.

    Attributes:
        kind: What it does.
        word: Column, fact of the date, or operator.
        inputs: Terms it is made from.
        rows: Window length, or rows back for `lag`.
        number: Value of a constant, weight, share or power that the operator takes.
        group: Column beside the session within which an `ACROSS` term compares; empty for all names.
        expr: Expression of a `POLARS` term.
    """

    kind: Kind
    word: str = ""
    inputs: tuple["Term", ...] = ()
    rows: int = 0
    number: float = 0.0
    group: str = ""
    expr: pl.Expr | None = None
    _hash: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        """Take the hash once: trees share their branches."""
        object.__setattr__(self, "_hash", hash((*self._fields(), *(hash(term) for term in self.inputs))))

    def _fields(self) -> tuple[Kind, str, int, float, str, int]:
        return (self.kind, self.word, self.rows, self.number, self.group, id(self.expr))

    def __hash__(self) -> int:
        """Return the same number for the same formula."""
        return self._hash

    def __eq__(self, other: object) -> bool:
        """Tell whether two terms are the same formula; `equal` and `differs` compare their values."""
        if isinstance(other, int | float):
            raise ContractError(f"{self} compared with {other} by == or !=: write equal(x, {other}) or differs(x, {other}).")
        if not isinstance(other, Term):
            return NotImplemented
        same = self._hash == other._hash and self._fields() == other._fields()
        return self is other or (same and self.inputs == other.inputs)

    def __bool__(self) -> NoReturn:
        """Refuse: a condition has a value per row; join conditions with & and |, choose with `where`."""
        raise ContractError(f"{self} used as true or false: it has a value per row. Use &, | and where(condition, x, y).")

    def __add__(self, other: Self | Number) -> "Term":
        """Return the sum."""
        return each("add", self, other)

    def __radd__(self, other: Number) -> "Term":
        """Return the sum."""
        return each("add", other, self)

    def __sub__(self, other: Self | Number) -> "Term":
        """Return the difference."""
        return each("sub", self, other)

    def __rsub__(self, other: Number) -> "Term":
        """Return the difference."""
        return each("sub", other, self)

    def __mul__(self, other: Self | Number) -> "Term":
        """Return the product."""
        return each("mul", self, other)

    def __rmul__(self, other: Number) -> "Term":
        """Return the product."""
        return each("mul", other, self)

    def __truediv__(self, other: Self | Number) -> "Term":
        """Return the quotient, missing where the divisor is 0."""
        return each("div", self, other)

    def __rtruediv__(self, other: Number) -> "Term":
        """Return the quotient, missing where the divisor is 0."""
        return each("div", other, self)

    def __neg__(self) -> "Term":
        """Return minus this."""
        return each("neg", self)

    def __gt__(self, other: Self | Number) -> "Term":
        """Return 1 where greater, else 0."""
        return each("gt", self, other)

    def __ge__(self, other: Self | Number) -> "Term":
        """Return 1 where greater or equal, else 0."""
        return each("ge", self, other)

    def __lt__(self, other: Self | Number) -> "Term":
        """Return 1 where less, else 0."""
        return each("lt", self, other)

    def __le__(self, other: Self | Number) -> "Term":
        """Return 1 where less or equal, else 0."""
        return each("le", self, other)

    def __and__(self, other: Self) -> "Term":
        """Return 1 where both hold, 0 where either does not, missing where either is."""
        return each("and", self, other)

    def __or__(self, other: Self) -> "Term":
        """Return 1 where either holds, 0 where neither does, missing where either is."""
        return each("or", self, other)

    def abs(self) -> "Term":
        """Return the absolute value."""
        return each("abs", self)

    def log(self) -> "Term":
        """Return the natural logarithm, missing where this is not above 0."""
        return each("log", self)

    def log1p(self) -> "Term":
        """Return ln(1 + this), missing where this is not above -1."""
        return each("log1p", self)

    def sqrt(self) -> "Term":
        """Return the square root, missing below 0."""
        return each("sqrt", self)

    def sign(self) -> "Term":
        """Return -1, 0 or 1."""
        return each("sign", self)

    @cached_property
    def roots(self) -> frozenset[str]:
        """Columns of the panel that it reads."""
        own = {Kind.COLUMN: {self.word}, Kind.CALENDAR: {"session"}, Kind.WINDOW: {"row"}, Kind.ACROSS: {"session"}}
        found = own.get(self.kind, set()) | ({self.group} if self.group else set())
        if self.expr is not None:
            found |= set(self.expr.meta.root_names())
        return frozenset(found).union(*(term.roots for term in self.inputs))

    @cached_property
    def reaches(self) -> tuple[int, ...]:
        """Rows back that it reads, of its own name first, then of every name for each comparison across the session."""
        parts = [term.reaches for term in self.inputs] or [(0,)]
        deepest = tuple(max(level) for level in zip_longest(*parts, fillvalue=0))
        if self.kind is Kind.ACROSS:
            return (0, *deepest)
        if self.kind is not Kind.WINDOW:
            return deepest
        back = self.rows if self.word == "lag" else self.rows - 1
        return (deepest[0] + back, *deepest[1:])

    @property
    def opaque(self) -> bool:
        """Whether an expression of polars is in it, of which nobody can tell what it reads."""
        return self.expr is not None or any(term.opaque for term in self.inputs)

    @property
    def begun(self) -> bool:
        """Whether it has values before its window is full, from the rows that are there."""
        return self.word in BEGUN or any(term.begun for term in self.inputs)

    @property
    def reach(self) -> int:
        """Oldest row that it reads, in rows before t."""
        return sum(self.reaches)

    def __str__(self) -> str:
        """Return the formula."""
        if self.kind is Kind.CONSTANT:
            return f"{self.number:g}"
        if self.kind is Kind.EACH and self.word in _SIGNS:
            return "(" + f" {_SIGNS[self.word]} ".join(map(str, self.inputs)) + ")"
        if self.kind in {Kind.COLUMN, Kind.CALENDAR, Kind.POLARS}:
            return self.word
        more = [f"{self.rows}"] if self.kind is Kind.WINDOW else []
        more += [f"{self.number:g}"] if self.number else []
        more += [f"within {self.group}"] if self.group else []
        return f"{self.word}({', '.join([*map(str, self.inputs), *more])})"

    __repr__ = __str__


def constant(number: Number) -> Term:
    """Return a term of one number everywhere."""
    return Term(Kind.CONSTANT, number=float(number))


def as_term(x: Term | Number) -> Term:
    """Return `x`, a number as a constant.

    Raises:
        ContractError: `x` is neither a term nor a number; True and False are none, they come of comparing by == or `in`.
    """
    if isinstance(x, Term):
        return x
    if isinstance(x, bool) or not isinstance(x, int | float):
        raise ContractError(
            f"{x!r} in a feature's formula: found {type(x).__name__}, expected a term or a number. "
            "Write columns by column(name) and comparisons by >, <, equal, differs."
        )
    return constant(x)


def each(word: str, *inputs: Term | Number) -> Term:
    """Return a term that works row by row."""
    return Term(Kind.EACH, word, tuple(map(as_term, inputs)))


def window(word: str, *inputs: Term | Number, rows: int, fewest: int = 1, number: float = 0.0) -> Term:
    """Return a term over the trailing rows of a name.

    Raises:
        ContractError: The window has fewer rows than the operator needs; a negative lag would read the future.
    """
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < fewest:
        raise ContractError(
            f"{word}: window of {rows} rows; expected a whole number, at least {fewest}. Write a longer window."
        )
    return Term(Kind.WINDOW, word, tuple(map(as_term, inputs)), rows=rows, number=float(number))


def across(word: str, x: Term | Number, *, group: str = "") -> Term:
    """Return a term over the rows of one session, or of one session and group."""
    return Term(Kind.ACROSS, word, (as_term(x),), group=group)


def by_polars(expr: pl.Expr) -> Term:
    """Return a term that is a polars expression over the whole panel.

    It stands for what the words cannot say. Nothing keeps it from reading later rows or other names, so it is only as
    safe as `kairos.features.causality` finds it, and its set is always computed from the whole panel.
    """
    return Term(Kind.POLARS, str(expr), expr=expr)
