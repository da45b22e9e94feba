"""The client of Financial Modeling Prep, in both generations of its addresses. What comes back are payloads."""

from collections.abc import Sequence
from datetime import date
from typing import Literal, Self

from pydantic import SecretStr

from kairos.calendar import Clock
from kairos.errors import SourceError
from kairos.settings import Settings
from kairos.sources.budget import CallBudget
from kairos.sources.fmp_errors import read_fmp
from kairos.sources.lists import ListClient, in_path, required_key
from kairos.sources.pace import Limiter, RetryPolicy, Timing
from kairos.sources.payloads import Payload

Generation = Literal["stable", "legacy"]
Period = Literal["annual", "quarter"]

FIRST_PAGE = 0
ALL_PERIODS = 400  # quarters of a century; `limit` counts periods, and the vendor's default is small
ESTIMATE_ROWS = 100
NEWS_ROWS = 100
LEGACY_ROOT = "api/"
SOCIAL_PATH = "api/v4/historical/social-sentiment"  # no stable counterpart is documented
ADDRESSES: dict[str, tuple[str, str]] = {
    "fmp_income_statement": ("stable/income-statement", "api/v3/income-statement"),
    "fmp_balance_sheet": ("stable/balance-sheet-statement", "api/v3/balance-sheet-statement"),
    "fmp_cash_flow": ("stable/cash-flow-statement", "api/v3/cash-flow-statement"),
    "fmp_key_metrics": ("stable/key-metrics", "api/v3/key-metrics"),
    "fmp_ratios": ("stable/ratios", "api/v3/ratios"),
    "fmp_analyst_estimates": ("stable/analyst-estimates", "api/v3/analyst-estimates"),
    "fmp_rating": ("stable/ratings-snapshot", "api/v3/rating"),
    "fmp_rating_history": ("stable/ratings-historical", "api/v3/historical-rating"),
    "fmp_profile": ("stable/profile", "api/v3/profile"),
    "fmp_news": ("stable/news/stock", "api/v3/stock_news"),
}
"""Addresses below the root, the current generation's first."""


