"""What a fault makes of an answer: another answer altogether, or the right one with its rows or columns spoiled."""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlencode

import polars as pl

from kairos.calendar import session_offset
from kairos.frames import Frame
from kairos.sandbox.catalog import Offer, RefusalError
from kairos.sandbox.exports import EXPIRED_BODY
from kairos.sandbox.faults import Fault, FaultKind
from kairos.sandbox.protocol import HTML, JSON, XML, Answer, Request, json_answer, refusal_answer

PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
TITLES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}
WORDS = "n.a. yet"
LEAKED = "Signature=0000feedc0ffee"  # of links that must not be stored anywhere
OLD_SESSIONS = 5
OVERLAP = 2
LIST_SAMPLE = 5  # rows of a list that a sample keeps


def early_answer(fault: Fault | None, request: Request, origin: str) -> Answer | None:
    """Return the answer of a fault that needs no look at the tables; None for all others."""
    maker = None if fault is None else _ANSWERS.get(fault.kind)
    return None if fault is None or maker is None else maker(fault, request, origin)


def _limited(fault: Fault, _: Request, __: str) -> Answer:
    wait = fault.text if fault.text is not None else _wait(fault)
    return refusal_answer(RefusalError("QELx05"), {} if wait is None else {"Retry-After": wait})


def _accepted(fault: Fault, _: Request, __: str) -> Answer:
    wait = _wait(fault)
    return refusal_answer(RefusalError("QEAx07"), {} if wait is None else {"Retry-After": wait})


def _wait(fault: Fault) -> str | None:
    return None if fault.seconds is None else f"{fault.seconds:g}"


def _failed(fault: Fault, _: Request, __: str) -> Answer:
    status = 502 if fault.kind is FaultKind.BAD_GATEWAY else fault.status or 500
    return Answer(status, PAGE.format(f"{status} {TITLES.get(status, 'Error')}").encode(), HTML)


def _redirected(_: Fault, request: Request, origin: str) -> Answer:
    sent = [(name, value) for name, values in request.parameters.items() if name != "api_key" for value in values]
    address = f"{origin}{request.path}?{urlencode(sent)}&X-{LEAKED}"
    return Answer(302, b"", HTML, {"Location": address})


def _tells_secrets(_: Fault, request: Request, origin: str) -> Answer:
    message = f"Call with api_key={request.key} failed; see {origin}/files/trace.zip?Expires=1&{LEAKED} for more."
    return json_answer({"quandl_error": {"code": "QEMx01", "message": message}}, 500)


_ANSWERS: dict[FaultKind, Callable[[Fault, Request, str], Answer]] = {
    FaultKind.RATE_LIMIT: _limited,
    FaultKind.ACCEPTED: _accepted,
    FaultKind.CURSOR_EXPIRED: lambda *_: refusal_answer(RefusalError("QESx06")),
    FaultKind.SERVER_ERROR: _failed,
    FaultKind.BAD_GATEWAY: _failed,
    FaultKind.WEB_PAGE: lambda *_: Answer(200, PAGE.format("Welcome").encode(), HTML),
    FaultKind.STRANGE_BODY: lambda fault, *_: Answer(200, (fault.text or "null").encode(), JSON),
    FaultKind.REDIRECTED: _redirected,
    FaultKind.LINK_EXPIRED: lambda *_: Answer(403, EXPIRED_BODY.encode(), XML),
    FaultKind.TELLS_SECRETS: _tells_secrets,
}


def spoiled(frame: Frame, fault: Fault | None, *, offer: Offer, known: date | None) -> Frame:
    """Return the rows of a table as a fault leaves them: a session missing, half of them, a column renamed.

    Args:
        frame: All rows of the query.
        fault: What is to go wrong.
        offer: The table.
        known: Newest session published; the one that is late if the fault names none.
    """
    if fault is None:
        return frame
    if fault.kind in (FaultKind.LATE_SESSION, FaultKind.HALF_SESSION) and "date" in frame.columns:
        return _late(frame, fault, fault.session or known)
    maker = _ROWS.get(fault.kind)
    return frame if maker is None else maker(frame, fault.column or offer.renamed)


