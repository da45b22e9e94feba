"""What FMP and Quiver answer, in both generations and in every shape of error."""

STATED = {"date": "2025-06-30", "symbol": "ZQXA", "reportedCurrency": "USD", "cik": "0001999901", "period": "Q2"}
FILED = {"acceptedDate": "2025-08-05 16:07:42"}
STABLE = {**STATED, **FILED, "filingDate": "2025-08-05", "fiscalYear": "2025"}
LEGACY = {**STATED, **FILED, "fillingDate": "2025-08-05", "calendarYear": "2025", "link": None, "finalLink": None}
INCOME = {
    "revenue": 1250000000,
    "costOfRevenue": 500000000,
    "grossProfit": 750000000,
    "researchAndDevelopmentExpenses": 150000000,
    "operatingIncome": 400000000,
    "ebitda": 466000000,
    "interestExpense": 12000000,
    "incomeBeforeTax": 394000000,
    "incomeTaxExpense": 74000000,
    "netIncome": 320000000,
    "eps": 1.6,
    "weightedAverageShsOut": 200000000,
    "weightedAverageShsOutDil": 203821656,
}
BALANCE = {
    "cashAndCashEquivalents": 900000000,
    "cashAndShortTermInvestments": 1200000000,
    "netReceivables": 600000000,
    "inventory": 200000000,
    "totalCurrentAssets": 2100000000,
    "goodwillAndIntangibleAssets": 1000000000,
    "totalAssets": 4700000000,
    "shortTermDebt": 100000000,
    "totalCurrentLiabilities": 700000000,
    "longTermDebt": 900000000,
    "totalLiabilities": 1900000000,
    "retainedEarnings": 1800000000,
    "totalStockholdersEquity": 2790000000,
    "totalEquity": 2800000000,
    "totalDebt": 1100000000,
    "netDebt": 200000000,
}
CASH = {
    "operatingCashFlow": 402000000,
    "capitalExpenditure": -90000000,
    "freeCashFlow": 312000000,
    "depreciationAndAmortization": 60000000,
    "stockBasedCompensation": 45000000,
    "commonStockRepurchased": -120000000,
    "netChangeInCash": 44000000,
}
PERIOD = {"symbol": "ZQXA", "date": "2025-06-30", "period": "Q2"}
METRICS = {
    "marketCap": 10160000000,
    "enterpriseValue": 10360000000,
    "currentRatio": 3,
    "earningsYield": 0.03,
    "freeCashFlowYield": 0.031,
    "evToSales": 8.288,
}
MARGINS = {
    "grossProfitMargin": 0.6,
    "operatingProfitMargin": 0.32,
    "netProfitMargin": 0.256,
    "dividendYield": 0.0059,
    "assetTurnover": 0.266,
    "quickRatio": 2.4,
}
NEWS = {
    "symbol": "ZQXA",
    "publishedDate": "2025-07-24 16:31:05",
    "title": "Zequixa reports results",
    "image": "https://images.example/1.jpg",
    "site": "example.com",
    "text": "…",
    "url": "https://example.com/zqxa-q2",
}
PROFILE = {
    "symbol": "ZQXA",
    "price": 50.8,
    "beta": 1.12,
    "companyName": "Zequixa Corp",
    "currency": "USD",
    "cik": "0001999901",
    "isin": "US9899991010",
    "cusip": "989999101",
    "industry": "Semiconductors",
    "sector": "Technology",
    "country": "US",
    "ipoDate": "1999-03-12",
    "isEtf": False,
    "isActivelyTrading": True,
    "isAdr": False,
    "isFund": False,
}
STABLE_ESTIMATE = {
    "symbol": "ZQXA",
    "date": "2026-12-31",
    "revenueLow": 5100000000,
    "revenueHigh": 5700000000,
    "revenueAvg": 5400000000,
    "ebitdaAvg": 1960000000,
    "ebitAvg": 1700000000,
    "netIncomeAvg": 1360000000,
    "epsAvg": 6.71,
    "epsHigh": 7.2,
    "epsLow": 6.3,
    "numAnalystsRevenue": 18,
    "numAnalystsEps": 15,
}
OLD_COUNTS = {"numAnalystsRevenue": "numberAnalystEstimatedRevenue", "numAnalystsEps": "numberAnalystsEstimatedEps"}
LEGACY_ESTIMATE = {
    OLD_COUNTS.get(name, name if name in {"symbol", "date"} else f"estimated{name[0].upper()}{name[1:]}"): value
    for name, value in STABLE_ESTIMATE.items()
}
STABLE_RATING = {
    "symbol": "ZQXA",
    "rating": "A-",
    "overallScore": 4,
    "discountedCashFlowScore": 4,
    "returnOnEquityScore": 5,
    "returnOnAssetsScore": 4,
    "debtToEquityScore": 3,
    "priceToEarningsScore": 2,
    "priceToBookScore": 2,
}
LEGACY_RATING = {
    "symbol": "ZQXA",
    "rating": "A-",
    "ratingScore": 4,
    "ratingRecommendation": "Buy",
    **{f"ratingDetails{kind}Score": score for kind, score in (("DCF", 4), ("ROE", 5), ("ROA", 4))},
    **{f"ratingDetails{kind}Score": score for kind, score in (("DE", 3), ("PE", 2), ("PB", 2))},
}
BOTH = {
    "fmp_income_statement": ({**STABLE, **INCOME, "epsDiluted": 1.57}, {**LEGACY, **INCOME, "epsdiluted": 1.57}),
    "fmp_balance_sheet": ({**STABLE, **BALANCE}, {**LEGACY, **BALANCE, "othertotalStockholdersEquity": 0}),
    "fmp_cash_flow": ({**STABLE, **CASH, "netDividendsPaid": -60000000}, {**LEGACY, **CASH, "dividendsPaid": -60000000}),
    "fmp_key_metrics": (
        {
            **PERIOD,
            "fiscalYear": "2025",
            **METRICS,
            "returnOnEquity": 0.1147,
            "returnOnInvestedCapital": 0.09,
            "evToEBITDA": 22.2,
        },
        {**PERIOD, "calendarYear": 2025, **METRICS, "roe": 0.1147, "roic": 0.09, "enterpriseValueOverEBITDA": 22.2},
    ),
    "fmp_ratios": (
        {
            **PERIOD,
            **MARGINS,
            "fiscalYear": "2025",
            "debtToEquityRatio": 0.3943,
            "debtToAssetsRatio": 0.23,
            "priceToEarningsRatio": 31.75,
            "priceToBookRatio": 3.6,
            "priceToSalesRatio": 8.1,
            "interestCoverageRatio": 33.3,
        },
        {
            **PERIOD,
            **MARGINS,
            "calendarYear": "2025",
            "debtEquityRatio": 0.3943,
            "debtRatio": 0.23,
            "priceEarningsRatio": 31.75,
            "priceBookValueRatio": 3.6,
            "priceSalesRatio": 8.1,
            "interestCoverage": 33.3,
        },
    ),
    "fmp_analyst_estimates": (STABLE_ESTIMATE, LEGACY_ESTIMATE),
    "fmp_rating": (STABLE_RATING, LEGACY_RATING),
    "fmp_profile": (
        {**PROFILE, "marketCap": 10160000000, "exchangeFullName": "NASDAQ Global Select", "exchange": "NASDAQ"},
        {**PROFILE, "mktCap": 10160000000, "exchange": "NASDAQ Global Select", "exchangeShortName": "NASDAQ"},
    ),
    "fmp_news": (NEWS, NEWS),
}
"""One row of each endpoint that says the same in both generations: the stable form, the legacy form."""

