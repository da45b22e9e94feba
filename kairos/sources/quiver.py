"""The client of Quiver Quantitative: trades of Congress and insiders, and mentions on WallStreetBets."""

from datetime import date
from typing import NoReturn, Self
from urllib.parse import urlsplit

from pydantic import SecretStr

from kairos.calendar import Clock
from kairos.errors import PlanError, SourceError
from kairos.settings import Settings
from kairos.sources.answers import error_text, raise_by_status, require_rows
from kairos.sources.http import Reply
from kairos.sources.lists import ListClient, in_path, required_key
from kairos.sources.pace import Limiter, RetryPolicy, Timing, shared_limiter
from kairos.sources.payloads import Payload

FIRST_PAGE = 1
PAGE_ROWS = 1000  # the whole bulk answer takes longer than most gateways wait
CALLS_PER_10MIN = 600  # nothing is documented; a call a second offends nobody
REFUSED = frozenset({401, 402, 403})
DAY = "%Y%m%d"
CHECK_KEY = "Check QUIVER_API_KEY and what your subscription covers."
CHECK_PATH = "Check QUIVER_BASE_URL; the vendor may have withdrawn the dataset."


class QuiverClient(ListClient):
    """Fetches Congress, insider and social endpoints.

    Args:
        base_url: Root, such as https://api.quiverquant.com/beta.
        api_key: Sent in the header Authorization and kept out of everything else.
        clock: Stamps the payloads.
        limiter: Bounds the calls; by default the one that the process shares for this host.
        policy: Patience with failing requests.
        timing: Sleep, seconds and chance.
        page_rows: Rows asked per page.
        source: Name that the rows bear.

    Raises:
        SettingsError: The key would travel unencrypted to another machine.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str | SecretStr,
        *,
        clock: Clock,
        limiter: Limiter | None = None,
        policy: RetryPolicy | None = None,
        timing: Timing | None = None,
        page_rows: int = PAGE_ROWS,
        source: str = "quiver",
    ) -> None:
        super().__init__(
            base_url,
            base_setting="QUIVER_BASE_URL",
            key=api_key if isinstance(api_key, SecretStr) else SecretStr(api_key),
            read=read_quiver,
            source=source,
            clock=clock,
            policy=policy or RetryPolicy(),
            limiter=limiter or shared_limiter(urlsplit(base_url).netloc, CALLS_PER_10MIN),
            timing=timing,
        )
        self._page_rows = page_rows

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """Return a client as the settings describe it.

        Raises:
            SettingsError: There is no key.
        """
        key = required_key(settings.quiver_api_key, setting="QUIVER_API_KEY", whose="Quiver Quantitative")
        policy = RetryPolicy(timeout_s=settings.http_timeout_s, max_wait_s=settings.http_max_wait_s)
        return cls(settings.quiver_base_url, key, clock=clock, policy=policy)

    def congress(self, *, day: date | None = None) -> list[Payload]:
        """Return the pages of all trades of Congress, or of those of one day."""
        asked = {"version": "V1", **({"date": day.strftime(DAY)} if day else {})}
        return self._pages("quiver_congress", "bulk/congresstrading", asked)

    def congress_of(self, ticker: str) -> list[Payload]:
        """Return the trades of Congress in one ticker."""
        return [self._ask("quiver_congress", f"historical/congresstrading/{in_path(ticker)}", {})]

    def insiders(self, *, day: date | None = None) -> list[Payload]:
        """Return the pages of recent trades of insiders, or of those of one day."""
        return self._pages("quiver_insiders", "live/insiders", {"date": day.strftime(DAY)} if day else {})

    def social(self, ticker: str) -> list[Payload]:
        """Return the daily mentions of one ticker on WallStreetBets."""
        return [self._ask("quiver_social", f"historical/wallstreetbets/{in_path(ticker)}", {})]

    def _pages(self, dataset: str, path: str, asked: dict[str, str]) -> list[Payload]:
        return self._walk(dataset, path, {**asked, "page_size": str(self._page_rows)}, first=FIRST_PAGE)

    def _secrets(self, path: str) -> tuple[dict[str, str], dict[str, str]]:
        del path  # the same everywhere
        return {"Authorization": f"Token {self._key.get_secret_value()}"}, {}


def read_quiver(reply: Reply) -> bytes:
    """Return the body of an answer that is a list of rows, bare or under `data`, or an empty one.

    Raises:
        TransientError: The server or its gateway fails, or the body is cut short.
        PlanError: The key or the subscription does not allow it; the vendor says so in a bare JSON string.
        SourceError: The address is unknown, or the answer is no list.
    """
    text = error_text(reply.content)
    if reply.status in REFUSED:
        raise PlanError(f"{reply.label}: HTTP {reply.status}: {(text or 'refused').rstrip('.')}. {CHECK_KEY}")
    if text is not None:
        _raise_meant(reply, text)
    return require_rows(reply, advice=CHECK_PATH)


def _raise_meant(reply: Reply, text: str) -> NoReturn:
    told = f"{reply.label}: HTTP {reply.status}: {text.rstrip('.')}."
    raise_by_status(reply, text)
    if "subscription" in text.lower():
        raise PlanError(f"{told} {CHECK_KEY}")
    raise SourceError(f"{told} {CHECK_PATH}")
