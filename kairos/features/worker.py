"""Carries out a plan, block by block, with the compiled loops."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kairos.features import newest, ordered, rowwise, windows
from kairos.features.plan import NO_REGISTER, Plan, Step, Store, is_leaf
from kairos.features.source import Source
from kairos.features.terms import Kind, Term

Column = NDArray[np.float64]
Rows = NDArray[np.int32]
FEW = 8  # rows for each wanted one, from which on those are worked out by themselves
_LOOPS = 4  # columns beside the registers that a loop may use
_SCRATCH = _LOOPS + 3  # and one for each constant that an operation reads


class Worker:
    """One thread's registers and the work done in them."""

    def __init__(
        self, work: Plan, source: Source, out: Sequence[NDArray[Any]], wanted: NDArray[np.bool_] | None = None
    ) -> None:
        self._work, self._source, self._out, self._wanted = work, source, out, wanted
        self._start = self._stop = 0
        self._registers = np.empty((0, 0))
        self._scratch = np.empty((0, 0))
        self._row = np.empty(0, np.int32)
        self._at: Rows | None = None
        self._tasks = [_task(step) for step in work.steps]

    def run(self, blocks: Sequence[tuple[int, int]]) -> None:
        """Fill the outputs for some blocks of rows."""
        longest = max((stop - start for start, stop in blocks), default=0)
        memory = np.empty((self._work.registers + _SCRATCH) * longest)
        for self._start, self._stop in blocks:
            rows = self._stop - self._start
            columns = memory[: (self._work.registers + _SCRATCH) * rows].reshape(-1, rows)
            self._registers, self._scratch = columns[:-_SCRATCH], columns[-_SCRATCH:]
            self._row = np.array(self._source.rows(self._start, self._stop))  # a copy: polars' own may not be written to
            self._at = self._few()
            with np.errstate(divide="ignore", invalid="ignore"):
                for task in self._tasks:
                    task(self)

    def _few(self) -> Rows | None:
        """Rows of the block that are wanted, if they are so few that each is better worked out by itself."""
        if self._wanted is None:
            return None
        at = np.flatnonzero(self._wanted[self._start : self._stop]).astype(np.int32)
        return at if at.size * FEW <= self._stop - self._start else None

    def keep(self, step: Store) -> None:
        """Copy a register into an output."""
        kept = self._out[step.output][self._start : self._stop]
        values = self._column(step.register, step.term)
        if kept.dtype != np.float32:
            kept[:] = values
        elif self._at is None:
            rowwise.stored(values, kept)
        else:
            few = np.empty(self._at.size, np.float32)
            rowwise.stored(values[self._at], few)
            kept[self._at] = few

    def read(self, step: Step) -> None:
        """Fill a register from the panel, the date or a comparison."""
        values = self._scratch[0]
        values[:] = self._source.reader(step.term)(self._start, self._stop)
        rowwise.unary(rowwise.FINITE, values, self._registers[step.places[0]])

    def each(self, step: Step) -> None:
        """Work row by row."""
        a, b, c, out = self._columns(step)
        if self._at is None or not step.newest:
            _row_by_row(step.term.word, a, b, c, out)
            return
        few = np.empty(self._at.size)
        _row_by_row(step.term.word, a[self._at], b[self._at], c[self._at], few)
        out[self._at] = few

    def logarithm(self, step: Step) -> None:
        """Take a logarithm; numpy's is several times as fast as a compiled loop's."""
        a, _, _, out = self._columns(step)
        getattr(np, step.term.word)(a, out=self._scratch[0])
        rowwise.unary(rowwise.FINITE, self._scratch[0], out)

    def lag(self, step: Step) -> None:
        """Move rows down."""
        a, _, _, out = self._columns(step)
        ordered.lag(a, step.term.rows, self._row, out)

    def shared(self, step: Step) -> None:
        """Make all windows over one input."""
        lengths, places = (np.array(values, np.int32) for values in ([term.rows for term in step.made], step.places))
        x, *_ = self._columns(step)
        more = (step.term.number,) if step.term.word == "totals" else ()
        if self._at is not None and step.newest:
            getattr(newest, step.term.word)(x, lengths, *more, self._row, self._registers, places, self._at)
        else:
            getattr(windows, step.term.word)(x, lengths, *more, self._row, self._registers, places, self._scratch)

    def begun(self, step: Step) -> None:
        """Go on from the mean of the first rows."""
        a, _, _, out = self._columns(step)
        newest = step.term.inputs[1].number
        ordered.begun(a, int(step.term.number), newest, step.term.rows, self._row, out)

    def rank(self, step: Step) -> None:
        """Rank the newest row of each window."""
        a, _, _, out = self._columns(step)
        if self._at is not None and step.newest:
            newest.rank(a, step.term.rows, self._row, out, self._at)
        else:
            ordered.rank(a, step.term.rows, self._row, out, self._scratch)

    def quantile(self, step: Step) -> None:
        """Take an order statistic of each window."""
        a, _, _, out = self._columns(step)
        if self._at is not None and step.newest:
            newest.quantile(a, step.term.rows, step.term.number, self._row, out, self._at)
        else:
            ordered.quantile(a, step.term.rows, step.term.number, self._row, out)

    def moments(self, step: Step) -> None:
        """Make the powers of the deviations that are asked for, and those that come with them."""
        asked = {int(term.number): place for term, place in zip(step.made, step.places, strict=True)}
        m2, m3, m4 = (self._registers[asked[power]] if power in asked else self._scratch[power - 2] for power in (2, 3, 4))
        x, centre, *_ = self._columns(step)
        if self._at is not None and step.newest:
            newest.moments(x, centre, step.term.rows, m2, m3, m4, self._at)
        else:
            ordered.moments(x, centre, step.term.rows, m2, m3, m4)

    def _columns(self, step: Step) -> tuple[Column, Column, Column, Column]:
        """Inputs, the first in place of those there are not, and the first output."""
        parts = zip(step.inputs, step.term.inputs, strict=True)
        columns = [self._column(register, term, place) for place, (register, term) in enumerate(parts)]
        a, b, c = (*columns, *columns[:1] * (3 - len(columns)))
        return a, b, c, self._registers[step.places[0]]

    def _column(self, register: int, term: Term, place: int = 0) -> Column:
        """Return a register, or a column filled with a constant."""
        if register != NO_REGISTER:
            held: Column = self._registers[register]
            return held
        column: Column = self._scratch[_LOOPS + place]
        column.fill(term.number)
        return column


