"""FMP's statement rows from filings: every field of both generations, under the stable names."""

import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import Frame
from kairos.sandbox.fmp_fields import names

DILUTION = 1.02  # diluted over basic shares
PRIME = 1009  # spreads the vendor's oddities over the reports
REPEATED, NO_ACCEPTANCE, NO_DATES = (0, 10), (10, 40), (40, 44)  # of PRIME: about 1 %, 3 % and 0.4 % of the rows
WORDED = (44, 94)  # about 5 % send some numbers as text
SEC = "https://www.sec.gov/Archives/edgar/data/"

c = pl.col


def with_heads(filings: Frame) -> Frame:
    """Return filings that bear a symbol with the vendor's head: dates, currency, stamps; some of them missing.

    Args:
        filings: Rows of `Market.filings` with the column symbol.
    """
    local = c("accepted_at").dt.convert_time_zone(NEW_YORK.key).dt.to_string("%Y-%m-%d %H:%M:%S")
    odd = oddity()
    number = c("permaticker").cast(pl.String)
    folder = pl.format("{}{}/{}", pl.lit(SEC), number, c("filing_date").dt.to_string("%Y%m%d"))
    return filings.with_columns(
        date=c("period_end").dt.to_string("%Y-%m-%d"),
        reportedCurrency=pl.lit("USD"),
        cik=number.str.zfill(10),
        filingDate=pl.when(~odd.is_between(*NO_DATES, closed="left")).then(c("filing_date").dt.to_string("%Y-%m-%d")),
        acceptedDate=pl.when(~odd.is_between(NO_ACCEPTANCE[0], NO_DATES[1], closed="left")).then(local),
        fiscalYear=c("fiscal_year").cast(pl.String),
        link=pl.format("{}-index.htm", folder),
        finalLink=pl.format("{}/report.htm", folder),
        worded=odd.is_between(*WORDED, closed="left"),
    )


def oddity() -> pl.Expr:
    """Return which of the vendor's oddities a report has, 0 to PRIME; the same at every sending."""
    return (c("permaticker") * 7919 + c("quarter") * 104729) % PRIME


def with_repeats(rows: Frame) -> Frame:
    """Return the rows with those that the vendor sends twice, one after the other."""
    times = pl.when(oddity().is_between(*REPEATED, closed="left")).then(2).otherwise(1)
    return rows.select(pl.all().repeat_by(times).explode())


def _amounts(**parts: pl.Expr) -> list[pl.Expr]:
    return [part.round().cast(pl.Int64).alias(name) for name, part in parts.items()]


def income_rows(filings: Frame) -> Frame:
    """Return the income statements of filings with heads."""
    overhead = c("gross_profit") - c("research_and_development") - c("operating_income")
    nothing, diluted = pl.lit(0.0), (c("shares") * DILUTION).round()
    revenue, ratio = c("revenue"), {}
    for name, item in (
        ("grossProfitRatio", "gross_profit"),
        ("ebitdaratio", "ebitda"),
        ("operatingIncomeRatio", "operating_income"),
        ("incomeBeforeTaxRatio", "income_before_tax"),
        ("netIncomeRatio", "net_income"),
    ):
        ratio[name] = (c(item) / revenue).round(6)
    names = ("otherExpenses", "interestIncome", "nonOperatingIncomeExcludingInterest", "netIncomeDeductions")
    zeros = dict.fromkeys((*names, "generalAndAdministrativeExpenses", "sellingAndMarketingExpenses"), nothing)
    zeros |= dict.fromkeys(("netIncomeFromDiscontinuedOperations", "otherAdjustmentsToNetIncome"), nothing)
    return filings.with_columns(
        *_amounts(
            **zeros,
            costOfRevenue=c("cost_of_revenue"),
            grossProfit=c("gross_profit"),
            researchAndDevelopmentExpenses=c("research_and_development"),
            sellingGeneralAndAdministrativeExpenses=overhead,
            operatingExpenses=overhead + c("research_and_development"),
            costAndExpenses=revenue - c("operating_income"),
            netInterestIncome=-c("interest_expense"),
            interestExpense=c("interest_expense"),
            depreciationAndAmortization=c("depreciation_and_amortization"),
            ebit=c("operating_income"),
            operatingIncome=c("operating_income"),
            totalOtherIncomeExpensesNet=-c("interest_expense"),
            incomeBeforeTax=c("income_before_tax"),
            incomeTaxExpense=c("income_tax_expense"),
            netIncomeFromContinuingOperations=c("net_income"),
            netIncome=c("net_income"),
            bottomLineNetIncome=c("net_income"),
            weightedAverageShsOut=c("shares"),
            weightedAverageShsOutDil=diluted,
            revenue=revenue,
            ebitda=c("ebitda"),
        ),
        eps=(c("net_income") / c("shares")).round(4),
        epsDiluted=(c("net_income") / diluted).round(4),
        **ratio,
    )


