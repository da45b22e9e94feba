"""What must hold for every book, whatever its scores: checked after each simulation, before anything is stored."""

import polars as pl

from kairos.errors import SimulationError
from kairos.frames import Frame
from kairos.simulation.topk import Book

TOLERANCE = 1e-9


def book_invariants(book: Book) -> list[str]:
    """Return one line per broken truth, naming the session; an empty list for a sound book.

    Equity never falls below zero, so no drawdown below -100 %; never more than K names; weights and cash add up to one;
    what each session cost is what its trades cost; costs are the whole gap between gross and net; equity compounds.
    """
    daily = _with_sums(book)
    navs = pl.col("nav_gross", "nav_net")
    before = {side: pl.col(f"nav_{side}").shift(1, fill_value=1.0) for side in ("gross", "net")}
    truths = {
        "a figure is missing or not finite": pl.any_horizontal(_not_finite(name) for name in FIGURES),
        "equity below zero": pl.any_horizontal(navs < 0),
        f"more than {book.k} names": (pl.col("names") > book.k) | (pl.col("positions") != pl.col("names")),
        "a weight or cash below zero": (pl.col("least") < 0) | (pl.col("cash") < 0),
        "weights and cash do not add up to 1": ~_near(pl.col("invested") + pl.col("cash"), pl.lit(1.0)),
        "turnover is not the sum of its trades": ~_near(pl.col("turnover"), pl.col("traded")),
        "costs are not those of its trades": ~_near(pl.col("cost"), pl.col("charged")),
        "costs do not explain net against gross": ~_near(
            1 + pl.col("ret_net"), (1 + pl.col("ret_gross")) * (1 - pl.col("cost"))
        ),
        "equity before costs does not compound": ~_near(pl.col("nav_gross"), before["gross"] * (1 + pl.col("ret_gross"))),
        "equity after costs does not compound": ~_near(pl.col("nav_net"), before["net"] * (1 + pl.col("ret_net"))),
    }
    return [line for name, broken in truths.items() for line in _breach(daily, name, broken)]


def check_book(book: Book, *, where: str) -> Book:
    """Return `book`, or raise with all broken truths.

    Raises:
        SimulationError: An invariant is broken.
    """
    broken = book_invariants(book)
    if broken:
        raise SimulationError(f"{where}: {'; '.join(broken)}. The book was not stored; check daily_returns on these sessions.")
    return book


FIGURES = ("ret_gross", "ret_net", "cost", "turnover", "nav_gross", "nav_net", "cash", "invested")


def _with_sums(book: Book) -> Frame:
    held = book.holdings.group_by("session").agg(
        pl.len().alias("names"), pl.col("weight").sum().alias("invested"), pl.col("weight").min().alias("least")
    )
    market = book.trades.filter(pl.col("side") != "delisted")
    paid = market.group_by("session").agg(pl.col("weight_change").abs().sum().alias("traded"))
    cost = book.trades.group_by("session").agg(pl.col("cost").sum().alias("charged"))
    daily = book.daily
    for sums in (held, paid, cost):
        daily = daily.join(sums, on="session", how="left")
    return daily.with_columns(pl.col("names", "invested", "least", "traded", "charged").fill_null(0)).sort("session")


def _not_finite(name: str) -> pl.Expr:
    return pl.col(name).is_null() | ~pl.col(name).is_finite()


def _near(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Equal within the tolerance, relative for values above one."""
    return (left - right).abs() <= TOLERANCE * pl.max_horizontal(pl.lit(1.0), right.abs())


def _breach(daily: Frame, name: str, broken: pl.Expr) -> list[str]:
    sessions = daily.filter(broken)["session"]
    return [f"{name} on {sessions.len()} session(s), first {sessions[0]}"] if sessions.len() else []
