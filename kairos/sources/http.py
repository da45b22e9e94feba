"""HTTP as vendors need it: patient, within their limits, and never telling a key. What an answer means, the clients say."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, quote_plus, urlsplit

from pydantic import SecretStr

from kairos.errors import RateLimitError, SourceError
from kairos.sources.pace import Limiter, RetryPolicy, Timing

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

FEW_ATTEMPTS = 6  # for faults that seldom pass by waiting: about 30 s in all
TOO_MANY_REQUESTS = 429
REQUEST_TIMEOUT = 408
SERVER_ERROR = 500
SIGNED = re.compile(r"((?:https?:/|(?<![^\s'\"(]))/[^\s?#'\"]+)\?[^\s'\"]+")
"""An address or a path with what stands behind the mark, which may be a signature."""
CHATTY = ("httpx", "httpcore")  # they log addresses with all parameters, and redirects
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Request:
    """One GET.

    Attributes:
        url: Without parameters that hold a secret.
        params: Query parameters.
        headers: Headers; secrets belong here wherever the vendor takes them so.
        secret_params: Query parameters that hold a secret, where the vendor takes it no other way.
        follow_redirects: Only ever for requests without a secret header.
        allowance_s: Replaces both limits of the policy, for large downloads.
        about: Parameters in words, for messages; never one that holds a secret.
    """

    url: str = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_params: Mapping[str, str] = field(default_factory=dict, repr=False)
    follow_redirects: bool = False
    allowance_s: float | None = None
    about: str = ""

    @property
    def label(self) -> str:
        """Host, path and what it is about, for messages; other parameters may be signatures and stay out."""
        parts = urlsplit(self.url)
        return f"{parts.hostname or ''}{parts.path}" + (f" ({self.about})" if self.about else "")


@dataclass(frozen=True)
class Reply:
    """An answer as received: status, headers in lower case, whole body."""

    label: str
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class TransientError(SourceError):
    """A failure that may pass.

    Attributes:
        wait_s: Seconds the vendor asks to wait, if it does.
        attempts: Attempts after which it is taken for permanent, if any.
        limited: Whether a limit was the reason.
    """

    def __init__(self, reason: str, *, wait_s: float | None = None, attempts: int | None = None, limited: bool = False) -> None:
        super().__init__(reason)
        self.wait_s = wait_s
        self.attempts = attempts
        self.limited = limited


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header, given as a number or as a date beside the Date header."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait.total_seconds(), 0.0)


def check_status(reply: Reply) -> None:
    """Raise unless the status is 2xx.

    Raises:
        TransientError: 408, 429 or a server's error.
        SourceError: Any other status.
    """
    if 200 <= reply.status < 300:  # noqa: PLR2004 - the success class
        return
    reason = f"{reply.label}: HTTP {reply.status}"
    if reply.status in {REQUEST_TIMEOUT, TOO_MANY_REQUESTS} or reply.status >= SERVER_ERROR:
        limited = reply.status == TOO_MANY_REQUESTS
        raise TransientError(reason, wait_s=retry_after_s(reply.headers), limited=limited)
    raise SourceError(f"{reason}, expected 200. Check the address and what is asked for.")


class Http:
    """Sends requests until they succeed, cannot succeed, or patience ends."""

    def __init__(
        self,
        *,
        policy: RetryPolicy,
        limiter: Limiter,
        timing: Timing | None = None,
        secrets: tuple[SecretStr, ...] = (),
    ) -> None:
        self.policy = policy
        self.timing = timing or Timing()
        self._limiter = limiter
        self._secrets = secrets
        self._client: httpx.Client | None = None

    def get(self, request: Request, read: Callable[[Reply], T]) -> T:
        """Return what `read` makes of the answer, asking again while `read` or the network fail for the moment.

        Raises:
            RateLimitError: The vendor's limit is reached and the policy allows no longer wait.
            SourceError: The request failed for good.
        """
        started = self.timing.monotonic()
        attempt = 0
        while True:
            self._limiter.take()
            try:
                return read(self._once(request))
            except TransientError as error:
                delay = self._delay(request, error, attempt=attempt, started=started)
            except SourceError as error:
                raise type(error)(self._without_secrets(str(error))) from None
            self.timing.sleep(delay)
            attempt += 1

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _delay(self, request: Request, error: TransientError, *, attempt: int, started: float) -> float:
        delay = self.policy.delay_s(attempt, self.timing.chance())
        if error.wait_s is not None:
            delay = max(delay, error.wait_s)  # a vendor that says 0 again and again would be asked without a pause
        spent = self.timing.monotonic() - started
        allowed = request.allowance_s or self.policy.max_wait_s
        if spent + delay <= allowed and (error.attempts is None or attempt + 1 < error.attempts):
            return delay
        kind = RateLimitError if error.limited else SourceError
        reason = str(error).rstrip(".")
        raise kind(
            self._without_secrets(
                f"{reason}. Given up after {attempt + 1} attempt(s) in {spent:.0f} s; the next wait would be {delay:.0f} s, "
                f"allowed are {allowed:.0f} s in all. Run again later, or raise HTTP_MAX_WAIT_S."
            )
        ) from None

    def _once(self, request: Request) -> Reply:
        import httpx

        try:
            with self._connected(request.url).stream(
                "GET",
                request.url,
                params={**request.params, **request.secret_params} or None,
                headers=dict(request.headers),
                follow_redirects=request.follow_redirects,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(request.label, response.status_code, headers, self._body(request, response))
        except httpx.ConnectError as error:
            raise TransientError(f"{request.label}: no connection ({error})", attempts=FEW_ATTEMPTS) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.TooManyRedirects) as error:
            raise SourceError(f"{request.label}: cannot be asked ({error}). Check the address.") from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TransientError(f"{request.label}: {type(error).__name__} ({error})") from None

    def _body(self, request: Request, response: "httpx.Response") -> bytes:
        allowed = request.allowance_s or self.policy.timeout_s
        started = self.timing.monotonic()
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if self.timing.monotonic() - started > allowed:
                raise TransientError(f"{request.label}: the body took longer than {allowed:.0f} s")
        return bytes(body)

    def _connected(self, url: str) -> "httpx.Client":
        import httpx

        if self._client is None:
            for name in CHATTY:
                logging.getLogger(name).setLevel(logging.WARNING)
            local = urlsplit(url).hostname in LOOPBACK  # a proxy has no business between two ends of one machine
            self._client = httpx.Client(timeout=self.policy.timeout_s, trust_env=not local)
        return self._client

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            key = secret.get_secret_value()
            for written in (key, quote(key), quote(key, safe=""), quote_plus(key)):
                text = text.replace(written, "***")
        return SIGNED.sub(r"\1?***", text)
