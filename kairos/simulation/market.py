"""Frames turned into the dense arrays the simulator walks: what each name did, and what to hold after each rebalance."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.errors import SimulationError
from kairos.frames import Frame, require_columns

SCORE_COLUMNS = ("permaticker", "session", "score")
RETURN_COLUMNS = ("permaticker", "session", "ret_cc", "ret_co", "ret_oc", "is_delisting")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Market:
    """Arrays of T sessions x N names, names ascending by permaticker; T starts at the first fill.

    Attributes:
        sessions: The T sessions.
        names: The N permatickers.
        ret_cc: Close to close; 0 without a row.
        ret_co: Previous close to open; a delisting return stands here.
        ret_oc: Open to close; 0 for a delisting.
        priced: Whether the name can be traded.
        paid_out: Whether a holder gets cash here: a delisting, or the session after the last price.
        ranked: By position in `sessions` of the fill, the columns to hold, best first.
    """

    sessions: tuple[date, ...]
    names: Ints
    ret_cc: Floats
    ret_co: Floats
    ret_oc: Floats
    priced: Bools
    paid_out: Bools
    ranked: dict[int, Ints]


def build_market(scores: Frame, daily_returns: Frame, *, k: int, rebalance: int) -> Market:
    """Return the arrays for the K best names of each rebalance.

    Raises:
        SimulationError: Scores or returns cannot be simulated; the message says why.
    """
    require_columns(scores, SCORE_COLUMNS, where="scores")
    require_columns(daily_returns, RETURN_COLUMNS, where="daily_returns")
    _require_scores(scores, k)
    loaded = daily_returns.filter(~pl.col("is_delisting"))["session"].unique().sort().to_list()
    signals = _rebalances(scores["session"].unique().sort().to_list(), loaded, rebalance)
    best = _best(scores.filter(pl.col("session").is_in(list(signals))), k)
    rows = daily_returns.select(RETURN_COLUMNS).join(best.select("permaticker").unique(), on="permaticker", how="semi")
    _require_returns(best, rows)
    first, last = min(signals.values()), min(len(loaded) - 1, max(signals.values()) + rebalance - 1)
    window = tuple(loaded[first : last + 1])
    fills = {signal: position - first for signal, position in signals.items()}
    return _dense(best, rows, window=window, fills=fills)


def _require_scores(scores: Frame, k: int) -> None:
    if scores.is_empty():
        raise SimulationError("scores: no rows, expected one per name and session. Train a model, or check the file.")
    bad = scores.filter(pl.col("score").is_null() | ~pl.col("score").is_finite())
    if bad.height:
        worst = bad.select("permaticker", "session").row(0)
        raise SimulationError(
            f"scores: {bad.height} of {scores.height} are missing or not finite, first {worst[0]} on {worst[1]}. "
            "Leave such rows out, or mend the model."
        )
    names = scores["permaticker"].n_unique()
    if not 1 <= k <= names:
        raise SimulationError(f"k = {k}, but the scored universe has {names} names: give a K from 1 to {names}.")


def _rebalances(signals: list[date], loaded: list[date], rebalance: int) -> dict[date, int]:
    """Map each session whose scores are followed to the position in `loaded` of its fill."""
    _require_priced(signals, loaded)
    position = {session: index for index, session in enumerate(loaded)}
    fills: dict[date, int] = {}
    due = 0
    for session in signals:
        if position[session] >= due and position[session] + 1 < len(loaded):
            fills[session] = position[session] + 1
            due = position[session] + rebalance
    if not fills:
        raise SimulationError(f"scores: none before the last priced session {loaded[-1]}, so nothing can be filled. Load more.")
    return fills


def _require_priced(signals: list[date], loaded: list[date]) -> None:
    unknown = sorted(set(signals) - set(loaded))
    if unknown:
        span = f"{loaded[0]} to {loaded[-1]}" if loaded else "nowhere"
        raise SimulationError(
            f"scores: {len(unknown)} session(s) without any price, first {unknown[0]}; prices run from {span}. "
            "Load the prices, or cut the scores."
        )


def _best(scores: Frame, k: int) -> Frame:
    """Keep the K best names of each session, best first; equal scores in the order of permaticker."""
    _require_one_each(scores)
    return (
        scores.filter(pl.col("score") >= pl.col("score").top_k(k).min().over("session"))
        .sort("session", "score", "permaticker", descending=[False, True, False])
        .group_by("session", maintain_order=True)
        .head(k)
        .select(SCORE_COLUMNS)
    )


def _require_one_each(scores: Frame) -> None:
    repeated = scores.filter(scores.select("session", "permaticker").is_duplicated())
    if repeated.height:
        name, session = repeated.select("permaticker", "session").row(0)
        raise SimulationError(f"scores: {name} has more than one on {session}. Give one score per name and session.")


def _require_returns(best: Frame, rows: Frame) -> None:
    unknown = best.join(rows.select("permaticker").unique(), on="permaticker", how="anti")["permaticker"].unique().sort()
    if unknown.len():
        raise SimulationError(
            f"scores: {unknown.len()} name(s) without a single row of daily_returns, for example {unknown.head(3).to_list()}. "
            "Load their prices, or leave them out."
        )


def _dense(best: Frame, rows: Frame, *, window: tuple[date, ...], fills: dict[date, int]) -> Market:
    names = best["permaticker"].unique().sort()
    columns = pl.DataFrame({"permaticker": names, "column": np.arange(names.len())})
    lines = pl.DataFrame({"session": window, "line": np.arange(len(window))})
    cells = rows.join(columns, on="permaticker").join(lines, on="session")
    shape = (len(window), names.len())
    at = (cells["line"].to_numpy(), cells["column"].to_numpy())
    present = np.zeros(shape, dtype=bool)
    present[at] = True
    if int(present.sum()) != cells.height:
        raise SimulationError(
            f"daily_returns: {cells.height - int(present.sum())} name(s) and session(s) occur twice. Remove them."
        )
    delisting = np.zeros(shape, dtype=bool)
    delisting[at] = cells["is_delisting"].to_numpy()
    returns = {}
    for name, values in _returns(cells).to_dict().items():
        returns[name] = np.zeros(shape)
        returns[name][at] = values.to_numpy()
    over = _paid_out(rows, columns, window=window)
    return Market(
        window,
        names.to_numpy(),
        priced=present & ~delisting,
        paid_out=delisting | over,
        ranked=_ranked(best, names, fills),
        **returns,
    )


def _ranked(best: Frame, names: pl.Series, fills: dict[date, int]) -> dict[int, Ints]:
    """Columns to hold, best first, by the line of their fill."""
    known = names.to_numpy()
    return {
        fills[group["session"][0]]: np.searchsorted(known, group["permaticker"].to_numpy())
        for group in best.partition_by("session", maintain_order=True)
    }


def _returns(cells: Frame) -> Frame:
    """Complete the three returns: an unknown stretch carries the position at its last price."""
    open_to_close = pl.col("ret_oc").fill_null(0.0)
    implied = pl.when(open_to_close > -1).then((1 + pl.col("ret_cc")) / (1 + open_to_close) - 1)
    overnight = pl.coalesce("ret_co", implied, 0.0)
    lost = pl.col("is_delisting")
    whole = pl.when(lost).then(pl.col("ret_cc").fill_null(0.0)).otherwise(pl.col("ret_cc"))
    return cells.select(
        ret_cc=pl.coalesce(whole, (1 + overnight) * (1 + open_to_close) - 1),
        ret_co=pl.when(lost).then(whole).otherwise(overnight),
        ret_oc=pl.when(lost).then(0.0).otherwise(open_to_close),
    )


def _paid_out(rows: Frame, columns: Frame, *, window: tuple[date, ...]) -> Bools:
    """Mark the session after the last row of each name, where it lies in the window: no more prices will come."""
    ends = rows.group_by("permaticker").agg(pl.col("session").max().alias("last")).join(columns, on="permaticker")
    over = np.zeros((len(window), columns.height), dtype=bool)
    for last, column in ends.select("last", "column").iter_rows():
        line = int(np.searchsorted(np.array(window), last, side="right"))
        if line < len(window):
            over[line, column] = True
    return over
