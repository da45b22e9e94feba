"""Daily valuation metrics in USD, as first delivered: what was visible on the day is never rewritten."""

import polars as pl

from kairos.frames import Frame
from kairos.market.cleaned import ROW_REJECTED, VALUE_NULLED, Cleaned, set_aside
from kairos.market.dates import session_table, within_year
from kairos.market.identity import with_permaticker
from kairos.tables.market import DAILY_METRICS

WRITER = "daily_metrics"
MILLION = 1e6
METRICS = ("marketcap", "ev", "evebit", "evebitda", "pe", "pb", "ps")
_KEY = ["permaticker", "session"]
_DELIVERY = [*_KEY, "fetched_at"]
_DETAILS = ("ticker", "session", *METRICS)


def daily_metrics(raw_daily: Frame, raw_tickers: Frame, *, year: int) -> Cleaned:
    """Return a year's metrics with market cap and enterprise value in USD; the vendor sends millions.

    The first delivery of a session stands, known (`assumed`) with that session's prices. One without a market cap gives
    way to the first that has it, known from its receipt (`observed`). Restatements stay in raw DAILY.

    Args:
        raw_daily: Rows of raw DAILY, all deliveries.
        raw_tickers: All deliveries of raw TICKERS.
        year: Calendar year of the rows handed back.
    """
    first, last = within_year(year)
    rows = with_permaticker(raw_daily.filter(pl.col("date").is_between(first, last)), raw_tickers)
    rows = rows.rename({"date": "session"}).with_columns(pl.lit(year).alias("year"), *_finite())
    reason = (
        pl.when(pl.col("permaticker").is_null())
        .then(pl.lit("unknown_ticker"))
        .when(~pl.col("session").is_in(session_table()["session"].implode()))
        .then(pl.lit("not_a_session"))
        .alias("reason")
    )
    judged = rows.with_columns(reason)
    lost = judged.filter(pl.col("reason").is_not_null())
    good, useless = _positive_caps(judged.filter(pl.col("reason").is_null()).drop("reason"))
    once, doubles, again = _without_duplicates(good)
    chosen = _first_sight(once)
    lines = [_lines(lost, ROW_REJECTED), _lines(doubles, ROW_REJECTED), _lines(useless, VALUE_NULLED)]
    return Cleaned(DAILY_METRICS.conform(chosen).sort(_KEY), pl.concat(lines), repeated=again + once.height - chosen.height)


def _finite() -> list[pl.Expr]:
    return [pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in METRICS]


def _lines(rows: Frame, action: str) -> Frame:
    return set_aside(rows, _DETAILS, writer=WRITER, dataset="daily", action=action)


def _positive_caps(rows: Frame) -> tuple[Frame, Frame]:
    bad = (pl.col("marketcap") <= 0).fill_null(False)
    useless = rows.filter(bad).with_columns(pl.lit("nonpositive_marketcap").alias("reason"))
    return rows.with_columns(pl.when(~bad).then("marketcap").alias("marketcap")), useless


def _without_duplicates(rows: Frame) -> tuple[Frame, Frame, int]:
    """Keep one of equal rows of a delivery, and none where they differ; count what several payloads of it said."""
    rows = rows.sort(*_DELIVERY, "payload_id", "row")
    several = rows.filter(pl.struct(_DELIVERY).is_duplicated())
    if several.is_empty():
        return rows, rows.clear().with_columns(pl.lit("").alias("reason")), 0
    agree = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).first()) for name in METRICS).all().over(_DELIVERY)
    within = ~pl.struct(*_DELIVERY, "payload_id").is_first_distinct()
    reason = pl.when(~agree).then(pl.lit("conflicting_duplicate")).when(within).then(pl.lit("duplicate_row"))
    judged = several.with_columns(reason.alias("reason"))
    doubles = judged.filter(pl.col("reason").is_not_null())
    kept = rows.join(doubles, on=["payload_id", "row"], how="anti", maintain_order="left")
    once = kept.unique(_DELIVERY, keep="first", maintain_order=True)
    return once, doubles, kept.height - once.height


def _first_sight(rows: Frame) -> Frame:
    has_cap = pl.col("marketcap").is_not_null()
    known = session_table().select("session", "known_at")
    ranked = rows.join(known, on="session", how="left").sort(*_DELIVERY)
    first = pl.struct(_KEY).is_first_distinct()
    ranked = ranked.with_columns(first.alias("_first"), has_cap.alias("_has_cap"))
    chosen = ranked.sort(*_KEY, "_has_cap", "fetched_at", descending=[False, False, True, False]).unique(
        _KEY, keep="first", maintain_order=True
    )
    return chosen.with_columns(
        pl.when("_first").then("known_at").otherwise(pl.max_horizontal("known_at", "fetched_at")).alias("known_at"),
        pl.when("_first").then(pl.lit("assumed")).otherwise(pl.lit("observed")).alias("known_source"),
        pl.col("marketcap") * MILLION,
        pl.col("ev") * MILLION,
    )
