"""Estimates, ratings and profiles as the vendor shows them to those who ask at given sessions."""

from datetime import timedelta

import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import Frame
from kairos.sandbox.estimates import QUARTERS_AHEAD, YEARS_AHEAD
from kairos.sandbox.market import Market
from kairos.sandbox.scores import SCORES
from kairos.sandbox.valuation import MILLION

MARGINS = {"ebitda": 0.21, "ebit": 0.15, "sgaExpense": 0.16}  # of revenue, as the vendor derives them
YEAR_ROWS, QUARTER_ROWS = 252, 63
EXCHANGES = {"NASDAQ": "NASDAQ Global Select", "NYSE": "New York Stock Exchange", "NYSEMKT": "NYSE American"}
SHORT = {"NYSEMKT": "AMEX"}
FUND, ADR = "ETF", "ADR Common Stock"
_SCORE_NAMES = (
    "discountedCashFlowScore",
    "returnOnEquityScore",
    "returnOnAssetsScore",
    "debtToEquityScore",
    "priceToEarningsScore",
    "priceToBookScore",
)

c = pl.col


def latest(asked: Frame, told: Frame, *, on: str = "known", by: str = "session") -> Frame:
    """Return each asking with the newest row of its name up to its session; nulls where there is none yet."""
    found = asked.sort(on).join_asof(told.sort(by), left_on=on, right_on=by, by="permaticker", check_sortedness=False)
    return found.drop(by, strict=False)


def estimate_rows(market: Market, asked: Frame, *, back: timedelta | None = None) -> Frame:
    """Return the consensus: permaticker, known, symbol, period and the vendor's fields.

    A period that has been reported keeps the last consensus before its report. Figures per share are on the split basis
    of the asking.

    Args:
        market: The market.
        asked: permaticker, known (session), symbol.
        back: How far back periods may have ended; all of them if not given.
    """
    ahead = (
        pl.when(c("period") == "FY")
        .then(c("known").dt.offset_by(f"{YEARS_AHEAD}y"))
        .otherwise(c("known").dt.offset_by(f"{3 * QUARTERS_AHEAD}mo"))
    )
    periods = market.periods.with_columns(
        eve=c("reported_at").dt.convert_time_zone(NEW_YORK.key).dt.date() - pl.duration(days=1)
    )
    wanted = asked.lazy().join(periods.lazy(), on="permaticker", how="inner").filter(c("period_end") <= ahead)
    if back is not None:
        wanted = wanted.filter(c("period_end") >= c("known") - back)
    observed = wanted.with_columns(observed=pl.min_horizontal("known", "eve")).collect()
    based = latest(asked.select("permaticker", "known").unique(), split_basis(market)).with_columns(
        c("cum_split").fill_null(1.0)
    )
    rows = latest(observed, market.estimates, on="observed").drop_nulls("earnings")
    rows = rows.join(based, on=["permaticker", "known"], how="left")
    return _with_estimates(rows).sort(
        "known", "symbol", c("period") != "FY", "period_end", descending=[False, False, False, True]
    )


def split_basis(market: Market) -> Frame:
    """Return the splits: permaticker, session, cum_split."""
    return market.events.filter(c("action") == "split").select("permaticker", "session", "cum_split")


def _with_estimates(rows: Frame) -> Frame:
    revenue, earned = c("sales") * c("sales_factor"), c("earnings") * c("earnings_factor")
    each = earned / (c("shares") * c("cum_split"))
    amounts = {"revenue": revenue, "netIncome": earned, **{name: revenue * share for name, share in MARGINS.items()}}
    fields = {}
    for name, mean in amounts.items():
        for end, side in (("Low", -1), ("High", 1), ("Avg", 0)):
            fields[f"{name}{end}"] = (mean + side * c("spread") * mean.abs()).round().cast(pl.Int64)
    for end, side in (("Avg", 0), ("High", 1), ("Low", -1)):
        fields[f"eps{end}"] = (each + side * c("spread") * each.abs()).round(5)
    return rows.with_columns(
        date=c("period_end").dt.to_string("%Y-%m-%d"),
        numAnalystsRevenue=c("analysts") + 2,
        numAnalystsEps=c("analysts"),
        **fields,
    )


