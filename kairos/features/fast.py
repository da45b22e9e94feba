"""The form that is used: compiled loops over blocks of names that stay in the processor's cache.

Terms are lowered to few kinds of windows, common parts are made once, and a block is worked through before the next is
read. Comparisons across a session need every name first: what they compare is made in a pass of its own.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.features.lowering import lowered
from kairos.features.plan import Plan, plan
from kairos.features.sessions import standing
from kairos.features.source import Source
from kairos.features.terms import Kind, Term
from kairos.frames import Frame

_BLOCK_ROWS = 8_192  # a block's columns fit the processor's cache; values do not depend on it
_BLOCK_ROWS_OF_FEW = 65_536  # where few rows are wanted, most of the work is handing it out
_ACROSS_BYTES = 100_000_000  # what may be held at once for comparisons across the session, one column at least

Output = NDArray[Any]


def fast_values(
    terms: Sequence[Term],
    panel: Frame,
    *,
    threads: int = 1,
    compared_from: date | None = None,
    wanted: NDArray[np.bool_] | None = None,
) -> list[pl.Series]:
    """Return the value of each term on each row of `panel` (Float32, null where missing).

    Args:
        terms: What is computed.
        panel: Sorted by permaticker and session.
        threads: Blocks of names that are worked on at a time.
        compared_from: First session on which names need be compared; all if None. What follows from earlier comparisons is
            missing.
        wanted: Rows that are asked for; all if None. Other rows have no meaning.
    """
    work = _prepared(tuple(terms))
    source = Source(panel)
    unread = None if compared_from is None else (panel["session"] < compared_from).to_numpy()
    out: list[Output] = [np.empty(panel.height, np.float32) for _ in work.wanted]
    for batch in _batches(work.layers, panel.height):
        for term, values in _compared(batch, source, threads, unread):
            if term.word == "rank" and term not in work.read:
                _keep(values, [kept for kept, each in zip(out, work.wanted, strict=True) if each == term])
            else:
                source.add(term, values)
    _run(work.rest, source, [out[place] for place in work.places], threads, wanted)
    return [pl.Series(out.pop(0), nan_to_null=True) for _ in work.wanted]


@dataclass(frozen=True)
class _Work:
    """What is known of terms before any panel is.

    Attributes:
        wanted: The lowered terms.
        read: Terms that another is made from.
        layers: Comparisons across sessions, those first that others need.
        places: Positions of the terms that are no mere rank.
        rest: How to compute those.
    """

    wanted: tuple[Term, ...]
    read: frozenset[Term]
    layers: tuple[tuple[Term, ...], ...]
    places: tuple[int, ...]
    rest: Plan


@lru_cache(maxsize=256)
def _prepared(terms: tuple[Term, ...]) -> _Work:
    made: dict[Term, Term] = {}
    wanted = tuple(lowered(term, made) for term in terms)
    read = frozenset(_inner(wanted))
    places = [place for place, term in enumerate(wanted) if term in read or term.word != "rank" or term.kind is not Kind.ACROSS]
    return _Work(wanted, read, _layers(wanted), tuple(places), plan(tuple(wanted[place] for place in places)))


def _inner(wanted: Sequence[Term]) -> set[Term]:
    """Terms that another is made from."""
    found: set[Term] = set()
    left = list(wanted)
    while left:
        new = set(left.pop().inputs) - found
        found |= new
        left += new
    return found


def _keep(values: Output, outputs: list[Output]) -> None:
    for kept in outputs:
        kept[:] = values


def _batches(layers: Sequence[Sequence[Term]], rows: int) -> Iterator[list[Term]]:
    """Comparisons across sessions that are made together, those first that others need, as many as memory allows."""
    at_once = max(1, _ACROSS_BYTES // (8 * max(rows, 1)))
    for layer in layers:
        compared = list(dict.fromkeys(term.inputs[0] for term in layer))
        for start in range(0, len(compared), at_once):
            chosen = set(compared[start : start + at_once])
            yield [term for term in layer if term.inputs[0] in chosen]


def _layers(wanted: Sequence[Term]) -> tuple[tuple[Term, ...], ...]:
    depth: dict[Term, int] = {}

    def visit(term: Term) -> int:
        if term not in depth:
            below = max((visit(part) for part in term.inputs), default=0)
            depth[term] = below + (term.kind is Kind.ACROSS)
        return depth[term]

    deepest = max(map(visit, wanted), default=0)
    found = [term for term in depth if term.kind is Kind.ACROSS]
    return tuple(tuple(term for term in found if depth[term] == level) for level in range(1, deepest + 1))


def _compared(
    batch: Sequence[Term], source: Source, threads: int, unread: NDArray[np.bool_] | None
) -> Iterator[tuple[Term, Output]]:
    """Make the values that are compared for every row, then yield each comparison of them."""
    compared = tuple(dict.fromkeys(term.inputs[0] for term in batch))
    out: list[Output] = [np.empty(source.panel.height) for _ in compared]
    _run(plan(compared), source, out, threads, None if unread is None else ~unread)
    for x in compared:
        values = out.pop(0)
        if unread is not None:
            values[unread] = np.nan
        for term in batch:
            if term.inputs[0] == x:
                yield term, standing(term.word, values, source.grouping(term.group))


def _run(work: Plan, source: Source, out: list[Output], threads: int, wanted: NDArray[np.bool_] | None) -> None:
    """Work through all blocks of names, filling `out` at the rows that are wanted."""
    from kairos.features.worker import Worker

    blocks = list(_name_blocks(source.panel, _BLOCK_ROWS if wanted is None else _BLOCK_ROWS_OF_FEW))
    for leaf in work.leaves:
        source.reader(leaf)
    if threads == 1 or len(blocks) < threads:
        Worker(work, source, out, wanted).run(blocks)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(Worker(work, source, out, wanted).run, blocks[part::threads]) for part in range(threads)]:
            done.result()


def _name_blocks(panel: Frame, least: int) -> Iterator[tuple[int, int]]:
    """Cut the panel at name boundaries into blocks of at least so many rows, the last one shorter."""
    lengths = panel["permaticker"].rle().struct.field("len").to_numpy().astype(np.int64)
    ends = np.cumsum(lengths)
    start = 0
    while start < panel.height:
        stop = int(ends[min(int(np.searchsorted(ends, start + least)), ends.size - 1)])
        yield start, stop
        start = stop
