"""No book, whatever its market, breaks an invariant; and a broken book is told apart."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kairos.calendar import sessions_between
from kairos.errors import SimulationError
from kairos.simulation.invariants import book_invariants, check_book
from kairos.simulation.topk import simulate_top_k

SESSIONS = sessions_between(date(2014, 1, 2), date(2014, 3, 31))
RETURN = st.one_of(st.floats(-1, 1), st.sampled_from([-1.0, 0.0, None]))
CELL = st.one_of(st.none(), st.tuples(RETURN, RETURN.map(lambda value: value or 0.0), st.integers(0, 12)))
LENGTH = 8


def market_of(cells):
    """One row per cell of (names x sessions) that is there: overnight, day, and 0 for a delisting."""
    rows = []
    for name, path in enumerate(cells, start=1):
        for session, cell in zip(SESSIONS, path, strict=False):
            if cell is not None:
                co, oc, kind = cell
                dead = kind == 0
                cc = co if dead or co is None else (1 + co) * (1 + oc) - 1
                rows.append((name, session, cc, co, oc, dead))
    rows += [(0, session, 0.0, 0.0, 0.0, False) for session in SESSIONS[:LENGTH]]
    columns = ["permaticker", "session", "ret_cc", "ret_co", "ret_oc", "is_delisting"]
    return pl.DataFrame(rows, schema=columns, orient="row", infer_schema_length=None)


def book_of(cells, scores, **settings):
    returns = market_of(cells)
    names = sorted(set(returns["permaticker"]))
    rows = [
        (name, session, float(score))
        for name, path in zip(names, scores, strict=False)
        for session, score in zip(SESSIONS, path, strict=False)
    ]
    columns = ["permaticker", "session", "score"]
    return simulate_top_k(pl.DataFrame(rows, schema=columns, orient="row"), returns, **settings)


@settings(max_examples=100, deadline=None)
@given(
    cells=st.lists(st.lists(CELL, min_size=LENGTH, max_size=LENGTH), min_size=4, max_size=4),
    scores=st.lists(st.lists(st.integers(0, 5), min_size=LENGTH, max_size=LENGTH), min_size=5, max_size=5),
    k=st.integers(1, 4),
    cost_bps=st.sampled_from([0.0, 10.0, 500.0, 4999.0]),
    rebalance=st.integers(1, 4),
)
def test_no_market_breaks_an_invariant(cells, scores, k, cost_bps, rebalance):
    returns = market_of(cells)
    book = book_of(cells, scores, k=min(k, returns["permaticker"].n_unique()), cost_bps=cost_bps, rebalance=rebalance)
    assert book_invariants(book) == []


@settings(max_examples=40, deadline=None)
@given(
    cells=st.lists(st.lists(CELL, min_size=LENGTH, max_size=LENGTH), min_size=4, max_size=4),
    scores=st.lists(st.lists(st.integers(0, 5), min_size=LENGTH, max_size=LENGTH), min_size=5, max_size=5),
    rebalance=st.integers(1, 4),
)
def test_costs_change_the_net_book_and_nothing_else(cells, scores, rebalance):
    free = book_of(cells, scores, k=1, cost_bps=0, rebalance=rebalance)
    dear = book_of(cells, scores, k=1, cost_bps=100, rebalance=rebalance)
    assert free.holdings.equals(dear.holdings)
    assert free.daily["ret_gross"].equals(dear.daily["ret_gross"])
    assert free.daily["ret_net"].equals(free.daily["ret_gross"])
    assert (dear.daily["ret_net"] <= dear.daily["ret_gross"]).all()


@pytest.fixture
def sound():
    cells = [[(0.01 * name, -0.02, 5) for _ in range(LENGTH)] for name in range(1, 4)]
    return book_of(cells, [[3, 1, 2, 3, 1, 2, 3, 1], [1, 2, 3, 1, 2, 3, 1, 2], [2] * 8, [0] * 8], k=2, cost_bps=10, rebalance=2)


def daily(book, **columns):
    return replace(book, daily=book.daily.with_columns(**columns))


BREAKS = {
    "equity below zero": lambda book: daily(book, nav_net=-pl.col("nav_net")),
    "more than 1 names": lambda book: replace(book, k=1),
    "a weight or cash below zero": lambda book: daily(book, cash=pl.col("cash") - 1.0),
    "do not add up to 1": lambda book: replace(book, holdings=book.holdings.with_columns(pl.col("weight") * 1.001)),
    "turnover is not the sum": lambda book: replace(book, trades=book.trades.head(1)),
    "costs are not those of its trades": lambda book: daily(book, cost=pl.col("cost") + 1e-6),
    "costs do not explain net": lambda book: daily(book, ret_net=pl.col("ret_gross")),
    "equity before costs does not compound": lambda book: daily(book, nav_gross=pl.col("nav_gross") * 1.0001),
    "equity after costs does not compound": lambda book: daily(book, nav_net=pl.col("nav_gross")),
    "missing or not finite": lambda book: daily(book, ret_gross=pl.lit(float("nan"))),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_a_broken_book_is_told_with_its_session(sound, fault):
    assert book_invariants(sound) == []
    told = [line for line in book_invariants(BREAKS[fault](sound)) if fault in line]
    assert len(told) == 1
    assert "first 2014-01-" in told[0]


def test_a_broken_book_is_refused(sound):
    assert check_book(sound, where="simulation x of 2014") is sound
    with pytest.raises(SimulationError, match=r"simulation x of 2014: more than 1 names on 7 session\(s\)"):
        check_book(replace(sound, k=1), where="simulation x of 2014")
