"""Sharadar's SF1 as of a knowledge session: first filings (AR*) and latest versions (MR*), per share on today's split basis."""

from datetime import date

import polars as pl

from kairos.frames import Frame
from kairos.sandbox.accounts import FLOWS
from kairos.sandbox.catalog import SF1
from kairos.sandbox.fmp_statements import DILUTION
from kairos.sandbox.market import Market

TRAILING = 4
_ITEMS = {
    "assets": "total_assets",
    "assetsc": "total_current_assets",
    "capex": "capital_expenditure",
    "cashneq": "cash_and_equivalents",
    "cor": "cost_of_revenue",
    "debtc": "short_term_debt",
    "debtnc": "long_term_debt",
    "depamor": "depreciation_and_amortization",
    "ebit": "operating_income",
    "ebitda": "ebitda",
    "ebt": "income_before_tax",
    "equity": "total_stockholders_equity",
    "gp": "gross_profit",
    "intangibles": "goodwill_and_intangibles",
    "intexp": "interest_expense",
    "inventory": "inventory",
    "investmentsc": "short_term_investments",
    "liabilities": "total_liabilities",
    "liabilitiesc": "total_current_liabilities",
    "ncf": "net_change_in_cash",
    "ncfcommon": "stock_repurchased",
    "ncfdebt": "debt_issued",
    "ncfdiv": "dividends_paid",
    "ncfo": "operating_cash_flow",
    "netinc": "net_income",
    "opinc": "operating_income",
    "receivables": "net_receivables",
    "retearn": "retained_earnings",
    "revenue": "revenue",
    "rnd": "research_and_development",
    "sbcomp": "stock_based_compensation",
    "taxexp": "income_tax_expense",
}

c = pl.col


def sf1_rows(market: Market, names: Frame, known: date) -> Frame:
    """Return the rows of SF1 in the vendor's columns.

    A report shows on the session after its filing date; a company's rows are all stamped anew with each one and each split.

    Args:
        market: The market.
        names: Securities with their current tickers and last_split; see `VendorView.names`.
        known: Newest session published.
    """
    sessions = pl.DataFrame({"out": market.sessions}, schema={"out": pl.Date})
    dated = market.filings.with_columns(
        day=c("served_at").dt.convert_time_zone("America/New_York").dt.date().dt.offset_by("1d")
    )
    shown = dated.sort("day").join_asof(sessions, left_on="day", right_on="out", strategy="forward").filter(c("out") <= known)
    shown = shown.join(names.select("permaticker", "ticker", "last_split"), on="permaticker", how="inner")
    shown = shown.sort("permaticker", "quarter", "version")
    first = shown.filter(c("version") == 1)
    latest = shown.group_by("permaticker", "quarter", "period", maintain_order=True).last().select(shown.columns)
    parts = [_dimensions(rows, kind) for rows, kind in ((first, "AR"), (latest, "MR"))]
    stamped = pl.concat(parts).join(_stamps(market, shown, known), on="permaticker", how="left")
    return _shaped(stamped).select(*SF1.columns)


def _dimensions(rows: Frame, kind: str) -> Frame:
    """Return quarters, years and trailing years of one basis, told apart by `dimension`."""
    quarters, years = rows.filter(c("period") != "FY"), rows.filter(c("period") == "FY")
    whole = c("quarter") - c("quarter").shift(TRAILING - 1) == TRAILING - 1
    summed = [c(name).rolling_sum(TRAILING).over("permaticker").alias(name) for name in FLOWS]
    trailing = quarters.with_columns(*summed, whole=whole.over("permaticker")).filter(c("whole")).drop("whole")
    frames = {"Q": quarters, "Y": years, "T": trailing}
    return pl.concat([frame.with_columns(dimension=pl.lit(kind + end)) for end, frame in frames.items()])


def _stamps(market: Market, shown: Frame, known: date) -> Frame:
    split = market.events.filter(c("action") == "split", c("session") <= known).group_by("permaticker").agg(c("session").max())
    newest = shown.group_by("permaticker").agg(c("out").max()).join(split, on="permaticker", how="left")
    return newest.select("permaticker", lastupdated=pl.max_horizontal("out", "session"))


