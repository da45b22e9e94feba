"""Which security a corporate action belongs to: by the names in `tickers`, and by those its prices were filed under."""

from datetime import timedelta

import polars as pl

from kairos.frames import Frame
from kairos.market.tickers import MINTED, without_number
from kairos.sources.files import with_minted_permaticker

BEFORE_FIRST = timedelta(days=30)  # listings are dated a little before the first price
AFTER_LAST = timedelta(days=400)  # liquidations may be filed long after the last
_NAMES = ["source", "ticker"]


def with_bearer(rows: Frame, tickers: Frame, versions: Frame) -> Frame:
    """Add permaticker to raw actions; null where no security that lived on the date bore the ticker.

    The security that bore the ticker on the date goes first, then one that bears it now (vendors file history under the
    present name), then a dead one that bore it without its number, then one whose prices of the time were filed under it.

    Args:
        rows: Raw actions with source, ticker and date.
        tickers: The `tickers` table.
        versions: Rows of `sep_versions` around the dates.
    """
    numbered = rows.with_row_index("_row")
    asked = numbered.select("_row", *_NAMES, "date")
    vendor = asked.join(tickers.select("source").unique(), on="source", how="semi")
    files = asked.join(tickers.select("source").unique(), on="source", how="anti")
    minted = tickers.filter(pl.col("source") == MINTED).select("permaticker")
    bare = vendor.with_columns(without_number(pl.col("ticker")))
    found = [
        _by_name(vendor, tickers),
        _by_name(bare, tickers.filter("isdelisted")),
        _by_filing(vendor, versions),
        with_minted_permaticker(files).join(minted, on="permaticker", how="semi").select("_row", "permaticker"),
    ]
    first = pl.concat(found).unique("_row", keep="first", maintain_order=True)
    return numbered.join(first, on="_row", how="left", maintain_order="left").drop("_row")


def _by_name(asked: Frame, tickers: Frame) -> Frame:
    lives = tickers.select(
        *_NAMES, "permaticker", "valid_from", "valid_to", "firstpricedate", "lastpricedate", "isdelisted"
    )  # fmt: skip
    date = pl.col("date")
    begun = (date >= pl.col("firstpricedate") - BEFORE_FIRST).fill_null(True)
    ended = pl.col("isdelisted") & (date > pl.col("lastpricedate") + AFTER_LAST)
    bore = (date >= pl.col("valid_from")) & (pl.col("valid_to").is_null() | (date <= pl.col("valid_to")))
    present = pl.col("valid_to").is_null() | (pl.col("valid_to") == pl.col("lastpricedate"))
    fitting = asked.join(lives, on=_NAMES).filter(begun & ~ended.fill_null(False))
    ranked = fitting.with_columns(bore.alias("_bore"), present.fill_null(False).alias("_present"))
    ranked = ranked.sort("_row", "_bore", "_present", "valid_from", descending=[False, True, True, True])
    return ranked.select("_row", "permaticker").unique("_row", keep="first", maintain_order=True)


def _by_filing(asked: Frame, versions: Frame) -> Frame:
    filed = versions.group_by(*_NAMES, "permaticker").agg(
        pl.col("session").min().alias("first"), pl.col("session").max().alias("last")
    )
    within = pl.col("date").is_between(pl.col("first") - BEFORE_FIRST, pl.col("last") + BEFORE_FIRST)
    return asked.join(filed, on=_NAMES).filter(within).sort("_row", "first").select("_row", "permaticker")
