"""FMP's key metrics and ratios from filings, under the stable names; a quarter's multiples divide by that quarter alone."""

import polars as pl

from kairos.frames import Frame

DAYS = {"FY": 365.0}
QUARTER_DAYS = 90.0
DECIMALS = 6

c = pl.col


def metric_rows(filings: Frame) -> Frame:
    """Return filings with heads and every field of key metrics and ratios in both generations."""
    basics = filings.with_columns(
        debt=c("short_term_debt") + c("long_term_debt"),
        equity=c("total_stockholders_equity"),
        free=c("operating_cash_flow") + c("capital_expenditure"),
        working=c("total_current_assets") - c("total_current_liabilities"),
        payables=0.5 * (c("total_current_liabilities") - c("short_term_debt")),
        days=c("period").replace_strict(DAYS, default=QUARTER_DAYS, return_dtype=pl.Float64),
    ).with_columns(ev=c("cap_end") + c("debt") - c("cash_and_equivalents"), invested=c("equity") + c("debt"))
    fields = {**_sizes(), **_yields(), **_margins(), **_balances(), **_turnovers(), **_per_share(), **_prices()}
    whole = {name: value.round().cast(pl.Int64) for name, value in _amounts().items()}
    return basics.with_columns(**whole, **{name: _finite(value) for name, value in fields.items()})


def _finite(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite()).then(value.round(DECIMALS))


def _amounts() -> dict[str, pl.Expr]:
    return {
        "marketCap": c("cap_end"),
        "enterpriseValue": c("ev"),
        "workingCapital": c("working"),
        "investedCapital": c("invested"),
        "averageReceivables": c("net_receivables"),
        "averagePayables": c("payables"),
        "averageInventory": c("inventory"),
        "freeCashFlowToEquity": c("free") + c("debt_issued"),
        "freeCashFlowToFirm": c("free") + c("interest_expense"),
        "tangibleAssetValue": c("equity") - c("goodwill_and_intangibles"),
        "netCurrentAssetValue": c("total_current_assets") - c("total_liabilities"),
    }


def _sizes() -> dict[str, pl.Expr]:
    earned, book = c("net_income") / c("shares"), c("equity") / c("shares")
    collected = c("net_receivables") / c("revenue") * c("days")
    paid = c("payables") / c("cost_of_revenue") * c("days")
    stored = c("inventory") / c("cost_of_revenue") * c("days")
    return {
        "grahamNumber": (22.5 * earned.abs() * book.abs()).sqrt(),
        "grahamNetNet": (c("cash_and_equivalents") + 0.75 * c("net_receivables") - c("total_liabilities")) / c("shares"),
        "daysOfSalesOutstanding": collected,
        "daysOfPayablesOutstanding": paid,
        "daysOfInventoryOutstanding": stored,
        "operatingCycle": collected + stored,
        "cashConversionCycle": collected + stored - paid,
    }


def _yields() -> dict[str, pl.Expr]:
    spent, revenue = -c("capital_expenditure"), c("revenue")
    overhead = c("gross_profit") - c("research_and_development") - c("operating_income")
    kept = c("operating_income") * (1 - c("income_tax_expense") / c("income_before_tax"))
    return {
        "evToSales": c("ev") / revenue,
        "evToOperatingCashFlow": c("ev") / c("operating_cash_flow"),
        "evToFreeCashFlow": c("ev") / c("free"),
        "evToEBITDA": c("ev") / c("ebitda"),
        "netDebtToEBITDA": (c("debt") - c("cash_and_equivalents")) / c("ebitda"),
        "incomeQuality": c("operating_cash_flow") / c("net_income"),
        "taxBurden": c("net_income") / c("income_before_tax"),
        "interestBurden": c("income_before_tax") / c("operating_income"),
        "returnOnAssets": c("net_income") / c("total_assets"),
        "operatingReturnOnAssets": c("operating_income") / c("total_assets"),
        "returnOnTangibleAssets": c("net_income") / (c("total_assets") - c("goodwill_and_intangibles")),
        "returnOnEquity": c("net_income") / c("equity"),
        "returnOnInvestedCapital": kept / c("invested"),
        "returnOnCapitalEmployed": c("operating_income") / (c("total_assets") - c("total_current_liabilities")),
        "earningsYield": c("net_income") / c("cap_end"),
        "freeCashFlowYield": c("free") / c("cap_end"),
        "capexToOperatingCashFlow": spent / c("operating_cash_flow"),
        "capexToDepreciation": spent / c("depreciation_and_amortization"),
        "capexToRevenue": spent / revenue,
        "salesGeneralAndAdministrativeToRevenue": overhead / revenue,
        "researchAndDevelopementToRevenue": c("research_and_development") / revenue,
        "stockBasedCompensationToRevenue": c("stock_based_compensation") / revenue,
        "intangiblesToTotalAssets": c("goodwill_and_intangibles") / c("total_assets"),
    }


