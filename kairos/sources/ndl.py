"""Answers of Nasdaq Data Link's Tables API: pages, export states and error bodies. Asking is in `sharadar`."""

import io
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from kairos.errors import PlanError, RateLimitError, SourceError
from kairos.sources.http import FEW_ATTEMPTS, TOO_MANY_REQUESTS, Reply, TransientError, check_status, retry_after_s

DAILY_LIMITS = frozenset({"QELx01", "QELx02", "QELx03"})  # waiting within the hour does not help
SIZE_LIMITS = frozenset({"QELx06", "QELx07", "QELx08"})  # the question is too large; asking again does not help
TOO_MANY_LOGINS = "QEAx06"
ACCEPTED = "QEAx07"  # comes with a 2xx status
ACCEPTED_WAIT_S = 30.0
INVALID_CURSOR = "QESx06"
LINK_EXPIRED = frozenset({400, 401, 403, 404, 410})  # an object store's answers to a signature past its time
AGAIN = "Nothing was read; run again later."
SNAPSHOT_FORMAT = "%Y-%m-%d %H:%M:%S UTC"


class PagingError(SourceError):
    """The thread through the pages is lost; start again from the first one."""


@dataclass(frozen=True)
class Page:
    """One page of a table.

    Attributes:
        columns: Names in the order sent.
        rows: One list of JSON values per row, as long as `columns`.
        cursor: What to ask the next page with; null on the last.
    """

    columns: tuple[str, ...]
    rows: list[list[Any]]
    cursor: str | None


@dataclass(frozen=True)
class ExportState:
    """How far the vendor is with a bulk file: creating, regenerating (with the older file's link) or fresh.

    Attributes:
        status: In lower case.
        link: Where the file is, with its signature; null while there is none.
        snapshot: State of the table that the file holds.
        refreshed: When the table last changed.
    """

    status: str
    link: str | None = field(repr=False)
    snapshot: datetime | None
    refreshed: datetime | None = None

    @property
    def is_behind(self) -> bool:
        """Whether the file was made before the table's last refresh, whatever its status says."""
        return self.snapshot is not None and self.refreshed is not None and self.snapshot < self.refreshed

    @property
    def summary(self) -> str:
        """The state in words, without the link."""
        told = self.status if self.link else f"{self.status} without a link"
        return f"{told}, made at {self.snapshot} before the table's refresh at {self.refreshed}" if self.is_behind else told

    def usable_link(self, since: datetime | None) -> str | None:
        """Return the link if the file is current, or if its snapshot is not older than `since`."""
        old_enough = since is not None and self.snapshot is not None and self.snapshot >= since
        return self.link if old_enough or (self.status == "fresh" and not self.is_behind) else None


def decode_page(content: bytes, *, where: str) -> Page:
    """Return the page in a JSON body.

    Raises:
        SourceError: The body is HTML, no JSON, or not of the documented shape; a row is shorter or longer than the header.
    """
    table, meta = _section(_decode(content, where=where), "datatable", where=where)
    columns, rows = table.get("columns"), table.get("data")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise SourceError(f"{where}: datatable has {', '.join(table) or 'nothing'}; expected data and columns. {AGAIN}")
    names = tuple(str(column.get("name")) if isinstance(column, dict) else str(column) for column in columns)
    if len(set(names)) != len(names):
        raise SourceError(f"{where}: a column name comes twice among {', '.join(names)}. Nothing was read.")
    for index, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            found = f"{len(row)} values" if isinstance(row, list) else type(row).__name__
            raise SourceError(f"{where}: row {index} has {found}, expected {len(names)}, one per column. {AGAIN}")
    if "next_cursor_id" not in meta:
        raise SourceError(f"{where}: meta.next_cursor_id is missing, so the page may not be the last. {AGAIN}")
    cursor = meta["next_cursor_id"]
    if cursor is not None and (not isinstance(cursor, str) or not cursor):
        raise SourceError(f"{where}: meta.next_cursor_id is {cursor!r}, expected a text or null. {AGAIN}")
    return Page(names, rows, cursor)


def read_page(reply: Reply) -> tuple[bytes, Page]:
    """Return the bytes of an answer and the page in them.

    Raises:
        SourceError: The answer is an error or no page; see `read_json`.
    """
    read_json(reply)
    return reply.content, decode_page(reply.content, where=reply.label)


