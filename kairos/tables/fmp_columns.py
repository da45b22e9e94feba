"""Columns of FMP's answers, in the order of their raw tables. Which spelling of the vendor is which, `kairos.sources` knows."""

import pandera.polars as pa
import polars as pl

from kairos.tables.features import column

Columns = dict[str, pa.Column]
MONEY = "reporting currency"
PER_SHARE = "reporting currency per share"
FRACTION = "fraction"
RATIO = "ratio"
SCORE = "score 1-5"


def text(description: str, *, nullable: bool = True) -> pa.Column:
    """Declare a text."""
    return column(pl.String, description, nullable=nullable)


def day(description: str, *, nullable: bool = True) -> pa.Column:
    """Declare a date."""
    return column(pl.Date, description, nullable=nullable)


def number(description: str, unit: str = "") -> pa.Column:
    """Declare a number; every number of a feed may be null."""
    return column(pl.Float64, description, unit=unit, nullable=True)


RECORD: Columns = {"record": text("The vendor's row as sent, as JSON", nullable=False)}

PERIOD: Columns = {
    "symbol": text("Symbol as sent, the current one", nullable=False),
    "date": day("End of the fiscal period", nullable=False),
    "period": text("FY or Q1 to Q4", nullable=False),
    "fiscal_year": text("Fiscal year"),
}
STATEMENT: Columns = {
    **PERIOD,
    "reported_currency": text("Currency of the amounts, ISO"),
    "cik": text("SEC number of the company, ten digits"),
    "filing_date": day("SEC filing date; null where it cannot be one"),
    "accepted_date": text("SEC acceptance as sent: YYYY-MM-DD HH:MM:SS, US Eastern without saying so"),
}
INCOME: Columns = {
    **STATEMENT,
    "revenue": number("Revenue", MONEY),
    "cost_of_revenue": number("Cost of revenue", MONEY),
    "gross_profit": number("Gross profit", MONEY),
    "research_and_development": number("Research and development", MONEY),
    "operating_income": number("Operating income", MONEY),
    "ebitda": number("EBITDA", MONEY),
    "interest_expense": number("Interest expense", MONEY),
    "income_before_tax": number("Income before tax", MONEY),
    "income_tax_expense": number("Income tax", MONEY),
    "net_income": number("Net income", MONEY),
    "eps": number("Earnings per share, basic", PER_SHARE),
    "eps_diluted": number("Earnings per share, diluted", PER_SHARE),
    "weighted_average_shares": number("Weighted average shares, basic", "shares"),
    "weighted_average_shares_diluted": number("Weighted average shares, diluted", "shares"),
    **RECORD,
}
BALANCE: Columns = {
    **STATEMENT,
    "cash_and_equivalents": number("Cash and equivalents", MONEY),
    "cash_and_short_term_investments": number("Cash and short-term investments", MONEY),
    "net_receivables": number("Receivables", MONEY),
    "inventory": number("Inventory", MONEY),
    "total_current_assets": number("Current assets", MONEY),
    "goodwill_and_intangibles": number("Goodwill and intangible assets", MONEY),
    "total_assets": number("Total assets", MONEY),
    "short_term_debt": number("Short-term debt", MONEY),
    "total_current_liabilities": number("Current liabilities", MONEY),
    "long_term_debt": number("Long-term debt", MONEY),
    "total_liabilities": number("Total liabilities", MONEY),
    "retained_earnings": number("Retained earnings", MONEY),
    "total_stockholders_equity": number("Equity of the stockholders", MONEY),
    "total_equity": number("Equity with minority interests", MONEY),
    "total_debt": number("Total debt", MONEY),
    "net_debt": number("Debt less cash", MONEY),
    **RECORD,
}
CASH_FLOW: Columns = {
    **STATEMENT,
    "operating_cash_flow": number("Cash from operations", MONEY),
    "capital_expenditure": number("Capital expenditure, negative", MONEY),
    "free_cash_flow": number("Operating cash flow plus capital expenditure", MONEY),
    "depreciation_and_amortization": number("Depreciation and amortization", MONEY),
    "stock_based_compensation": number("Stock-based compensation", MONEY),
    "dividends_paid": number("Dividends paid, negative", MONEY),
    "stock_repurchased": number("Stock bought back, negative", MONEY),
    "net_change_in_cash": number("Change of cash", MONEY),
    **RECORD,
}
KEY_METRICS: Columns = {
    **PERIOD,
    "market_cap": number("Market capitalisation", MONEY),
    "enterprise_value": number("Enterprise value", MONEY),
    "current_ratio": number("Current assets / current liabilities", RATIO),
    "return_on_equity": number("Net income / equity", FRACTION),
    "return_on_assets": number("Net income / assets", FRACTION),
    "return_on_invested_capital": number("Return on invested capital", FRACTION),
    "earnings_yield": number("Earnings / market capitalisation", FRACTION),
    "free_cash_flow_yield": number("Free cash flow / market capitalisation", FRACTION),
    "ev_to_sales": number("Enterprise value / sales", RATIO),
    "ev_to_ebitda": number("Enterprise value / EBITDA", RATIO),
    **RECORD,
}
RATIOS: Columns = {
    **PERIOD,
    "gross_profit_margin": number("Gross profit / revenue", FRACTION),
    "operating_profit_margin": number("Operating income / revenue", FRACTION),
    "net_profit_margin": number("Net income / revenue", FRACTION),
    "debt_to_equity": number("Debt / equity", RATIO),
    "debt_to_assets": number("Debt / assets", RATIO),
    "price_to_earnings": number("Price / earnings; whose earnings the vendor does not say", RATIO),
    "price_to_book": number("Price / book", RATIO),
    "price_to_sales": number("Price / sales", RATIO),
    "dividend_yield": number("Dividends / price", FRACTION),
    "interest_coverage": number("Operating income / interest", RATIO),
    "asset_turnover": number("Revenue / assets", RATIO),
    "quick_ratio": number("Quick assets / current liabilities", RATIO),
    **RECORD,
}
ESTIMATES: Columns = {
    "symbol": text("Symbol as sent, the current one", nullable=False),
    "date": day("End of the fiscal period that is forecast", nullable=False),
    "period": text("annual or quarter: as asked for", nullable=False),
    "revenue_low": number("Lowest estimate of revenue", MONEY),
    "revenue_high": number("Highest estimate of revenue", MONEY),
    "revenue_avg": number("Mean estimate of revenue", MONEY),
    "ebitda_avg": number("Mean estimate of EBITDA", MONEY),
    "ebit_avg": number("Mean estimate of EBIT", MONEY),
    "net_income_avg": number("Mean estimate of net income", MONEY),
    "eps_avg": number("Mean estimate of earnings per share", PER_SHARE),
    "eps_high": number("Highest estimate of earnings per share", PER_SHARE),
    "eps_low": number("Lowest estimate of earnings per share", PER_SHARE),
    "analysts_revenue": number("Analysts who estimate revenue", "analysts"),
    "analysts_eps": number("Analysts who estimate earnings per share", "analysts"),
    **RECORD,
}
RATING: Columns = {
    "symbol": text("Symbol as sent, the current one", nullable=False),
    "date": day("Day of the rating; null in a snapshot, which is of the day it was fetched"),
    "rating": text("Letter grade, S+ to D-"),
    "rating_score": number("Overall score", SCORE),
    "dcf_score": number("Score of the discounted cash flow", SCORE),
    "roe_score": number("Score of the return on equity", SCORE),
    "roa_score": number("Score of the return on assets", SCORE),
    "de_score": number("Score of debt to equity", SCORE),
    "pe_score": number("Score of price to earnings", SCORE),
    "pb_score": number("Score of price to book", SCORE),
    **RECORD,
}
PROFILE: Columns = {
    "symbol": text("Symbol as sent, the current one", nullable=False),
    "company_name": text("Name"),
    "exchange": text("Short code of the exchange"),
    "exchange_full_name": text("Name of the exchange"),
    "sector": text("Sector, current"),
    "industry": text("Industry, current"),
    "country": text("Country"),
    "currency": text("Currency of the price"),
    "cik": text("SEC number of the company, ten digits"),
    "isin": text("ISIN"),
    "cusip": text("CUSIP"),
    "ipo_date": day("First listing"),
    "market_cap": number("Market capitalisation, current", "currency"),
    "beta": number("Beta, current"),
    "is_etf": text("true or false"),
    "is_fund": text("true or false"),
    "is_adr": text("true or false"),
    "is_actively_trading": text("true or false"),
    **RECORD,
}
NEWS: Columns = {
    "symbol": text("Symbol the article is filed under"),
    "published_date": text("Publication as sent: with its offset, or taken for US Eastern", nullable=False),
    "publisher": text("Publisher"),
    "title": text("Headline"),
    "site": text("Site"),
    "url": text("Address; null where the source tells none"),
    "text": text("First sentences"),
    **RECORD,
}
ACTION: Columns = {
    "rating_firm": text("Who rates, where the headline is an analyst's action"),
    "rating_action": text(
        "upgrade, downgrade, maintain, reiterate, initiate, reinstate, assume, resume, raise_ or lower_target"
    ),
    "rating_from": text("Mark before, as the headline says it"),
    "rating_to": text("Mark after or kept, as the headline says it"),
    "price_target_from": number("Price target before, as the headline says it", "USD per share"),
    "price_target_to": number("Price target after or kept, as the headline says it", "USD per share"),
}
"""What is read out of an analyst's headline; null where it does not say."""
SOCIAL: Columns = {
    "symbol": text("Symbol", nullable=False),
    "posted_at": text("Hour as sent: YYYY-MM-DD HH:MM:SS, taken for US Eastern", nullable=False),
    "stocktwits_posts": number("Posts on StockTwits in the hour", "posts"),
    "twitter_posts": number("Posts on Twitter in the hour", "posts"),
    "stocktwits_comments": number("Comments on StockTwits", "comments"),
    "twitter_comments": number("Comments on Twitter", "comments"),
    "stocktwits_likes": number("Likes on StockTwits", "likes"),
    "twitter_likes": number("Likes on Twitter", "likes"),
    "stocktwits_impressions": number("Views on StockTwits", "views"),
    "twitter_impressions": number("Views on Twitter", "views"),
    "stocktwits_sentiment": number("Sentiment on StockTwits", "0-1"),
    "twitter_sentiment": number("Sentiment on Twitter", "0-1"),
    **RECORD,
}
