"""The return of a security's last day that no price shows: what a holder got when it was struck from the exchange."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from kairos.frames import Frame
from kairos.market.dates import on_or_after

# Shumway (1997): a performance delisting loses 30 % on NYSE and AMEX; Shumway & Warther (1999): 55 % on Nasdaq
PERFORMANCE_RETURN = -0.30
PERFORMANCE_RETURN_NASDAQ = -0.55


def delisting_returns(rows: Frame, tickers: Frame, *, sessions_loaded: Sequence[date], unknown: float) -> Frame:
    """Return the delisting rows of securities that stopped trading, in the form of `daily_returns`.

    The row stands on the session after the last price, if prices are loaded up to there. Mergers have none: nothing comes
    beyond the last price. A file's symbols have none either: that a series ends does not say that its company died.

    Args:
        rows: Priced rows with permaticker and session, at least of the last year in which they traded.
        tickers: The `tickers` table.
        sessions_loaded: Sessions whose prices are loaded.
        unknown: Return where no reason is stated.
    """
    facts = tickers.filter(pl.col("isdelisted") & (pl.col("delisting_reason") != "merger"))
    dead = facts.sort("valid_from").unique("permaticker", keep="last")
    ends = rows.group_by("permaticker").agg(pl.col("session").max().alias("_last")).join(
        dead.select("permaticker", "exchange", "delisting_reason", "lastpricedate"), on="permaticker"
    ).with_columns((pl.max_horizontal("_last", "lastpricedate") + pl.duration(days=1)).alias("_after"))  # fmt: skip
    loaded = max(sessions_loaded, default=date.min)
    due = on_or_after(ends, "_after").filter(pl.col("session") <= loaded)
    nasdaq = (pl.col("exchange") == "NASDAQ").fill_null(False)
    failed = pl.when(nasdaq).then(PERFORMANCE_RETURN_NASDAQ).otherwise(PERFORMANCE_RETURN)
    ret = pl.when(pl.col("delisting_reason") == "performance").then(failed).otherwise(unknown)
    nothing = ("high_to_close", "low_to_close", "dollar_volume", "closeunadj")
    return due.with_columns(
        ret.alias("ret_cc"),
        ret.alias("ret_co"),
        pl.lit(0.0).alias("ret_oc"),
        *(pl.lit(None, dtype=pl.Float64).alias(name) for name in nothing),
        pl.lit("delisting").alias("ret_source"),
        pl.lit(True).alias("is_delisting"),
    )
