"""Securities and the tickers they bore, from TICKERS and rename actions, or from a file's own symbols."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import polars as pl

from kairos.frames import Frame, require_columns
from kairos.market.dates import before, on_or_after, session_table
from kairos.market.identity import price_tickers, with_permaticker
from kairos.market.renames import Bearer, Change, Rename, filed_renames, trace
from kairos.sources.files import with_minted_permaticker
from kairos.tables.market import TICKERS

MINTED = "minted"
REASON_WINDOW = timedelta(days=60)  # an action this far from the last price does not explain it

MERGERS = (
    "acquisitionby", "acquisitioncash", "acquisitionstock", "acquisitionelectcash", "acquisitionelectstock", "mergerto",
    "spacmerger",
)  # fmt: skip
# Shumway (1997) counts delistings at the company's request among the performance delistings
FAILURES = ("bankruptcyliquidation", "regulatorydelisting", "voluntarydelisting")
_ATTRIBUTES = ("name", "exchange", "category", "sector", "industry", "firstpricedate", "lastpricedate")
_NUMBERED = r"^(.*\D)\d+$"


def securities(raw_tickers: Frame, raw_actions: Frame, raw_sep_spans: Frame) -> Frame:
    """Return every security under every ticker it bore, in the form of `tickers`.

    A ticker is the one borne at the time, without the number that the vendor puts behind a dead security's once another
    bears it. Attributes are the newest delivered ones, taken as known (`assumed`) from the publication of the first price;
    the vendor's size class is never used, since it is today's.

    Args:
        raw_tickers: All deliveries of raw TICKERS.
        raw_actions: All deliveries of raw ACTIONS.
        raw_sep_spans: source, ticker, first_date, last_date of SEP rows whose source delivers no TICKERS.
    """
    newest = price_tickers(raw_tickers).unique("permaticker", keep="last", maintain_order=True)
    newest = newest.with_columns(
        (pl.col("isdelisted") == "Y").fill_null(False).alias("isdelisted"),
        pl.coalesce("firstpricedate", "firstadded", pl.col("fetched_at").dt.date()).alias("_first"),
    ).join(_delisting_reasons(newest, raw_tickers, raw_actions), on="permaticker", how="left")
    vendor = _intervals(newest, filed_renames(raw_actions))
    spans = raw_sep_spans.join(raw_tickers.select("source").unique(), on="source", how="anti")
    listed = pl.concat([vendor, _minted(spans)], how="diagonal")
    return TICKERS.conform(_known(_as_borne(listed))).sort("permaticker", "valid_from")


def without_number(ticker: pl.Expr) -> pl.Expr:
    """Return the ticker that a dead security bore, from what the vendor files it under once another bears it: ABC of ABC1."""
    return ticker.str.replace(_NUMBERED, "$1")


def _delisting_reasons(newest: Frame, raw_tickers: Frame, raw_actions: Frame) -> Frame:
    """Permaticker and delisting_reason of the delisted: the explaining action nearest to the last price."""
    dead = newest.filter(pl.col("isdelisted") == "Y").select("permaticker", "lastpricedate")
    found = raw_actions.filter(pl.col("action").is_in([*MERGERS, *FAILURES]))
    mapped = with_permaticker(found, raw_tickers, grace=REASON_WINDOW).join(dead, on="permaticker")
    distance = (pl.col("date") - pl.col("lastpricedate")).abs()
    reason = pl.when(pl.col("action").is_in(FAILURES)).then(pl.lit("performance")).otherwise(pl.lit("merger"))
    explained = (
        mapped.with_columns(distance.alias("_distance"), reason.alias("delisting_reason"))
        .filter(pl.col("_distance").fill_null(timedelta(0)) <= REASON_WINDOW)
        # on a tie the failure stands, which flatters nobody
        .sort("permaticker", "_distance", "delisting_reason", descending=[False, False, True])
        .unique("permaticker", keep="first", maintain_order=True)
    )
    return dead.join(explained.select("permaticker", "delisting_reason"), on="permaticker", how="left").select(
        "permaticker", pl.col("delisting_reason").fill_null("unknown")
    )


def _intervals(newest: Frame, renames: Sequence[Rename]) -> Frame:
    """One row per security and ticker, with valid_from and valid_to."""
    dead_on = pl.when("isdelisted").then("lastpricedate").alias("_died")
    lives = newest.select("permaticker", "ticker", "_first", dead_on)
    changes = trace((Bearer(*life) for life in lives.iter_rows()), renames)
    rows = [row for life in lives.iter_rows() for row in _names_of(life, changes)]
    schema = {"permaticker": pl.Int64, "ticker": pl.String, "_from": pl.Date, "_until": pl.Date, "_died": pl.Date}
    names = pl.DataFrame(rows, schema=schema, orient="row")
    dated = before(on_or_after(names, "_from", name="valid_from"), "_until", name="_last")
    attributes = newest.select("permaticker", "isdelisted", "delisting_reason", "source", *_ATTRIBUTES)
    valid_to = pl.when(pl.col("_until").is_null()).then("_died").otherwise("_last").alias("valid_to")
    lasting = pl.col("valid_to").is_null() | (pl.col("valid_to") >= pl.col("valid_from"))
    return dated.with_columns(valid_to).filter(lasting).join(attributes, on="permaticker", maintain_order="left")


def _names_of(
    life: tuple[int, str, date, date | None], changes: Mapping[int, list[Change]]
) -> list[tuple[int, str, date, date | None, date | None]]:
    permaticker, current, first, died = life
    mine = changes.get(permaticker, [])
    names = [*(change.older for change in mine), current]
    starts = [first, *(change.day for change in mine)]
    ends = [*(change.day for change in mine), None]
    return [(permaticker, name, start, end, died) for name, start, end in zip(names, starts, ends, strict=True)]


def _minted(spans: Frame) -> Frame:
    """Securities made of a file's symbols: alive as far as anybody knows."""
    require_columns(spans, ("source", "ticker", "first_date", "last_date"), where="raw_sep_spans")
    whole = spans.group_by("source", "ticker").agg(pl.col("first_date").min(), pl.col("last_date").max())
    dated = on_or_after(with_minted_permaticker(whole), "first_date", name="valid_from")
    return dated.filter(pl.col("valid_from").is_not_null()).select(
        "permaticker",
        "ticker",
        "valid_from",
        pl.lit(None, dtype=pl.Date).alias("valid_to"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("name", "exchange", "category", "sector", "industry")),
        pl.col("first_date").alias("firstpricedate"),
        pl.col("last_date").alias("lastpricedate"),
        pl.lit(False).alias("isdelisted"),
        pl.lit(None, dtype=pl.String).alias("delisting_reason"),
        pl.lit(MINTED).alias("source"),
    )


def _as_borne(listed: Frame) -> Frame:
    """Take the vendor's number off a dead security's ticker: that it was used again later is nothing its own days knew."""
    bare = without_number(pl.col("ticker"))
    taken = pl.col("valid_from").max().over("source", bare)  # when the newest bearer came
    reused = pl.col("isdelisted") & (taken > pl.col("valid_to")).fill_null(False)
    return listed.with_columns(pl.when(reused).then(bare).otherwise("ticker").alias("ticker"))


def _known(listed: Frame) -> Frame:
    """Stamp every row with the publication of its security's first price."""
    first = listed.group_by("permaticker").agg(pl.col("valid_from").min().alias("session"))
    stamped = first.join(session_table().select("session", "known_at"), on="session")
    return listed.join(stamped.drop("session"), on="permaticker").with_columns(pl.lit("assumed").alias("known_source"))
