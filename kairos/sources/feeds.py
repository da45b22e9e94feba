"""The feeds' datasets: statements, metrics, estimates, ratings, profiles, news, social, SF1, SP500 and Quiver.

Both generations of FMP, and the vendor's own misspellings, are known here by the name of our column. The current spelling
comes first; a name of ours that is only written otherwise (`net_income`, `netIncome`) is not listed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kairos.sources.core import BOOKKEEPING, RECORD, Dataset
from kairos.tables.feeds import RAW_FEEDS

Spellings = Mapping[str, tuple[str, ...]]

PERIOD = {"fiscal_year": ("fiscalYear", "calendarYear")}
STATEMENT = {**PERIOD, "filing_date": ("filingDate", "fillingDate")}
INCOME = {
    **STATEMENT,
    "research_and_development": ("researchAndDevelopmentExpenses",),
    "eps_diluted": ("epsDiluted", "epsdiluted"),
    "weighted_average_shares": ("weightedAverageShsOut",),
    "weighted_average_shares_diluted": ("weightedAverageShsOutDil",),
}
BALANCE = {
    **STATEMENT,
    "cash_and_equivalents": ("cashAndCashEquivalents",),
    "goodwill_and_intangibles": ("goodwillAndIntangibleAssets",),
}
CASH_FLOW = {
    **STATEMENT,
    "operating_cash_flow": ("operatingCashFlow", "netCashProvidedByOperatingActivities"),
    "dividends_paid": ("netDividendsPaid", "dividendsPaid"),
    "stock_repurchased": ("commonStockRepurchased",),
}
KEY_METRICS = {
    **PERIOD,
    "return_on_equity": ("returnOnEquity", "roe"),
    "return_on_invested_capital": ("returnOnInvestedCapital", "roic"),
    "ev_to_ebitda": ("evToEBITDA", "enterpriseValueOverEBITDA"),
}
RATIOS = {
    **PERIOD,
    "debt_to_equity": ("debtToEquityRatio", "debtEquityRatio"),
    "debt_to_assets": ("debtToAssetsRatio", "debtRatio"),
    "price_to_earnings": ("priceToEarningsRatio", "priceEarningsRatio"),
    "price_to_book": ("priceToBookRatio", "priceBookValueRatio"),
    "price_to_sales": ("priceToSalesRatio", "priceSalesRatio"),
    "interest_coverage": ("interestCoverageRatio", "interestCoverage"),
}
ESTIMATES = {
    "revenue_low": ("revenueLow", "estimatedRevenueLow"),
    "revenue_high": ("revenueHigh", "estimatedRevenueHigh"),
    "revenue_avg": ("revenueAvg", "estimatedRevenueAvg"),
    "ebitda_avg": ("ebitdaAvg", "estimatedEbitdaAvg"),
    "ebit_avg": ("ebitAvg", "estimatedEbitAvg"),
    "net_income_avg": ("netIncomeAvg", "estimatedNetIncomeAvg"),
    "eps_avg": ("epsAvg", "estimatedEpsAvg"),
    "eps_high": ("epsHigh", "estimatedEpsHigh"),
    "eps_low": ("epsLow", "estimatedEpsLow"),
    "analysts_revenue": ("numAnalystsRevenue", "numberAnalystEstimatedRevenue"),
    "analysts_eps": ("numAnalystsEps", "numberAnalystsEstimatedEps"),
}
RATING = {
    "rating_score": ("overallScore", "ratingScore"),
    "dcf_score": ("discountedCashFlowScore", "ratingDetailsDCFScore"),
    "roe_score": ("returnOnEquityScore", "ratingDetailsROEScore"),
    "roa_score": ("returnOnAssetsScore", "ratingDetailsROAScore"),
    "de_score": ("debtToEquityScore", "ratingDetailsDEScore"),
    "pe_score": ("priceToEarningsScore", "ratingDetailsPEScore"),
    "pb_score": ("priceToBookScore", "ratingDetailsPBScore"),
}
PROFILE = {
    # "exchange" is the short code in one generation and the full name in the other
    "exchange": ("exchangeShortName", "exchange"),
    "exchange_full_name": ("exchangeFullName", "exchange"),
    "market_cap": ("marketCap", "mktCap"),
}
SOCIAL = {"posted_at": ("date",)}
CONGRESS = {
    "ticker": ("Ticker",),
    "representative": ("Representative", "Name"),
    "bioguide_id": ("BioGuideID",),
    "report_date": ("ReportDate", "Filed"),
    "transaction_date": ("TransactionDate", "Traded"),
    "transaction": ("Transaction",),
    "range": ("Range", "Trade_Size_USD"),
    "amount": ("Amount",),
    "chamber": ("House", "Chamber"),
    "party": ("Party",),
    "last_modified": ("last_modified",),
}
INSIDERS = {
    "ticker": ("Ticker",),
    "date": ("Date",),
    "name": ("Name",),
    "acquired_disposed": ("AcquiredDisposedCode",),
    "transaction_code": ("TransactionCode",),
    "shares": ("Shares",),
    "price_per_share": ("PricePerShare",),
    "file_date": ("fileDate",),
    "uploaded": ("uploaded",),
}
MENTIONS = {name: (name.capitalize(),) for name in ("ticker", "date", "mentions", "rank", "sentiment")}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _aliases(spellings: Spellings) -> dict[str, tuple[str, ...]]:
    # a name that two columns go by suggests neither
    told = [name.lower() for names in spellings.values() for name in names]
    return {ours: tuple(name.lower() for name in names if told.count(name.lower()) == 1) for ours, names in spellings.items()}


def _feed(
    name: str,
    vendor_code: str,
    *,
    expected: tuple[str, ...],
    spellings: Spellings,
    key: Iterable[str] = ("symbol", "date", "period"),
    from_request: tuple[str, ...] = (),
) -> Dataset:
    columns = RAW_FEEDS[name].schema.columns
    delivered = [column for column in columns if column not in (*BOOKKEEPING, RECORD)]
    filled = tuple(column for column in delivered if not columns[column].nullable)
    spelled = {column: spellings.get(column, (_camel(column),)) for column in delivered}
    always = tuple(dict.fromkeys([*filled, *expected]))
    return Dataset(
        name,
        table=RAW_FEEDS[name],
        vendor_code=vendor_code,
        key=tuple(key),
        required=always,  # a file in the vendor's spelling would lose them unseen
        expected=always,
        rejecting=filled,
        aliases=_aliases(spelled),
        spellings=spelled,
        from_request=from_request,
    )


SF1_KEY = ("ticker", "dimension", "datekey", "reportperiod")
SF1_COLUMNS = tuple(name for name in RAW_FEEDS["sf1"].columns if name not in (*BOOKKEEPING, RECORD))
SF1 = Dataset(
    "sf1",
    table=RAW_FEEDS["sf1"],
    vendor_code="SHARADAR/SF1",
    key=SF1_KEY,
    required=(*SF1_KEY, "calendardate"),
    expected=tuple(name for name in SF1_COLUMNS if name != "fiscalperiod"),  # older tables lack it
    rejecting=(*SF1_KEY, "calendardate"),
    since_filter="lastupdated.gte",
    session_filter="datekey",
    aliases={"ticker": ("symbol", "tick")},
)
SP500_KEY = ("date", "ticker", "action")
SP500 = Dataset(
    "sp500",
    table=RAW_FEEDS["sp500"],
    vendor_code="SHARADAR/SP500",
    key=SP500_KEY,
    required=SP500_KEY,
    expected=("date", "action", "ticker", "name", "contraticker", "contraname", "note"),
    rejecting=SP500_KEY,
    since_filter="date.gte",  # the vendor's table has no lastupdated
    session_filter="date",
    aliases={"ticker": ("symbol", "tick")},
)
STATED = ("fiscal_year", "filing_date")
NEWS = replace(
    _feed("fmp_news", "FMP stock news", key=("symbol", "url"), expected=("symbol", "title", "url"), spellings={}),
    required=("published_date", "symbol", "title"),  # an archive of headlines has no addresses
    aliases={
        "published_date": ("publisheddate", "published_at", "date"),
        "title": ("headline",),
        "symbol": ("ticker", "stock"),
    },
)
FEEDS: dict[str, Dataset] = {
    feed.name: feed
    for feed in (
        _feed("fmp_income_statement", "FMP income-statement", expected=(*STATED, "revenue", "net_income"), spellings=INCOME),
        _feed("fmp_balance_sheet", "FMP balance-sheet-statement", expected=(*STATED, "total_assets"), spellings=BALANCE),
        _feed("fmp_cash_flow", "FMP cash-flow-statement", expected=(*STATED, "operating_cash_flow"), spellings=CASH_FLOW),
        _feed("fmp_key_metrics", "FMP key-metrics", expected=("fiscal_year", "market_cap"), spellings=KEY_METRICS),
        _feed("fmp_ratios", "FMP ratios", expected=("fiscal_year", "net_profit_margin"), spellings=RATIOS),
        _feed(
            "fmp_analyst_estimates",
            "FMP analyst-estimates",
            expected=("revenue_avg", "eps_avg"),
            spellings=ESTIMATES,
            from_request=("period",),
        ),
        _feed("fmp_rating", "FMP rating", key=("symbol", "date"), expected=("rating", "rating_score"), spellings=RATING),
        _feed(
            "fmp_profile", "FMP profile", key=("symbol",), expected=("company_name", "exchange", "sector"), spellings=PROFILE
        ),
        NEWS,
        _feed(
            "fmp_social", "FMP social sentiment", key=("symbol", "posted_at"), expected=("stocktwits_posts",), spellings=SOCIAL
        ),
        SF1,
        SP500,
        _feed(
            "quiver_congress",
            "Quiver congresstrading",
            key=("bioguide_id", "ticker", "transaction_date", "transaction", "range", "report_date"),
            expected=("ticker", "transaction", "range"),
            spellings=CONGRESS,
        ),
        _feed(
            "quiver_insiders",
            "Quiver insiders",
            key=("ticker", "date", "name", "transaction_code", "shares"),
            expected=("transaction_code", "file_date"),
            spellings=INSIDERS,
        ),
        _feed("quiver_social", "Quiver wallstreetbets", key=("ticker", "date"), expected=("mentions",), spellings=MENTIONS),
    )
}
"""The feeds by name; prices are in `datasets`."""
