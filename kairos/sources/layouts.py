"""Files of others whose one table holds several of our datasets: which of their columns is which of ours."""

from collections.abc import Mapping

_REPORT = {"symbol": "symbol", "date": "end_date", "period": "period_focus", "filing_date": "first_seen"}
_YEAR = {"fiscal_year": "fiscal_year"}

LAYOUTS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    # one row per 10-Q or 10-K and version of it; first_seen is the archive's day, which counts like a filing's: from the
    # opening of the session after it, some hours after the archive was out. Cash flows of quarters are year to date
    "edgar_reports": {
        "fmp_income_statement": {
            **_REPORT,
            **_YEAR,
            "revenue": "revenues",
            "operating_income": "op_income",
            "net_income": "net_income",
            "eps": "eps_basic",
            "eps_diluted": "eps_diluted",
        },
        "fmp_balance_sheet": {
            **_REPORT,
            **_YEAR,
            "total_assets": "assets",
            "total_current_assets": "cur_assets",
            "total_current_liabilities": "cur_liab",
            "cash_and_equivalents": "cash",
            "total_stockholders_equity": "equity",
        },
        "fmp_cash_flow": {**_REPORT, **_YEAR, "operating_cash_flow": "cash_flow_op"},
    }
}
"""By name: {our dataset: {our column: their column}}."""
