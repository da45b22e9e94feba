"""The stand-in vendor over real HTTP on loopback: sockets, the request log and the faults of the wire."""

import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

from kairos.calendar import Clock
from kairos.sandbox.access import Meter
from kairos.sandbox.catalog import VENDOR, RefusalError
from kairos.sandbox.exports import Exports
from kairos.sandbox.faults import Fault, FaultKind, Faults, Route
from kairos.sandbox.market import Market
from kairos.sandbox.protocol import Answer, Request, Target, refusal_answer
from kairos.sandbox.quiver import ROOT as QUIVER_ROOT
from kairos.sandbox.routing import API_ROOT, body_parameters, find_target, merged_parameters
from kairos.sandbox.vendor import FREE_KEY, SANDBOX_KEY, Vendor

__all__ = ["FREE_KEY", "SANDBOX_KEY", "Fault", "FaultKind", "LoggedRequest", "Meter", "Route", "VendorServer"]

MASK = "***"
KEY_NAMES = ("api_key", "x-api-token", "apikey", "authorization")
POLL_S = 0.05
DAMAGE = bytes(range(8))
PIECES = 16  # of a body that drips


@dataclass(frozen=True)
class LoggedRequest:
    """One request as answered; keys are masked, status is 0 where the connection was reset."""

    method: str
    path: str
    parameters: dict[str, list[str]]
    headers: dict[str, str]
    status: int
    fault: FaultKind | None


