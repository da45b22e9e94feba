"""Which security a raw row belongs to: the TICKERS snapshot in force when its payload was received decides."""

from datetime import timedelta

import polars as pl

from kairos.frames import Frame, require_columns
from kairos.sources.files import with_minted_permaticker

PRICE_TABLES = ("SEP", "SFP")  # TICKERS has one row per vendor table; only these describe prices
SAME_PULL = timedelta(hours=1)  # datasets of one evening's pull arrive minutes apart, in no fixed order
_NAMES = ["source", "ticker"]


def price_tickers(raw_tickers: Frame) -> Frame:
    """Return the rows of raw TICKERS that describe priced securities, oldest delivery first."""
    priced = raw_tickers.filter(pl.col("table").is_in(PRICE_TABLES))
    return priced.sort("fetched_at", "lastpricedate", "payload_id", "row", nulls_last=False)


def with_permaticker(rows: Frame, raw_tickers: Frame, *, grace: timedelta = timedelta(0)) -> Frame:
    """Add the column permaticker (Int64) to raw rows; null where no snapshot knows the ticker.

    A row takes the security that bore its ticker in the last TICKERS snapshot received before it, or else in the
    earliest later one. Where that security had stopped trading before the row's date, the ticker was used again and the
    next bearer takes the row. Sources that deliver no TICKERS get minted ids.

    Args:
        rows: Raw rows with source, ticker, fetched_at and date.
        raw_tickers: All deliveries of raw TICKERS.
        grace: How long after a last price a ticker's rows still belong to the security that died.
    """
    require_columns(rows, ("source", "ticker", "fetched_at", "date"), where="raw rows")
    bearers = _bearers(raw_tickers)
    pulls = rows.select("source", "ticker", "fetched_at").unique()
    numbered = pulls.join(bearers.select("source").unique(), on="source", how="semi")
    files = pulls.join(bearers.select("source").unique(), on="source", how="anti")
    found = pl.concat([_by_snapshot(numbered, bearers), with_minted_permaticker(files)], how="diagonal_relaxed")
    joined = rows.join(found, on=["source", "ticker", "fetched_at"], how="left", maintain_order="left")
    reused = (pl.col("_died") < pl.col("date") - pl.lit(grace)) & pl.col("_next").is_not_null()
    chosen = pl.when(reused).then("_next").otherwise("permaticker").alias("permaticker")
    return joined.with_columns(chosen).drop("_died", "_next")


def _bearers(raw_tickers: Frame) -> Frame:
    """One row per change of bearer or of its last price, per source and ticker, by fetched_at."""
    died = pl.when(pl.col("isdelisted") == "Y").then("lastpricedate").alias("_died")
    rows = (
        price_tickers(raw_tickers)
        .select(*_NAMES, "fetched_at", "permaticker", died)
        .sort(*_NAMES, "fetched_at", maintain_order=True)
    )
    rows = rows.unique([*_NAMES, "fetched_at"], keep="last", maintain_order=True)
    changed = [pl.col(fact).ne_missing(pl.col(fact).shift(1).over(_NAMES)) for fact in ("permaticker", "_died")]
    rows = rows.filter(pl.any_horizontal(changed))
    later = pl.col("permaticker").shift(-1).over(_NAMES)
    other = pl.when(later != pl.col("permaticker")).then(later)
    return rows.with_columns(other.backward_fill().over(_NAMES).alias("_next"))


def _by_snapshot(pulls: Frame, bearers: Frame) -> Frame:
    shifted = pulls.with_columns((pl.col("fetched_at") + SAME_PULL).alias("_until")).sort("_until")
    known = bearers.with_columns(pl.col("fetched_at").alias("_until")).drop("fetched_at").sort("_until")
    before = shifted.join_asof(known, on="_until", by=_NAMES, strategy="backward", check_sortedness=False)
    unknown = before.filter(pl.col("permaticker").is_null()).select(*_NAMES, "fetched_at", "_until")
    after = unknown.join_asof(known, on="_until", by=_NAMES, strategy="forward", check_sortedness=False)
    return pl.concat([before.filter(pl.col("permaticker").is_not_null()), after]).drop("_until")
