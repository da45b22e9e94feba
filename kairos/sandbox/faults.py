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


class FaultKind(StrEnum):
    """What may go wrong."""

    RATE_LIMIT = "rate_limit"  # 429, with Retry-After if `seconds` is given
    SERVER_ERROR = "server_error"  # 500 with an HTML body
    BAD_GATEWAY = "bad_gateway"  # 502 with an HTML body
    ACCEPTED = "accepted"  # 202 with QEAx07
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

    @property
    def strikes_by_default(self) -> int | None:
        """Requests it strikes unless told otherwise: one, or all until cleared for what outlasts a request."""
        return None if self in (FaultKind.SILENT_SAMPLE, FaultKind.LATE_SESSION) else 1


_PAGES = frozenset({Route.DATA})
_FILES = frozenset({Route.FILE})
_ROWS = _PAGES | _FILES
_ROUTES = {
    FaultKind.DUPLICATE_PAGE: _PAGES,
    FaultKind.CURSOR_ENDS: _PAGES,
    FaultKind.CURSOR_REPEATS: _PAGES,
    FaultKind.CURSOR_EXPIRED: _PAGES,
    FaultKind.SHORT_PAGE: _PAGES,
    FaultKind.RAGGED_ROWS: _PAGES,
    FaultKind.WRONG_SCHEMA: _ROWS,
    FaultKind.SILENT_SAMPLE: _ROWS,
    FaultKind.LATE_SESSION: _ROWS,
    FaultKind.SHRUNKEN_EXPORT: _FILES,
}
CURSOR_FAULTS = (FaultKind.CURSOR_EXPIRED, FaultKind.CURSOR_REPEATS)


@dataclass(frozen=True)
class Fault:
    """One fault and the requests it strikes.

    Attributes:
        kind: What goes wrong.
        count: Matching requests it strikes; None until cleared.
        after: Matching requests it lets pass first.
        table: Table it is bound to; None for any.
        route: Route it is bound to; None for all that the kind can strike.
        seconds: Delay of SLOW, Retry-After of RATE_LIMIT.
        session: Session of LATE_SESSION.
    """

    kind: FaultKind
    count: int | None = 1
    after: int = 0
    table: str | None = None
    route: Route | None = None
    seconds: float | None = None
    session: date | None = None

    def strikes(self, route: Route, table: str, *, with_cursor: bool) -> bool:
        """Tell whether a request is one of those it may strike."""
        possible = _ROUTES.get(self.kind, frozenset(Route))
        if self.kind in CURSOR_FAULTS and not with_cursor:
            return False
        return route in possible and self.route in (None, route) and self.table in (None, table)


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
