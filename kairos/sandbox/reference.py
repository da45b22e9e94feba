"""The TICKERS table as the vendor shows it at one session: current values only, one row per security and vendor table."""

from datetime import date

import polars as pl

from kairos.frames import Frame
from kairos.sandbox.market import Market
from kairos.sandbox.valuation import VALUED

SCALES = ((50.0, "1 - Nano"), (300.0, "2 - Micro"), (2e3, "3 - Small"), (1e4, "4 - Mid"), (2e5, "5 - Large"))
LARGEST = "6 - Mega"
FILINGS = "https://www.sec.gov/cgi-bin/browse-edgar?action=getcompany&CIK="


def tickers_rows(market: Market, names: Frame, known: date) -> Frame:
    """Return the rows of TICKERS; securities with accounts have a second row for table SF1.

    Args:
        market: The market.
        names: Securities with their current tickers; see `VendorView.names`.
        known: Newest session published.
    """
    listed = market.securities.drop("name").join(names, on="permaticker", how="inner")
    ended = market.events.filter(pl.col("action") == "delisted", pl.col("known") <= known)
    listed = listed.join(ended.select("permaticker", delisted_on="known"), on="permaticker", how="left")
    listed = listed.join(_scales(market, known), on="permaticker", how="left")
    described = listed.with_columns(*_described())
    tables = [described.with_columns(table=pl.lit("SEP")), described.filter(pl.col("category").is_in(VALUED))]
    return pl.concat([tables[0], tables[1].with_columns(table=pl.lit("SF1"))]).sort("table", "permaticker", "ticker")


def _described() -> list[pl.Expr]:
    nothing = ("sicsector", "sicindustry", "famasector", "famaindustry", "relatedtickers", "companysite")
    dead = pl.col("delisted_on").is_not_null()
    quarter_before = [
        pl.col(price).dt.truncate("1q").dt.offset_by("-1d").alias(quarter)
        for price, quarter in (("first_session", "firstquarter"), ("lastpricedate", "lastquarter"))
    ]
    return [
        pl.when(dead).then(pl.lit("Y")).otherwise(pl.lit("N")).alias("isdelisted"),
        pl.col("cusip").alias("cusips"),
        pl.col("first_session").alias("firstadded"),
        pl.col("first_session").alias("firstpricedate"),
        pl.max_horizontal("lastpricedate", "delisted_on", "taken_on").alias("lastupdated"),
        pl.lit("USD").alias("currency"),
        (pl.lit(FILINGS) + pl.col("permaticker").cast(pl.String).str.zfill(10)).alias("secfilings"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in nothing),
        *quarter_before,
    ]


def _scales(market: Market, known: date) -> Frame:
    seen = market.daily.lazy().filter(pl.col("session") <= known)
    last = seen.group_by("permaticker").agg(pl.col("marketcap").last(), pl.col("ps").last())
    revenue = pl.col("marketcap") / pl.col("ps")
    scaled = last.select(
        "permaticker", _scale(pl.col("marketcap")).alias("scalemarketcap"), _scale(revenue).alias("scalerevenue")
    )
    return scaled.collect()


def _scale(millions: pl.Expr) -> pl.Expr:
    label: pl.Expr = pl.when(millions.is_not_null()).then(pl.lit(LARGEST))
    for bound, name in reversed(SCALES):
        label = pl.when(millions < bound).then(pl.lit(name)).otherwise(label)
    return label