def _shaped(rows: Frame) -> Frame:
    normal = c("period_end").dt.offset_by("45d").dt.truncate("1q").dt.offset_by("-1d")
    yearly = c("dimension").str.ends_with("Y")
    reported = c("dimension").str.starts_with("AR")
    basic = c("shares") / c("cum_split") * c("last_split")
    sized = rows.with_columns(
        *(c(item).alias(name) for name, item in _ITEMS.items()),
        calendardate=pl.when(yearly).then(pl.date(normal.dt.year(), 12, 31)).otherwise(normal),
        datekey=pl.when(reported).then("filing_date").otherwise("period_end"),
        reportperiod=c("period_end"),
        fiscalperiod=pl.format("{}-{}", "fiscal_year", "period"),
        marketcap=pl.when(reported).then("cap_filed").otherwise("cap_end"),
        sharesbas=basic.round(),
        shareswadil=(basic * DILUTION).round(),
        debt=c("short_term_debt") + c("long_term_debt"),
        fcf=c("operating_cash_flow") + c("capital_expenditure"),
    )
    worked = sized.with_columns(**_derived()).with_columns(**_multiples())
    missing = [name for name in SF1.columns if name not in worked.columns]
    averages = ("assetsavg", "equityavg", "invcapavg", "roa", "roe", "roic", "assetturnover")
    quarterly = c("dimension").str.ends_with("Q")
    blank = [pl.when(~quarterly).then(name).alias(name) for name in averages]
    filled = worked.with_columns(pl.lit(0.0).alias(name) for name in missing).with_columns(blank)
    return filled.with_columns(pl.when(c(pl.Float64).is_finite()).then(c(pl.Float64)))


def _derived() -> dict[str, pl.Expr]:
    return {
        "assetsavg": c("assets"),
        "assetsnc": c("assets") - c("assetsc"),
        "equityavg": c("equity"),
        "ev": c("marketcap") + c("debt") - c("cashneq"),
        "invcap": c("debt") + c("equity"),
        "invcapavg": c("debt") + c("equity"),
        "investments": c("investmentsc"),
        "liabilitiesnc": c("liabilities") - c("liabilitiesc"),
        "netinccmn": c("netinc"),
        "opex": c("gp") - c("opinc"),
        "payables": 0.5 * (c("liabilitiesc") - c("debtc")),
        "ppnenet": c("assets") - c("assetsc") - c("intangibles"),
        "price": (c("marketcap") / c("sharesbas")).round(4),
        "sgna": c("gp") - c("rnd") - c("opinc"),
        "shareswa": c("sharesbas"),
        "sharefactor": pl.lit(1.0),
        "fxusd": pl.lit(1.0),
        "tangibles": c("assets") - c("intangibles"),
        "workingcapital": c("assetsc") - c("liabilitiesc"),
        **{f"{name}usd": c(name) for name in ("cashneq", "debt", "ebitda", "ebit", "equity", "revenue")},
        "netinccmnusd": c("netinc"),
    }


def _multiples() -> dict[str, pl.Expr]:
    each = {"bvps": "equity", "fcfps": "fcf", "sps": "revenue", "eps": "netinc", "epsusd": "netinc", "tbvps": "tangibles"}
    return {
        **{name: (c(item) / c("sharesbas")).round(4) for name, item in each.items()},
        "epsdil": (c("netinc") / c("shareswadil")).round(4),
        "dps": (-c("ncfdiv") / c("sharesbas")).round(4),
        "assetturnover": c("revenue") / c("assets"),
        "currentratio": c("assetsc") / c("liabilitiesc"),
        "de": c("liabilities") / c("equity"),
        "divyield": -c("ncfdiv") / c("marketcap"),
        "ebitdamargin": c("ebitda") / c("revenue"),
        "evebit": c("ev") / c("ebit"),
        "evebitda": c("ev") / c("ebitda"),
        "grossmargin": c("gp") / c("revenue"),
        "netmargin": c("netinc") / c("revenue"),
        "payoutratio": -c("ncfdiv") / c("netinc"),
        "pb": c("marketcap") / c("equity"),
        **dict.fromkeys(("pe", "pe1"), c("marketcap") / c("netinc")),
        **dict.fromkeys(("ps", "ps1"), c("marketcap") / c("revenue")),
        "roa": c("netinc") / c("assets"),
        "roe": c("netinc") / c("equity"),
        "roic": c("ebit") / c("invcap"),
        "ros": c("ebit") / c("revenue"),
    }