class FmpClient(ListClient):
    """Fetches statements, metrics, ratios, estimates, ratings, profiles, news and social sentiment.

    Every method may return an empty answer (`Payload.says_nothing`): no data, an unknown symbol, or none that the plan
    covers. The vendor does not say which, so it must never delete anything.

    Args:
        base_url: Root, such as https://financialmodelingprep.com.
        api_key: Sent in the header `apikey` to the stable addresses, as a parameter to the legacy ones.
        clock: Stamps the payloads.
        limiter: Bounds the calls, such as a `CallBudget`.
        generation: Whose addresses are asked.
        policy: Patience with failing requests.
        timing: Sleep, seconds and chance.
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
        limiter: Limiter,
        generation: Generation = "stable",
        policy: RetryPolicy | None = None,
        timing: Timing | None = None,
        source: str = "fmp",
    ) -> None:
        super().__init__(
            base_url,
            base_setting="FMP_BASE_URL",
            key=api_key if isinstance(api_key, SecretStr) else SecretStr(api_key),
            read=read_fmp,
            source=source,
            clock=clock,
            policy=policy or RetryPolicy(),
            limiter=limiter,
            timing=timing,
        )
        self._stable = generation == "stable"

    @classmethod
    def from_settings(cls, settings: Settings, clock: Clock) -> Self:
        """Return a client as the settings describe it, on the call budget that the home's processes share.

        Raises:
            SettingsError: There is no key.
        """
        key = required_key(settings.fmp_api_key, setting="FMP_API_KEY", whose="Financial Modeling Prep")
        budget = CallBudget(
            settings.home, vendor="fmp", key=key, per_minute=settings.fmp_calls_per_min, per_day=settings.fmp_calls_per_day
        )
        policy = RetryPolicy(timeout_s=settings.http_timeout_s, max_wait_s=settings.http_max_wait_s)
        return cls(settings.fmp_base_url, key, clock=clock, limiter=budget, generation=settings.fmp_generation, policy=policy)

    def income_statement(self, symbol: str, *, period: Period = "quarter", limit: int = ALL_PERIODS) -> list[Payload]:
        """Return the newest `limit` income statements."""
        return self._of_periods("fmp_income_statement", symbol, period=period, limit=limit)

    def balance_sheet(self, symbol: str, *, period: Period = "quarter", limit: int = ALL_PERIODS) -> list[Payload]:
        """Return the newest `limit` balance sheets."""
        return self._of_periods("fmp_balance_sheet", symbol, period=period, limit=limit)

    def cash_flow(self, symbol: str, *, period: Period = "quarter", limit: int = ALL_PERIODS) -> list[Payload]:
        """Return the newest `limit` cash flow statements."""
        return self._of_periods("fmp_cash_flow", symbol, period=period, limit=limit)

    def key_metrics(self, symbol: str, *, period: Period = "quarter", limit: int = ALL_PERIODS) -> list[Payload]:
        """Return the newest `limit` key metrics."""
        return self._of_periods("fmp_key_metrics", symbol, period=period, limit=limit)

    def ratios(self, symbol: str, *, period: Period = "quarter", limit: int = ALL_PERIODS) -> list[Payload]:
        """Return the newest `limit` ratios."""
        return self._of_periods("fmp_ratios", symbol, period=period, limit=limit)

    def analyst_estimates(self, symbol: str, *, period: Period, limit: int = ESTIMATE_ROWS) -> list[Payload]:
        """Return all estimates; the legacy address has no pages and gives the newest `limit`."""
        if not self._stable:
            return self._of_periods("fmp_analyst_estimates", symbol, period=period, limit=max(limit, ALL_PERIODS))
        path, params = self._place("fmp_analyst_estimates", symbol)
        params |= {"period": period, "limit": str(limit)}
        return self._walk("fmp_analyst_estimates", path, params, first=FIRST_PAGE)

    def rating(self, symbol: str) -> list[Payload]:
        """Return the current rating; the stable answer has no date in it."""
        return [self._ask("fmp_rating", *self._place("fmp_rating", symbol))]

    def rating_history(self, symbol: str, *, limit: int = 5000) -> list[Payload]:
        """Return the newest `limit` dated ratings, as the vendor computes them now."""
        path, params = self._place("fmp_rating_history", symbol)
        return [self._ask("fmp_rating", path, {**params, "limit": str(limit)})]

    def profile(self, symbol: str) -> list[Payload]:
        """Return the current profile."""
        return [self._ask("fmp_profile", *self._place("fmp_profile", symbol))]

    def news(self, symbols: Sequence[str], *, since: date, until: date, limit: int = NEWS_ROWS) -> list[Payload]:
        """Return all articles about any of `symbols` published from `since` to `until`, both included, newest first.

        Raises:
            SourceError: No symbol is given, or the walk failed.
        """
        if not symbols:
            raise SourceError("fmp_news: no symbol was given. Give one or more.")
        stable, legacy = ADDRESSES["fmp_news"]
        named = {"symbols" if self._stable else "tickers": ",".join(symbols)}
        params = {**named, "from": since.isoformat(), "to": until.isoformat(), "limit": str(limit)}
        return self._walk("fmp_news", stable if self._stable else legacy, params, first=FIRST_PAGE)

    def social(self, symbol: str, *, pages: int | None = None) -> list[Payload]:
        """Return hourly sentiment, newest first: all of it, or the first `pages`. Only keys of the older generation get it."""
        return self._walk("fmp_social", SOCIAL_PATH, {"symbol": symbol}, first=FIRST_PAGE, pages=pages)

    def _of_periods(self, dataset: str, symbol: str, *, period: Period, limit: int) -> list[Payload]:
        path, params = self._place(dataset, symbol)
        return [self._ask(dataset, path, {**params, "period": period, "limit": str(limit)})]

    def _place(self, address: str, symbol: str) -> tuple[str, dict[str, str]]:
        """Return path and parameters that name a symbol: a parameter in one generation, the path's end in the other."""
        stable, legacy = ADDRESSES[address]
        segment = in_path(symbol)
        return (stable, {"symbol": symbol}) if self._stable else (f"{legacy}/{segment}", {})

    def _secrets(self, path: str) -> tuple[dict[str, str], dict[str, str]]:
        key = {"apikey": self._key.get_secret_value()}
        return ({}, key) if path.startswith(LEGACY_ROOT) else (key, {})
