"""An evening of the feeds: who is asked what, whether the answers can be whole, and where it goes on after a budget's end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from kairos.calendar import session_offset
from kairos.errors import BudgetError
from kairos.frames import Frame, stack
from kairos.settings import Settings
from kairos.sources.constituents import pull_constituents
from kairos.sources.earlier import delivery_before
from kairos.sources.feed_pulls import (
    Answers,
    ask_companies,
    check_not_shrunk,
    companies_at,
    due_on,
    judged,
    of_session,
    told_before,
)
from kairos.sources.feeds import FEEDS
from kairos.sources.fmp import FmpClient
from kairos.sources.landing import Landed, land
from kairos.sources.measured import check_held_again
from kairos.sources.payloads import PayloadStore
from kairos.sources.quiver import QuiverClient
from kairos.sources.returned import kept_apart
from kairos.sources.sharadar import SharadarClient
from kairos.sources.unfinished import Evening
from kairos.tables.raw import RAW_PAYLOADS
from kairos.warehouse.store import Warehouse

SWEEP_DAYS = 3  # `lastupdated` has day granularity
NEWS_SYMBOLS = 50  # companies in one question for news
NEWS_DAYS = 3  # articles are published over weekends, and some are dated back
OTHERS = "others"  # of the vendors without a day's budget


@dataclass(frozen=True)
class Clients:
    """Clients of the feeds that are on; None for one that is off."""

    fmp: FmpClient | None
    sharadar: SharadarClient | None
    quiver: QuiverClient | None


@dataclass(frozen=True)
class Asking:
    """One evening's questions.

    Attributes:
        clients: Whom to ask.
        store: Where the bytes go.
        session: The session.
        tickers: The `tickers` table.
        received: Rows of `raw_payloads` so far: the measure of what should come.
        warehouse: The raw tables.
        settings: Which parts are on.
    """

    clients: Clients
    store: PayloadStore
    session: date
    tickers: Frame
    received: Frame
    warehouse: Warehouse
    settings: Settings


def pull_evening(asking: Asking) -> Iterator[Frame]:
    """Land what the feeds say on an evening; yield rows of `raw_payloads`, to be recorded before the next step.

    Where the day's calls are used up, what had been answered is yielded first; the same evening goes on from there.

    Raises:
        BudgetError: The day's calls are used up.
        SourceError: A pull failed, or its answers cannot be whole; nothing of it is yielded.
    """
    evening = Evening(asking.store.home, asking.session)
    asked, parts = evening.asked(), []
    if OTHERS not in asked:
        parts = [*_sharadar(asking), *_quiver(asking)]
    reached, companies, ended = [OTHERS], Answers(), None
    try:
        for question, found in _fmp(asking, asked, companies):
            reached.append(question)
            parts.extend(found)
    except BudgetError as error:
        ended = error
    parts.append(judged(companies, asking.received, asking.session))
    yield of_session([stack(RAW_PAYLOADS.empty(), *parts)], asking.session)
    if ended is not None:
        evening.note(reached)
        raise ended
    evening.done()


def pull_news(client: FmpClient, store: PayloadStore, symbols: Sequence[str], session: date) -> Iterator[Landed]:
    """Land the articles of the days up to a session about any of the companies, some companies at a time.

    Raises:
        SourceError: The pull failed.
    """
    since = session - timedelta(days=NEWS_DAYS)
    for at in range(0, len(symbols), NEWS_SYMBOLS):
        yield land(client.news(symbols[at : at + NEWS_SYMBOLS], since=since, until=session), store)


def _fmp(asking: Asking, asked: frozenset[str], companies: Answers) -> Iterator[tuple[str, list[Frame]]]:
    """Ask what has not been asked; yield each question's name with its rows, those about companies go to `companies`."""
    client, store, session = asking.clients.fmp, asking.store, asking.session
    if client is None:
        return
    trading = companies_at(asking.tickers, session)
    due, told = due_on(trading, session), told_before(asking.received)
    for symbol in due:
        if f"company {symbol}" not in asked:
            ask_companies(client, store, [symbol], told=told, into=companies)
            yield f"company {symbol}", []
    if asking.settings.enable_fmp_news and trading.height and "news" not in asked:
        articles = list(pull_news(client, store, trading["symbol"].to_list(), session))
        _check_articles(asking, stack(*(part.rows for part in articles)))
        yield "news", [part.payload_rows for part in articles]
    for symbol in due if asking.settings.enable_fmp_social else ():
        if f"social {symbol}" not in asked:
            rows = land(client.social(symbol, pages=1), store).payload_rows
            check_not_shrunk("fmp_social", rows, asking.received)
            yield f"social {symbol}", [rows]


def _check_articles(asking: Asking, found: Frame) -> None:
    """Raise unless the articles that the delivery before held of the same days have come again."""
    held = delivery_before(asking.warehouse, asking.received, FEEDS["fmp_news"], source="fmp", session=asking.session)
    # a day's edge stands in another time zone than the question's
    since = asking.session - timedelta(days=NEWS_DAYS - 1)
    due = held.filter(pl.col("published_date").str.head(10) >= since.isoformat())
    check_held_again(found, due, key=FEEDS["fmp_news"].key, dataset="fmp_news", since=since)


def _sharadar(asking: Asking) -> Iterator[Frame]:
    client, settings = asking.clients.sharadar, asking.settings
    if client is not None and settings.enable_sp500:
        trading = companies_at(asking.tickers, asking.session).height
        yield pull_constituents(client, asking.store, asking.session, received=asking.received, trading=trading)
    if client is not None and settings.enable_sf1:
        since = asking.session - timedelta(days=SWEEP_DAYS)
        changed = land(kept_apart(client.updated_since("sf1", since), asking.received), asking.store)
        held = delivery_before(asking.warehouse, asking.received, FEEDS["sf1"], source="sharadar", session=asking.session)
        due = held.filter(pl.col("lastupdated") >= since)
        check_held_again(changed.rows, due, key=FEEDS["sf1"].key, dataset="sf1", since=since)
        yield changed.payload_rows


def _quiver(asking: Asking) -> Iterator[Frame]:
    """Ask for a session's disclosures, and once more for those of the session before: what has been told must come again."""
    client, store, session = asking.clients.quiver, asking.store, asking.session
    if client is None:
        return
    told = told_before(asking.received, source="quiver")
    due = due_on(companies_at(asking.tickers, session), session)
    days = (session_offset(session, -1), session)
    for dataset, questions in (
        ("quiver_congress", [client.congress(day=day) for day in days]),
        ("quiver_insiders", [client.insiders(day=day) for day in days]),
        ("quiver_social", [client.social(symbol.replace("-", ".")) for symbol in due]),
    ):
        rows = [land(map(told.marked, answer), store).payload_rows for answer in questions]
        if rows:
            check_not_shrunk(dataset, stack(*rows), asking.received)
            yield from rows
