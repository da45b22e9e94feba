"""Asking vendors that answer with lists of objects: one answer, or pages until an empty one. The vendors are in siblings."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Self
from urllib.parse import quote, urlencode, urlsplit

from pydantic import SecretStr

from kairos.calendar import Clock
from kairos.errors import SettingsError, SourceError
from kairos.sources.http import FEW_ATTEMPTS, LOOPBACK, Http, Reply, Request, TransientError
from kairos.sources.objects import decode_objects, says_nothing
from kairos.sources.pace import Limiter, RetryPolicy, Timing
from kairos.sources.payloads import Payload

MOST_PAGES = 5000  # nothing has as many; a vendor that leads in circles in another way is stopped here


class ListClient(ABC):
    """What the clients of such vendors have in common.

    Args:
        base_url: Root of the addresses.
        base_setting: Name of the setting that holds it.
        key: Kept out of payloads, messages and logs.
        read: Returns the body of a good answer and raises for any other.
        source: Name that the rows bear.
        clock: Stamps the payloads.
        policy: Patience with failing requests.
        limiter: Bounds the calls.
        timing: Sleep, seconds and chance.

    Raises:
        SettingsError: The key would travel unencrypted to another machine.
    """

    def __init__(
        self,
        base_url: str,
        *,
        base_setting: str,
        key: SecretStr,
        read: Callable[[Reply], bytes],
        source: str,
        clock: Clock,
        policy: RetryPolicy,
        limiter: Limiter,
        timing: Timing | None,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise SettingsError(f"{base_setting} {base_url}: the key would travel in clear; use https.")
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._read = read
        self._source = source
        self._clock = clock
        self._http = Http(policy=policy, limiter=limiter, timing=timing, secrets=(key,))

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @abstractmethod
    def _secrets(self, path: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the headers and the parameters that carry the key to `path`."""

    def _ask(self, dataset: str, path: str, params: Mapping[str, str]) -> Payload:
        return self._payload(dataset, path, params, self._http.get(self._request(path, params), self._read))

    def _walk(
        self, dataset: str, path: str, params: Mapping[str, str], *, first: int, pages: int | None = None
    ) -> list[Payload]:
        """Return the pages up to the first empty one, which alone proves the end: a short page may be a faulty one.

        An empty first page is returned; `pages` bounds how many are asked.
        """
        payloads: list[Payload] = []
        seen: set[str] = set()
        for page in range(first, first + (pages or MOST_PAGES)):
            asked = {**params, "page": str(page)}
            content = self._http.get(self._request(path, asked), lambda reply: self._new_page(reply, seen))
            if says_nothing(content) and payloads:
                return payloads
            payloads.append(self._payload(dataset, path, asked, content))
            if says_nothing(content):
                return payloads
        if pages is None:
            raise SourceError(
                f"{self._source} {path}: {MOST_PAGES} pages and no end. Nothing was read; ask for a shorter span."
            )
        return payloads

    def _new_page(self, reply: Reply, seen: set[str]) -> bytes:
        content = self._read(reply)
        rows = decode_objects(content, where=reply.label)
        digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
        if rows and digest in seen:
            raise TransientError(f"{reply.label}: a page repeats an earlier one, so rows may be missing", attempts=FEW_ATTEMPTS)
        seen.add(digest)
        return content

    def _request(self, path: str, params: Mapping[str, str]) -> Request:
        headers, secret = self._secrets(path)
        about = ", ".join(f"{name}={value}" for name, value in sorted(params.items()))
        return Request(f"{self._base_url}/{path}", dict(params), headers, secret_params=secret, about=about)

    def _payload(self, dataset: str, path: str, params: Mapping[str, str], content: bytes) -> Payload:
        request = f"{path}?{urlencode(sorted(params.items()))}" if params else path
        return Payload(self._source, dataset, request, content, self._clock.now())


def in_path(symbol: str) -> str:
    """Return a symbol as one segment of a path.

    Raises:
        SourceError: It is empty, or would lead to another address.
    """
    if not symbol.strip() or symbol in {".", ".."}:
        raise SourceError(f"symbol {symbol!r}: cannot be asked for. Give a ticker, such as ZQXA.")
    return quote(symbol, safe="")


def required_key(key: SecretStr | None, *, setting: str, whose: str) -> SecretStr:
    """Return a key that is set.

    Raises:
        SettingsError: There is none.
    """
    if key is None or not key.get_secret_value().strip():
        raise SettingsError(
            f"{setting} is not set, and {whose} needs a key. Set it, or import files with `kairos import`, "
            "or try the embedded market with `kairos demo`."
        )
    return key
