"""What was known when: the newest period of each security at an instant, and at every session's close.

A period is the fiscal month it ends in, so that a year ending on the last Saturday of January meets its quarters; the newest
visible one of a name counts, in its newest version. A late restatement of an old period therefore changes what is said of
that period (and the sums it is part of) and never which period is the newest.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.errors import CalendarError, ContractError
from kairos.frames import Frame, require_columns
from kairos.fundamentals.instants import with_close

Rows = NDArray[np.int64]  # row numbers, -1 for none

ANNUAL = ("FY", "annual")
HALF_MONTH = timedelta(days=15)  # a period that ends within a fortnight of a month's end belongs to that month
QUARTER, YEAR = 3, 12  # months
FORMS = ("_ttm_year_ago", "_q_year_ago", "_year_ago", "_ttm", "_q")
_KEY = ("permaticker", "period_end", "period", "known_at")
_SLOTS = 4096  # months in a name's range of codes, annual ones apart


def facts_as_of(versions: Frame, instant: datetime) -> Frame:
    """Return one row per security: its newest period known at `instant`, in the newest version known by then.

    Where a year and its last quarter became known together, the quarter is returned.

    Args:
        versions: Rows with permaticker, period_end, period, known_at and any facts.
        instant: Aware instant; what became known at it exactly is included.

    Raises:
        CalendarError: The instant has no time zone.
    """
    if instant.tzinfo is None:
        raise CalendarError(f"as of {instant}: the instant has no time zone. Give an aware one, for example in UTC.")
    require_columns(versions, _KEY, where="versions of facts")
    keys = versions.lazy().select("permaticker", "known_at", _slot(), _annual(), pl.int_range(pl.len()).alias("_row"))
    seen = keys.filter(pl.col("known_at") <= instant).sort(
        "permaticker", "_slot", "known_at", "_annual", "_row", descending=[False, False, False, True, False]
    )
    newest = seen.unique("permaticker", keep="last", maintain_order=True).select("_row").collect()
    return versions[newest["_row"]]


def join_as_of(panel: Frame, versions: Frame, columns: Sequence[str]) -> Frame:
    """Return the panel with what was known of each security at the close of each session, and `facts_known_at`.

    A column is a fact at the newest period (`total_assets`), or a fact with a form: `_year_ago`, `_q` (quarters alone),
    `_q_year_ago`, `_ttm` (the sum of four consecutive quarters, or the year's where quarters are not reported) or
    `_ttm_year_ago`. It is null where a part of it was not known. `facts_known_at` is the newest known_at of all that was
    looked at; `period_end` and `reported_at` (its first known_at) are those of the newest period.

    Args:
        panel: Has permaticker and session, sorted by both.
        versions: Rows with permaticker, period_end, period, known_at and the facts.
        columns: Columns to add.

    Raises:
        ContractError: A column is no fact of `versions`, in no form.
    """
    known = with_close(panel).join_asof(
        states(versions, columns),
        left_on="closes_at",
        right_on="known_at",
        by="permaticker",
        strategy="backward",
        check_sortedness=False,
    )
    return known.drop("closes_at", "known_at", strict=False)


def states(versions: Frame, columns: Sequence[str]) -> Frame:
    """Return one row per security and instant at which something became known: what was known from then on.

    Args:
        versions: As for `join_as_of`.
        columns: As for `join_as_of`.
    """
    require_columns(versions, _KEY, where="versions of facts")
    wanted = {column: _parsed(column, versions.columns) for column in columns}
    rows = versions.sort("permaticker", "known_at", "period_end", "period")
    book = _Book(rows)
    found = book.lookups({form for _, form in wanted.values()})
    made = {column: _value(rows[fact], found, form) for column, (fact, form) in wanted.items()}
    events = rows.select("permaticker", "known_at")[book.events]
    used = [_taken(rows["known_at"], lookup) for lookup in found.values()]
    newest = np.where(found["q0"] >= 0, found["q0"], found["f0"])
    return events.with_columns(
        pl.max_horizontal(used).alias("facts_known_at"),
        _taken(rows["period_end"], newest).alias("period_end"),
        pl.Series("reported_at", book.reported(), dtype=rows.schema["known_at"]),
        *(values.alias(column) for column, values in made.items()),
    )


class _Book:
    """Versions ordered for looking up the newest one of a name, kind and month known at an event.

    Attributes:
        events: Rows (E,) after which all of their instant is known, ascending by name and instant.
    """

    def __init__(self, rows: Frame) -> None:
        coded = rows.select(
            pl.col("permaticker").rle_id().cast(pl.Int64).alias("name"),
            pl.col("known_at").rank("dense").cast(pl.Int64).alias("rank"),
            _slot().cast(pl.Int64),
            _annual(),
        )
        self._name, self._rank, slot = (coded[column].to_numpy() for column in ("name", "rank", "_slot"))
        self._slot = slot - (slot.min() - 2 * YEAR if slot.size else 0)
        self._span = int(self._rank.max()) + 1 if slot.size else 1
        code = self._code(coded["_annual"].to_numpy().astype(np.int64), self._name, self._slot)
        key = code * self._span + self._rank
        self._order = np.argsort(key, kind="stable")
        self._key, self._codes = key[self._order], code[self._order]
        last = np.ones(rows.height, dtype=bool)
        last[:-1] = (self._name[1:] != self._name[:-1]) | (self._rank[1:] != self._rank[:-1])
        self.events: Rows = np.flatnonzero(last)
        newest = rows.select(_slot().cum_max().over("permaticker").alias("_slot"))["_slot"].to_numpy()
        self._newest = newest[self.events] - slot[self.events] + self._slot[self.events]
        self._known = rows["known_at"].to_numpy()

    def reported(self) -> NDArray[np.datetime64]:
        """Return when the newest period of each event (E,) was first known."""
        codes = np.sort(self._name * _SLOTS + self._slot)
        order = np.argsort(self._name * _SLOTS + self._slot, kind="stable")  # rows ascend in time within a name
        first = np.searchsorted(codes, self._name[self.events] * _SLOTS + self._newest, side="left")
        return np.asarray(self._known[order[first]])

    def lookups(self, forms: Iterable[str]) -> Mapping[str, Rows]:
        """Return the rows (E,) of every lag that the forms need, by q (quarter) or f (year) and quarters back."""
        needed = {"q0", "f0"}
        for form in forms:
            needed |= _NEEDED[form]
        return {lag: self._at(annual=lag[0] == "f", back=int(lag[1:]) * QUARTER) for lag in sorted(needed)}

    def _at(self, *, annual: bool, back: int) -> Rows:
        name = self._name[self.events]
        code = self._code(np.full(name.shape, annual, dtype=np.int64), name, self._newest - back)
        at = np.searchsorted(self._key, code * self._span + self._rank[self.events], side="right") - 1
        hit = (at >= 0) & (self._codes[np.maximum(at, 0)] == code)
        return np.where(hit, self._order[np.maximum(at, 0)], -1)

    @staticmethod
    def _code(annual: Rows, name: Rows, slot: Rows) -> Rows:
        return (name * 2 + annual) * _SLOTS + slot


_NEEDED: dict[str, set[str]] = {
    "": {"q0", "f0"},
    "_year_ago": {"q4", "f4"},
    "_q": {"q0"},
    "_q_year_ago": {"q4"},
    "_ttm": {"q0", "q1", "q2", "q3", "f0"},
    "_ttm_year_ago": {"q4", "q5", "q6", "q7", "f4"},
}


def _value(facts: pl.Series, found: Mapping[str, Rows], form: str) -> pl.Series:
    back = 4 if form.endswith("_year_ago") else 0
    quarter = _taken(facts, found[f"q{back}"])
    if form.startswith("_q"):
        return quarter
    year = found[f"f{back}"]
    if not form.startswith("_ttm"):
        return _taken(facts, np.where(found[f"q{back}"] >= 0, found[f"q{back}"], year))
    total = quarter
    for lag in range(back + 1, back + 4):
        total = total + _taken(facts, found[f"q{lag}"])
    return pl.select(pl.coalesce(total, _taken(facts, year))).to_series()


def _taken(values: pl.Series, rows: Rows) -> pl.Series:
    """Return values[rows], null where there is no row."""
    if values.is_empty():
        return values.clear()
    gathered = values.gather(np.maximum(rows, 0))
    return pl.select(pl.when(pl.Series(rows >= 0)).then(gathered)).to_series()


def _parsed(column: str, facts: Sequence[str]) -> tuple[str, str]:
    """Split a column into its fact and form; a fact whose own name ends like a form is a fact."""
    if column in facts:
        return column, ""
    for form in FORMS:
        if column.endswith(form) and column.removesuffix(form) in facts:
            return column.removesuffix(form), form
    raise ContractError(
        f"as-of join: no column {column}; expected a fact, or a fact with one of {', '.join(FORMS)}. "
        f"Found facts {', '.join(facts)}."
    )


def _slot() -> pl.Expr:
    month = pl.col("period_end") - HALF_MONTH
    return (month.dt.year() * YEAR + month.dt.month()).cast(pl.Int32).alias("_slot")


def _annual() -> pl.Expr:
    return pl.col("period").is_in(ANNUAL).alias("_annual")
