"""The capture archive: what a collector that ran every session would have kept of the feeds, as files.

A file is named `<dataset>_<YYYY-MM-DDTHHMMSSZ>.csv`; the stamp is the instant of the capture in UTC, half past eight in
New York on a session, and becomes its rows' `fetched_at`. Statements, metrics and news hold what was served new since
the session before; estimates, ratings and profiles everything shown at the end of a week; SF1 the whole table, once.
All but SF1 are in the form of FMP's bulk answers, estimates and statements with their period.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import polars as pl

from kairos.calendar import NEW_YORK
from kairos.frames import Frame
from kairos.sandbox.bulk import as_text, bulk_csvs
from kairos.sandbox.catalog import SF1
from kairos.sandbox.consensus import estimate_rows, profile_rows, rating_rows
from kairos.sandbox.estimates import weekly_sessions
from kairos.sandbox.exports import csv_bytes
from kairos.sandbox.filings import KEY
from kairos.sandbox.fmp_fields import ESTIMATES, NEWS, PROFILE, RATING
from kairos.sandbox.fmp_metrics import metric_rows
from kairos.sandbox.fmp_paths import DATASETS
from kairos.sandbox.fmp_rows import METRICS, STATEMENTS, newest_first, news_rows, symbol_of
from kairos.sandbox.fmp_statements import with_heads, with_repeats
from kairos.sandbox.market import Market
from kairos.sandbox.views import VendorView

CAPTURED_AT = time(20, 30)  # in New York, after all of the day's filings and prices
STAMP = "%Y-%m-%dT%H%M%SZ"  # of the file names
RECENT = timedelta(days=60)  # periods that ended longer ago are not asked for estimates again

c = pl.col


def write_captures(
    market: Market, folder: Path, until: datetime, *, since: date | None = None, monthly: bool = False
) -> list[Path]:
    """Write the archive of all captures up to an instant into `folder`; the same market gives the same bytes.

    Args:
        market: The market.
        folder: Where the files go; it is made if it is missing.
        until: The last instant at which a capture may have run.
        since: First session of the collector, by default the market's; its first run holds what was served by then.
        monthly: Whether statements, metrics and news were asked for on a month's last session only.

    Returns:
        The files, in the order of their names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runs = capture_runs(market, until).filter(c("session") >= (since or market.first_session))
    if runs.is_empty():
        return []
    stated = runs.filter(c("session").dt.month() != c("session").dt.month().shift(-1)) if monthly else runs
    written = [_write(folder, dataset, at, body) for dataset, at, body in _captures(market, runs, stated)]
    return sorted(written)


def capture_runs(market: Market, until: datetime) -> Frame:
    """Return when the collector ran: session, at (UTC), weekly (whether it asked for the weekly endpoints)."""
    weekly = set(weekly_sessions(market.sessions).tolist())
    rows = [
        (session, datetime.combine(session, CAPTURED_AT, tzinfo=NEW_YORK).astimezone(UTC), number in weekly)
        for number, session in enumerate(market.sessions)
    ]
    schema = pl.Schema({"session": pl.Date(), "at": pl.Datetime("us", "UTC"), "weekly": pl.Boolean()})
    return pl.DataFrame(rows, schema=schema, orient="row").filter(c("at") <= until)


def _captures(market: Market, runs: Frame, stated: Frame) -> Iterator[tuple[str, datetime, bytes]]:
    filed = _filed(market, stated)
    for kind, (make, stable, _) in STATEMENTS.items():
        yield from _files(DATASETS[kind], with_repeats(make(filed)), stable)
    measured = metric_rows(filed)
    for kind, (stable, _) in METRICS.items():
        yield from _files(DATASETS[kind], measured, stable)
    told = _borne(market, _caught(market.news, stated, "published_at"))
    yield from _files("fmp_news", news_rows(market, told).sort("at", maintain_order=True), NEWS)
    asked = _asked(market, runs)
    estimates = estimate_rows(market, asked, back=RECENT)
    asked_for = pl.when(c("period") == "FY").then(pl.lit("annual")).otherwise(pl.lit("quarter"))  # as the question says it
    estimates = estimates.with_columns(period=asked_for)
    for dataset, rows, fields in (
        ("fmp_analyst_estimates", estimates, [*ESTIMATES[:2], "period", *ESTIMATES[2:]]),
        ("fmp_rating", rating_rows(market, asked), RATING),
        ("fmp_profile", profile_rows(market, asked), PROFILE),
    ):
        yield from _files(dataset, rows, fields)
    last = runs.row(-1, named=True)
    table = VendorView(market, last["session"]).rows(SF1.code).collect().sort(SF1.key)
    yield SF1.code.lower(), last["at"], csv_bytes(table)


def _caught(rows: Frame, runs: Frame, column: str) -> Frame:
    """Return rows with the first run that could see them: session, at; those of later runs are left out."""
    first = rows.sort(column).join_asof(runs.select("session", "at"), left_on=column, right_on="at", strategy="forward")
    return first.drop_nulls("session")


def _borne(market: Market, rows: Frame) -> Frame:
    """Add the symbol that each name bore at the session of the run."""
    symbols = market.symbols.select("permaticker", valid_from="valid_from", symbol=symbol_of(c("ticker"))).sort("valid_from")
    found = rows.sort("session").join_asof(
        symbols, left_on="session", right_on="valid_from", by="permaticker", check_sortedness=False
    )
    return found.drop_nulls("symbol").drop("valid_from", strict=False)


def _filed(market: Market, runs: Frame) -> Frame:
    """Return the version of each report that a run saw new, with heads; a run that saw two saw the later alone."""
    caught = _borne(market, _caught(market.filings, runs, "served_at"))
    last = caught.sort(*KEY, "version").group_by("session", *KEY, maintain_order=True).last().select(caught.columns)
    return with_heads(newest_first(last).sort("at", maintain_order=True))


def _asked(market: Market, runs: Frame) -> Frame:
    """Return the names trading at the end of each week: permaticker, known, symbol, at."""
    weeks = runs.filter("weekly").drop("weekly")
    lives = market.securities.select("permaticker", "first_session", c("last_session").fill_null(market.last_session))
    living = lives.join(weeks, how="cross").filter(c("session").is_between("first_session", "last_session"))
    return _borne(market, living.select("permaticker", "session", "at")).rename({"session": "known"})


def _files(dataset: str, rows: Frame, fields: list[str]) -> Iterator[tuple[str, datetime, bytes]]:
    """Yield one body per run from rows that are sorted by run."""
    runs = rows["at"].rle().struct.unnest()
    bodies = bulk_csvs(as_text(rows.select(fields)), runs["len"].to_list())
    for at, body in zip(runs["value"], bodies, strict=True):
        yield dataset, at, body


def _write(folder: Path, dataset: str, at: datetime, body: bytes) -> Path:
    file = folder / f"{dataset}_{at.strftime(STAMP)}.csv"
    file.write_bytes(body)
    return file
