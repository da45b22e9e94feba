"""Value, profitability, growth, leverage, accruals and issuance from a security's own statements, as known at the session."""

from kairos.features.core import Feature, FeatureSet
from kairos.features.facts import FACTS, above
from kairos.features.operators import column, where
from kairos.features.terms import Term

FRACTION = "fraction"
M = column("marketcap")
ASSETS, ASSETS_THEN = column("total_assets"), column("total_assets_year_ago")
EQUITY = column("total_stockholders_equity")
REVENUE, EARNINGS = column("revenue_ttm"), column("net_income_ttm")
CASH_FLOW = column("operating_cash_flow_ttm")
SHARES, SHARES_THEN = column("weighted_average_shares_diluted"), column("weighted_average_shares_diluted_year_ago")
FAMA_FRENCH = "Fama and French (1992)"
LAKONISHOK = "Lakonishok, Shleifer and Vishny (1994)"


def _feature(name: str, formula: str, expr: Term, source: str, *, unit: str = FRACTION, nulls: str = "") -> Feature:
    return Feature(name=name, formula=formula, expr=expr, lookback=0, source=source, unit=unit, nulls=nulls, inputs=FACTS)


VALUE = (
    _feature("earnings_to_market", "net_income_ttm / marketcap", above(EARNINGS, M), "Basu (1977)"),
    _feature("book_to_market", "total_stockholders_equity / marketcap", above(EQUITY, M), FAMA_FRENCH),
    _feature("sales_to_market", "revenue_ttm / marketcap", above(REVENUE, M), "Barbee, Mukherji and Raines (1996)"),
    _feature("cash_flow_to_market", "operating_cash_flow_ttm / marketcap", above(CASH_FLOW, M), LAKONISHOK),
    _feature("fcf_to_market", "free_cash_flow_ttm / marketcap", above(column("free_cash_flow_ttm"), M), LAKONISHOK),
    _feature(
        "ebitda_to_ev",
        "ebitda_ttm / (marketcap + net_debt)",
        above(column("ebitda_ttm"), M + column("net_debt")),
        "Loughran and Wellman (2011)",
        nulls="Null where enterprise value is not above 0",
    ),
    _feature(
        "payout_to_market",
        "-(dividends_paid_ttm + stock_repurchased_ttm) / marketcap",
        above(-(column("dividends_paid_ttm") + column("stock_repurchased_ttm")), M),
        "Boudoukh, Michaely, Richardson and Roberts (2007)",
    ),
)

PROFITABILITY = (
    _feature(
        "roe_ttm",
        "net_income_ttm / total_stockholders_equity",
        above(EARNINGS, EQUITY),
        "Haugen and Baker (1996)",
        nulls="Null where equity is not above 0",
    ),
    _feature("roa_ttm", "net_income_ttm / total_assets", above(EARNINGS, ASSETS), "Balakrishnan, Bartov and Faurel (2010)"),
    _feature(
        "gross_profitability", "gross_profit_ttm / total_assets", above(column("gross_profit_ttm"), ASSETS), "Novy-Marx (2013)"
    ),
    _feature(
        "gross_margin_ttm", "gross_profit_ttm / revenue_ttm", above(column("gross_profit_ttm"), REVENUE), "Novy-Marx (2013)"
    ),
    _feature(
        "operating_margin_ttm",
        "operating_income_ttm / revenue_ttm",
        above(column("operating_income_ttm"), REVENUE),
        "Soliman (2008)",
    ),
    _feature(
        "operating_profitability",
        "(operating_income_ttm - interest_expense_ttm) / total_stockholders_equity",
        above(column("operating_income_ttm") - column("interest_expense_ttm"), EQUITY),
        "Fama and French (2015)",
        nulls="Null where equity is not above 0",
    ),
    _feature("cash_return_on_assets", "operating_cash_flow_ttm / total_assets", above(CASH_FLOW, ASSETS), "Piotroski (2000)"),
    _feature("asset_turnover_ttm", "revenue_ttm / total_assets", above(REVENUE, ASSETS), "Soliman (2008)"),
)

