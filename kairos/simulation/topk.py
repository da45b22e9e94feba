"""The top-K book: equal weights in the best K names, rebalanced every so many sessions, with costs.

Conventions, exactly:

- A score formed after close t is filled at the open of the next session. There, old holdings earn `ret_co`, the trades
  happen, and new holdings earn `ret_oc`; on all other sessions holdings earn `ret_cc`. Where a session has no open,
  `daily_returns` puts the whole return before it, so the close is the fill.
- The first scored session makes the first rebalance; the next is made by the first scored session at least `rebalance`
  sessions later. The book ends `rebalance` sessions after its last rebalance, or with the last priced session.
- The K best names get equal weights, which drift until the next rebalance. The choice is made at the close: a chosen name
  without a price on the fill session is not bought and its share stays in cash. Equal scores rank by permaticker.
- A held name without a price on the fill session cannot be sold: it keeps its weight and its place among the K, and the
  others share the rest equally. Without a price it earns nothing.
- A delisting return is earned, then the position is paid out in cash before that session's trades. A name whose prices
  just end is paid out at the last price on the next session. Neither costs anything.
- Every trade costs `cost_bps` of the traded weight, which is a fraction of equity at that open before costs. The sum is
  taken from the whole equity, cash and positions in proportion, so weights are the same gross and net, and on each
  session 1 + ret_net = (1 + ret_gross)(1 - cost). The gross book is the same book without costs.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from kairos.errors import SimulationError
from kairos.frames import Frame
from kairos.simulation.market import Bools, Floats, Ints, Market, build_market

BASIS_POINT = 1e-4
DUST = 1e-12  # a weight change this small is rounding, no trade
MAX_COST_BPS = 5_000  # at half of what is traded a side, a full exchange would cost all of the equity

DAILY_SCHEMA = {
    "session": pl.Date,
    "ret_gross": pl.Float64,
    "ret_net": pl.Float64,
    "cost": pl.Float64,
    "turnover": pl.Float64,
    "nav_gross": pl.Float64,
    "nav_net": pl.Float64,
    "positions": pl.Int32,
    "cash": pl.Float64,
}
HOLDING_SCHEMA = {"session": pl.Date, "permaticker": pl.Int64, "weight": pl.Float64}
TRADE_SCHEMA = {
    "session": pl.Date,
    "permaticker": pl.Int64,
    "side": pl.String,
    "weight_change": pl.Float64,
    "cost": pl.Float64,
}


@dataclass(frozen=True)
class Book:
    """What a strategy earned, held and traded; columns as in the simulation tables, without the strategy's own.

    Attributes:
        daily: One row a session, from the first fill on.
        holdings: One row a position and close.
        trades: One row a trade or payout.
        k: Names it may hold.
    """

    daily: Frame
    holdings: Frame
    trades: Frame
    k: int


def simulate_top_k(scores: Frame, daily_returns: Frame, *, k: int, cost_bps: float, rebalance: int) -> Book:
    """Return the book that follows `scores`, starting from cash.

    Args:
        scores: permaticker, session, score; other columns are ignored.
        daily_returns: Rows of that table; all sessions of all scored names, those after their end missing.
        k: Names to hold.
        cost_bps: Cost of trading a side, basis points of the traded weight.
        rebalance: Sessions from one rebalance to the next; 1 follows every scored session.

    Raises:
        SimulationError: The input cannot be simulated.
    """
    if rebalance < 1:
        raise SimulationError(f"rebalance = {rebalance} sessions, expected at least 1.")
    if not 0 <= cost_bps < MAX_COST_BPS:
        raise SimulationError(f"cost_bps = {cost_bps:g}, expected 0 to below {MAX_COST_BPS} basis points a side.")
    market = build_market(scores, daily_returns, k=k, rebalance=rebalance)
    walk = _Walk(market, k=k, cost_rate=cost_bps * BASIS_POINT)
    for line in range(len(market.sessions)):
        walk.step(line)
    return walk.book()


@dataclass
class _Walk:
    """The state between two sessions, and the rows written so far."""

    market: Market
    k: int
    cost_rate: float
    nav_gross: float = 1.0
    nav_net: float = 1.0
    cash: float = 1.0
    weights: Floats = field(init=False)
    daily: list[tuple[date, float, float, float, float, float, float, int, float]] = field(default_factory=list)
    held: list[tuple[date, Ints, Floats]] = field(default_factory=list)
    traded: list[tuple[date, int, str, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.weights = np.zeros(self.market.names.size)

    def step(self, line: int) -> None:
        market, session = self.market, self.market.sessions[line]
        fills = line in market.ranked
        leaving = (self.weights > 0) & market.paid_out[line]
        growth = self._earn(market.ret_co[line] if fills else market.ret_cc[line])
        self._pay_out(leaving, session)
        turnover = 0.0
        if fills and growth * self.nav_gross > 0:
            turnover = self._rebalance(line)
            growth *= self._earn(market.ret_oc[line])
        self._record(session, growth, turnover)

    def _earn(self, returns: Floats) -> float:
        """Let weights drift with `returns` (N,) and return by how much equity grew; a ruined book ends in cash."""
        grown = self.weights * (1 + returns)
        growth = self.cash + float(grown.sum())
        if growth <= 0:
            self.weights, self.cash = np.zeros_like(grown), 1.0
            return 0.0
        self.weights, self.cash = grown / growth, self.cash / growth
        return growth

    def _pay_out(self, leaving: Bools, session: date) -> None:
        for column in np.flatnonzero(leaving):
            weight = float(self.weights[column])
            self.traded.append((session, int(self.market.names[column]), "delisted", -weight, 0.0))
            self.cash += weight
            self.weights[column] = 0.0

    def _rebalance(self, line: int) -> float:
        """Trade to the targets and return the weight traded, both sides."""
        target = self._targets(line)
        change = target - self.weights
        change[np.abs(change) <= DUST] = 0.0
        for column in np.flatnonzero(change):
            side, weight = ("buy" if change[column] > 0 else "sell"), float(change[column])
            row = (self.market.sessions[line], int(self.market.names[column]), side, weight, abs(weight) * self.cost_rate)
            self.traded.append(row)
        self.weights, self.cash = target, max(1 - float(target.sum()), 0.0)
        return float(np.abs(change).sum())

    def _targets(self, line: int) -> Floats:
        priced = self.market.priced[line]
        locked = (self.weights > 0) & ~priced
        ranked = self.market.ranked[line]
        chosen = ranked[~locked[ranked]][: self.k - int(locked.sum())]
        target = np.where(locked, self.weights, 0.0)
        if chosen.size:
            share = (1 - float(target.sum())) / chosen.size
            target[chosen[priced[chosen]]] = max(share, 0.0)
        return target

    def _record(self, session: date, growth: float, turnover: float) -> None:
        cost = turnover * self.cost_rate
        net = growth * (1 - cost)
        self.nav_gross, self.nav_net = self.nav_gross * growth, self.nav_net * net
        columns = np.flatnonzero(self.weights)
        row = (session, growth - 1, net - 1, cost, turnover, self.nav_gross, self.nav_net, int(columns.size), self.cash)
        self.daily.append(row)
        self.held.append((session, self.market.names[columns], self.weights[columns]))

    def book(self) -> Book:
        sizes = [names.size for _, names, _ in self.held]
        holdings = pl.DataFrame(
            {
                "session": np.repeat(np.array([session for session, _, _ in self.held], dtype="datetime64[D]"), sizes),
                "permaticker": np.concatenate([names for _, names, _ in self.held]),
                "weight": np.concatenate([weights for _, _, weights in self.held]),
            },
            schema=HOLDING_SCHEMA,
        )
        daily = pl.DataFrame(self.daily, schema=DAILY_SCHEMA, orient="row")
        return Book(daily, holdings, pl.DataFrame(self.traded, schema=TRADE_SCHEMA, orient="row"), self.k)
