"""The order of work for a set of terms: every common part once, all windows over one input together, few registers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from kairos.features.terms import Kind, Term

SHARED = {"totals", "aged_totals", "products", "highest", "ages_of_highest", "moments"}
"""Windows that are made for several lengths (or powers) at once."""
NO_REGISTER = -1


@dataclass(frozen=True)
class Step:
    """One piece of work on a block of rows.

    Attributes:
        term: What is made; for a shared window the first of those made.
        inputs: Registers that are read, `NO_REGISTER` for a constant.
        places: Registers that are filled, one per window, shortest first.
        made: The terms that are made, in the order of `places`.
        newest: Whether a row of them is read for the same row alone of what is asked for, so that of rows that nobody asks
            for they need not be made.
    """

    term: Term
    inputs: tuple[int, ...]
    places: tuple[int, ...]
    made: tuple[Term, ...]
    newest: bool


@dataclass(frozen=True)
class Store:
    """One of the terms asked for is in a register and can be kept.

    Attributes:
        output: Its position among those asked for.
        term: Which it is.
        register: Where it is, `NO_REGISTER` for a constant.
    """

    output: int
    term: Term
    register: int


@dataclass(frozen=True)
class Plan:
    """Work on a block of rows, in order.

    Attributes:
        steps: What is done.
        registers: How many columns of the block are needed at once.
    """

    steps: tuple[Step | Store, ...]
    registers: int

    @property
    def leaves(self) -> tuple[Term, ...]:
        """Terms that are read, not computed."""
        return tuple(step.term for step in self.steps if isinstance(step, Step) and is_leaf(step.term))


def is_leaf(term: Term) -> bool:
    """Tell whether a term's values are read from the panel, the date or a comparison made before."""
    return term.kind in {Kind.COLUMN, Kind.CALENDAR, Kind.ACROSS, Kind.POLARS}


@lru_cache(maxsize=256)
def plan(terms: tuple[Term, ...]) -> Plan:
    """Return how to compute lowered terms; made once for the same terms."""
    return _Planner(terms).made()


class _Planner:
    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = terms
        self.order: list[Term] = []
        self.readers: dict[Term, int] = {}
        self.reached: set[Term] = set()
        self.families: dict[object, list[Term]] = {}
        for term in terms:
            self._visit(term)
            self.readers[term] += 1
        self.register: dict[Term, int] = {}
        self.free: list[int] = []
        self.registers = 0

    def _visit(self, term: Term) -> None:
        """Note a term after its inputs; count who reads it."""
        if term in self.readers:
            return
        self.readers[term] = 0
        for part in () if is_leaf(term) else term.inputs:
            self._visit(part)
            self.readers[part] += 1
            if term.kind is Kind.WINDOW and not (
                term.word == "moments" and part is not term.inputs[0]
            ):  # the mean is that of t
                self.reached.add(part)
        self.order.append(term)
        self.families.setdefault(_family(term), []).append(term)

    def made(self) -> Plan:
        for term in reversed(self.order):  # what is made row by row hands on that its other rows are read
            if term in self.reached and not is_leaf(term):
                self.reached.update(term.inputs)
        steps: list[Step | Store] = []
        wanted: dict[Term, list[int]] = {}
        for position, term in enumerate(self.terms):
            wanted.setdefault(term, []).append(position)
        for term in self.order:
            if term in self.register:
                continue
            made = self.families[_family(term)]
            if term.kind is Kind.CONSTANT:
                self.register[term] = NO_REGISTER
            else:
                steps.append(self._step(term, sorted(made, key=lambda each: (each.rows, each.number))))
            for each in made:
                steps += [Store(position, each, self.register[each]) for position in wanted.get(each, ())]
                self._released(each, len(wanted.get(each, ())))
        return Plan(tuple(steps), self.registers)

    def _step(self, term: Term, made: list[Term]) -> Step:
        inputs = () if is_leaf(term) else tuple(self.register[part] for part in term.inputs)
        places = tuple(self._taken(each) for each in made)
        for each in made:
            for part in () if is_leaf(each) else each.inputs:
                self._released(part, 1)
        return Step(term, inputs, places, tuple(made), newest=not self.reached.intersection(made))

    def _taken(self, term: Term) -> int:
        if not self.free:
            self.free.append(self.registers)
            self.registers += 1
        self.register[term] = self.free.pop()
        return self.register[term]

    def _released(self, term: Term, times: int) -> None:
        self.readers[term] -= times
        if times and not self.readers[term] and term.kind is not Kind.CONSTANT:
            self.free.append(self.register[term])


def _family(term: Term) -> object:
    """What is the same for terms that one step makes."""
    if term.kind is Kind.WINDOW and term.word in SHARED:
        number = term.rows if term.word == "moments" else term.number
        return (term.word, term.inputs, number)
    return term
