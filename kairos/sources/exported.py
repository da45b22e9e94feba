"""Whether the bulk files of one evening are all there: they, the vendor's pages and the files before tell of each other."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from kairos.calendar import sessions_between
from kairos.errors import PlanError, SourceError
from kairos.frames import Frame
from kairos.sources.completeness import check_not_sample, dated, far_fewer
from kairos.sources.datasets import Dataset

HISTORY_BEGINS = date(1997, 12, 31)  # of the vendor's prices; TICKERS looks further back
MIN_NAMED_SHARE = 0.5  # of the names priced: about one in seven has no metrics (warrants, preferreds, second classes)
MIN_EXPORT_SHARE = 0.98  # of the export before: rows move between tickers, few are ever deleted
CUT = "Rows are missing from the file; nothing was written, ask for the export again later."


@dataclass
class Told:
    """What the files taken so far have told, in the order tickers, actions, sep, daily.

    Attributes:
        floor: Fewest tickers of a real load (`SHARADAR_MIN_TICKERS`).
        tickers: Rows of TICKERS.
        acting: Names that have actions.
        priced: Names that have prices.
        newest: Newest session with prices.
    """

    floor: int
    tickers: Frame | None = None
    acting: int = 0
    priced: int = 0
    newest: date | None = None

    def take(self, dataset: str, rows: Frame) -> None:
        """Judge the next file by those before it.

        Raises:
            SourceError: Rows, names or sessions that another file tells of are missing.
            PlanError: It is the vendor's free sample.
        """
        names = rows["ticker"].n_unique()
        if dataset == "tickers":
            self.tickers = rows
        elif dataset == "actions":
            self.acting = names
        elif dataset == "sep":
            check_not_sample(rows, floor=self.floor)
            if self.tickers is not None:
                check_spans(rows, self.tickers)
            check_names(self.acting, names, dataset="actions")
            self.priced, self.newest = names, as_day(rows["date"].max())
        else:
            check_names(names, self.priced, dataset=dataset)
            check_newest_session(rows, dataset=dataset, due=self.newest)


def check_export(rows: Frame, shown: Frame, spec: Dataset, *, since: date, before: int) -> None:
    """Raise if a bulk file lacks rows that the vendor's pages show, or that its last file had.

    Args:
        rows: Rows of the file, dated or changed since `since` and earlier.
        shown: Rows of the pages, dated or changed since `since`.
        spec: The dataset.
        since: First day of the pages.
        before: Rows of the export before; 0 where there is none.

    Raises:
        SourceError: Far fewer rows came than the other answer has.
    """
    ends, goes_to = as_day(rows[dated(spec)].max()), as_day(shown[dated(spec)].max())
    if ends != goes_to:
        raise SourceError(
            f"{spec.name}: the export ends on {ends}, the vendor's pages on {goes_to}; expected the same day. {CUT}"
        )
    found = rows.filter(pl.col(dated(spec)) >= since).height
    if far_fewer(found, shown.height):
        raise SourceError(
            f"{spec.name}: the export has {found} rows since {since}, the vendor's pages have {shown.height}. {CUT}"
        )
    if far_fewer(rows.height, before, share=MIN_EXPORT_SHARE):
        raise SourceError(f"{spec.name}: the export has {rows.height} rows, the one before it had {before}. {CUT}")


def newest_day(rows: Frame, spec: Dataset) -> date:
    """Return the day of the newest row or change in a bulk file.

    Raises:
        SourceError: The file holds no rows.
    """
    newest = rows[dated(spec)].max()
    if not isinstance(newest, date):
        raise SourceError(f"{spec.name}: the export has 0 rows, expected the whole table. {CUT}")
    return newest


def check_newest_session(rows: Frame, *, dataset: str, due: date | None) -> None:
    """Raise if a file of prices or metrics ends before a session that is due, or has its last session only in part.

    Args:
        rows: Rows with ticker and date.
        dataset: sep or daily.
        due: Newest session that another table of the vendor knows of; null if none does.

    Raises:
        SourceError: The session is not there, or far fewer names have it than the session before.
    """
    names = rows.group_by("date").agg(pl.col("ticker").n_unique().alias("names")).sort("date").tail(2)
    newest, found = names["date"][-1], names["names"][-1]
    if due is not None and newest < due:
        raise SourceError(f"{dataset}: the export ends on {newest}, other tables of the vendor on {due}. {CUT}")
    if far_fewer(found, names["names"][0]):
        raise SourceError(
            f"{dataset}: the export has {found} names on {newest}, its last session, and {names['names'][0]} on the one "
            f"before. {CUT}"
        )


def check_names(found: int, priced: int, *, dataset: str) -> None:
    """Raise if actions or metrics are there for so few of the names priced that they must be the vendor's free sample.

    Raises:
        PlanError: There are fewer than half.
    """
    if found < MIN_NAMED_SHARE * priced:
        raise PlanError(
            f"{dataset}: the export has rows of {found} names, prices there are of {priced}; expected at least half. It may "
            "be a sample in place of the table: check NASDAQ_DATA_LINK_API_KEY and what your subscription covers. Nothing was "
            "written."
        )


def check_spans(prices: Frame, tickers: Frame) -> None:
    """Raise if a price file lacks names, or sessions between the first and last price that TICKERS gives each name.

    Raises:
        SourceError: Far fewer names or rows came than TICKERS says there are.
    """
    known = (pl.col("table") == "SEP") & pl.col("firstpricedate").is_not_null() & (pl.col("lastpricedate") >= HISTORY_BEGINS)
    told = tickers.filter(known)
    held = prices.select("ticker").unique()
    named = told.join(held, on="ticker", how="semi").height
    due = as_day(told["lastpricedate"].max())
    spans = 0 if due is None else _sessions_spanned(told, sessions_between(HISTORY_BEGINS, due))
    if far_fewer(named, told.height) or far_fewer(prices.height, spans) or far_fewer(named, held.height):
        raise SourceError(
            f"sep: the export has {prices.height} rows of {held.height} names, {named} of which TICKERS has; it tells of "
            f"{told.height} with {spans} sessions between their first and last prices. {CUT}"
        )
    check_newest_session(prices, dataset="sep", due=due)


def as_day(value: object) -> date | None:
    """Return a value as the date that it is, or None."""
    return value if isinstance(value, date) else None


def _sessions_spanned(told: Frame, sessions: tuple[date, ...]) -> int:
    days = pl.Series(sessions, dtype=pl.Date)
    spans = days.search_sorted(told["lastpricedate"], side="right") - days.search_sorted(told["firstpricedate"], side="left")
    return int(spans.cast(pl.Int64).sum())
