"""The stand-in vendor itself: from a request to an answer, without sockets. HTTP is in `server`."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import RLock
from typing import Literal, TypeVar

import polars as pl

from kairos.calendar import Clock, prices_known_at, session_offset
from kairos.frames import Frame
from kairos.sandbox.access import Meter
from kairos.sandbox.catalog import OFFERS, TICKERS, VENDOR, Offer, RefusalError
from kairos.sandbox.exports import EXPIRED_BODY, Exports, csv_bytes, link_is_valid, signed_path, zip_bytes
from kairos.sandbox.faults import Fault, FaultKind, Route
from kairos.sandbox.fmp import FmpDesk
from kairos.sandbox.fmp_faults import early_list_answer
from kairos.sandbox.market import Market
from kairos.sandbox.protocol import (
    CSV,
    XML,
    ZIP,
    Answer,
    Request,
    Target,
    column_list,
    datatable,
    json_answer,
    refusal_answer,
    utc_text,
)
from kairos.sandbox.query import Cursor, Query, parse_query
from kairos.sandbox.quiver import QuiverDesk
from kairos.sandbox.spoils import early_answer, old_session, spoiled, spoiled_page
from kairos.sandbox.views import VendorView, known_session

SANDBOX_KEY = "sandbox-premium-key"
FREE_KEY = "sandbox-free-key"
SAMPLE_SHARE, SAMPLE_MOST = 6, 30  # the free sample: a sixth of the names, thirty at most
REMEMBERED = 12  # answers kept, so that paging does not make a table anew for every page

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass
class Vendor:
    """Answers requests on a market as of a clock.

    Attributes:
        market: The market.
        clock: Decides what has been published.
        exports: State of the bulk exports.
        free: What a free key gets from a premium table: a refusal or, silently, the sample.
        raw_dividends: Whether ACTIONS shows dividends as paid.
        key: The key that buys everything.
        meter: What each key of FMP may use.
    """

    market: Market
    clock: Clock
    exports: Exports
    free: Literal["refuse", "sample"] = "refuse"
    raw_dividends: bool = False
    key: str = field(default=SANDBOX_KEY, repr=False)
    meter: Meter = field(default_factory=Meter)
    _views: OrderedDict[date | None, VendorView] = field(default_factory=OrderedDict)
    _frames: OrderedDict[tuple[str, date | None, bool], Frame] = field(default_factory=OrderedDict)
    _lock: RLock = field(default_factory=RLock)

    def answer(self, request: Request, target: Target, fault: Fault | None, origin: str) -> Answer:
        """Answer a request, spoiled by `fault` if there is one.

        Args:
            request: The request.
            target: Where its path leads.
            fault: What is to go wrong.
            origin: Scheme and host that links start with.
        """
        if target.route in (Route.FMP, Route.QUIVER):
            desk = self._fmp if target.route is Route.FMP else self._quiver
            return early_list_answer(fault, request, origin) or desk.answer(request, fault)
        try:
            early = early_answer(fault, request, origin)
            if early is not None:
                return early
            if target.route is Route.FILE:
                return self._file(request, target, fault)
            return self._table(request, target, fault, origin)
        except RefusalError as refusal:
            return refusal_answer(refusal)

    @cached_property
    def _fmp(self) -> FmpDesk:
        return FmpDesk(self.market, self.clock, self.meter)

    @cached_property
    def _quiver(self) -> QuiverDesk:
        return QuiverDesk(self.market, self.clock)

    def _table(self, request: Request, target: Target, fault: Fault | None, origin: str) -> Answer:
        offer = OFFERS.get(target.name)
        if offer is None:
            raise RefusalError("QECx02")
        if target.form not in ("json", "csv"):
            raise RefusalError("QESx05")
        if target.route is Route.METADATA:
            return self._metadata(offer, request.key)
        sampled = self._check_key(offer, request.key)
        query = parse_query(offer, request.parameters)
        if query.export:
            return self._export(query, origin, fault)
        return self._page(query, target.form, fault, sampled=sampled)

    def _check_key(self, offer: Offer, key: str | None) -> bool:
        """Return whether the key only buys the sample."""
        if key is None:
            raise RefusalError("QEPx05" if offer.premium else "QEAx03")
        if key not in (self.key, FREE_KEY):
            raise RefusalError("QEAx01")
        limited = key == FREE_KEY and offer.premium
        if limited and self.free == "refuse":
            raise RefusalError("QEPx04")
        return limited

    def _metadata(self, offer: Offer, key: str | None) -> Answer:
        if key not in (None, self.key, FREE_KEY):
            raise RefusalError("QEAx01")
        known = known_session(self.market, self.clock.now()) or self.market.first_session
        stamp = "%Y-%m-%dT%H:%M:%S.000Z"
        status = {
            "refreshed_at": prices_known_at(known).strftime(stamp),
            "status": "ON TIME",
            "expected_at": prices_known_at(session_offset(known, 1)).strftime(stamp),
            "update_frequency": "CONTINUOUS",
        }
        described = {
            "vendor_code": VENDOR,
            "datatable_code": offer.code,
            "name": offer.name,
            "description": None,
            "columns": [] if key is None else column_list(offer.columns),
            "filters": list(offer.filters),
            "primary_key": list(offer.key),
            "premium": offer.premium,
            "status": status,
        }
        return json_answer({"datatable": described})

    def _export(self, query: Query, origin: str, fault: Fault | None) -> Answer:
        now = self.clock.now()
        known = known_session(self.market, now) or self.market.first_session
        state, file = self.exports.poll(query, known)
        if fault is not None and fault.kind is FaultKind.NEVER_READY:
            state, file = "creating", None
        if fault is not None and fault.kind is FaultKind.OLD_SNAPSHOT:
            state, file = "fresh", self.exports.offer(query, old_session(known, self.market.first_session))
        described = {
            "link": None if file is None else origin + signed_path(file, now),
            "status": state,
            "data_snapshot_time": None if file is None else utc_text(prices_known_at(file.known)),
        }
        refreshed = {"last_refreshed_time": utc_text(prices_known_at(known))}
        return json_answer({"datatable_bulk_download": {"file": described, "datatable": refreshed}})

    def _file(self, request: Request, target: Target, fault: Fault | None) -> Answer:
        expires, signature = ((request.parameters.get(name) or [""])[-1] for name in ("Expires", "Signature"))
        file = self.exports.find(target.name)
        valid = link_is_valid(request.path, expires=expires, signature=signature, now=self.clock.now())
        if file is None or not valid:
            return Answer(403, EXPIRED_BODY.encode(), XML)
        kind = fault.kind if fault is not None else None
        known = old_session(file.known, self.market.first_session) if kind is FaultKind.OLD_FILE else file.known
        found = self.frame(file.query, known, sampled=kind is FaultKind.SILENT_SAMPLE)
        frame = spoiled(found, fault, offer=file.query.offer, known=known)
        return Answer(200, zip_bytes(spoiled_page(frame, 0, frame.height, kind), file.stem), ZIP)

    def _page(self, query: Query, form: str, fault: Fault | None, *, sampled: bool) -> Answer:
        start = self._start(query)
        kind = fault.kind if fault is not None else None
        found = self.frame(query, start.known, sampled=sampled or kind is FaultKind.SILENT_SAMPLE)
        frame = spoiled(found, fault, offer=query.offer, known=start.known)
        size = max(1, query.per_page // 2) if kind is FaultKind.SHORT_PAGE else query.per_page
        after = _following(start, kind, start.offset + size)
        following = after.encode() if after is not None and after.offset < frame.height else None
        rows = spoiled_page(frame, start.offset, size, kind)
        if form == "csv":
            return Answer(200, csv_bytes(rows), CSV, {"Cursor_ID": following} if following else {})
        return json_answer(datatable(rows, query.offer, following, ragged=kind is FaultKind.RAGGED_ROWS))

    def _start(self, query: Query) -> Cursor:
        if not query.cursor:
            return Cursor(query.digest, known_session(self.market, self.clock.now()), 0)
        cursor = Cursor.decode(query.cursor)
        if cursor.digest != query.digest:
            raise RefusalError("QESx06", "It belongs to another query.")
        return cursor

    def view(self, known: date | None) -> VendorView:
        """Return the vendor's tables at a knowledge session."""
        with self._lock:
            return _remembered(self._views, known, lambda: VendorView(self.market, known, self.raw_dividends))

    def frame(self, query: Query, known: date | None, *, sampled: bool = False) -> Frame:
        """Return all rows of a query in the order of the primary key."""
        with self._lock:
            return _remembered(self._frames, (query.digest, known, sampled), lambda: self._collect(query, known, sampled))

    def _collect(self, query: Query, known: date | None, sampled: bool) -> Frame:  # noqa: FBT001 - called through a lambda
        view, offer = self.view(known), query.offer
        rows = view.rows(offer.code).filter(query.condition())
        if sampled and offer is not TICKERS:
            names = view.names.sort("permaticker")
            chosen = names.head(min(SAMPLE_MOST, max(1, names.height // SAMPLE_SHARE)))["ticker"].to_list()
            rows = rows.filter(pl.col("ticker").is_in(chosen))
        return rows.sort(offer.key, nulls_last=True).select(query.columns).collect()


def _following(start: Cursor, kind: FaultKind | None, offset: int) -> Cursor | None:
    if kind is FaultKind.CURSOR_ENDS:
        return None
    if kind is FaultKind.CURSOR_REPEATS:
        return start
    if kind is FaultKind.DUPLICATE_PAGE:
        return Cursor(start.digest, start.known, start.offset, start.repeat + 1)
    return Cursor(start.digest, start.known, offset)


def _remembered(cache: OrderedDict[_Key, _Value], key: _Key, make: Callable[[], _Value]) -> _Value:
    if key not in cache:
        cache[key] = make()
        while len(cache) > REMEMBERED:
            cache.popitem(last=False)
    cache.move_to_end(key)
    return cache[key]
