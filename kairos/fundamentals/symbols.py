"""Which security a vendor's symbol means: the one that bore it on the day the row was fetched."""

from datetime import timedelta

import polars as pl

from kairos.frames import Frame, require_columns
from kairos.market.tickers import MINTED, without_number

GRACE = timedelta(days=400)  # a company still files after its last price, and files before its first
_NAMES = ["_name", "permaticker", "valid_from", "valid_to"]


def with_security(rows: Frame, tickers: Frame) -> Frame:
    """Add permaticker (Int64) to rows that have symbol, fetched_on and about; null where no security bears the symbol.

    The bearer on the day of the fetch takes the row; else the last one before it, if the row is about its lifetime; else
    the next one, if it comes soon. A dead security that the vendor numbers (ABC1) is found by the name it bore.

    Args:
        rows: Has symbol, fetched_on (Date) and about, the date the row speaks of.
        tickers: The `tickers` table.
    """
    require_columns(rows, ("symbol", "fetched_on", "about"), where="feed rows")
    names = _names(tickers)
    asked = rows.select("symbol", "fetched_on", "about").unique().with_columns(_plain("symbol").alias("_name"))
    asked = asked.with_columns(without_number(pl.col("_name")).alias("_bare")).sort("symbol", "fetched_on", "about")
    found = _bearer(asked, names, day="fetched_on")
    numbered = (pl.col("_bare") != pl.col("_name")) & pl.col("permaticker").is_null()
    lost = found.filter(numbered).drop("permaticker").with_columns(pl.col("_bare").alias("_name"))
    dead = names.filter(pl.col("valid_to").is_not_null())
    mapped = pl.concat([found.filter(~numbered.fill_null(False)), _bearer(lost, dead, day="about")])
    return rows.drop("permaticker", strict=False).join(
        mapped.select("symbol", "fetched_on", "about", "permaticker"),
        on=["symbol", "fetched_on", "about"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )


def _plain(column: str) -> pl.Expr:
    """Write a class share in one way: BRK-B and BRK/B are BRK.B."""
    return pl.col(column).str.strip_chars().str.to_uppercase().str.replace_all(r"[-/]", ".")


def _names(tickers: Frame) -> Frame:
    """Names borne, a vendor's security before one minted from a file's symbols."""
    minted = (pl.col("source") == MINTED).alias("_minted")
    named = tickers.select("permaticker", "valid_from", "valid_to", minted, _plain("ticker").alias("_name"))
    listed = named.filter(~pl.col("_minted")).select("_name").unique()
    chosen = pl.concat([named.filter(~pl.col("_minted")), named.filter("_minted").join(listed, on="_name", how="anti")])
    return chosen.select(_NAMES).sort("valid_from", "permaticker")


def _bearer(asked: Frame, names: Frame, *, day: str) -> Frame:
    queries = asked.with_row_index("_at").sort(day)
    before, after = (
        queries.join_asof(
            names, left_on=day, right_on="valid_from", by="_name", strategy=way, check_sortedness=False, coalesce=False
        )
        for way in ("backward", "forward")
    )
    lasting = pl.col("valid_to").is_null() | (pl.col("about") <= pl.col("valid_to") + GRACE)
    soon = pl.col("valid_from") <= pl.col(day) + GRACE
    first = before.select("_at", pl.when(lasting).then("permaticker").alias("permaticker"))
    second = after.select("_at", pl.when(soon).then("permaticker").alias("_next"))
    joined = asked.with_row_index("_at").join(first, on="_at").join(second, on="_at").sort("_at")
    return joined.with_columns(pl.coalesce("permaticker", "_next").alias("permaticker")).drop("_at", "_next")