def _margins() -> dict[str, pl.Expr]:
    revenue, before = c("revenue"), c("income_before_tax")
    shares_of = {
        "grossProfitMargin": "gross_profit",
        "ebitMargin": "operating_income",
        "ebitdaMargin": "ebitda",
        "operatingProfitMargin": "operating_income",
        "ebitPerRevenue": "operating_income",
        "pretaxProfitMargin": "income_before_tax",
        "continuousOperationsProfitMargin": "net_income",
        "netProfitMargin": "net_income",
        "bottomLineProfitMargin": "net_income",
        "operatingCashFlowSalesRatio": "operating_cash_flow",
    }
    return {
        **{name: c(item) / revenue for name, item in shares_of.items()},
        "effectiveTaxRate": c("income_tax_expense") / before,
        "netIncomePerEBT": c("net_income") / before,
        "ebtPerEbit": before / c("operating_income"),
        "freeCashFlowOperatingCashFlowRatio": c("free") / c("operating_cash_flow"),
    }


def _balances() -> dict[str, pl.Expr]:
    due, cash, flow = c("total_current_liabilities"), c("cash_and_equivalents"), c("operating_cash_flow")
    worn = c("depreciation_and_amortization")
    out = -c("dividends_paid")
    return {
        "currentRatio": c("total_current_assets") / due,
        "quickRatio": (c("total_current_assets") - c("inventory")) / due,
        "cashRatio": cash / due,
        "solvencyRatio": (c("net_income") + worn) / c("total_liabilities"),
        "debtToAssetsRatio": c("debt") / c("total_assets"),
        "debtToEquityRatio": c("debt") / c("equity"),
        "debtToCapitalRatio": c("debt") / c("invested"),
        "longTermDebtToCapitalRatio": c("long_term_debt") / (c("long_term_debt") + c("equity")),
        "financialLeverageRatio": c("total_assets") / c("equity"),
        "operatingCashFlowRatio": flow / due,
        "debtServiceCoverageRatio": c("ebitda") / (c("interest_expense") + c("short_term_debt")),
        "interestCoverageRatio": c("operating_income") / c("interest_expense"),
        "shortTermOperatingCashFlowCoverageRatio": flow / c("short_term_debt"),
        "operatingCashFlowCoverageRatio": flow / c("debt"),
        "cashFlowToDebtRatio": flow / c("debt"),
        "capitalExpenditureCoverageRatio": flow / -c("capital_expenditure"),
        "dividendPaidAndCapexCoverageRatio": flow / (out - c("capital_expenditure")),
        "dividendPayoutRatio": out / c("net_income"),
        "payoutRatio": out / c("net_income"),
        "debtToMarketCap": c("debt") / c("cap_end"),
    }


def _turnovers() -> dict[str, pl.Expr]:
    revenue, cost = c("revenue"), c("cost_of_revenue")
    return {
        "receivablesTurnover": revenue / c("net_receivables"),
        "payablesTurnover": cost / c("payables"),
        "inventoryTurnover": cost / c("inventory"),
        "fixedAssetTurnover": revenue / (c("total_assets") - c("total_current_assets") - c("goodwill_and_intangibles")),
        "assetTurnover": revenue / c("total_assets"),
        "workingCapitalTurnoverRatio": revenue / c("working"),
    }


def _per_share() -> dict[str, pl.Expr]:
    items = {
        "revenuePerShare": c("revenue"),
        "netIncomePerShare": c("net_income"),
        "interestDebtPerShare": c("debt"),
        "cashPerShare": c("cash_and_equivalents") + c("short_term_investments"),
        "bookValuePerShare": c("equity"),
        "tangibleBookValuePerShare": c("equity") - c("goodwill_and_intangibles"),
        "shareholdersEquityPerShare": c("equity"),
        "operatingCashFlowPerShare": c("operating_cash_flow"),
        "capexPerShare": c("capital_expenditure"),
        "freeCashFlowPerShare": c("free"),
        "dividendPerShare": -c("dividends_paid"),
    }
    return {name: value / c("shares") for name, value in items.items()}


def _prices() -> dict[str, pl.Expr]:
    price, nothing = c("cap_end"), pl.lit(None, dtype=pl.Float64)
    growth = dict.fromkeys(
        ("priceToEarningsGrowthRatio", "forwardPriceToEarningsGrowthRatio", "priceToEarningsDilutedGrowthRatio"), nothing
    )
    book, sales, flow = price / c("equity"), price / c("revenue"), price / c("operating_cash_flow")
    return {
        **growth,
        "priceToEarningsRatio": price / c("net_income"),
        "priceToEarningsDilutedRatio": price / c("net_income") * 1.02,
        **dict.fromkeys(("priceToBookRatio", "priceBookValueRatio", "ptbRatio", "priceToFairValue"), book),
        **dict.fromkeys(("priceToSalesRatio", "priceSalesRatio"), sales),
        **dict.fromkeys(("priceToOperatingCashFlowRatio", "priceCashFlowRatio"), flow),
        "priceToFreeCashFlowRatio": price / c("free"),
        "dividendYield": -c("dividends_paid") / price,
        "dividendYieldPercentage": -100.0 * c("dividends_paid") / price,
        "enterpriseValueMultiple": c("ev") / c("ebitda"),
    }