def rating_rows(market: Market, asked: Frame) -> Frame:
    """Return the rating in force at each asking: permaticker, known, symbol, date (of the asking) and the stable fields."""
    rows = latest(asked, market.ratings).drop_nulls("rating_score").sort("known", "symbol")
    return rows.rename({"rating_score": "overallScore", **dict(zip(SCORES, _SCORE_NAMES, strict=True))}).with_columns(
        date=c("known").dt.to_string("%Y-%m-%d")
    )


def profile_rows(market: Market, asked: Frame) -> Frame:
    """Return what the vendor says of each name at each asking: permaticker, known, symbol and the profile's fields."""
    names = asked["permaticker"].unique().implode()
    bars = market.bars.filter(c("permaticker").is_in(names)).select("permaticker", "session", "close", "low", "high", "volume")
    traded = bars.with_columns(
        before=c("close").shift(1).over("permaticker"),
        lowest=c("low").rolling_min(YEAR_ROWS, min_samples=1).over("permaticker"),
        highest=c("high").rolling_max(YEAR_ROWS, min_samples=1).over("permaticker"),
        usual=c("volume").rolling_mean(QUARTER_ROWS, min_samples=1).over("permaticker"),
    )
    paid = market.events.filter(c("action") == "dividend").select("permaticker", "session", lastDividend="value")
    rows = latest(latest(asked, traded), paid)
    rows = latest(rows, market.daily.filter(c("permaticker").is_in(names)).select("permaticker", "session", "marketcap"))
    rows = rows.join(market.securities.drop("cap_first", "reason"), on="permaticker", how="left")
    return rows.with_columns(**_quoted(), **_described()).sort("known", "symbol")


def _quoted() -> dict[str, pl.Expr]:
    change = (c("close") - c("before").fill_null(c("close"))).round(4)
    return {
        "price": c("close").round(2),
        "marketCap": (c("marketcap") * MILLION).round().cast(pl.Int64),
        "beta": (0.6 + (c("permaticker") * 7919 % 90) / 100.0).round(2),
        "lastDividend": c("lastDividend").fill_null(0.0),
        "range": pl.format("{}-{}", c("lowest").round(2), c("highest").round(2)),
        "change": change,
        "changePercentage": (100.0 * change / c("close")).round(5),
        "volume": c("volume").cast(pl.Int64),
        "averageVolume": c("usual").round().cast(pl.Int64),
        "dcf": (c("close") * (0.8 + (c("permaticker") % 40) / 100.0)).round(2),
        "dcfDiff": pl.lit(0.0),
    }


def _described() -> dict[str, pl.Expr]:
    number, title = c("permaticker").cast(pl.String), c("name").str.to_titlecase()
    lower = c("symbol").str.to_lowercase()
    return {
        "companyName": title,
        "currency": pl.lit("USD"),
        "cik": number.str.zfill(10),
        "isin": pl.format("US{}0", "cusip"),
        "exchangeFullName": c("exchange").replace_strict(EXCHANGES, return_dtype=pl.String),
        "exchange": c("exchange").replace(SHORT),
        "website": pl.format("https://www.{}.example", lower),
        "description": pl.format("{} is a company of the {} sector.", title, "sector"),
        "ceo": pl.lit("A. Person"),
        "country": pl.lit("US"),
        "fullTimeEmployees": (c("permaticker") * 31 % 90_000 + 100).cast(pl.String),
        "phone": pl.lit("555 0100"),
        "address": pl.lit("1 Example Way"),
        "city": pl.lit(""),  # descriptive texts may be empty or null
        "state": pl.lit(None, dtype=pl.String),
        "zip": pl.lit("90000"),
        "image": pl.format("https://images.example/{}.png", "symbol"),
        "ipoDate": c("first_session").dt.to_string("%Y-%m-%d"),
        "defaultImage": pl.lit(False),
        "isEtf": c("category") == FUND,
        "isActivelyTrading": c("last_session").is_null() | (c("known") <= c("last_session")),
        "isAdr": c("category") == ADR,
        "isFund": pl.lit(False),
    }
