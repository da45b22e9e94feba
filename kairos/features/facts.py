"""Facts as features may see them: what was known of a security at a session's close. `kairos.fundamentals` makes the panels.

A flow has four columns: `x_q` of the newest fiscal quarter known, `x_ttm` of the four quarters that end with it, and both a
year before (`x_q_year_ago`, `x_ttm_year_ago`). A stock has two: `x` at the newest period's end and `x_year_ago`.
"""

from kairos.features.core import Inputs
from kairos.features.operators import where
from kairos.features.terms import Term

FLOWS: dict[str, tuple[str, ...]] = {
    "fmp_income_statement": (
        "revenue",
        "gross_profit",
        "operating_income",
        "net_income",
        "ebitda",
        "interest_expense",
        "research_and_development",
    ),
    "fmp_cash_flow": (
        "operating_cash_flow",
        "capital_expenditure",
        "free_cash_flow",
        "depreciation_and_amortization",
        "stock_based_compensation",
        "dividends_paid",
        "stock_repurchased",
    ),
}
"""Facts of a span of time, by table."""

STOCKS: dict[str, tuple[str, ...]] = {
    "fmp_income_statement": ("weighted_average_shares_diluted",),
    "fmp_balance_sheet": (
        "cash_and_equivalents",
        "net_receivables",
        "inventory",
        "total_current_assets",
        "total_assets",
        "total_current_liabilities",
        "total_liabilities",
        "total_stockholders_equity",
        "total_debt",
        "net_debt",
    ),
}
"""Facts of an instant, by table; a share count counts as one, since it does not add up over quarters."""

FLOW_FORMS = ("q", "ttm", "q_year_ago", "ttm_year_ago")
AGES = ("report_age_days", "period_age_days")
ESTIMATES = ("eps_avg", "eps_high", "eps_low", "revenue_avg", "net_income_avg", "analysts_eps")
HORIZONS = (21, 63)  # sessions back to what was expected of the same fiscal year
STAMPS = (("facts_known_at", "known_at of the newest fact the row was made from; null where there is none"),)
_ADVICE = "a fact is read as it was known at the session, through the panel alone"


def _flow_columns() -> tuple[str, ...]:
    return tuple(f"{fact}_{form}" for facts in FLOWS.values() for fact in facts for form in FLOW_FORMS)


def _stock_columns() -> tuple[str, ...]:
    return tuple(f"{fact}{form}" for facts in STOCKS.values() for fact in facts for form in ("", "_year_ago"))


def _estimate_columns() -> tuple[str, ...]:
    now = [f"{fact}_{year}" for year in ("fy1", "fy2") for fact in ESTIMATES]
    then = [f"{fact}_fy1_{sessions}d_ago" for sessions in HORIZONS for fact in ESTIMATES]
    return (*now, *then)


FACTS = Inputs(
    name="the panel of facts",
    columns=(*_flow_columns(), *_stock_columns(), "marketcap", *AGES),
    tables=(*dict.fromkeys((*FLOWS, *STOCKS)), "daily_metrics", "actions", "daily_returns"),
    advice=_ADVICE,
    stamps=STAMPS,
)
"""Statements as known. Amounts in USD: a name that reports in another currency has no `marketcap` here."""

FORECASTS = Inputs(
    name="the panel of forecasts",
    columns=(
        *_estimate_columns(),
        "estimate_age_days",
        "rating_score",
        "rating_score_63d_ago",
        "net_income_ttm",
        "marketcap",
    ),
    tables=("fmp_analyst_estimates", "fmp_rating", "fmp_income_statement", "daily_metrics", "actions", "daily_returns"),
    advice=_ADVICE,
    stamps=STAMPS,
)
"""Estimates and ratings as known. `fy1` is the fiscal year in progress, `fy2` the one after; per-share figures stand on
the split basis of the session."""


def above(top: Term, bottom: Term) -> Term:
    """Return top / bottom, missing where bottom is not above 0."""
    return where(bottom > 0, top / bottom)
