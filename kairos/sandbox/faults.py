"""Faults of the stand-in vendor, switched on from outside and counted down request by request."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from threading import Lock


class Route(StrEnum):
    """What a request asks for."""

    DATA = "data"
    EXPORT = "export"
    FILE = "file"
    METADATA = "metadata"
    FMP = "fmp"
    QUIVER = "quiver"


class FaultKind(StrEnum):
    """What may go wrong."""

    RATE_LIMIT = "rate_limit"  # 429, with Retry-After if `seconds` or `text` is given
    SERVER_ERROR = "server_error"  # `status`, 500 unless given, with an HTML body
    BAD_GATEWAY = "bad_gateway"  # 502 with an HTML body
    ACCEPTED = "accepted"  # 202 with QEAx07, with Retry-After if `seconds` is given
    SLOW = "slow"  # the answer comes `seconds` late
    RESET = "reset"  # the connection is reset before any answer
    TRUNCATED = "truncated"  # half of the body, with a matching length
    CUT_SHORT = "cut_short"  # half of the body, then the connection closes before the promised length
    DUPLICATE_PAGE = "duplicate_page"  # the cursor leads to the same rows once more
    CURSOR_ENDS = "cursor_ends"  # no next cursor although rows remain
    CURSOR_REPEATS = "cursor_repeats"  # the next cursor is the one just used
    CURSOR_EXPIRED = "cursor_expired"  # 400 QESx06 on a request with a cursor
    SHORT_PAGE = "short_page"  # fewer rows than asked for, with a right cursor
    RAGGED_ROWS = "ragged_rows"  # rows shorter than the column list
    WRONG_SCHEMA = "wrong_schema"  # a column under another name
    SILENT_SAMPLE = "silent_sample"  # the free sample with status 200
    LATE_SESSION = "late_session"  # a session's rows are not there yet
    SHRUNKEN_EXPORT = "shrunken_export"  # the file holds half of the rows
    FORGOTTEN_PAST = "forgotten_past"  # the file holds the newer half of the rows
    WEB_PAGE = "web_page"  # a page for people with status 200
    STRANGE_BODY = "strange_body"  # JSON of another shape: `text`, null unless given
    DAMAGED = "damaged"  # bytes in the middle of the body are others
    GZIP_GARBAGE = "gzip_garbage"  # said to be compressed, and is not
    SHORT_LENGTH = "short_length"  # the promised length ends in the middle of the body
    DRIP = "drip"  # the body comes in pieces, `seconds` between them
    REDIRECTED = "redirected"  # 302 to another signed address
    LINK_EXPIRED = "link_expired"  # 403 XML in place of the file
    TELLS_SECRETS = "tells_secrets"  # 500 whose message repeats the key and a signed link
    DUPLICATE_ROWS = "duplicate_rows"  # the last row comes twice
    OVERLAPPING_PAGE = "overlapping_page"  # a page begins with the last rows of the one before
    SKIPPED_ROWS = "skipped_rows"  # half of a page's rows are missing, the cursor leads on behind them
    MISSING_COLUMN = "missing_column"  # `column` is not there
    EXTRA_COLUMN = "extra_column"  # a column nobody knows
    REORDERED_COLUMNS = "reordered_columns"  # all columns, the last first
    TEXT_VALUE = "text_value"  # words in place of the first number of `column`
    TEXT_COLUMN = "text_column"  # words in place of every number of `column`
    EMPTY_TABLE = "empty_table"  # no rows at all, with status 200
    HALF_SESSION = "half_session"  # a session has rows of every other name
    NEVER_READY = "never_ready"  # the export is being made for ever
    OLD_SNAPSHOT = "old_snapshot"  # said to be fresh, with a file whose snapshot is older than the table
    OLD_FILE = "old_file"  # said to be fresh and of today, with the rows of five sessions ago

    BANDWIDTH_LIMIT = "bandwidth_limit"  # 429 that only time clears
    SUSPENDED = "suspended"  # the account is closed: `status`, 200 unless given
    ERROR_BODY = "error_body"  # `text` as FMP's error object with `status`, 200 unless given
    LISTED_ERROR = "listed_error"  # the same, wrapped in a list
    EXCLUSIVE = "exclusive"  # the plan lacks the endpoint: `status`, 402 unless given
    PREMIUM_PARAMETER = "premium_parameter"  # 402 in plain text: the plan forbids the value of `column`
    EMPTY_BODY = "empty_body"  # 200 without a byte
    WITHDRAWN = "withdrawn"  # 404 with an empty list
    UPGRADE = "upgrade"  # 403 with a JSON string in place of rows
    ENVELOPE = "envelope"  # the rows wrapped in an object

    @property
    def strikes_by_default(self) -> int | None:
        """Requests it strikes unless told otherwise: one, or all until cleared for what outlasts a request."""
        return None if self in LASTING else 1


LASTING = frozenset(
    {
        FaultKind.SILENT_SAMPLE,
        FaultKind.LATE_SESSION,
        FaultKind.EMPTY_TABLE,
        FaultKind.HALF_SESSION,
        FaultKind.NEVER_READY,
    }
)
_PAGES = frozenset({Route.DATA})
_FILES = frozenset({Route.FILE})
_STATES = frozenset({Route.EXPORT})
_ROWS = _PAGES | _FILES
_FUNDAMENTALS = frozenset({Route.FMP})
_LISTS = frozenset({Route.FMP, Route.QUIVER})
_ROUTES = {
    FaultKind.DUPLICATE_PAGE: _PAGES,
    FaultKind.CURSOR_ENDS: _PAGES,
    FaultKind.CURSOR_REPEATS: _PAGES,
    FaultKind.CURSOR_EXPIRED: _PAGES,
    FaultKind.SHORT_PAGE: _PAGES | _LISTS,
    FaultKind.RAGGED_ROWS: _PAGES,
    FaultKind.WRONG_SCHEMA: _ROWS | _LISTS,
    FaultKind.SILENT_SAMPLE: _ROWS | _LISTS,
    FaultKind.LATE_SESSION: _ROWS,
    FaultKind.SHRUNKEN_EXPORT: _FILES,
    FaultKind.FORGOTTEN_PAST: _FILES,
    FaultKind.STRANGE_BODY: _PAGES | _STATES | _LISTS,
    FaultKind.LINK_EXPIRED: _FILES,
    FaultKind.DUPLICATE_ROWS: _ROWS | _LISTS,
    FaultKind.OVERLAPPING_PAGE: _PAGES,
    FaultKind.SKIPPED_ROWS: _PAGES | _LISTS,
    FaultKind.MISSING_COLUMN: _ROWS | _LISTS,
    FaultKind.EXTRA_COLUMN: _ROWS | _LISTS,
    FaultKind.REORDERED_COLUMNS: _ROWS | _LISTS,
    FaultKind.TEXT_VALUE: _ROWS | _LISTS,
    FaultKind.TEXT_COLUMN: _ROWS | _LISTS,
    FaultKind.EMPTY_TABLE: _ROWS | _LISTS,
    FaultKind.HALF_SESSION: _ROWS,
    FaultKind.NEVER_READY: _STATES,
    FaultKind.OLD_SNAPSHOT: _STATES,
    FaultKind.OLD_FILE: _FILES,
    FaultKind.BANDWIDTH_LIMIT: _FUNDAMENTALS,
    FaultKind.SUSPENDED: _FUNDAMENTALS,
    FaultKind.ERROR_BODY: _LISTS,
    FaultKind.LISTED_ERROR: _FUNDAMENTALS,
    FaultKind.EXCLUSIVE: _FUNDAMENTALS,
    FaultKind.PREMIUM_PARAMETER: _FUNDAMENTALS,
    FaultKind.EMPTY_BODY: _LISTS,
    FaultKind.WITHDRAWN: _LISTS,
    FaultKind.UPGRADE: frozenset({Route.QUIVER}),
    FaultKind.ENVELOPE: frozenset({Route.QUIVER}),
}
CURSOR_FAULTS = (FaultKind.CURSOR_EXPIRED, FaultKind.CURSOR_REPEATS, FaultKind.OVERLAPPING_PAGE)


@dataclass(frozen=True)
class Fault:
    """One fault and the requests it strikes.

    Attributes:
        kind: What goes wrong.
        count: Matching requests it strikes; None until cleared.
        after: Matching requests it lets pass first.
        table: Table it is bound to; None for any.
        route: Route it is bound to; None for all that the kind can strike.
        seconds: Delay of SLOW and of each piece of DRIP, Retry-After of RATE_LIMIT and ACCEPTED.
        session: Session of LATE_SESSION and HALF_SESSION.
        text: Retry-After of RATE_LIMIT, word for word; body of STRANGE_BODY; message of ERROR_BODY and LISTED_ERROR.
        status: HTTP status of SERVER_ERROR, SUSPENDED, ERROR_BODY, LISTED_ERROR and EXCLUSIVE, and of FMP's RATE_LIMIT.
        column: Column of MISSING_COLUMN, TEXT_VALUE and TEXT_COLUMN; parameter of PREMIUM_PARAMETER.
    """

    kind: FaultKind
    count: int | None = 1
    after: int = 0
    table: str | None = None
    route: Route | None = None
    seconds: float | None = None
    session: date | None = None
    text: str | None = None
    status: int | None = None
    column: str | None = None

    def strikes(self, route: Route, table: str, *, with_cursor: bool) -> bool:
        """Tell whether a request is one of those it may strike."""
        possible = routes_of(self.kind)
        if self.kind in CURSOR_FAULTS and not with_cursor:
            return False
        return route in possible and self.route in (None, route) and self.table in (None, table)


def routes_of(kind: FaultKind) -> frozenset[Route]:
    """Return the routes on which a kind of fault can strike."""
    return _ROUTES.get(kind, frozenset(Route))


@dataclass
class Faults:
    """The faults switched on, each with the matching requests it has seen."""

    _active: list[tuple[Fault, list[int]]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, faults: Iterable[Fault]) -> None:
        """Switch faults on."""
        with self._lock:
            self._active += [(fault, [0]) for fault in faults]

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._active.clear()

    def take(self, route: Route, table: str, *, with_cursor: bool) -> Fault | None:
        """Return the fault that strikes this request, and count the request against every fault it matches."""
        struck: Fault | None = None
        with self._lock:
            for fault, seen in self._active:
                if not fault.strikes(route, table, with_cursor=with_cursor):
                    continue
                seen[0] += 1
                within = fault.count is None or seen[0] <= fault.after + fault.count
                if struck is None and seen[0] > fault.after and within:
                    struck = fault
        return struck