def balance_rows(filings: Frame) -> Frame:
    """Return the balance sheets of filings with heads; what the market does not know of is 0."""
    held, invested = c("cash_and_equivalents"), c("short_term_investments")
    debt = c("short_term_debt") + c("long_term_debt")
    fixed = c("total_assets") - c("total_current_assets")
    payable = c("total_current_liabilities") - c("short_term_debt")
    later = c("total_liabilities") - c("total_current_liabilities")
    intangible, equity = c("goodwill_and_intangibles"), c("total_stockholders_equity")
    other = c("total_current_assets") - held - invested - c("net_receivables") - c("inventory")
    zeros = names(
        "otherReceivables prepaids longTermInvestments taxAssets otherNonCurrentAssets otherAssets otherPayables "
        "accruedExpenses capitalLeaseObligationsCurrent taxPayables deferredRevenue capitalLeaseObligationsNonCurrent "
        "deferredRevenueNonCurrent deferredTaxLiabilitiesNonCurrent otherLiabilities capitalLeaseObligations "
        "treasuryStock preferredStock commonStock accumulatedOtherComprehensiveIncomeLoss otherTotalStockholdersEquity "
        "minorityInterest"
    )
    return filings.with_columns(
        *_amounts(
            **dict.fromkeys(zeros, pl.lit(0.0)),
            cashAndCashEquivalents=held,
            shortTermInvestments=invested,
            cashAndShortTermInvestments=held + invested,
            netReceivables=c("net_receivables"),
            accountsReceivables=c("net_receivables"),
            inventory=c("inventory"),
            otherCurrentAssets=other,
            totalCurrentAssets=c("total_current_assets"),
            propertyPlantEquipmentNet=fixed - intangible,
            goodwill=0.7 * intangible,
            intangibleAssets=0.3 * intangible,
            goodwillAndIntangibleAssets=intangible,
            totalNonCurrentAssets=fixed,
            totalAssets=c("total_assets"),
            totalPayables=0.5 * payable,
            accountPayables=0.5 * payable,
            shortTermDebt=c("short_term_debt"),
            otherCurrentLiabilities=0.5 * payable,
            totalCurrentLiabilities=c("total_current_liabilities"),
            longTermDebt=c("long_term_debt"),
            otherNonCurrentLiabilities=later - c("long_term_debt"),
            totalNonCurrentLiabilities=later,
            totalLiabilities=c("total_liabilities"),
            retainedEarnings=c("retained_earnings"),
            additionalPaidInCapital=equity - c("retained_earnings"),
            totalStockholdersEquity=equity,
            totalEquity=equity,
            totalLiabilitiesAndTotalEquity=c("total_liabilities") + equity,
            totalLiabilitiesAndStockholdersEquity=c("total_liabilities") + equity,
            totalInvestments=invested,
            totalDebt=debt,
            netDebt=debt - held,
        )
    )


def cash_flow_rows(filings: Frame) -> Frame:
    """Return the cash flow statements of filings with heads."""
    earned = c("net_income") + c("depreciation_and_amortization") + c("stock_based_compensation")
    invested = c("capital_expenditure") + c("other_investing")
    financed = c("debt_issued") + c("dividends_paid") + c("stock_repurchased")
    zeros = names(
        "deferredIncomeTax accountsReceivables inventory accountsPayables otherNonCashItems acquisitionsNet "
        "purchasesOfInvestments salesMaturitiesOfInvestments shortTermNetDebtIssuance commonStockIssuance "
        "netPreferredStockIssuance preferredDividendsPaid otherFinancingActivities effectOfForexChangesOnCash"
    )
    return filings.with_columns(
        *_amounts(
            **dict.fromkeys(zeros, pl.lit(0.0)),
            netIncome=c("net_income"),
            depreciationAndAmortization=c("depreciation_and_amortization"),
            stockBasedCompensation=c("stock_based_compensation"),
            changeInWorkingCapital=c("operating_cash_flow") - earned,
            otherWorkingCapital=c("operating_cash_flow") - earned,
            netCashProvidedByOperatingActivities=c("operating_cash_flow"),
            investmentsInPropertyPlantAndEquipment=c("capital_expenditure"),
            otherInvestingActivities=c("other_investing"),
            netCashProvidedByInvestingActivities=invested,
            netDebtIssuance=c("debt_issued"),
            longTermNetDebtIssuance=c("debt_issued"),
            netStockIssuance=c("stock_repurchased"),
            netCommonStockIssuance=c("stock_repurchased"),
            commonStockRepurchased=c("stock_repurchased"),
            netDividendsPaid=c("dividends_paid"),
            commonDividendsPaid=c("dividends_paid"),
            netCashProvidedByFinancingActivities=financed,
            netChangeInCash=c("net_change_in_cash"),
            cashAtEndOfPeriod=c("cash_and_equivalents"),
            cashAtBeginningOfPeriod=c("cash_and_equivalents") - c("net_change_in_cash"),
            operatingCashFlow=c("operating_cash_flow"),
            capitalExpenditure=c("capital_expenditure"),
            freeCashFlow=c("operating_cash_flow") + c("capital_expenditure"),
            incomeTaxesPaid=c("income_tax_expense"),
            interestPaid=c("interest_expense"),
        )
    )
