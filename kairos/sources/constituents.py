"""Pulls of the S&P 500's members: the present list whole, what is dated lately, and once a week the whole table.

The vendor replaces the present list every day; each list received is kept. The lists and the changes between them tell of
each other whether an answer is whole.
"""

from datetime import date, timedelta

import polars as pl

from kairos.calendar import session_offset
from kairos.errors import PlanError, SourceError
from kairos.frames import Frame, stack
from kairos.sources.completeness import LATE, far_fewer
from kairos.sources.exported import as_day
from kairos.sources.feeds import SP500
from kairos.sources.landing import Landed, land
from kairos.sources.payloads import PayloadStore
from kairos.sources.returned import kept_apart
from kairos.sources.sharadar import SharadarClient
from kairos.tables.raw import RAW_PAYLOADS

MEMBERS = 500  # a few more by second share classes
WHOLE_MARKET = 2_000  # securities; with fewer, `tickers` is a part of the market and the index may be one too
SWEEP_DAYS = 7  # changes are announced days before they take effect, and dated by their effect
CURRENT, HISTORICAL, ADDED, REMOVED = ACTIONS = ("current", "historical", "added", "removed")
_OF_CURRENT = "action=current"
_LATER_PAGE = "qopts.cursor_id="


def pull_constituents(
    client: SharadarClient, store: PayloadStore, session: date, *, received: Frame, trading: int = 0
) -> Frame:
    """Land the members of an evening; return rows of `raw_payloads`, their session null.

    The whole table is asked for on the last session of a week, and where it has never been.

    Args:
        client: Whom to ask.
        store: Where the bytes go.
        session: The session.
        received: Rows of `raw_payloads` so far: the measure of what should come.
        trading: Securities that trade on the session, the measure of a first list; 0 where nobody knows.

    Raises:
        SourceError: A pull failed, or an answer lacks rows that another one has.
        PlanError: The first list received is a sample of the members.
    """
    before = received.filter(dataset=SP500.name, source="sharadar")
    current = land(kept_apart(client.rows_where(SP500.name, action=CURRENT), before), store)
    _check_current(current.rows, before)
    if before.is_empty():
        check_no_sample(current.rows, trading=trading)
    since = session - timedelta(days=SWEEP_DAYS)
    whole = before.is_empty() or session_offset(session, 1).isocalendar().week != session.isocalendar().week
    answers = client.whole(SP500.name) if whole else client.updated_since(SP500.name, since)
    swept = land(kept_apart(answers, before), store)
    check_listed_again(current.rows, swept.rows, since=None if whole else since)
    if whole:
        check_adds_up(swept.rows)
        _check_whole(swept, before)
    return stack(RAW_PAYLOADS.empty(), current.payload_rows, swept.payload_rows)


def check_listed_again(current: Frame, swept: Frame, *, since: date | None) -> None:
    """Raise unless every member comes again in the other answer.

    Args:
        current: The present list.
        swept: Rows dated `since` and later, or all.
        since: First day of the span; None for the whole table.

    Raises:
        SourceError: Members are missing from it, so other rows may be.
    """
    due = current if since is None else current.filter(pl.col("date") >= since)
    missing = due.join(swept, on=SP500.key, how="anti").height
    if missing:
        span = "in the whole table" if since is None else f"since {since}"
        raise SourceError(
            f"sp500: {missing} of {due.height} present members are not among the {swept.height} rows {span}, "
            f"expected all. {LATE}"
        )


def check_no_sample(current: Frame, *, trading: int) -> None:
    """Raise if a present list that no earlier one measures is far shorter than the index, in a market that has it whole.

    Args:
        current: The present list.
        trading: Securities that trade.

    Raises:
        PlanError: Far fewer members came.
    """
    found = current["ticker"].n_unique()
    if trading >= WHOLE_MARKET and far_fewer(found, MEMBERS):
        raise PlanError(
            f"sp500: {found} present members where {trading} securities trade, expected about {MEMBERS}. It may be a sample in "
            "place of the table: check NASDAQ_DATA_LINK_API_KEY and what your subscription covers. Nothing was written."
        )


def check_adds_up(rows: Frame) -> None:
    """Raise unless the last quarter's members, and who joined and left since, make about the present list.

    Raises:
        SourceError: They differ by more than a few names.
    """
    quarter = as_day(rows.filter(action=HISTORICAL)["date"].max())
    if quarter is None:
        raise SourceError(f"sp500: the whole table has no list of a quarter's end among its {rows.height} rows. {LATE}")
    later = rows.filter(pl.col("date") > quarter)
    names = {action: set(later.filter(action=action)["ticker"]) for action in (ADDED, REMOVED)}
    expected = (set(rows.filter(action=HISTORICAL, date=quarter)["ticker"]) | names[ADDED]) - names[REMOVED]
    current = set(rows.filter(action=CURRENT)["ticker"])
    differing = len(expected ^ current)
    if far_fewer(len(expected | current) - differing, len(expected | current)):
        raise SourceError(
            f"sp500: {len(current)} present members, and {len(expected)} by the list of {quarter} and the changes since; "
            f"{differing} names are only in one of them. {LATE}"
        )


def _check_current(current: Frame, before: Frame) -> None:
    """Raise if there is no present list, or one far shorter than the one before it."""
    lists = before.filter(pl.col("request").str.contains(_OF_CURRENT, literal=True))
    expected = int(_last_delivery(lists)["rows"].sum())
    found = current["ticker"].n_unique()
    if found == 0 or far_fewer(found, expected):
        raise SourceError(f"sp500: {found} present members, expected about {expected or MEMBERS}. {LATE}")


def _check_whole(swept: Landed, before: Frame) -> None:
    """Raise if the whole table has far fewer rows than the last time: it only grows."""
    last = before.filter(~pl.col("request").str.contains(r"action=|date\.gte="))
    held = int(_last_delivery(last)["rows"].sum())
    if far_fewer(swept.rows.height, held):
        raise SourceError(f"sp500: {swept.rows.height} rows in the whole table, the one before had {held}. {LATE}")


def _last_delivery(answers: Frame) -> Frame:
    """Return the pages of the newest session's last pull: an evening asked twice may have been answered twice."""
    pages = answers.filter(pl.col("session") == pl.col("session").max()).sort("fetched_at", maintain_order=True)
    begins = ~pl.col("request").str.contains(_LATER_PAGE, literal=True)
    return pages.filter(begins.cum_sum() == begins.sum())
