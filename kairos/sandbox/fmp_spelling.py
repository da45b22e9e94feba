"""How FMP's two generations spell the same field: from the stable names to the legacy ones, per kind of answer."""

_STATEMENT = {"filingDate": "fillingDate", "fiscalYear": "calendarYear"}
_SCORES = {
    "discountedCashFlow": "DCF",
    "returnOnEquity": "ROE",
    "returnOnAssets": "ROA",
    "debtToEquity": "DE",
    "priceToEarnings": "PE",
    "priceToBook": "PB",
}

LEGACY_NAMES: dict[str, dict[str, str]] = {
    "income-statement": {**_STATEMENT, "epsDiluted": "epsdiluted"},
    "balance-sheet-statement": {**_STATEMENT, "otherTotalStockholdersEquity": "othertotalStockholdersEquity"},
    "cash-flow-statement": {
        **_STATEMENT,
        "otherInvestingActivities": "otherInvestingActivites",
        "netCashProvidedByInvestingActivities": "netCashUsedForInvestingActivites",
        "netDebtIssuance": "debtRepayment",
        "commonStockIssuance": "commonStockIssued",
        "netDividendsPaid": "dividendsPaid",
        "otherFinancingActivities": "otherFinancingActivites",
        "netCashProvidedByFinancingActivities": "netCashUsedProvidedByFinancingActivities",
    },
    "key-metrics": {
        "fiscalYear": "calendarYear",
        "priceToEarningsRatio": "peRatio",
        "priceToOperatingCashFlowRatio": "pocfratio",
        "priceToFreeCashFlowRatio": "pfcfRatio",
        "priceToBookRatio": "pbRatio",
        "evToEBITDA": "enterpriseValueOverEBITDA",
        "debtToEquityRatio": "debtToEquity",
        "debtToAssetsRatio": "debtToAssets",
        "interestCoverageRatio": "interestCoverage",
        "dividendPayoutRatio": "payoutRatio",
        "researchAndDevelopementToRevenue": "researchAndDdevelopementToRevenue",
        "returnOnInvestedCapital": "roic",
        "returnOnEquity": "roe",
        "daysOfSalesOutstanding": "daysSalesOutstanding",
        "daysOfPayablesOutstanding": "daysPayablesOutstanding",
        "daysOfInventoryOutstanding": "daysOfInventoryOnHand",
    },
    "ratios": {
        "fiscalYear": "calendarYear",
        "debtToAssetsRatio": "debtRatio",
        "debtToEquityRatio": "debtEquityRatio",
        "longTermDebtToCapitalRatio": "longTermDebtToCapitalization",
        "debtToCapitalRatio": "totalDebtToCapitalization",
        "interestCoverageRatio": "interestCoverage",
        "financialLeverageRatio": "companyEquityMultiplier",
        "operatingCashFlowCoverageRatio": "cashFlowCoverageRatios",
        "shortTermOperatingCashFlowCoverageRatio": "shortTermCoverageRatios",
        "capitalExpenditureCoverageRatio": "capitalExpenditureCoverageRatio",
        "priceToEarningsRatio": "priceEarningsRatio",
        "priceToFreeCashFlowRatio": "priceToFreeCashFlowsRatio",
        "priceToOperatingCashFlowRatio": "priceToOperatingCashFlowsRatio",
        "priceToEarningsGrowthRatio": "priceEarningsToGrowthRatio",
        "priceToFairValue": "priceFairValue",
    },
    "analyst-estimates": {
        **{
            f"{name}{end}": f"estimated{name[0].upper()}{name[1:]}{end}"
            for name in ("revenue", "ebitda", "ebit", "netIncome", "sgaExpense", "eps")
            for end in ("Low", "High", "Avg")
        },
        "numAnalystsRevenue": "numberAnalystEstimatedRevenue",
        "numAnalystsEps": "numberAnalystsEstimatedEps",
    },
    "rating": {"overallScore": "ratingScore", **{f"{k}Score": f"ratingDetails{v}Score" for k, v in _SCORES.items()}},
    "profile": {
        "marketCap": "mktCap",
        "averageVolume": "volAvg",
        "lastDividend": "lastDiv",
        "change": "changes",
        "exchange": "exchangeShortName",
        "exchangeFullName": "exchange",
    },
}
RECOMMENDED = {5: "Strong Buy", 4: "Buy", 3: "Neutral", 2: "Sell", 1: "Strong Sell"}
