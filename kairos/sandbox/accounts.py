"""Statements of the embedded market: line items per fiscal quarter and year, consistent with DAILY. Timing is in `reports`."""

from dataclasses import dataclass

import numpy as np

from kairos.sandbox.arrays import Floats, chance
from kairos.sandbox.levels import Levels, trailing_to_quarters

EBIT_OVER_EARNINGS, EBITDA_OVER_EARNINGS = 1 / 0.75, 1 / 0.55  # as the multiples of DAILY have it
PULL = 0.85  # how fast quarterly flows follow the trailing level
FLOWS = (
    "revenue",
    "cost_of_revenue",
    "gross_profit",
    "research_and_development",
    "operating_income",
    "ebitda",
    "interest_expense",
    "income_before_tax",
    "income_tax_expense",
    "net_income",
    "operating_cash_flow",
    "capital_expenditure",
    "depreciation_and_amortization",
    "stock_based_compensation",
    "dividends_paid",
    "stock_repurchased",
    "debt_issued",
    "other_investing",
    "net_change_in_cash",
)
STOCKS = (
    "cash_and_equivalents",
    "short_term_investments",
    "net_receivables",
    "inventory",
    "total_current_assets",
    "goodwill_and_intangibles",
    "total_assets",
    "short_term_debt",
    "total_current_liabilities",
    "long_term_debt",
    "total_liabilities",
    "retained_earnings",
    "total_stockholders_equity",
)


@dataclass(frozen=True)
class _Habits:
    """Shares that stay the same for each name, (N,) each."""

    margin: Floats
    research: Floats
    interest: Floats
    cash: Floats
    other: Floats
    inventory: Floats
    intangible: Floats
    retained: Floats
    rewards: Floats
    capex: Floats
    payout: Floats
    buyback: Floats


def quarterly_items(levels: Levels, seed: int) -> dict[str, Floats]:
    """Return the line items of every fiscal quarter, whole thousands of USD, (K, N) each.

    They keep the identities of accounting: revenue less cost is gross profit, assets are liabilities and equity, the
    change of cash is the sum of its causes. A quarter's items hang on prices up to the eve of its acceptance alone.
    """
    rng = chance(seed, 21)
    shape = levels.values["equity"].shape
    habits = _draw_habits(rng, shape[1])
    season = 1.0 + 0.06 * rng.standard_normal((4, shape[1]))
    by_quarter = np.take_along_axis(season / season.mean(axis=0), levels.schedule.quarter - 1, axis=0)
    income = _income(levels, habits, by_quarter)
    balance = _balance(levels, habits, income, 1.0 + 0.05 * rng.standard_normal(shape))
    return {**income, **balance, **_cash_flow(levels, habits, income, balance, 1.0 + 0.1 * rng.standard_normal(shape))}


def yearly_items(quarterly: dict[str, Floats]) -> dict[str, Floats]:
    """Return the items of the four quarters up to each one: flows summed, stocks as they stand; the first three are short."""
    summed = {name: quarterly[name].cumsum(axis=0) for name in FLOWS}
    year = {name: total - np.vstack([np.zeros_like(total[:4]), total[:-4]]) for name, total in summed.items()}
    return {**year, **{name: quarterly[name] for name in STOCKS}}


def _draw_habits(rng: np.random.Generator, n: int) -> _Habits:
    def some(share: float, low: float, high: float) -> Floats:
        return np.where(rng.random(n) < share, rng.uniform(low, high, n), 0.0)

    return _Habits(
        margin=rng.uniform(0.2, 0.7, n),
        research=some(0.45, 0.1, 0.6),
        interest=rng.uniform(0.03, 0.07, n),
        cash=rng.uniform(0.1, 0.5, n),
        other=rng.uniform(0.3, 1.2, n),
        inventory=some(0.65, 0.1, 0.6),
        intangible=some(0.75, 0.1, 0.7),
        retained=rng.uniform(-0.2, 0.9, n),
        rewards=some(0.7, 0.005, 0.03),
        capex=rng.uniform(0.5, 1.3, n),
        payout=some(0.45, 0.0015, 0.009),
        buyback=some(0.5, 0.1, 0.6),
    )


