"""Pulls of the fundamental feeds: who is asked what on an evening, the whole history once, and whether it can be whole."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

import polars as pl

from kairos.calendar import all_sessions
from kairos.errors import SourceError
from kairos.frames import Frame, stack
from kairos.settings import Settings
from kairos.sources.completeness import LATE, far_fewer
from kairos.sources.constituents import pull_constituents
from kairos.sources.fmp import FmpClient
from kairos.sources.landing import land
from kairos.sources.payloads import Payload, PayloadStore
from kairos.sources.quiver import QuiverClient
from kairos.sources.returned import Told
from kairos.sources.returned import question as asked_in
from kairos.sources.sharadar import SharadarClient
from kairos.tables.raw import RAW_PAYLOADS

ROUND = 5  # sessions in which every company is asked once
SWEEP_DAYS = 3  # `lastupdated` has day granularity
PROFILE_OF = r"/profile(?:\?symbol=|/)([^&?#]+)"  # the symbol in a request
NEWS_SYMBOLS = 50  # companies in one question for news
NEWS_DAYS = 3  # articles are published over weekends, and some are dated back
FEW_ASKED = 5  # so few companies may all be without an answer
MIN_ANSWERED = 0.5
ASKED_TOGETHER = 10  # companies of a backfill whose answers are judged and written together
Question = Callable[[], list[Payload]]
Answers = dict[str, list[Frame]]
"""Rows of `raw_payloads` of each question, by dataset."""


def companies_at(tickers: Frame, session: date) -> Frame:
    """Return permaticker and the vendor's symbol of every security that trades on a session, sorted.

    Args:
        tickers: The `tickers` table.
        session: The session.
    """
    borne = (pl.col("valid_from") <= session) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= session))
    trades = ~pl.col("isdelisted") | (pl.col("lastpricedate") >= session)
    symbol = pl.col("ticker").str.replace_all(".", "-", literal=True)
    return tickers.filter(borne & trades).select("permaticker", symbol=symbol).unique("permaticker").sort("permaticker")


def due_on(companies: Frame, session: date) -> list[str]:
    """Return the symbols that are asked on a session: each once in `ROUND` sessions, always on the same turn."""
    turn = all_sessions().index(session) % ROUND
    return companies.filter(pl.col("permaticker") % ROUND == turn)["symbol"].to_list()


def pull_companies(
    client: FmpClient, store: PayloadStore, symbols: Sequence[str], *, received: Frame, session: date | None
) -> Frame:
    """Land statements, metrics, ratios, estimates, rating and profile of companies; return rows of `raw_payloads`.

    Args:
        client: Whom to ask.
        store: Where the bytes go.
        symbols: The vendor's symbols.
        received: Rows of `raw_payloads` so far: the measure of what should come.
        session: Session of the pull; None for a backfill.

    Raises:
        SourceError: A question failed, or the answers are too few or too short to be whole.
    """
    asked: Answers = {}
    _ask(client, store, symbols, told=_told(received), into=asked)
    return _judged(asked, received, session)


def pull_histories(client: FmpClient, store: PayloadStore, symbols: Sequence[str], *, received: Frame) -> Iterator[Frame]:
    """Land the same of companies a few at a time, for a backfill; yield rows of `raw_payloads`.

    What ends it is raised behind the rows of what had been answered by then, so that no call was in vain.

    Args:
        client: Whom to ask.
        store: Where the bytes go.
        symbols: The vendor's symbols.
        received: Rows of `raw_payloads` so far.

    Raises:
        SourceError: A question failed, the day's calls are used up, or the answers cannot be whole.
    """
    told = _told(received)
    for at in range(0, len(symbols), ASKED_TOGETHER):
        asked: Answers = {}
        try:
            _ask(client, store, symbols[at : at + ASKED_TOGETHER], told=told, into=asked)
        except SourceError:
            yield _judged(asked, received, None)
            raise
        yield _judged(asked, received, None)


@dataclass(frozen=True)
class Clients:
    """Clients of the feeds that are on; None for one that is off."""

    fmp: FmpClient | None
    sharadar: SharadarClient | None
    quiver: QuiverClient | None


def pull_evening(
    clients: Clients, store: PayloadStore, session: date, *, tickers: Frame, received: Frame, settings: Settings
) -> Frame:
    """Land what the feeds say on an evening; return rows of `raw_payloads`.

    Args:
        clients: Whom to ask.
        store: Where the bytes go.
        session: The session.
        tickers: The `tickers` table.
        received: Rows of `raw_payloads` so far.
        settings: Which parts are on.

    Raises:
        SourceError: A pull failed, or its answers cannot be whole.
    """
    companies = companies_at(tickers, session)
    due = due_on(companies, session)
    parts: list[Frame] = []
    if clients.fmp is not None:
        parts.append(pull_companies(clients.fmp, store, due, received=received, session=session))
        if settings.enable_fmp_news and companies.height:
            parts.append(pull_news(clients.fmp, store, companies["symbol"].to_list(), session))
        if settings.enable_fmp_social:
            parts.append(_of_session((land(clients.fmp.social(one, pages=1), store).payload_rows for one in due), session))
    if clients.sharadar is not None and settings.enable_sp500:
        members = pull_constituents(clients.sharadar, store, session, received=received)
        parts.append(_of_session([members], session))
    if clients.sharadar is not None and settings.enable_sf1:
        changed = clients.sharadar.updated_since("sf1", session - timedelta(days=SWEEP_DAYS))
        parts.append(_of_session([land(changed, store).payload_rows], session))
    if clients.quiver is not None:
        parts.append(_of_session(_quiver(clients.quiver, store, due, session), session))
    return stack(RAW_PAYLOADS.empty(), *parts)


def _quiver(client: QuiverClient, store: PayloadStore, symbols: Sequence[str], session: date) -> Iterator[Frame]:
    yield land(client.congress(day=session), store).payload_rows
    yield land(client.insiders(day=session), store).payload_rows
    for symbol in symbols:
        yield land(client.social(symbol.replace("-", ".")), store).payload_rows


def pull_news(client: FmpClient, store: PayloadStore, symbols: Sequence[str], session: date) -> Frame:
    """Land the articles of the days up to a session about any of the companies; return rows of `raw_payloads`.

    Raises:
        SourceError: The pull failed.
    """
    since = session - timedelta(days=NEWS_DAYS)
    groups = [symbols[at : at + NEWS_SYMBOLS] for at in range(0, len(symbols), NEWS_SYMBOLS)]
    return _of_session((land(client.news(group, since=since, until=session), store).payload_rows for group in groups), session)


def backfill_due(companies: Frame, received: Frame) -> list[str]:
    """Return the symbols whose history has not been asked for, so that a backfill goes on where it ended.

    An evening asks a company for the same as a backfill does, and the same answer is one payload: either counts.

    Args:
        companies: As `companies_at` gives them, or more.
        received: Rows of `raw_payloads` so far.
    """
    profiles = received.filter((pl.col("dataset") == "fmp_profile") & (pl.col("source") == "fmp"))
    done = profiles["request"].str.extract(PROFILE_OF).implode()  # asked last of a company
    return companies.filter(~pl.col("symbol").is_in(done))["symbol"].to_list()


def _told(received: Frame) -> Told:
    return Told.before(received.filter(pl.col("source") == "fmp"))


def _ask(client: FmpClient, store: PayloadStore, symbols: Sequence[str], *, told: Told, into: Answers) -> None:
    for symbol in symbols:
        for question in _questions(client, symbol):
            rows = land(map(told.marked, question()), store).payload_rows
            into.setdefault(str(rows["dataset"][0]), []).append(rows)


def _judged(asked: Answers, received: Frame, session: date | None) -> Frame:
    for dataset, found in asked.items():
        _check_answered(dataset, found)
        _check_not_shrunk(dataset, stack(*found), received)
    return _of_session((part for found in asked.values() for part in found), session)


def _questions(client: FmpClient, symbol: str) -> Iterator[Question]:
    for ask in (client.income_statement, client.balance_sheet, client.cash_flow, client.key_metrics, client.ratios):
        yield partial(ask, symbol)
    yield partial(client.analyst_estimates, symbol, period="annual")
    yield partial(client.analyst_estimates, symbol, period="quarter")
    yield partial(client.rating, symbol)
    yield partial(client.profile, symbol)


def _of_session(parts: Iterable[Frame], session: date | None) -> Frame:
    return stack(RAW_PAYLOADS.empty(), *parts).with_columns(session=pl.lit(session, dtype=pl.Date))


def _check_answered(dataset: str, found: Sequence[Frame]) -> None:
    """Raise where most companies are without an answer: `[]` may mean no data, or a plan that covers none."""
    empty = sum(int(rows["rows"].sum()) == 0 for rows in found)
    if len(found) > FEW_ASKED and empty > (1 - MIN_ANSWERED) * len(found):
        raise SourceError(
            f"{dataset}: {empty} of {len(found)} questions were answered with no row, expected at most half. The plan may not "
            "cover them, or the vendor is at fault; nothing was written, check FMP_API_KEY and run this partition again later."
        )


def _check_not_shrunk(dataset: str, rows: Frame, received: Frame) -> None:
    """Raise where the same questions were answered with far fewer rows than the last time."""
    asked = asked_in(pl.col("request")).alias("asked")
    last = received.filter(pl.col("dataset") == dataset).sort("fetched_at").with_columns(asked).unique("asked", keep="last")
    both = rows.with_columns(asked).join(last.select("asked", before="rows"), on="asked", how="inner")
    found, before = int(both["rows"].sum()), int(both["before"].sum())
    if far_fewer(found, before):
        raise SourceError(f"{dataset}: {found} rows for {both.height} questions that gave {before} before. {LATE}")
