"""What vendors of JSON lists answer when they do not answer: error texts in their many wrappings, pages of the web, stumps."""

import json
from typing import Any

from kairos.errors import SourceError
from kairos.sources.http import FEW_ATTEMPTS, TOO_MANY_REQUESTS, Reply, TransientError, check_status, retry_after_s
from kairos.sources.objects import BOM, holds_objects, says_nothing

ERROR_KEYS = ("Error Message", "message", "error", "detail")  # in this order
LONGEST_TEXT = 240
NOT_FOUND = 404
SERVER_ERROR = 500


def error_text(content: bytes) -> str | None:
    """Return what a body says in place of rows; None where it is rows, nothing, a web page or a stump.

    The text may stand under a key, deeper in nested objects, in a list of one, as a JSON string, or bare.
    """
    body = content.removeprefix(BOM).strip()
    if not body or is_markup(body):
        return None
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return None if body[:1] in {b"[", b"{"} else _shortened(body.decode("utf-8", "replace"))
    return _told(sent)


def is_markup(body: bytes) -> bool:
    """Tell whether a body is a web page: a gateway answered, not the vendor's program."""
    return body.removeprefix(BOM).lstrip()[:1] == b"<"


def require_rows(reply: Reply, *, advice: str) -> bytes:
    """Return the body of an answer that says no error, if it is a list or nothing at all.

    Args:
        reply: The answer.
        advice: What to do where the path is unknown.

    Raises:
        TransientError: The vendor or its gateway is down, or the body is cut short.
        SourceError: The path is unknown, or the body is something else.
    """
    if is_markup(reply.content) and (reply.status >= SERVER_ERROR or 200 <= reply.status < 300):  # noqa: PLR2004 - success
        reason = f"{reply.label}: HTTP {reply.status}, a web page in place of JSON"
        raise TransientError(reason, wait_s=retry_after_s(reply.headers), attempts=FEW_ATTEMPTS)
    if reply.status == NOT_FOUND:
        raise SourceError(f"{reply.label}: HTTP 404, an unknown or withdrawn address. {advice}")
    check_status(reply)
    if says_nothing(reply.content):
        return reply.content
    try:
        sent = json.loads(reply.content.removeprefix(BOM))
    except (ValueError, RecursionError):
        size = len(reply.content)
        raise TransientError(f"{reply.label}: the body is cut short or no JSON ({size} bytes)", attempts=FEW_ATTEMPTS) from None
    if not holds_objects(reply.content):
        found = f"an object with {', '.join(sent) or 'nothing'}" if isinstance(sent, dict) else type(sent).__name__
        raise SourceError(f"{reply.label}: {found}, expected a list of rows. Nothing was read; run again later.")
    return reply.content


def raise_by_status(reply: Reply, text: str) -> None:
    """Raise for an error text that says nothing known, if its status says that it may pass.

    Raises:
        TransientError: A limit, a timeout or a server's error.
    """
    if reply.status == TOO_MANY_REQUESTS or reply.status >= SERVER_ERROR:
        limited = reply.status == TOO_MANY_REQUESTS
        reason = f"{reply.label}: HTTP {reply.status}: {text}"
        raise TransientError(reason, wait_s=retry_after_s(reply.headers), limited=limited)


def _told(sent: object) -> str | None:
    if isinstance(sent, str):
        return _shortened(sent)
    if isinstance(sent, list) and len(sent) == 1:  # rows have more fields than errors have keys
        return _under_key(sent[0]) if isinstance(sent[0], dict) and len(sent[0]) <= len(ERROR_KEYS) else None
    return _under_key(sent) if isinstance(sent, dict) else None


def _under_key(sent: dict[str, Any]) -> str | None:
    for key in ERROR_KEYS:
        inside = sent.get(key)
        if isinstance(inside, dict):
            return _under_key(inside) or _shortened(json.dumps(inside))
        if inside:
            return _shortened(inside if isinstance(inside, str) else json.dumps(inside))
    return None


def _shortened(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_TEXT else f"{plain[:LONGEST_TEXT]}..."
