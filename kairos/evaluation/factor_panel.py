"""What a factor report is made from: members' features and the returns that followed, as date-major arrays.

Nothing of the sealed holdout is here: features and returns from its first session on are dropped before anything is worked
out, so a return that would end inside it is not known either.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from kairos.calendar import sessions_between
from kairos.evaluation.ic import Array
from kairos.features.core import KEY
from kairos.features.matrix_years import member_rows
from kairos.frames import Frame
from kairos.tables.factors import REGIMES
from kairos.targets.forward import with_forward_returns

VOLATILITY_SESSIONS = 21
FEWEST_SESSIONS = 63  # of volatility, before a session's can be called low or high
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Values:
    """One feature table's place in the arrays: cell (rows[i], columns[i]) holds row i of `frame`."""

    frame: Frame
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


@dataclass(frozen=True)
class FactorPanel:
    """D sessions by N names before the holdout; `factor_panel` makes it.

    Attributes:
        sessions: (D,) all NYSE sessions from the first to the last with a feature.
        names: (N,) permatickers, by sector and number.
        tables: Where each feature table's rows belong.
        returns: (H, D, N) forward returns, NaN where unknown.
        sectors: Sectors when the universe was decided, ascending.
        edges: (sectors + 1,) first column of each sector, and N.
        regimes: (D,) 0, 1, 2 for low, middle, high market volatility; -1 where it is not known.
    """

    sessions: tuple[date, ...]
    names: NDArray[np.int64]
    tables: tuple[Values, ...]
    returns: Array
    sectors: tuple[str, ...]
    edges: NDArray[np.int64]
    regimes: NDArray[np.int64]

    def features(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield each feature's name and values (D, N), NaN where unknown."""
        for table in self.tables:
            for name in table.frame.columns[len(KEY) :]:
                values = np.full((len(self.sessions), self.names.size), np.nan, dtype=np.float32)
                values[table.rows, table.columns] = table.frame[name].cast(pl.Float32).to_numpy()
                yield name, values


def factor_panel(
    midcap_universe: Frame,
    features: Sequence[Frame],
    daily_returns: Frame,
    *,
    tickers: Frame,
    universe_year: int,
    holdout_first: date,
    horizons: Sequence[int],
) -> FactorPanel | None:
    """Return the members' features before the holdout with the returns that followed; None where there is no row.

    Args:
        midcap_universe: Rows of that table.
        features: One frame per feature table, covering the universe year and later.
        daily_returns: Rows of that table; those before the universe year serve the market's volatility.
        tickers: Rows of that table, for who is known to be dead.
        universe_year: First year of the universe.
        holdout_first: First sealed session.
        horizons: Sessions ahead.
    """
    members = midcap_universe.filter(pl.col("universe_year") == universe_year)
    before = pl.col("session") < holdout_first
    built = [frame.filter(before) for frame in features if frame.height]  # a table that was never built has no features
    rows = [member_rows(members, (frame.lazy(), tuple(_numbers(frame)))).sort(KEY) for frame in built]
    if not any(frame.height for frame in rows):
        return None
    keys = pl.concat([frame.select(KEY) for frame in rows]).unique().sort(KEY)
    known = daily_returns.filter(before)
    labels = with_forward_returns(keys, known, tickers=tickers, horizons=horizons)
    sessions = sessions_between(keys["session"].min(), keys["session"].max())  # type: ignore[arg-type]
    names, sectors, edges = _by_sector(members, keys)
    place = _placed(labels, sessions, names)
    returns = np.full((len(horizons), len(sessions), names.size), np.nan)
    for number, horizon in enumerate(horizons):
        returns[number][place.rows, place.columns] = labels[f"ret_{horizon}d_f"].to_numpy()
    return FactorPanel(
        sessions=sessions,
        names=names,
        tables=tuple(_placed(frame, sessions, names) for frame in rows),
        returns=returns,
        sectors=sectors,
        edges=edges,
        regimes=volatility_regimes(known, sessions),
    )


def volatility_regimes(daily_returns: Frame, sessions: Sequence[date]) -> NDArray[np.int64]:
    """Return each session's tercile of market volatility among all sessions up to and including itself.

    The market's return is the median of all names'; its volatility the standard deviation over 21 sessions. A session is
    low (0) where fewer than a third of the volatilities so far are lower than its own, high (2) from two thirds on, and -1
    while fewer than 63 are known.
    """
    market = (
        daily_returns.filter(~pl.col("is_delisting"))
        .group_by("session")
        .agg(pl.col("ret_cc").median())
        .sort("session")
        .with_columns(volatility=pl.col("ret_cc").rolling_std(VOLATILITY_SESSIONS))
        .drop_nulls("volatility")
    )
    found: dict[date, int] = {}
    so_far: list[float] = []
    for session, volatility in market.select("session", "volatility").iter_rows():
        insort(so_far, volatility)
        if len(so_far) >= FEWEST_SESSIONS:
            found[session] = min(bisect_left(so_far, volatility) * len(REGIMES) // len(so_far), len(REGIMES) - 1)
    return np.array([found.get(session, -1) for session in sessions], dtype=np.int64)


def _numbers(frame: Frame) -> list[str]:
    return [name for name, dtype in frame.schema.items() if name not in KEY and dtype.is_float()]


def _placed(frame: Frame, sessions: Sequence[date], names: NDArray[np.int64]) -> Values:
    days, order = np.array(sessions, dtype="datetime64[D]"), np.argsort(names)
    columns = order[np.searchsorted(names, frame["permaticker"].to_numpy(), sorter=order)]
    return Values(frame, np.searchsorted(days, frame["session"].to_numpy()).astype(np.int64), columns.astype(np.int64))


def _by_sector(members: Frame, keys: Frame) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.int64]]:
    """Return the names that have rows, by sector, with the sectors and where each begins."""
    sector = pl.col("sector").fill_null(UNKNOWN)
    rows = members.join(keys, on="permaticker", how="semi").select("permaticker", sector).sort("sector", "permaticker")
    counts = rows.group_by("sector", maintain_order=True).agg(pl.len().cast(pl.Int64))
    edges = np.concatenate([[0], np.cumsum(counts["len"].to_numpy())]).astype(np.int64)
    return rows["permaticker"].cast(pl.Int64).to_numpy(), tuple(counts["sector"]), edges
