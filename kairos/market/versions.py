"""Every version of every price ever received: raw SEP rows mapped, judged and stamped with when they were known."""

from datetime import timedelta

import polars as pl

from kairos.frames import Frame
from kairos.market.cleaned import ROW_REJECTED, VALUE_NULLED, Cleaned, set_aside, waived
from kairos.market.dates import CONTEXT, session_table, within_year
from kairos.market.identity import with_permaticker
from kairos.market.prints import bad_prints, partial_sessions
from kairos.market.rules import VALUES, apply_value_rules, finite, rejection
from kairos.tables.market import SEP_VERSIONS

WRITER = "sep_versions"
SEEN_ARRIVING = timedelta(days=4)  # a file received this soon after the session was collected live; later, it is history
_KEY = ("permaticker", "session")
_DELIVERY = (*_KEY, "fetched_at")
_DETAILS = ("ticker", "session", *VALUES)


def build_versions(raw: Frame, raw_tickers: Frame, *, year: int, waivers: Frame) -> Cleaned:
    """Return the versions of a year's prices, and what was set aside on the way.

    The first version of a session counts as known when the vendor publishes it (17:30 Eastern, `assumed`); a file's rows
    that arrived within days of their session, and every later version, are known from their receipt (`observed`), as is
    the first after a delivery that was set aside: it corrects that one. A delivery that repeats the version before it
    makes none; one that comes under another ticker does, since the rows of the old one are gone at the vendor's.

    Args:
        raw: Rows of raw SEP, all sources and deliveries, dated within `year` and 15 days around it.
        raw_tickers: All deliveries of raw TICKERS.
        year: Calendar year of the rows handed back.
        waivers: Columns ticker, session and reason (ohlc_order, bad_print, partial_session): rows let through by name.
    """
    first, last = within_year(year, context=CONTEXT)
    rows = finite(raw.filter(pl.col("date").is_between(first, last)).drop("received_year"))
    numbered = raw_tickers["source"].unique().implode()
    rows = with_permaticker(rows, raw_tickers).rename({"date": "session"})
    rows = rows.with_columns(rejection().alias("reason"), (~pl.col("source").is_in(numbered)).alias("from_file"))
    unusable = rows.filter(pl.col("reason").is_not_null())
    rows, nulled = apply_value_rules(rows.filter(pl.col("reason").is_null()).drop("reason"), waivers)
    rows, partial = _split(rows, partial_sessions(rows, year=year), waivers, "partial_session")
    rows, doubles, again = _without_duplicates(rows.sort(*_DELIVERY, "payload_id", "row"))
    versions = _changed(rows).join(session_table(), on="session", maintain_order="left")
    versions, prints = _split(versions, bad_prints(versions), waivers, "bad_print")
    rejected = pl.concat([unusable, partial, doubles, prints], how="diagonal")
    unseen = pl.concat([frame.select(_DELIVERY) for frame in (unusable, doubles, prints)])
    kept = SEP_VERSIONS.conform(_stamped(_changed(versions).filter(pl.col("session").dt.year() == year), unseen))
    lines = [_lines(rejected, year, ROW_REJECTED), _lines(nulled, year, VALUE_NULLED)]
    unchanged = _of_year(rows, year).height - _of_year(prints, year).height - kept.height
    return Cleaned(kept, pl.concat(lines), repeated=unchanged + _of_year(again, year).height)


def _of_year(rows: Frame, year: int) -> Frame:
    return rows.filter(pl.col("session").dt.year() == year)


def _lines(rows: Frame, year: int, action: str) -> Frame:
    found = _of_year(rows, year).with_columns(pl.lit(year).alias("year"))
    return set_aside(found, _DETAILS, writer=WRITER, dataset="sep", action=action)


def _stamped(versions: Frame, unseen: Frame) -> Frame:
    """Say when each version was known: the sessions' publication for the first, its receipt for every later one.

    Args:
        versions: Sorted by delivery.
        unseen: Deliveries that were set aside: what follows one of the same session is a correction too.
    """
    first = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in _KEY).not_().fill_null(True)
    versions = _with_set_aside(versions, unseen)
    place = pl.int_range(pl.len())
    order = place - pl.when(pl.col("first")).then(place).forward_fill()
    live = pl.col("from_file") & (pl.col("fetched_at") - pl.col("known_at")).is_between(timedelta(0), SEEN_ARRIVING)
    correcting = (pl.col("set_aside") < pl.col("fetched_at")).fill_null(False)
    assumed = pl.col("first") & ~live & ~correcting
    # two deliveries before the publication would share its instant, and so their key
    received = pl.max_horizontal("fetched_at", pl.col("known_at") + pl.duration(microseconds=pl.col("order")))
    return (
        versions.with_columns(first.alias("first"))
        .with_columns(order.alias("order"))
        .with_columns(
            pl.when(assumed).then(pl.lit("assumed")).otherwise(pl.lit("observed")).alias("known_source"),
            pl.when(assumed).then("known_at").otherwise(received).alias("known_at"),
        )
    )


def _with_set_aside(versions: Frame, unseen: Frame) -> Frame:
    """Add set_aside: when a delivery of the session that was set aside first came; null where none was."""
    earliest = unseen.group_by(_KEY).agg(pl.col("fetched_at").min().alias("set_aside"))
    return versions.join(earliest, on=_KEY, how="left", maintain_order="left")


def _without_duplicates(rows: Frame) -> tuple[Frame, Frame, Frame]:
    """Keep one of equal rows; where one delivery says two things of one key, keep neither.

    Returns the rows kept, those set aside, and those that another payload of the delivery said as well: pulls overlap.
    """
    repeated = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in _DELIVERY).fill_null(False)
    marks = rows.select(repeated.alias("again"))["again"]
    if not marks.any():
        return rows, rows.clear(), rows.clear()
    several = marks | marks.shift(-1, fill_value=False)
    agree = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).first()) for name in VALUES).all().over(_DELIVERY)
    within = ~pl.struct(*_DELIVERY, "payload_id").is_first_distinct()
    reason = pl.when(~agree).then(pl.lit("conflicting_duplicate")).when(within).then(pl.lit("duplicate_row"))
    judged = rows.filter(several).with_columns(reason.alias("reason"), pl.struct(_DELIVERY).is_first_distinct().alias("_first"))
    good = judged.filter(pl.col("reason").is_null()).drop("reason")
    bad = judged.filter(pl.col("reason").is_not_null()).drop("_first")
    kept = pl.concat([rows.filter(~several), good.filter("_first").drop("_first")]).sort(_DELIVERY)
    return kept, bad, good.filter(~pl.col("_first")).drop("_first")


def _split(rows: Frame, marks: pl.Series, waivers: Frame, reason: str) -> tuple[Frame, Frame]:
    if not marks.any():
        return rows, rows.clear()
    out = marks & ~waived(rows, waivers, reason)
    return rows.filter(~out), rows.filter(out).with_columns(pl.lit(reason).alias("reason"))


def _changed(rows: Frame) -> Frame:
    """The rows, sorted by delivery, that differ from the delivery before them."""
    same_key = pl.all_horizontal(pl.col(name) == pl.col(name).shift(1) for name in _KEY)
    same_values = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in (*VALUES, "ticker"))
    return rows.filter(~(same_key & same_values).fill_null(False))
