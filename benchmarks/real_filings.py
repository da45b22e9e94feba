"""Filings of 2015 to 2017 as an archive saw them arrive, in the form of versions; they never leave this machine."""

from datetime import timedelta
from pathlib import Path

import polars as pl

from kairos.calendar import sessions_between
from kairos.frames import Frame

FILE = Path(__file__).resolve().parents[2] / "shared" / "data" / "fundamentals" / "edgar_reports_pit_2015_2017.parquet"
USABLE = timedelta(days=1, hours=12)  # the archive named D was made at 12:00 UTC on the day after


def real_versions(file: Path = FILE) -> Frame:
    """Return the filings as versions: permaticker (numbered by symbol), period_end, period, known_at and the facts.

    Rows that one archive holds twice for a period become known one after the other, the amendment last.
    """
    filings = pl.read_parquet(file).rename({"end_date": "period_end", "period_focus": "period"})
    seen = pl.col("first_seen").cast(pl.Datetime("us")).dt.replace_time_zone("UTC") + USABLE
    key = ["permaticker", "period_end", "period"]
    rows = filings.with_columns(
        pl.col("symbol").rank("dense").cast(pl.Int64).alias("permaticker"),
        pl.col("period").fill_null("FY").alias("period"),
        seen.alias("known_at"),
    ).sort(*key, "known_at", "amend", "fiscal_year", "times_seen", nulls_last=False)
    place = pl.int_range(pl.len()).over([*key, "known_at"])
    return rows.with_columns(pl.col("known_at") + pl.duration(microseconds=place))


def real_panel(versions: Frame) -> Frame:
    """Return every name on every session between the first filing and the last, sorted."""
    known = versions["known_at"].dt.date()
    days = sessions_between(known.min(), known.max())  # type: ignore[arg-type]
    names = versions.select(pl.col("permaticker").unique().sort())
    return names.join(pl.DataFrame({"session": days}), how="cross").sort("permaticker", "session")
