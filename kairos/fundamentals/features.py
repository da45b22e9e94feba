"""The feature families over facts, as declared in `kairos.features`, built from what was known at each session's close."""

import polars as pl

from kairos.features.core import FeatureSet, compute
from kairos.features.facts import FLOW_FORMS, FLOWS, STOCKS
from kairos.features.registry import FACT_SETS
from kairos.frames import Frame
from kairos.fundamentals.asof import join_as_of
from kairos.fundamentals.estimates import with_forecasts, with_ratings
from kairos.fundamentals.instants import new_york_day
from kairos.fundamentals.panel import Facts, in_usd, rows_of, with_market_value, with_split_factor, with_statements

SHARES = "weighted_average_shares_diluted"
_STAMPS = {name: f"_{name}_known_at" for name in ("income", "balance", "cash_flow", "cap", "estimates", "ratings")}
_ROWS = 250_000  # a panel of so many rows is wide enough to fill memory


def build_fundamentals(daily_returns: Frame, facts: Facts, *, year: int) -> Frame:
    """Return `feat_fundamentals` for the sessions of one calendar year, sorted by name and session.

    Args:
        daily_returns: Rows of the `daily_returns` table of `year`.
        facts: What the features are made from; what became known after the year changes nothing.
        year: Calendar year of the rows returned.
    """
    rows = rows_of(daily_returns, year)
    blocks = [_fundamentals(block, facts) for block in rows.iter_slices(_ROWS)]
    return pl.concat(blocks or [_fundamentals(rows, facts)])


def build_revisions(daily_returns: Frame, facts: Facts, *, year: int) -> Frame:
    """Return `feat_revisions` for the sessions of one calendar year, sorted by name and session.

    Args:
        daily_returns: Rows of the `daily_returns` table of `year`.
        facts: What the features are made from; what became known after the year changes nothing.
        year: Calendar year of the rows returned.
    """
    rows = rows_of(daily_returns, year)
    blocks = [_revisions(block, facts) for block in rows.iter_slices(_ROWS)]
    return pl.concat(blocks or [_revisions(rows, facts)])


def _fundamentals(rows: Frame, facts: Facts) -> Frame:
    chosen = FACT_SETS["feat_fundamentals"]
    panel = _with_income(rows, facts, chosen)
    panel = with_statements(panel, facts.balance, _needed(chosen, "fmp_balance_sheet"), stamp=_STAMPS["balance"])
    panel = with_statements(panel, facts.cash_flow, _needed(chosen, "fmp_cash_flow"), stamp=_STAMPS["cash_flow"])
    panel = with_market_value(panel, facts.daily_metrics, stamp=_STAMPS["cap"])
    panel = panel.with_columns(in_usd("marketcap", "reported_currency"))
    return _computed(chosen, panel)


def _revisions(rows: Frame, facts: Facts) -> Frame:
    income = ["net_income_ttm", "reported_currency"]
    panel = with_statements(rows, facts.income, income, stamp=_STAMPS["income"])
    panel = with_market_value(panel, facts.daily_metrics, stamp=_STAMPS["cap"])
    panel = panel.with_columns(in_usd("marketcap", "reported_currency"))
    panel = with_forecasts(panel, facts.estimates, facts.actions, stamp=_STAMPS["estimates"])
    panel = with_ratings(panel, facts.ratings, stamp=_STAMPS["ratings"])
    return _computed(FACT_SETS["feat_revisions"], panel)


def _with_income(rows: Frame, facts: Facts, chosen: FeatureSet) -> Frame:
    """Add the income statement, its ages, and share counts on the split basis of the session."""
    extra = ["reported_currency", "split_basis", "split_basis_year_ago"]
    panel = join_as_of(rows, facts.income, [*_needed(chosen, "fmp_income_statement"), *extra])
    panel = panel.with_columns(
        (pl.col("session") - new_york_day("reported_at")).dt.total_days().alias("report_age_days"),
        (pl.col("session") - pl.col("period_end")).dt.total_days().alias("period_age_days"),
    )
    panel = with_split_factor(panel, facts.actions, "session", name="_now")
    for form in ("", "_year_ago"):
        panel = with_split_factor(panel, facts.actions, f"split_basis{form}", name="_basis")
        panel = panel.with_columns(pl.col(f"{SHARES}{form}") * pl.col("_now") / pl.col("_basis")).drop("_basis")
    return panel.drop("period_end", "reported_at", "_now").rename({"facts_known_at": _STAMPS["income"]})


def _needed(chosen: FeatureSet, table: str) -> list[str]:
    """The columns of one table that the set's features read."""
    read = {name for feature in chosen.features for name in feature.expr.roots}
    flows = [f"{fact}_{form}" for fact in FLOWS.get(table, ()) for form in FLOW_FORMS]
    stocks = [f"{fact}{form}" for fact in STOCKS.get(table, ()) for form in ("", "_year_ago")]
    return [name for name in (*flows, *stocks) if name in read]


def _computed(chosen: FeatureSet, panel: Frame) -> Frame:
    stamps = [name for name in _STAMPS.values() if name in panel.columns]
    return compute(chosen, panel.with_columns(pl.max_horizontal(stamps).alias("facts_known_at")))
