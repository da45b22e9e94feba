"""The client of Sharadar's tables at Nasdaq Data Link. A pull is whole or fails; what comes back are payloads."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Self
from urllib.parse import urlencode, urlsplit

from pydantic import SecretStr

from kairos.calendar import Clock
from kairos.errors import SettingsError, SourceError
from kairos.settings import Settings
from kairos.sources.datasets import Dataset, dataset_named
from kairos.sources.http import LOOPBACK, Http, Request
from kairos.sources.ndl import PagingError, read_archive, read_export, read_page
from kairos.sources.pace import RateLimiter, RetryPolicy, Timing, shared_limiter
from kairos.sources.paging import Walk
from kairos.sources.payloads import Payload

RESTARTS = 3
MOST_PAGE_ROWS = 10_000  # the vendor's limit
CALLS_PER_10MIN = 5000  # a subscriber's allowance


class SharadarClient:
    """Fetches SEP, TICKERS, ACTIONS, DAILY, SF1 and SP500.

    Args:
        base_url: Root of the Tables API, such as https://data.nasdaq.com/api/v3.
        api_key: Sent in the header x-api-token and kept out of everything else.
        clock: Stamps the payloads.
        page_rows: Rows asked per page, 1 to 10,000.
        policy: Patience with failing requests.
        limiter: Bounds the calls; by default the one that the process shares for this host.
        timing: Sleep, seconds and chance.
        export_poll_s: Seconds between looks at an export.
        export_deadline_s: Seconds until an unfinished export is given up; one download may take as long.
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
        page_rows: int = 10_000,
        policy: RetryPolicy | None = None,
        limiter: RateLimiter | None = None,
        timing: Timing | None = None,
        export_poll_s: float = 30.0,
        export_deadline_s: float = 3600.0,
        source: str = "sharadar",
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise SettingsError(f"NASDAQ_DATA_LINK_BASE_URL {base_url}: the key would travel in clear; use https.")
        key = api_key if isinstance(api_key, SecretStr) else SecretStr(api_key)
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._clock = clock
        self._page_rows = page_rows
        self._export_poll_s = export_poll_s
        self._export_deadline_s = export_deadline_s
        self._source = source
        self._http = Http(
            policy=policy or RetryPolicy(),
            limiter=limiter or shared_limiter(parts.netloc, CALLS_PER_10MIN),
            timing=timing,
            secrets=(key,),
        )

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """Return a client as the settings describe it.

        Raises:
            SettingsError: There is no key.
        """
        if settings.nasdaq_api_key is None or not settings.nasdaq_api_key.get_secret_value():
            raise SettingsError(
                "NASDAQ_DATA_LINK_API_KEY is not set, and Sharadar's tables need a key. "
                "Set it, or import files with `kairos import`, or try the embedded market with `kairos demo`."
            )
        return cls(
            settings.nasdaq_base_url,
            settings.nasdaq_api_key,
            clock=clock,
            page_rows=settings.nasdaq_page_rows,
            policy=RetryPolicy(timeout_s=settings.http_timeout_s, max_wait_s=settings.http_max_wait_s),
            limiter=shared_limiter(urlsplit(settings.nasdaq_base_url).netloc, settings.nasdaq_calls_per_10min),
            export_poll_s=settings.export_poll_s,
            export_deadline_s=settings.export_deadline_s,
        )

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def session_rows(self, dataset: str, session: date) -> list[Payload]:
        """Return all pages of one date; none of them may hold a row, which `completeness` judges.

        Raises:
            SourceError: The dataset has no date, or the pull failed.
        """
        spec = dataset_named(dataset)
        if spec.session_filter is None:
            raise SourceError(f"{dataset}: has no date to ask by; use updated_since or whole.")
        return self._pull(spec, {spec.session_filter: session.isoformat()})

    def updated_since(self, dataset: str, day: date) -> list[Payload]:
        """Return all pages of what the vendor touched on `day` or later (actions: of what is dated so).

        Raises:
            SourceError: The pull failed.
        """
        spec = dataset_named(dataset)
        return self._pull(spec, {spec.since_filter: day.isoformat()})

    def rows_where(self, dataset: str, **filters: str) -> list[Payload]:
        """Return all pages of the rows that have these values, such as action="current".

        Raises:
            SourceError: The pull failed.
        """
        return self._pull(dataset_named(dataset), filters)

    def whole(self, dataset: str) -> list[Payload]:
        """Return all pages of a table; for SEP and DAILY take `export`, they have thousands.

        Raises:
            SourceError: The pull failed.
        """
        return self._pull(dataset_named(dataset), {})

    def export(self, dataset: str, *, snapshot_since: datetime | None = None) -> Payload:
        """Return the bulk file of a table, waiting while the vendor makes it.

        Args:
            dataset: sep, tickers, actions, daily, sf1 or sp500.
            snapshot_since: Take an older file too, if its snapshot is not older than this.

        Raises:
            SourceError: No usable file within the deadline, or the download failed for good.
        """
        spec = dataset_named(dataset)
        params = {**spec.fixed, "qopts.export": "true"}
        timing, seen = self._http.timing, []
        started = timing.monotonic()
        while True:
            state = self._http.get(self._request(spec, params), read_export)
            link = state.usable_link(snapshot_since)
            content = self._http.get(self._link(link), read_archive) if link else None
            if content is not None:
                return self._payload(spec, params, content)
            seen.append("a link that had expired" if link else state.summary)
            if timing.monotonic() - started + self._export_poll_s > self._export_deadline_s:
                raise SourceError(
                    f"{spec.vendor_code}: no usable export within {self._export_deadline_s:.0f} s; last seen: "
                    f"{', '.join(seen[-3:])}. Run again later, or raise EXPORT_DEADLINE_S."
                )
            timing.sleep(self._export_poll_s)

    def _pull(self, spec: Dataset, filters: Mapping[str, str]) -> list[Payload]:
        for restart in range(RESTARTS):
            try:
                return self._pages(spec, filters, restart=restart)
            except PagingError:
                continue  # the table may have been refreshed between two pages
        return self._pages(spec, filters, restart=RESTARTS)

    def _pages(self, spec: Dataset, filters: Mapping[str, str], *, restart: int) -> list[Payload]:
        # pages of another size each time: rows that happen to fill the last page once do not fill it again
        size = self._page_rows + (restart if self._page_rows + RESTARTS <= MOST_PAGE_ROWS else -restart)
        params = {**spec.fixed, **filters, "qopts.per_page": str(size)}
        walk = Walk(spec, page_rows=size, overlap_allowed=restart == RESTARTS)
        payloads: list[Payload] = []
        cursor: str | None = None
        while True:
            asked = {**params, **({"qopts.cursor_id": cursor} if cursor else {})}
            content, page = self._http.get(self._request(spec, asked), read_page)
            walk.follow(page)
            payloads.append(self._payload(spec, asked, content))
            cursor = page.cursor
            if cursor is None:
                return payloads

    def _request(self, spec: Dataset, params: Mapping[str, str]) -> Request:
        return Request(f"{self._base_url}/{_path(spec)}", params, {"x-api-token": self._key.get_secret_value()})

    def _link(self, link: str) -> Request:
        # the link carries its own signature; the key must not travel to the object store
        return Request(link, follow_redirects=True, allowance_s=self._export_deadline_s)

    def _payload(self, spec: Dataset, params: Mapping[str, str], content: bytes) -> Payload:
        request = f"{_path(spec)}?{urlencode(sorted(params.items()))}"
        return Payload(self._source, spec.name, request, content, self._clock.now())


def _path(spec: Dataset) -> str:
    return f"datatables/{spec.vendor_code}.json"
