"""Statement rows of both vendors in one form, each with the stamp from which it could have been known."""

from datetime import timedelta

import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import UTC_TIME, Frame
from kairos.fundamentals.instants import eastern, new_york_day, opening

PERIODS = ("FY", "Q1", "Q2", "Q3", "Q4")
NEXT_SESSION = timedelta(days=1)
UNSTAMPED = timedelta(days=90)  # the slowest filers have 90 days for a year's report

SF1_FACTS: dict[str, dict[str, str]] = {
    "fmp_income_statement": {
        "revenue": "revenue",
        "cost_of_revenue": "cor",
        "gross_profit": "gp",
        "research_and_development": "rnd",
        "operating_income": "opinc",
        "ebitda": "ebitda",
        "interest_expense": "intexp",
        "income_before_tax": "ebt",
        "income_tax_expense": "taxexp",
        "net_income": "netinc",
        "eps": "eps",
        "eps_diluted": "epsdil",
        "weighted_average_shares": "shareswa",
        "weighted_average_shares_diluted": "shareswadil",
    },
    "fmp_balance_sheet": {
        "cash_and_equivalents": "cashneq",
        "net_receivables": "receivables",
        "inventory": "inventory",
        "total_current_assets": "assetsc",
        "goodwill_and_intangibles": "intangibles",
        "total_assets": "assets",
        "short_term_debt": "debtc",
        "total_current_liabilities": "liabilitiesc",
        "long_term_debt": "debtnc",
        "total_liabilities": "liabilities",
        "retained_earnings": "retearn",
        "total_stockholders_equity": "equity",
        "total_debt": "debt",
    },
    "fmp_cash_flow": {
        "operating_cash_flow": "ncfo",
        "capital_expenditure": "capex",
        "free_cash_flow": "fcf",
        "depreciation_and_amortization": "depamor",
        "stock_based_compensation": "sbcomp",
        "dividends_paid": "ncfdiv",
        "net_change_in_cash": "ncf",
    },
    "fmp_key_metrics": {
        "market_cap": "marketcap",
        "enterprise_value": "ev",
        "return_on_equity": "roe",
        "return_on_assets": "roa",
    },
    "fmp_ratios": {
        "gross_profit_margin": "grossmargin",
        "net_profit_margin": "netmargin",
        "price_to_earnings": "pe",
        "price_to_book": "pb",
        "price_to_sales": "ps",
        "dividend_yield": "divyield",
    },
}
"""Which SF1 column holds which fact; what SF1 has no column for stays null."""


def fmp_rows(raw: Frame) -> Frame:
    """Return raw statement rows with period_end, stamp and stamp_source; a stamp by or before its period's end is none.

    The acceptance counts, to the second (`vendor`); else the opening of the session after the filing date (`vendor`), also
    where the acceptance bears no time of day; else the first opening 90 days after the period's end (`assumed`).
    """
    rows = raw.rename({"date": "period_end"}).with_columns(eastern("accepted_date").alias("accepted_at"))
    accepted = pl.when(new_york_day("accepted_at") > pl.col("period_end")).then("accepted_at")
    timeless = pl.col("accepted_date").str.ends_with("00:00:00").fill_null(False)
    filed = pl.when(pl.col("filing_date") > pl.col("period_end")).then("filing_date")
    rows = rows.with_columns(
        pl.when(~timeless).then(accepted).alias("_accepted"),
        pl.coalesce(filed, accepted.dt.convert_time_zone(str(NEW_YORK)).dt.date()).alias("_filed"),
    )
    return _stamped(rows).drop("accepted_date", "_accepted", "_filed")


def stamped_by_income(raw: Frame, raw_income: Frame) -> Frame:
    """Return raw metric rows, which bear no stamp of their own, under that of their income statement's first filing.

    Args:
        raw: Raw key metrics or ratios.
        raw_income: Raw income statements, all deliveries.
    """
    key = ["symbol", "date", "period"]
    stamps = fmp_rows(raw_income).rename({"period_end": "date"}).filter(pl.col("stamp_source") == "vendor")
    first = stamps.group_by(key).agg(pl.col("stamp").min().alias("_accepted"))
    rows = raw.join(first, on=key, how="left", maintain_order="left").rename({"date": "period_end"})
    return _stamped(rows.with_columns(pl.lit(None, pl.Date).alias("_filed"))).drop("_accepted", "_filed")


def _stamped(rows: Frame) -> Frame:
    rows = opening(rows, "_filed", name="_after_filing", after=NEXT_SESSION)
    rows = opening(rows, "period_end", name="_late", after=UNSTAMPED)
    by_vendor = pl.coalesce("_accepted", "_after_filing")
    source = pl.when(by_vendor.is_not_null()).then(pl.lit("vendor")).otherwise(pl.lit("assumed"))
    return rows.with_columns(pl.coalesce(by_vendor, "_late").alias("stamp"), source.alias("stamp_source")).drop(
        "_after_filing", "_late"
    )


def sf1_rows(raw: Frame, name: str) -> Frame:
    """Return the as-reported quarters and years of raw SF1 with the facts of table `name`, known a session after datekey."""
    quarter = pl.coalesce(
        pl.col("fiscalperiod").str.extract(r"(Q[1-4])$"), pl.format("Q{}", pl.col("calendardate").dt.quarter())
    )
    year = pl.coalesce(pl.col("fiscalperiod").str.extract(r"^(\d{4})"), pl.col("calendardate").dt.year().cast(pl.String))
    reported = raw.filter(pl.col("dimension").is_in(["ARQ", "ARY"]))
    rows = reported.select(
        "payload_id",
        "row",
        "source",
        "fetched_at",
        "record",
        pl.col("ticker").alias("symbol"),
        pl.col("reportperiod").alias("period_end"),
        pl.when(pl.col("dimension") == "ARY").then(pl.lit("FY")).otherwise(quarter).alias("period"),
        year.alias("fiscal_year"),
        pl.col("datekey").alias("filing_date"),
        pl.lit(None, UTC_TIME).alias("accepted_at"),
        pl.lit("assumed").alias("stamp_source"),
        *(pl.col(theirs).alias(ours) for ours, theirs in SF1_FACTS[name].items()),
        *_derived(name),
    )
    return opening(rows, "filing_date", name="stamp", after=NEXT_SESSION)


def _derived(name: str) -> list[pl.Expr]:
    return [(pl.col("debt") - pl.col("cashneq")).alias("net_debt")] if name == "fmp_balance_sheet" else []
