"""What becomes of real headlines, posts and announced earnings on their way into the tables; they never leave this machine.

python -m benchmarks.real_events
"""

import json
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from kairos.calendar import Clock, FixedClock
from kairos.frames import Frame
from kairos.fundamentals.social import social_features
from kairos.fundamentals.surprises import not_before_its_release
from kairos.fundamentals.versions import news_versions, surprise_versions
from kairos.market.tickers import securities
from kairos.sources.files import read_files
from kairos.sources.parse import parse
from kairos.tables import raw
from kairos.tables.core import Cleaned
from kairos.tables.feeds import RAW_FEEDS

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "events"
CLOCK = FixedClock(datetime(2021, 1, 4, 12, tzinfo=UTC))
FILES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "fmp_news": ("news_headlines_2009_2020.parquet", {"published_date": "published_at", "title": "headline"}),
    "social_posts": ("social_posts_2014_2016.parquet", {"posted_at": "created_at", "text": "tokens"}),
    "earnings_surprises": (
        "earnings_surprises_2012_2019.parquet",
        {"quarter": "qtr", "eps_estimated": "eps_est", "eps_actual": "eps", "eps_surprise": "surp"},
    ),
}
"""By dataset: the file, and the mapping that `kairos import` is given."""


def event_rows(dataset: str, *, clock: Clock = CLOCK) -> Frame:
    """Return the raw rows of a real file, as `kairos import` reads them.

    Raises:
        ValueError: A row of the file cannot be read.
    """
    name, mapping = FILES[dataset]
    (payload,) = read_files([FOLDER / name], dataset, mapping=mapping, source="archive", clock=clock)
    parsed = parse(payload)
    if parsed.rejects.height:
        raise ValueError(f"{name}: {parsed.rejects.height} rows or values were rejected, expected none.")
    return parsed.rows


def event_names(*rows: Frame, without: Collection[str] = ()) -> Frame:
    """Return `tickers` in which every symbol, but for those left out, is a security with prices from 2009 to 2019."""
    symbols = pl.concat([frame["symbol"] for frame in rows]).unique().sort()
    told = {"source": pl.lit("prices"), "first_date": pl.lit(date(2009, 1, 2)), "last_date": pl.lit(date(2019, 12, 31))}
    spans = symbols.filter(~symbols.is_in(list(without))).to_frame("ticker").with_columns(**told)
    return securities(raw.RAW_TICKERS.empty(), raw.RAW_ACTIONS.empty(), spans)


def event_tables(rows: Mapping[str, Frame], tickers: Frame) -> dict[str, Cleaned]:
    """Return what the raw rows of the three datasets become, by dataset."""
    hours, mentions = RAW_FEEDS["fmp_social"].empty(), RAW_FEEDS["quiver_social"].empty()
    return {
        "fmp_news": news_versions(rows["fmp_news"], tickers),
        "social_posts": social_features(hours, mentions, tickers, raw_posts=rows["social_posts"]),
        "earnings_surprises": surprise_versions(rows["earnings_surprises"], tickers),
    }


def summary() -> dict[str, Any]:
    """Return the counts of the real files: what came in, what it became, what was told again or set aside."""
    rows = {dataset: event_rows(dataset) for dataset in FILES}
    made = event_tables(rows, event_names(*rows.values()))
    news, posts = made["fmp_news"].rows, made["social_posts"].rows
    acted = news.filter(pl.col("rating_action").is_not_null())
    return {
        "name": "real_events",
        "unit": "rows",
        **{
            dataset: {"in": rows[dataset].height, "again": cleaned.repeated, "set_aside": cleaned.rejected}
            for dataset, cleaned in made.items()
        },
        "articles": news.height,
        "rating_actions": dict(acted["rating_action"].value_counts().sort("rating_action").iter_rows()),
        "with_marks": acted["rating_to"].count(),
        "with_targets": acted["price_target_to"].count(),
        "posts": int(posts["posts"].sum()),
        "reposts": int(posts["reposts"].sum()),
        "sessions_with_posts": posts.height,
        "announcements": made["earnings_surprises"].rows.height,
        "known_before_their_release": not_before_its_release(made["earnings_surprises"].rows).figures["early"],
    }


def main() -> int:
    """Print one JSON line, or say that the files are not there."""
    if not FOLDER.exists():
        sys.stderr.write(f"{FOLDER}: not there; the counts are those of real files alone.\n")
        return 1
    print(json.dumps(summary()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