class VendorServer:
    """Serves a market in the vendor's shapes while used as a context manager.

    Attributes:
        vendor: What answers.
        origin: Scheme and host; `/stable`, `/api/v3` and `/api/v4` below it are FMP's.
        base_url: Root of the Tables API, `http://127.0.0.1:<port>/api/v3`.
        quiver_url: Root of Quiver, `http://127.0.0.1:<port>/beta`.
    """

    def __init__(
        self,
        market: Market,
        clock: Clock,
        *,
        export_polls: int = 1,
        free_key: Literal["refuse", "sample"] = "refuse",
        dividend_basis: Literal["adjusted", "raw"] = "adjusted",
        key: str = SANDBOX_KEY,
        port: int = 0,
        meter: Meter | None = None,
    ) -> None:
        raw = dividend_basis == "raw"
        exports = Exports(export_polls)
        self.vendor = Vendor(market, clock, exports, free=free_key, raw_dividends=raw, key=key, meter=meter or Meter())
        self.stopping = Event()
        self._faults = Faults()
        self._log: list[LoggedRequest] = []
        self._log_lock = Lock()
        self._http = _Http(("127.0.0.1", port), self)
        self._thread = Thread(target=self._http.serve_forever, args=(POLL_S,), name="sandbox-vendor", daemon=True)
        self.origin = f"http://127.0.0.1:{self._http.server_address[1]}"
        self.base_url = self.origin + API_ROOT
        self.quiver_url = f"{self.origin}/{QUIVER_ROOT}"

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop serving, slow answers included."""
        self.stopping.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """Every request answered so far, in order."""
        with self._log_lock:
            return tuple(self._log)

    def inject(
        self,
        kind: FaultKind | str,
        *,
        count: int | Literal["default"] | None = "default",
        after: int = 0,
        table: str | None = None,
        route: Route | str | None = None,
        seconds: float | None = None,
        session: date | None = None,
        text: str | None = None,
        status: int | None = None,
        column: str | None = None,
    ) -> Fault:
        """Switch a fault on and return it; see `Fault` for the arguments.

        By default it strikes one request; what outlasts a request, like a late session, lasts until `clear_faults`.
        """
        kind = FaultKind(kind)
        fault = Fault(
            kind=kind,
            count=kind.strikes_by_default if count == "default" else count,
            after=after,
            table=table,
            route=Route(route) if route is not None else None,
            seconds=seconds,
            session=session,
            text=text,
            status=status,
            column=column,
        )
        self.inject_all([fault])
        return fault

    def inject_all(self, faults: Iterable[Fault]) -> None:
        """Switch several faults on."""
        self._faults.add(faults)

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._faults.clear()

    def take_fault(self, request: Request, target: Target) -> Fault | None:
        """Return the fault that strikes this request."""
        table = target.name
        if target.route is Route.FILE:
            table = table.removeprefix(f"{VENDOR}_").partition("_")[0]
        return self._faults.take(target.route, table, with_cursor=bool(request.parameters.get("qopts.cursor_id")))

    def log(self, request: LoggedRequest) -> None:
        """Remember a request."""
        with self._log_lock:
            self._log.append(request)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], owner: VendorServer) -> None:
        super().__init__(address, _Handler)
        self.owner = owner

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the signature is the library's
        """Stay silent about clients that went away in the middle of an answer."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve(b"")

    def do_POST(self) -> None:
        """Answer a POST with a JSON body of the same parameters."""
        self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, *_: object) -> None:
        """Write nothing; `VendorServer.requests` is the log."""

    def _serve(self, body: bytes) -> None:
        owner, url = self.server.owner, urlsplit(self.path)
        parameters = merged_parameters(parse_qs(url.query, keep_blank_values=True), {})
        fault: Fault | None = None
        try:
            parameters = merged_parameters(parameters, body_parameters(body))
            target = find_target(url.path, parameters)
            request = Request(url.path, parameters, self._key(target, parameters))
            fault = owner.take_fault(request, target)
            if fault is not None and fault.kind is FaultKind.RESET:
                self._log(parameters, 0, fault)
                return self._reset()
            if fault is not None and fault.kind is FaultKind.SLOW:
                owner.stopping.wait(fault.seconds or 0.0)
            answer = owner.vendor.answer(request, target, fault, owner.origin)
        except RefusalError as refusal:
            answer = refusal_answer(refusal)
        self._log(parameters, answer.status, fault)
        return self._send(answer, fault)

    def _key(self, target: Target, parameters: Mapping[str, list[str]]) -> str | None:
        if target.route is Route.QUIVER:
            scheme, _, token = (self.headers.get("authorization") or "").partition(" ")
            return token.strip() if scheme.lower() in ("token", "bearer") and token else None
        query, header = ("apikey", "apikey") if target.route is Route.FMP else ("api_key", "x-api-token")
        sent = [*parameters.get(query, []), self.headers.get(header) or ""]
        return next((key for key in sent if key), None)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        body, kind = answer.body, fault.kind if fault is not None else None
        cut = body[: len(body) // 2]
        if kind is FaultKind.DAMAGED:
            body = cut[: -len(DAMAGE)] + DAMAGE + body[len(cut) :]
        promised = len(cut) if kind in (FaultKind.TRUNCATED, FaultKind.SHORT_LENGTH) else len(body)
        self.send_response(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(promised), **answer.headers}
        if kind is FaultKind.GZIP_GARBAGE:
            headers["Content-Encoding"] = "gzip"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if kind is FaultKind.DRIP:
            return self._drip(body, (fault.seconds if fault is not None else None) or 0.0)
        self.wfile.write(cut if kind in (FaultKind.TRUNCATED, FaultKind.CUT_SHORT) else body)
        if kind in (FaultKind.CUT_SHORT, FaultKind.SHORT_LENGTH):
            self.close_connection = True
        return None

    def _drip(self, body: bytes, pause_s: float) -> None:
        size = len(body) // PIECES + 1
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            self.server.owner.stopping.wait(pause_s)

    def _reset(self) -> None:
        # lingering for no time makes close() send a reset instead of an orderly end
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _log(self, parameters: Mapping[str, list[str]], status: int, fault: Fault | None) -> None:
        masked = {name: [MASK] if name in KEY_NAMES else values for name, values in parameters.items()}
        headers = {name.lower(): MASK if name.lower() in KEY_NAMES else value for name, value in self.headers.items()}
        path = urlsplit(self.path).path
        kind = fault.kind if fault is not None else None
        self.server.owner.log(LoggedRequest(self.command, path, masked, headers, status, kind))