def _whole(values: Floats) -> Floats:
    return np.round(values, -3)


def _income(levels: Levels, habits: _Habits, season: Floats) -> dict[str, Floats]:
    trailing = levels.values["earnings"]
    net = _whole(trailing_to_quarters(trailing, season, pull=PULL))
    operating = _whole(EBIT_OVER_EARNINGS * net)
    ebitda = np.maximum(EBITDA_OVER_EARNINGS * np.abs(trailing) / 4.0, 1.1 * operating)
    sales = trailing_to_quarters(levels.values["sales"], season, pull=PULL)
    revenue = _whole(np.maximum(sales, 1.2 * ebitda))
    gross = _whole(np.clip(habits.margin * revenue, ebitda * 1.02, 0.97 * revenue))
    debt = np.maximum(levels.values["net_debt"], 0.0)
    interest = _whole(np.minimum(habits.interest * debt / 4.0, 0.2 * np.abs(operating)))
    return {
        "revenue": revenue,
        "cost_of_revenue": revenue - gross,
        "gross_profit": gross,
        "research_and_development": _whole(habits.research * np.maximum(gross - operating, 0.0)),
        "operating_income": operating,
        "ebitda": _whole(ebitda),
        "interest_expense": interest,
        "income_before_tax": operating - interest,
        "income_tax_expense": operating - interest - net,
        "net_income": net,
    }


def _balance(levels: Levels, habits: _Habits, income: dict[str, Floats], noise: Floats) -> dict[str, Floats]:
    equity = _whole(levels.values["equity"])
    held = habits.cash * equity * noise
    cash, invested = _whole(0.8 * held), _whole(0.2 * held)
    debt = _whole(np.maximum(levels.values["net_debt"] + cash, 0.0))
    other = _whole(habits.other * equity)
    assets = equity + debt + other
    room = 0.85 * assets - cash - invested  # current assets leave the rest to fixed ones
    receivables = _whole(np.minimum(0.6 * income["revenue"] * noise, 0.4 * room))
    inventory = _whole(np.minimum(habits.inventory * income["cost_of_revenue"] * noise, 0.3 * room))
    current = cash + invested + receivables + inventory + _whole(0.05 * room)
    short = _whole(0.15 * debt)
    return {
        "cash_and_equivalents": cash,
        "short_term_investments": invested,
        "net_receivables": receivables,
        "inventory": inventory,
        "total_current_assets": current,
        "goodwill_and_intangibles": _whole(habits.intangible * (assets - current)),
        "total_assets": assets,
        "short_term_debt": short,
        "total_current_liabilities": short + _whole(0.6 * other),
        "long_term_debt": debt - short,
        "total_liabilities": debt + other,
        "retained_earnings": _whole(habits.retained * equity),
        "total_stockholders_equity": equity,
    }


def _cash_flow(
    levels: Levels, habits: _Habits, income: dict[str, Floats], balance: dict[str, Floats], noise: Floats
) -> dict[str, Floats]:
    worn = np.maximum(income["ebitda"] - income["operating_income"], 0.0)
    rewards = _whole(habits.rewards * income["revenue"])
    operating = _whole((income["net_income"] + worn + rewards) * noise)
    spent = -_whole(habits.capex * worn)
    dividends = -_whole(habits.payout * levels.values["cap"])
    bought = -_whole(habits.buyback * np.maximum(income["net_income"], 0.0))
    issued = _change(balance["short_term_debt"] + balance["long_term_debt"])
    change = _change(balance["cash_and_equivalents"])
    return {
        "operating_cash_flow": operating,
        "capital_expenditure": spent,
        "depreciation_and_amortization": worn,
        "stock_based_compensation": rewards,
        "dividends_paid": dividends,
        "stock_repurchased": bought,
        "debt_issued": issued,
        "other_investing": change - operating - spent - dividends - bought - issued,
        "net_change_in_cash": change,
    }


def _change(stock: Floats) -> Floats:
    return np.vstack([np.zeros_like(stock[:1]), np.diff(stock, axis=0)])
