"""A vendor on loopback that answers as each test tells it, and time that passes only by sleeping."""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from kairos.sources.pace import Timing
from kairos.sources.payloads import Payload

KEY = "k3y-that-must-not-leak"
RECEIVED = datetime(2025, 7, 25, 3, 45, tzinfo=UTC)
SEP_NAMES = ["ticker", "date", "open", "high", "low", "close", "volume", "closeadj", "closeunadj", "lastupdated"]


@dataclass
class Answer:
    """One scripted answer; `missing` bytes are announced but not sent."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0
    announce: bool = True
    delay_s: float = 0.0
    reset: bool = False
    chunk_pause_s: float = 0.0


@dataclass
class Asked:
    path: str
    params: dict[str, str]
    headers: dict[str, str]


class Vendor:
    """Answers from a list, the last one again and again; `asked` keeps every request."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.files: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []
        self.url = ""

    def next_answer(self, path: str) -> Answer:
        script = self.files.get(path, self.answers)
        return script.pop(0) if len(script) > 1 else script[0]


def handler_of(vendor: Vendor) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            vendor.asked.append(Asked(parts.path, dict(parse_qsl(parts.query)), headers))
            answer = vendor.next_answer(parts.path)
            time.sleep(answer.delay_s)
            if answer.reset:
                self.connection.close()
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.announce:
                self.send_header("Content-Length", str(len(answer.body) + answer.missing))
            self.end_headers()
            size = max(1, len(answer.body) // 4) if answer.chunk_pause_s else max(1, len(answer.body))
            for start in range(0, len(answer.body), size):
                self.wfile.write(answer.body[start : start + size])
                time.sleep(answer.chunk_pause_s)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@dataclass
class FakeTime:
    """Seconds that pass only while someone sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def timing(self, chance: float = 1.0) -> Timing:
        return Timing(self.sleep, lambda: self.now, lambda: chance)


def sep_row(ticker: str, day: date | str = "2025-07-24", close: float | None = 50.8) -> list[object]:
    return [ticker, str(day), 50.1, 51.2, 49.9, close, 1200345.0, close, close, str(day)]


def page(rows: list[list[object]], cursor: str | None = None, names: list[str] = SEP_NAMES) -> bytes:
    columns = [{"name": name, "type": "String"} for name in names]
    return json.dumps({"datatable": {"data": rows, "columns": columns}, "meta": {"next_cursor_id": cursor}}).encode()


def error_body(code: str, message: str = "no") -> bytes:
    return json.dumps({"quandl_error": {"code": code, "message": message}}).encode()


def payload(content: bytes, dataset: str = "sep", request: str | None = None, source: str = "sharadar") -> Payload:
    return Payload(source, dataset, request or f"datatables/SHARADAR/{dataset.upper()}.json", content, RECEIVED)