SOCIAL = {
    "date": "2022-06-30 23:00:00",
    "symbol": "ZQXA",
    "stocktwitsPosts": 5,
    "twitterPosts": 0,
    "stocktwitsComments": 2,
    "twitterComments": 0,
    "stocktwitsLikes": 7,
    "twitterLikes": 0,
    "stocktwitsImpressions": 900,
    "twitterImpressions": 0,
    "stocktwitsSentiment": 0.61,
    "twitterSentiment": 0.5,
}
CONGRESS = {
    "Representative": "Example Person",
    "BioGuideID": "E000000",
    "ReportDate": "2025-07-20",
    "TransactionDate": "2025-06-18",
    "Ticker": "ZQXA",
    "Transaction": "Purchase",
    "Range": "$1,001 - $15,000",
    "District": "CA00",
    "House": "Representatives",
    "Amount": "1001.0",
    "Party": "I",
    "last_modified": "2025-07-21",
    "TickerType": "ST",
    "Description": None,
    "ExcessReturn": 1.8,
    "PriceChange": 3.1,
    "SPYChange": 1.3,
}
INSIDER = {
    "Ticker": "ZQXA",
    "Date": "2025-07-18",
    "Name": "A. Person",
    "AcquiredDisposedCode": "D",
    "TransactionCode": "S",
    "Shares": 1000,
    "PricePerShare": "50.25",
    "SharesOwnedFollowing": 4000,
    "fileDate": "2025-07-21",
    "uploaded": "2025-07-21 20:15:03",
}
MENTION = {"Date": "2025-07-24", "Ticker": "ZQXA", "Mentions": 12, "Rank": 34, "Sentiment": -0.12}