def spoiled_rows(frame: Frame, fault: Fault | None, column: str) -> Frame:
    """Return the rows of a list as a fault leaves them; `column` is the one it spoils unless it names another."""
    if fault is None or frame.is_empty():
        return frame
    if fault.kind is FaultKind.SILENT_SAMPLE:
        return frame.head(LIST_SAMPLE)
    if fault.kind is FaultKind.SHORT_PAGE:
        return frame.head(frame.height // 2)
    if fault.kind in (FaultKind.DUPLICATE_ROWS, FaultKind.SKIPPED_ROWS):
        return spoiled_page(frame, 0, frame.height, fault.kind)
    maker = _ROWS.get(fault.kind)
    return frame if maker is None else maker(frame, fault.column or column)


def _late(frame: Frame, fault: Fault, session: date | None) -> Frame:
    there = pl.col("date") != session
    if fault.kind is FaultKind.HALF_SESSION and frame.height:
        names = frame.filter(~there)["ticker"].unique().sort() if session is not None else frame["ticker"].clear()
        there = there | pl.col("ticker").is_in(names.gather_every(2).implode())
    return frame.filter(there)


def _newer_half(frame: Frame) -> Frame:
    dated = "date" if "date" in frame.columns else "lastupdated"
    return frame.sort(dated, maintain_order=True).tail(frame.height - frame.height // 2)


def _without(frame: Frame, column: str) -> Frame:
    return frame.drop(column, strict=False)


def _renamed(frame: Frame, column: str) -> Frame:
    return frame.rename({column: f"{column}_v2"}, strict=False)


def _first_in_words(frame: Frame, column: str) -> Frame:
    first = pl.int_range(pl.len()) == 0
    return frame.with_columns(pl.when(first).then(pl.lit(WORDS)).otherwise(pl.col(column).cast(pl.String)).alias(column))


def _all_in_words(frame: Frame, column: str) -> Frame:
    return frame.with_columns(pl.lit(WORDS).alias(column))


_ROWS: dict[FaultKind, Callable[[Frame, str], Frame]] = {
    FaultKind.SHRUNKEN_EXPORT: lambda frame, _: frame.head(frame.height // 2),
    FaultKind.FORGOTTEN_PAST: lambda frame, _: _newer_half(frame),
    FaultKind.EMPTY_TABLE: lambda frame, _: frame.clear(),
    FaultKind.WRONG_SCHEMA: _renamed,
    FaultKind.MISSING_COLUMN: _without,
    FaultKind.EXTRA_COLUMN: lambda frame, _: frame.with_columns(esgscore=pl.lit(1.5)),
    FaultKind.REORDERED_COLUMNS: lambda frame, _: frame.select(frame.columns[::-1]),
    FaultKind.TEXT_VALUE: _first_in_words,
    FaultKind.TEXT_COLUMN: _all_in_words,
}


def spoiled_page(frame: Frame, start: int, size: int, kind: FaultKind | None) -> Frame:
    """Return the rows of a page, or of a whole file, as a fault leaves them: some twice, some not at all."""
    if kind is FaultKind.OVERLAPPING_PAGE:
        first = max(0, start - OVERLAP)
        return frame.slice(first, size + start - first)
    rows = frame.slice(start, size)
    if kind is FaultKind.DUPLICATE_ROWS:
        return pl.concat([rows, rows.tail(1)])
    return rows.gather_every(2) if kind is FaultKind.SKIPPED_ROWS else rows


def old_session(known: date, first: date) -> date:
    """Return the session some time before `known`, or the first one."""
    return max(first, session_offset(known, -OLD_SESSIONS))