def _row_by_row(word: str, a: Column, b: Column, c: Column, out: Column) -> None:
    if word in rowwise.UNARY:
        rowwise.unary(rowwise.UNARY.index(word), a, out)
    elif word in rowwise.TERNARY:
        rowwise.ternary(rowwise.TERNARY.index(word), a, b, c, out)
    elif word in rowwise.ARITHMETIC:
        rowwise.arithmetic(rowwise.ARITHMETIC.index(word), a, b, out)
    else:
        rowwise.comparison(rowwise.COMPARISONS.index(word), a, b, out)


_WINDOWS: dict[str, Callable[[Worker, Step], None]] = {
    "lag": Worker.lag,
    "begun": Worker.begun,
    "rank": Worker.rank,
    "quantile": Worker.quantile,
    "moments": Worker.moments,
}


def _task(step: Step | Store) -> Callable[[Worker], None]:
    """What carries out a step."""
    if isinstance(step, Store):
        return lambda worker: worker.keep(step)
    if is_leaf(step.term):
        return lambda worker: worker.read(step)
    if step.term.kind is Kind.WINDOW:
        work = _WINDOWS.get(step.term.word, Worker.shared)
    else:
        work = Worker.logarithm if step.term.word in {"log", "log1p"} else Worker.each
    return lambda worker: work(worker, step)
