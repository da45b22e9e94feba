"""Filings of the embedded market as frames: what was accepted when, and what later restatements put in its place."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.calendar import FIRST_DATE
from kairos.frames import Frame
from kairos.sandbox.accounts import FLOWS, STOCKS, quarterly_items, yearly_items
from kairos.sandbox.arrays import AnyArray, Floats, chance
from kairos.sandbox.levels import Levels
from kairos.sandbox.reports import session_from, utc_instants
from kairos.sandbox.valuation import MILLION

ITEMS = (*FLOWS, *STOCKS)
RESTATED_SHARE = 0.04
RESTATED_AFTER = (30, 400)  # days from acceptance
RESTATED_BY = (0.02, 0.08)  # share of revenue that turns out wrong
SAME_STAMP = 0.5  # share of restatements served under the stamp of the first filing
TAX = 0.25  # of what a restatement changes
_RESTATED = {
    "revenue": 1.0,
    "gross_profit": 1.0,
    "operating_income": 1.0,
    "ebitda": 1.0,
    "income_before_tax": 1.0,
    "income_tax_expense": TAX,
    "net_income": 1.0 - TAX,
    "net_receivables": 1.0 - TAX,
    "total_current_assets": 1.0 - TAX,
    "total_assets": 1.0 - TAX,
    "retained_earnings": 1.0 - TAX,
    "total_stockholders_equity": 1.0 - TAX,
}
KEY = ("permaticker", "period_end", "period")


def make_filings(levels: Levels, lives: Frame, prices: Frame, splits: Frame, *, sessions: Sequence[date], seed: int) -> Frame:
    """Return every version of every report, by permaticker, period end, period and version.

    Columns: permaticker, period_end, period (Q1 to Q4, FY), fiscal_year, quarter (running number), version (1, 2),
    accepted_at (UTC, the stamp it bears), filing_date, served_at (UTC, from when the vendor serves it), cum_split and
    shares (as of the first filing, on that day's split basis), cap_end and cap_filed (USD, at the period's end and at the
    first filing), and ITEMS in USD.

    Args:
        levels: Companies with accounts.
        lives: permaticker, first_session, last_session (the market's last while it trades), shares (before any split).
        prices: permaticker, session, marketcap in millions.
        splits: permaticker, session, cum_split.
        sessions: Sessions of the market.
        seed: Seed of the market.
    """
    rng = chance(seed, 22)
    quarterly = quarterly_items(levels, seed)
    seconds = rng.integers(0, 60, levels.schedule.ends.shape)
    annual = (levels.schedule.quarter == 4) & (np.arange(len(seconds)) >= 3)[:, None]  # noqa: PLR2004 - the fourth one
    everything = np.ones_like(annual)
    stated = pl.concat(
        [
            _frame(levels, quarterly, seconds, chosen=everything, annual=False),
            _frame(levels, yearly_items(quarterly), seconds, chosen=annual, annual=True),
        ]
    )
    first = _with_market(_within(stated, lives, sessions), prices, splits)
    return pl.concat([first, _restated(rng, first, lives)]).sort(*KEY, "version")


def _frame(levels: Levels, items: dict[str, Floats], seconds: AnyArray, *, chosen: AnyArray, annual: bool) -> Frame:
    plan = levels.schedule
    number, name = np.nonzero(chosen & ~plan.missing)
    order = np.lexsort((number, name))
    rows = number[order], name[order]
    period = pl.lit("FY") if annual else pl.format("Q{}", "period")
    return pl.DataFrame(
        {
            "permaticker": levels.permaticker[rows[1]],
            "period_end": plan.ends[rows],
            "period": plan.quarter[rows],
            "fiscal_year": plan.fiscal_year[rows],
            "quarter": rows[0],
            "version": np.ones(len(rows[0]), dtype=np.int64),
            "accepted_at": utc_instants(plan.accepted[rows], plan.minute[rows], seconds[rows]),
            "filing_date": plan.accepted[rows],
            **{item: items[item][rows] for item in ITEMS},
        }
    ).with_columns(period=period)


def _within(stated: Frame, lives: Frame, sessions: Sequence[date]) -> Frame:
    """Keep what was filed while the name was listed; those there from the start bring their past along."""
    known = stated.join(lives, on="permaticker", how="inner")
    begun = (pl.col("filing_date") >= pl.col("first_session")) | (pl.col("first_session") == sessions[0])
    ended = pl.col("filing_date") <= pl.col("last_session")
    return known.filter(begun & ended & (pl.col("period_end") >= FIRST_DATE)).drop("first_session", "last_session")


def _with_market(filed: Frame, prices: Frame, splits: Frame) -> Frame:
    """Add shares, split basis and capitalisation, all as of the period's end or the acceptance."""
    caps = prices.select("permaticker", "session", cap=pl.col("marketcap") * MILLION)
    first = caps.group_by("permaticker", maintain_order=True).first().select("permaticker", cap_first="cap")
    columns = filed.columns
    based = _asof(filed, splits, "filing_date").with_columns(pl.col("cum_split").fill_null(1.0))
    for day, name in (("period_end", "cap_end"), ("filing_date", "cap_filed")):
        based = _asof(based, caps.rename({"cap": name}), day)
    based = based.join(first, on="permaticker", how="left").with_columns(
        pl.col("cap_end", "cap_filed").fill_null(pl.col("cap_first")),
        shares=(pl.col("shares") * pl.col("cum_split")).round(),
        served_at=pl.col("accepted_at"),
    )
    front = [name for name in columns if name not in (*ITEMS, "shares")]
    return based.select(*front, "served_at", "cum_split", "shares", "cap_end", "cap_filed", *ITEMS)


def _asof(left: Frame, right: Frame, day: str) -> Frame:
    found = left.sort(day).join_asof(
        right.sort("session"), left_on=day, right_on="session", by="permaticker", check_sortedness=False
    )
    return found.drop("session", strict=False)


def _restated(rng: np.random.Generator, first: Frame, lives: Frame) -> Frame:
    """Return second versions of some quarters, and of the year where the quarter closes one."""
    quarters = first.filter(pl.col("period") != "FY").sort(*KEY)
    chosen = quarters.filter(pl.Series(rng.random(quarters.height) < RESTATED_SHARE))
    n = chosen.height
    later = session_from(chosen["filing_date"].to_numpy().astype("datetime64[D]") + rng.integers(*RESTATED_AFTER, n))
    change = rng.choice([-1.0, -1.0, 1.0], n) * rng.uniform(*RESTATED_BY, n) * chosen["revenue"].to_numpy()
    plan = chosen.select("permaticker", "period_end").with_columns(
        later=pl.Series(later),
        again_at=utc_instants(later, rng.integers(9 * 60, 17 * 60 + 25, n), rng.integers(0, 60, n)),
        change=pl.Series(4000.0 * np.round(change / 4000.0)),  # so that tax and net income keep whole thousands
        same=pl.Series(rng.random(n) < SAME_STAMP),
    )
    again = first.join(plan, on=["permaticker", "period_end"], how="inner")
    alive = again.join(lives.select("permaticker", "last_session"), on="permaticker", how="left")
    seen = alive.filter(pl.col("later") <= pl.col("last_session"))
    same = pl.col("same")
    return seen.with_columns(
        *((pl.col(name) + share * pl.col("change")).alias(name) for name, share in _RESTATED.items()),
        version=pl.lit(2, dtype=pl.Int64),
        served_at=pl.col("again_at"),
        accepted_at=pl.when(same).then("accepted_at").otherwise("again_at"),
        filing_date=pl.when(same).then("filing_date").otherwise("later"),
    ).select(first.columns)