def read_export(reply: Reply) -> ExportState:
    """Return the state of a bulk file.

    Raises:
        SourceError: The answer is an error, or has another shape.
    """
    section, _ = _section(read_json(reply), "datatable_bulk_download", where=reply.label)
    file = section.get("file")
    if not isinstance(file, dict) or not isinstance(file.get("status"), str):
        raise SourceError(
            f"{reply.label}: datatable_bulk_download.file.status is missing; found {', '.join(section) or 'nothing'}. {AGAIN}"
        )
    table = section.get("datatable")
    refreshed = table.get("last_refreshed_time") if isinstance(table, dict) else None
    link = file.get("link") or None
    if link is not None and not isinstance(link, str):
        raise SourceError(f"{reply.label}: datatable_bulk_download.file.link is {type(link).__name__}, expected text. {AGAIN}")
    if link is not None and not link.startswith(("http://", "https://")):
        raise SourceError(f"{reply.label}: datatable_bulk_download.file.link is no address of the web. {AGAIN}")
    return ExportState(file["status"].lower(), link, _instant(file.get("data_snapshot_time")), _instant(refreshed))


def read_archive(reply: Reply) -> bytes | None:
    """Return the bytes of a bulk file, or None when its link has expired.

    Raises:
        TransientError: The file is cut short.
        SourceError: The answer is no zip file.
    """
    if reply.status in LINK_EXPIRED:
        return None
    check_status(reply)
    if _is_markup(reply.content):
        raise SourceError(f"{reply.label}: a web page came in place of the zip file. Ask for the export again.")
    damage = _damage(reply.content)
    if damage:
        raise TransientError(f"{reply.label}: {damage} ({len(reply.content)} bytes)", attempts=FEW_ATTEMPTS)
    return reply.content


def _damage(content: bytes) -> str:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return "the zip file is cut short or none"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            broken = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        return f"the zip file is damaged: {error}"
    return f"the zip file is damaged: {broken} has another checksum" if broken else ""


def read_json(reply: Reply) -> dict[str, Any]:
    """Return the JSON object of a good answer.

    Raises:
        TransientError: The vendor is busy, or the body is cut short.
        RateLimitError: A limit is reached that waiting does not lift.
        PlanError: The key or the plan does not allow it.
        PagingError: The cursor is no longer valid.
        SourceError: The answer is another error, a web page, or no JSON.
    """
    try:
        body, readable = json.loads(reply.content), True
    except (ValueError, RecursionError):
        body, readable = None, False
    if isinstance(body, dict) and isinstance(body.get("quandl_error"), dict):
        _raise_vendor_error(reply, body["quandl_error"])
    check_status(reply)
    if isinstance(body, dict):
        return body
    if not readable and not _is_markup(reply.content):
        reason = f"{reply.label}: the body is cut short or no JSON ({len(reply.content)} bytes)"
        raise TransientError(reason, attempts=FEW_ATTEMPTS)
    return _decode(reply.content, where=reply.label)


def _raise_vendor_error(reply: Reply, error: dict[str, Any]) -> NoReturn:
    code, message = str(error.get("code", "")), str(error.get("message", "no message"))
    text = f"{reply.label}: {code or 'an error without code'} (HTTP {reply.status}): {message}"
    if code == ACCEPTED:
        raise TransientError(text, wait_s=retry_after_s(reply.headers) or ACCEPTED_WAIT_S)
    if code == INVALID_CURSOR:
        raise PagingError(f"{text} The pages could not be followed to the end; run again.")
    family = code[2:3]
    if code in SIZE_LIMITS:
        raise RateLimitError(f"{text} Ask for less at a time, or use the export.")
    if code in DAILY_LIMITS:
        raise RateLimitError(f"{text} The day's allowance is spent; run again tomorrow, or with a larger plan.")
    if family == "L" or code == TOO_MANY_LOGINS or reply.status == TOO_MANY_REQUESTS:
        raise TransientError(text, wait_s=retry_after_s(reply.headers), limited=True)
    if family in {"A", "P"}:
        raise PlanError(f"{text} Check NASDAQ_DATA_LINK_API_KEY and what your subscription covers.")
    if family in {"M", "X"}:
        raise TransientError(text, wait_s=retry_after_s(reply.headers))
    if family not in {"S", "C"}:
        check_status(reply)
    raise SourceError(f"{text} The vendor does not accept this question; check dataset and filters.")


def _decode(content: bytes, *, where: str) -> dict[str, Any]:
    if _is_markup(content):
        raise SourceError(f"{where}: a web page came in place of JSON. A proxy or the vendor's gateway answered; try later.")
    try:
        body = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: no readable JSON ({error}). The file may be cut short; fetch it again.") from None
    if not isinstance(body, dict):
        raise SourceError(f"{where}: JSON holds {type(body).__name__}, expected an object with datatable and meta. {AGAIN}")
    return body


def _section(body: dict[str, Any], name: str, *, where: str) -> tuple[dict[str, Any], dict[str, Any]]:
    section, meta = body.get(name), body.get("meta")
    if not isinstance(section, dict):
        raise SourceError(f"{where}: {name} is missing; found {', '.join(body) or 'an empty object'}. {AGAIN}")
    return section, meta if isinstance(meta, dict) else {}


def _is_markup(content: bytes) -> bool:
    return content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _instant(text: object) -> datetime | None:
    try:
        return datetime.strptime(str(text), SNAPSHOT_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