GROWTH = (
    _feature(
        "revenue_growth_ttm",
        "revenue_ttm / revenue_ttm_year_ago - 1",
        above(REVENUE, column("revenue_ttm_year_ago")) - 1,
        LAKONISHOK,
    ),
    _feature(
        "revenue_growth_q",
        "revenue_q / revenue_q_year_ago - 1",
        above(column("revenue_q"), column("revenue_q_year_ago")) - 1,
        "Jegadeesh and Livnat (2006)",
    ),
    _feature(
        "earnings_change_q",
        "(net_income_q - net_income_q_year_ago) / total_assets_year_ago",
        above(column("net_income_q") - column("net_income_q_year_ago"), ASSETS_THEN),
        "Bernard and Thomas (1989)",
    ),
    _feature(
        "asset_growth",
        "total_assets / total_assets_year_ago - 1",
        above(ASSETS, ASSETS_THEN) - 1,
        "Cooper, Gulen and Schill (2008)",
    ),
    _feature(
        "gross_margin_change",
        "gross_profit_ttm / revenue_ttm - gross_profit_ttm_year_ago / revenue_ttm_year_ago",
        above(column("gross_profit_ttm"), REVENUE) - above(column("gross_profit_ttm_year_ago"), column("revenue_ttm_year_ago")),
        "Abarbanell and Bushee (1998)",
    ),
    _feature(
        "capex_to_assets",
        "-capital_expenditure_ttm / total_assets",
        above(-column("capital_expenditure_ttm"), ASSETS),
        "Titman, Wei and Xie (2004)",
    ),
    _feature(
        "rnd_to_market",
        "research_and_development_ttm / marketcap",
        above(column("research_and_development_ttm"), M),
        "Chan, Lakonishok and Sougiannis (2001)",
    ),
)

LEVERAGE = (
    _feature("debt_to_assets", "total_debt / total_assets", above(column("total_debt"), ASSETS), "Bhandari (1988)"),
    _feature(
        "liabilities_to_equity",
        "total_liabilities / total_stockholders_equity",
        above(column("total_liabilities"), EQUITY),
        "Bhandari (1988)",
        unit="ratio",
        nulls="Null where equity is not above 0",
    ),
    _feature(
        "net_debt_to_ebitda",
        "net_debt / ebitda_ttm",
        above(column("net_debt"), column("ebitda_ttm")),
        "Penman, Richardson and Tuna (2007)",
        unit="ratio",
        nulls="Null where EBITDA is not above 0",
    ),
    _feature(
        "interest_cover",
        "operating_income_ttm / interest_expense_ttm",
        above(column("operating_income_ttm"), column("interest_expense_ttm")),
        "Altman (1968)",
        unit="ratio",
        nulls="Null where no interest is reported",
    ),
    _feature(
        "current_ratio",
        "total_current_assets / total_current_liabilities",
        above(column("total_current_assets"), column("total_current_liabilities")),
        "Ou and Penman (1989)",
        unit="ratio",
    ),
    _feature(
        "cash_to_assets", "cash_and_equivalents / total_assets", above(column("cash_and_equivalents"), ASSETS), "Palazzo (2012)"
    ),
)

ACCRUALS = (
    _feature(
        "accruals_ttm",
        "(net_income_ttm - operating_cash_flow_ttm) / mean(total_assets, total_assets_year_ago)",
        above(EARNINGS - CASH_FLOW, (ASSETS + ASSETS_THEN) / 2),
        "Sloan (1996), from the cash flow statement as Hribar and Collins (2002)",
    ),
    _feature(
        "net_operating_assets",
        "(total_assets - cash_and_equivalents - total_liabilities + total_debt) / total_assets_year_ago",
        above(ASSETS - column("cash_and_equivalents") - column("total_liabilities") + column("total_debt"), ASSETS_THEN),
        "Hirshleifer, Hou, Teoh and Zhang (2004)",
    ),
    _feature(
        "inventory_change",
        "(inventory - inventory_year_ago) / mean(total_assets, total_assets_year_ago)",
        above(column("inventory") - column("inventory_year_ago"), (ASSETS + ASSETS_THEN) / 2),
        "Thomas and Zhang (2002)",
    ),
    _feature(
        "share_issuance",
        "ln(shares / shares a year ago), diluted, on one split basis",
        where((SHARES > 0) & (SHARES_THEN > 0), (SHARES / SHARES_THEN).log()),
        "Pontiff and Woodgate (2008)",
        unit="log change",
    ),
    _feature(
        "stock_pay_to_revenue",
        "stock_based_compensation_ttm / revenue_ttm",
        above(column("stock_based_compensation_ttm"), REVENUE),
        "Bhojraj (2020)",
    ),
)

AGES = (
    _feature(
        "days_since_report",
        "calendar days from the report of the newest period to t",
        column("report_age_days"),
        "Chambers and Penman (1984)",
        unit="days",
    ),
    _feature(
        "days_since_period_end",
        "calendar days from the newest period's end to t",
        column("period_age_days"),
        "Chambers and Penman (1984)",
        unit="days",
    ),
)

FEATURE_SET = FeatureSet(
    name="feat_fundamentals",
    description="Value, profitability, growth, leverage, accruals and issuance of one security, as known at the close.",
    features=(*VALUE, *PROFITABILITY, *GROWTH, *LEVERAGE, *ACCRUALS, *AGES),
    inputs=FACTS,
)
