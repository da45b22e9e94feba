"""Field names of FMP's answers, in order, in both generations; the misspellings are the vendor's."""


def names(text: str) -> list[str]:
    """Return the names in a text."""
    return text.split()


_HEAD = "date symbol reportedCurrency cik filingDate acceptedDate fiscalYear period"
_METRIC_HEAD = "symbol date fiscalYear period"

INCOME = names(
    f"{_HEAD} revenue costOfRevenue grossProfit researchAndDevelopmentExpenses generalAndAdministrativeExpenses "
    "sellingAndMarketingExpenses sellingGeneralAndAdministrativeExpenses otherExpenses operatingExpenses costAndExpenses "
    "netInterestIncome interestIncome interestExpense depreciationAndAmortization ebitda ebit "
    "nonOperatingIncomeExcludingInterest operatingIncome totalOtherIncomeExpensesNet incomeBeforeTax incomeTaxExpense "
    "netIncomeFromContinuingOperations netIncomeFromDiscontinuedOperations otherAdjustmentsToNetIncome netIncome "
    "netIncomeDeductions bottomLineNetIncome eps epsDiluted weightedAverageShsOut weightedAverageShsOutDil"
)
INCOME_LEGACY = names(
    f"{_HEAD} revenue costOfRevenue grossProfit grossProfitRatio researchAndDevelopmentExpenses "
    "generalAndAdministrativeExpenses sellingAndMarketingExpenses sellingGeneralAndAdministrativeExpenses otherExpenses "
    "operatingExpenses costAndExpenses interestIncome interestExpense depreciationAndAmortization ebitda ebitdaratio "
    "operatingIncome operatingIncomeRatio totalOtherIncomeExpensesNet incomeBeforeTax incomeBeforeTaxRatio "
    "incomeTaxExpense netIncome netIncomeRatio eps epsDiluted weightedAverageShsOut weightedAverageShsOutDil link finalLink"
)
BALANCE = names(
    f"{_HEAD} cashAndCashEquivalents shortTermInvestments cashAndShortTermInvestments netReceivables accountsReceivables "
    "otherReceivables inventory prepaids otherCurrentAssets totalCurrentAssets propertyPlantEquipmentNet goodwill "
    "intangibleAssets goodwillAndIntangibleAssets longTermInvestments taxAssets otherNonCurrentAssets "
    "totalNonCurrentAssets otherAssets totalAssets totalPayables accountPayables otherPayables accruedExpenses "
    "shortTermDebt capitalLeaseObligationsCurrent taxPayables deferredRevenue otherCurrentLiabilities "
    "totalCurrentLiabilities longTermDebt capitalLeaseObligationsNonCurrent deferredRevenueNonCurrent "
    "deferredTaxLiabilitiesNonCurrent otherNonCurrentLiabilities totalNonCurrentLiabilities otherLiabilities "
    "capitalLeaseObligations totalLiabilities treasuryStock preferredStock commonStock retainedEarnings "
    "additionalPaidInCapital accumulatedOtherComprehensiveIncomeLoss otherTotalStockholdersEquity "
    "totalStockholdersEquity totalEquity minorityInterest totalLiabilitiesAndTotalEquity totalInvestments totalDebt netDebt"
)
_NOT_IN_LEGACY_BALANCE = names(
    "accountsReceivables otherReceivables prepaids totalPayables otherPayables accruedExpenses "
    "capitalLeaseObligationsCurrent capitalLeaseObligationsNonCurrent treasuryStock additionalPaidInCapital"
)
BALANCE_LEGACY = [
    *(name for name in BALANCE if name not in _NOT_IN_LEGACY_BALANCE),
    "totalLiabilitiesAndStockholdersEquity",
    "link",
    "finalLink",
]
CASH_FLOW = names(
    f"{_HEAD} netIncome depreciationAndAmortization deferredIncomeTax stockBasedCompensation changeInWorkingCapital "
    "accountsReceivables inventory accountsPayables otherWorkingCapital otherNonCashItems "
    "netCashProvidedByOperatingActivities investmentsInPropertyPlantAndEquipment acquisitionsNet purchasesOfInvestments "
    "salesMaturitiesOfInvestments otherInvestingActivities netCashProvidedByInvestingActivities netDebtIssuance "
    "longTermNetDebtIssuance shortTermNetDebtIssuance netStockIssuance netCommonStockIssuance commonStockIssuance "
    "commonStockRepurchased netPreferredStockIssuance netDividendsPaid commonDividendsPaid preferredDividendsPaid "
    "otherFinancingActivities netCashProvidedByFinancingActivities effectOfForexChangesOnCash netChangeInCash "
    "cashAtEndOfPeriod cashAtBeginningOfPeriod operatingCashFlow capitalExpenditure freeCashFlow incomeTaxesPaid interestPaid"
)
_NOT_IN_LEGACY_CASH_FLOW = names(
    "longTermNetDebtIssuance shortTermNetDebtIssuance netStockIssuance netCommonStockIssuance netPreferredStockIssuance "
    "commonDividendsPaid preferredDividendsPaid incomeTaxesPaid interestPaid"
)
CASH_FLOW_LEGACY = [*(name for name in CASH_FLOW if name not in _NOT_IN_LEGACY_CASH_FLOW), "link", "finalLink"]
KEY_METRICS = names(
    f"{_METRIC_HEAD} reportedCurrency marketCap enterpriseValue workingCapital investedCapital averageReceivables "
    "averagePayables averageInventory freeCashFlowToEquity freeCashFlowToFirm tangibleAssetValue netCurrentAssetValue "
    "grahamNumber grahamNetNet daysOfSalesOutstanding daysOfPayablesOutstanding daysOfInventoryOutstanding operatingCycle "
    "cashConversionCycle evToSales evToOperatingCashFlow evToFreeCashFlow evToEBITDA netDebtToEBITDA currentRatio "
    "incomeQuality taxBurden interestBurden returnOnAssets operatingReturnOnAssets returnOnTangibleAssets returnOnEquity "
    "returnOnInvestedCapital returnOnCapitalEmployed earningsYield freeCashFlowYield capexToOperatingCashFlow "
    "capexToDepreciation capexToRevenue salesGeneralAndAdministrativeToRevenue researchAndDevelopementToRevenue "
    "stockBasedCompensationToRevenue intangiblesToTotalAssets"
)
KEY_METRICS_LEGACY = names(
    f"{_METRIC_HEAD} revenuePerShare netIncomePerShare operatingCashFlowPerShare freeCashFlowPerShare cashPerShare "
    "bookValuePerShare tangibleBookValuePerShare shareholdersEquityPerShare interestDebtPerShare marketCap "
    "enterpriseValue priceToEarningsRatio priceToSalesRatio priceToOperatingCashFlowRatio priceToFreeCashFlowRatio "
    "priceToBookRatio ptbRatio evToSales evToEBITDA evToOperatingCashFlow evToFreeCashFlow earningsYield "
    "freeCashFlowYield debtToEquityRatio debtToAssetsRatio netDebtToEBITDA currentRatio interestCoverageRatio "
    "incomeQuality dividendYield dividendPayoutRatio salesGeneralAndAdministrativeToRevenue "
    "researchAndDevelopementToRevenue intangiblesToTotalAssets capexToOperatingCashFlow capexToRevenue "
    "capexToDepreciation stockBasedCompensationToRevenue grahamNumber returnOnInvestedCapital returnOnTangibleAssets "
    "grahamNetNet workingCapital tangibleAssetValue netCurrentAssetValue investedCapital averageReceivables "
    "averagePayables averageInventory daysOfSalesOutstanding daysOfPayablesOutstanding daysOfInventoryOutstanding "
    "receivablesTurnover payablesTurnover inventoryTurnover returnOnEquity capexPerShare"
)
RATIOS = names(
    f"{_METRIC_HEAD} reportedCurrency grossProfitMargin ebitMargin ebitdaMargin operatingProfitMargin pretaxProfitMargin "
    "continuousOperationsProfitMargin netProfitMargin bottomLineProfitMargin receivablesTurnover payablesTurnover "
    "inventoryTurnover fixedAssetTurnover assetTurnover currentRatio quickRatio solvencyRatio cashRatio "
    "priceToEarningsRatio priceToEarningsGrowthRatio forwardPriceToEarningsGrowthRatio priceToEarningsDilutedRatio "
    "priceToEarningsDilutedGrowthRatio priceToBookRatio priceToSalesRatio priceToFreeCashFlowRatio "
    "priceToOperatingCashFlowRatio debtToAssetsRatio debtToEquityRatio debtToCapitalRatio longTermDebtToCapitalRatio "
    "financialLeverageRatio workingCapitalTurnoverRatio operatingCashFlowRatio operatingCashFlowSalesRatio "
    "freeCashFlowOperatingCashFlowRatio debtServiceCoverageRatio interestCoverageRatio "
    "shortTermOperatingCashFlowCoverageRatio operatingCashFlowCoverageRatio capitalExpenditureCoverageRatio "
    "dividendPaidAndCapexCoverageRatio dividendPayoutRatio dividendYield dividendYieldPercentage revenuePerShare "
    "netIncomePerShare interestDebtPerShare cashPerShare bookValuePerShare tangibleBookValuePerShare "
    "shareholdersEquityPerShare operatingCashFlowPerShare capexPerShare freeCashFlowPerShare netIncomePerEBT ebtPerEbit "
    "priceToFairValue debtToMarketCap effectiveTaxRate enterpriseValueMultiple dividendPerShare"
)
RATIOS_LEGACY = names(
    f"{_METRIC_HEAD} currentRatio quickRatio cashRatio daysOfSalesOutstanding daysOfInventoryOutstanding operatingCycle "
    "daysOfPayablesOutstanding cashConversionCycle grossProfitMargin operatingProfitMargin pretaxProfitMargin "
    "netProfitMargin effectiveTaxRate returnOnAssets returnOnEquity returnOnCapitalEmployed netIncomePerEBT ebtPerEbit "
    "ebitPerRevenue debtToAssetsRatio debtToEquityRatio longTermDebtToCapitalRatio debtToCapitalRatio "
    "interestCoverageRatio cashFlowToDebtRatio financialLeverageRatio receivablesTurnover payablesTurnover "
    "inventoryTurnover fixedAssetTurnover assetTurnover operatingCashFlowPerShare freeCashFlowPerShare cashPerShare "
    "payoutRatio operatingCashFlowSalesRatio freeCashFlowOperatingCashFlowRatio operatingCashFlowCoverageRatio "
    "shortTermOperatingCashFlowCoverageRatio capitalExpenditureCoverageRatio dividendPaidAndCapexCoverageRatio "
    "dividendPayoutRatio priceBookValueRatio priceToBookRatio priceToSalesRatio priceToEarningsRatio priceToFreeCashFlowRatio "
    "priceToOperatingCashFlowRatio priceCashFlowRatio priceToEarningsGrowthRatio priceSalesRatio dividendYield "
    "enterpriseValueMultiple priceToFairValue"
)
_RANGED = ("revenue", "ebitda", "ebit", "netIncome", "sgaExpense")
ESTIMATES = [
    "symbol",
    "date",
    *(f"{name}{end}" for name in _RANGED for end in ("Low", "High", "Avg")),
    *("epsAvg", "epsHigh", "epsLow", "numAnalystsRevenue", "numAnalystsEps"),
]
RATING = names(
    "symbol rating overallScore discountedCashFlowScore returnOnEquityScore returnOnAssetsScore debtToEquityScore "
    "priceToEarningsScore priceToBookScore"
)
PROFILE = names(
    "symbol price marketCap beta lastDividend range change changePercentage volume averageVolume companyName currency cik "
    "isin cusip exchangeFullName exchange industry website description ceo sector country fullTimeEmployees phone address "
    "city state zip image ipoDate defaultImage isEtf isActivelyTrading isAdr isFund"
)
PROFILE_LEGACY = [name for name in PROFILE if name not in ("changePercentage", "volume")]
PROFILE_LEGACY += ["dcf", "dcfDiff"]
NEWS = names("symbol publishedDate publisher title image site text url")
NEWS_LEGACY = [name for name in NEWS if name != "publisher"]
SOCIAL = names(
    "date symbol stocktwitsPosts twitterPosts stocktwitsComments twitterComments stocktwitsLikes twitterLikes "
    "stocktwitsImpressions twitterImpressions stocktwitsSentiment twitterSentiment"
)
