"""What FMP and Quiver answer, in both generations and in every shape of error."""

import json

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

UPGRADE = "Please upgrade your plan or visit our documentation for more details at https://site.financialmodelingprep.com/"
INVALID = "Invalid API KEY. Feel free to create a Free API Key or visit https://site.financialmodelingprep.com/faqs for more."
OLD = (
    "Legacy Endpoint : Due to Legacy endpoints being no longer supported - This endpoint is only available for legacy users "
    "who have valid subscriptions prior August 31, 2025."
)
EXCLUSIVE = "Exclusive Endpoint : This endpoint is not available under your current subscription agreement, please upgrade"
RESTRICTED = "Restricted Endpoint : This endpoint is not available under your current subscription agreement"
PREMIUM = (
    "Premium Query Parameter: 'Special Endpoint : This value set for 'limit' is not available under your current subscription"
)


def said(text: str, key: str = "Error Message") -> bytes:
    return json.dumps({key: text}).encode()


FINAL = {
    "invalid key, 200": (200, said(INVALID), "PlanError", "Set FMP_API_KEY"),
    "invalid key, 401": (401, said(INVALID), "PlanError", "Set FMP_API_KEY"),
    "legacy": (403, said(OLD), "PlanError", "set FMP_GENERATION=stable"),
    "exclusive, 402": (402, said(EXCLUSIVE), "PlanError", "does not cover this address"),
    "exclusive, 403": (403, said(EXCLUSIVE), "PlanError", "does not cover this address"),
    "restricted": (402, said(RESTRICTED), "PlanError", "does not cover this address"),
    "premium as plain text": (402, PREMIUM.encode(), "PlanError", "forbids this value"),
    "bandwidth": (429, said(f"Bandwidth Limit Reach . {UPGRADE}"), "RateLimitError", "only time clears it"),
    "query error as text": (400, b"Query Error: Invalid or missing query parameter - year", "SourceError", "check symbol and"),
    "query error as JSON": (400, said("Query Error: Invalid parameter - period"), "SourceError", "check symbol and period"),
    "suspended, 200": (200, said("Account suspended. Contact support."), "PlanError", "is suspended"),
    "suspended, 403": (403, said("Your account has been suspended"), "PlanError", "is suspended"),
    "404, list": (404, b"[]", "SourceError", "HTTP 404, an unknown or withdrawn address"),
    "404, object": (404, b"{}", "SourceError", "HTTP 404, an unknown or withdrawn address"),
    "404, nothing": (404, b"", "SourceError", "HTTP 404, an unknown or withdrawn address"),
    "in a list of one": (200, json.dumps([{"Error Message": INVALID}]).encode(), "PlanError", "Set FMP_API_KEY"),
    "nested": (200, json.dumps({"error": {"code": 7, "message": EXCLUSIVE}}).encode(), "PlanError", "does not cover"),
    "message": (200, said(RESTRICTED, "message"), "PlanError", "does not cover"),
    "an unknown text": (200, said("Something new"), "SourceError", "Something new. The vendor does not answer"),
    "a bare text": (200, b'"no such thing"', "SourceError", "no such thing"),
    "an unknown refusal": (403, b"", "PlanError", "HTTP 403, refused. Check FMP_API_KEY"),
    "another object": (200, b'{"symbol": "ZQXA", "historical": []}', "SourceError", "an object with symbol, historical"),
    "an empty object": (200, b"{}", "SourceError", "an object with nothing, expected a list"),
}
"""Answers that no repetition mends: status, body, kind of error, what the message says."""

PASSING = {
    "limit, 429": (429, said(f"Limit Reach . {UPGRADE}")),
    "limit, 200": (200, said(f"Limit Reach . {UPGRADE}")),
    "500": (500, b""),
    "502 page": (502, b"<html><body>Bad Gateway</body></html>"),
    "503 text": (503, b"upstream connect error"),
    "a page with 200": (200, b"<!DOCTYPE html><html></html>"),
    "cut short": (200, b'[{"symbol": "ZQXA", "da'),
}
"""Answers that may pass: status, body."""
