"""Where a block of rows is read from: the panel, the date, or a comparison made before."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.dates import calendar_fact
from kairos.features.sessions import Grouping
from kairos.features.terms import Kind, Term
from kairos.frames import Frame

Reader = Callable[[int, int], NDArray[Any]]
"""Gives the values of the rows from start to before stop, NaN where missing."""


class Source:
    """The leaves of terms over one panel.

    Attributes:
        panel: Sorted by permaticker and session.
    """

    def __init__(self, panel: Frame) -> None:
        self.panel = panel
        self._groupings: dict[str, Grouping] = {}
        self._readers: dict[Term, Reader] = {}

    def grouping(self, group: str = "") -> Grouping:
        """Return the numbering of the sessions, or of the sessions and groups."""
        if group not in self._groupings:
            self._groupings[group] = Grouping(self.panel, group)
        return self._groupings[group]

    def add(self, term: Term, values: NDArray[Any]) -> None:
        """Keep a comparison: a number per row for a rank, else a number per session and group."""
        self._readers[term] = _slices(values) if term.word == "rank" else self._by_code(values, term.group)

    def reader(self, term: Term) -> Reader:
        """Return what reads a leaf."""
        if term not in self._readers:
            self._readers[term] = self._opened(term)
        return self._readers[term]

    def rows(self, start: int, stop: int) -> NDArray[np.int32]:
        """Return how many rows of the chain come before each row; all none where the panel numbers none."""
        if "row" not in self.panel.columns:
            return np.zeros(stop - start, np.int32)
        return self.panel["row"].slice(start, stop - start).cast(pl.Int32).to_numpy()

    def _opened(self, term: Term) -> Reader:
        if term.kind is Kind.CALENDAR:
            facts = calendar_fact(term.word, self.grouping().sessions)
            return self._by_code(facts.to_numpy(), "")
        values = self.panel[term.word] if term.expr is None else self.panel.select(value=term.expr)["value"]
        return lambda start, stop: values.slice(start, stop - start).cast(pl.Float64).to_numpy()

    def _by_code(self, values: NDArray[Any], group: str) -> Reader:
        grouping = self.grouping(group)
        padded = np.append(values, np.nan)  # a row without a group has code -1
        return lambda start, stop: padded[grouping.codes(start, stop)]


def _slices(values: NDArray[Any]) -> Reader:
    return lambda start, stop: values[start:stop]
