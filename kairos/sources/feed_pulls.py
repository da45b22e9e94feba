"""Pulls of statements, estimates and ratings: who is due, the whole history once, and whether an answer can be whole.

What else an evening asks the feeds is in `evenings`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial

import polars as pl

from kairos.calendar import all_sessions
from kairos.errors import SourceError
from kairos.frames import Frame, stack
from kairos.sources.completeness import LATE, far_fewer
from kairos.sources.fmp import FmpClient
from kairos.sources.landing import land
from kairos.sources.payloads import Payload, PayloadStore
from kairos.sources.returned import Told
from kairos.sources.returned import question as asked_in
from kairos.tables.raw import RAW_PAYLOADS

ROUND = 5  # sessions in which every company is asked once
PROFILE_OF = r"/profile(?:\?symbol=|/)([^&?#]+)"  # the symbol in a request
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
    ask_companies(client, store, symbols, told=told_before(received), into=asked)
    return judged(asked, received, session)


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
    told = told_before(received)
    for at in range(0, len(symbols), ASKED_TOGETHER):
        asked: Answers = {}
        try:
            ask_companies(client, store, symbols[at : at + ASKED_TOGETHER], told=told, into=asked)
        except SourceError:
            yield judged(asked, received, None)
            raise
        yield judged(asked, received, None)


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


def told_before(received: Frame, *, source: str = "fmp") -> Told:
    """Return what a vendor has answered so far."""
    return Told.before(received.filter(pl.col("source") == source))


def ask_companies(client: FmpClient, store: PayloadStore, symbols: Sequence[str], *, told: Told, into: Answers) -> None:
    """Land the answers about companies, and add their rows of `raw_payloads` to `into` as they come."""
    for symbol in symbols:
        for question in _questions(client, symbol):
            rows = land(map(told.marked, question()), store).payload_rows
            into.setdefault(str(rows["dataset"][0]), []).append(rows)


def judged(asked: Answers, received: Frame, session: date | None) -> Frame:
    """Return the rows of answers that can be whole.

    Raises:
        SourceError: They are too few or too short.
    """
    for dataset, found in asked.items():
        _check_answered(dataset, found)
        check_not_shrunk(dataset, stack(*found), received)
    return of_session((part for found in asked.values() for part in found), session)


def _questions(client: FmpClient, symbol: str) -> Iterator[Question]:
    for ask in (client.income_statement, client.balance_sheet, client.cash_flow, client.key_metrics, client.ratios):
        yield partial(ask, symbol)
    yield partial(client.analyst_estimates, symbol, period="annual")
    yield partial(client.analyst_estimates, symbol, period="quarter")
    yield partial(client.rating, symbol)
    yield partial(client.profile, symbol)


def of_session(parts: Iterable[Frame], session: date | None) -> Frame:
    """Return rows of `raw_payloads` together, as pulled for a session."""
    return stack(RAW_PAYLOADS.empty(), *parts).with_columns(session=pl.lit(session, dtype=pl.Date))


def _check_answered(dataset: str, found: Sequence[Frame]) -> None:
    """Raise where most companies are without an answer: `[]` may mean no data, or a plan that covers none."""
    empty = sum(int(rows["rows"].sum()) == 0 for rows in found)
    if len(found) > FEW_ASKED and empty > (1 - MIN_ANSWERED) * len(found):
        raise SourceError(
            f"{dataset}: {empty} of {len(found)} questions were answered with no row, expected at most half. The plan may not "
            "cover them, or the vendor is at fault; nothing was written, check FMP_API_KEY and run this partition again later."
        )


def check_not_shrunk(dataset: str, rows: Frame, received: Frame) -> None:
    """Raise where the same questions were answered with far fewer rows than the last time.

    Raises:
        SourceError: They were.
    """
    asked = asked_in(pl.col("request")).alias("asked")
    last = received.filter(pl.col("dataset") == dataset).sort("fetched_at").with_columns(asked).unique("asked", keep="last")
    both = rows.with_columns(asked).join(last.select("asked", before="rows"), on="asked", how="inner")
    found, before = int(both["rows"].sum()), int(both["before"].sum())
    if far_fewer(found, before):
        raise SourceError(f"{dataset}: {found} rows for {both.height} questions that gave {before} before. {LATE}")
