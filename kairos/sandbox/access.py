"""Keys, plans, meters and refusals of FMP and Quiver."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

from kairos.sandbox.protocol import Answer, json_answer

SANDBOX_FMP_KEY = "sandbox-fmp-key"
SANDBOX_FMP_LEGACY_KEY = "sandbox-fmp-legacy-key"
SANDBOX_FMP_FREE_KEY = "sandbox-fmp-free-key"
SANDBOX_FMP_SUSPENDED_KEY = "sandbox-fmp-suspended-key"
SANDBOX_QUIVER_KEY = "sandbox-quiver-key"
SANDBOX_QUIVER_BASIC_KEY = "sandbox-quiver-basic-key"

TEXT = "text/plain; charset=utf-8"
SITE = "https://site.financialmodelingprep.com"
INVALID_KEY = (
    f"Invalid API KEY. Feel free to create a Free API Key or visit {SITE}/faqs?search=why-is-my-api-key-invalid "
    "for more information."
)
LEGACY_ENDPOINT = (
    "Legacy Endpoint : Due to Legacy endpoints being no longer supported - This endpoint is only available for legacy users "
    f"who have valid subscriptions prior August 31, 2025. Please visit our subscription page {SITE}/developer/docs/pricing"
)
EXCLUSIVE = (
    "Exclusive Endpoint : This endpoint is not available under your current subscription agreement, please visit our "
    f"subscription page to upgrade your plan or contact us at {SITE}/contact"
)
PREMIUM_PARAMETER = (
    "Premium Query Parameter: 'Special Endpoint : This value set for '{name}' is not available under your current "
    f"subscription please visit our subscription page to upgrade your plan at {SITE}/developer/docs/pricing"
)
LIMIT = f"Limit Reach . Please upgrade your plan or visit our documentation for more details at {SITE}/"
BANDWIDTH = f"Bandwidth Limit Reach . Please upgrade your plan or visit our documentation for more details at {SITE}/"
SUSPENDED = "Account suspended : please contact support to reactivate your account."
BAD_QUERY = "Query Error: Invalid or missing query parameter - {name}"
QUIVER_UPGRADE = "Upgrade your subscription plan to access this dataset."
QUIVER_BAD_KEY = "Invalid token."


class Plan(StrEnum):
    """What a key of FMP buys."""

    PREMIUM = "premium"  # every stable endpoint; legacy ones are closed
    LEGACY = "legacy"  # an old subscription: both generations
    FREE = "free"  # few rows of few symbols, no news, no bulk
    SUSPENDED = "suspended"


FMP_PLANS = {
    SANDBOX_FMP_KEY: Plan.PREMIUM,
    SANDBOX_FMP_LEGACY_KEY: Plan.LEGACY,
    SANDBOX_FMP_FREE_KEY: Plan.FREE,
    SANDBOX_FMP_SUSPENDED_KEY: Plan.SUSPENDED,
}


def error(message: str, status: int) -> Answer:
    """Return FMP's error object."""
    return json_answer({"Error Message": message}, status)


def plain(message: str, status: int) -> Answer:
    """Return a refusal in plain text."""
    return Answer(status, message.encode(), TEXT)


@dataclass
class Meter:
    """Counts what each key uses, by the injected clock.

    Attributes:
        per_minute: Most calls in 60 seconds; no limit if not given.
        per_day: Most calls in a UTC day; no limit if not given.
        bandwidth: Most bytes in 30 days; no limit if not given.
    """

    per_minute: int | None = None
    per_day: int | None = None
    bandwidth: int | None = None
    _calls: dict[str, deque[datetime]] = field(default_factory=dict)
    _sent: dict[str, deque[tuple[datetime, int]]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def refusal(self, key: str, now: datetime) -> Answer | None:
        """Return the refusal of a call that goes beyond a limit; a call within all of them is counted."""
        with self._lock:
            calls = self._calls.setdefault(key, deque())
            while calls and now - calls[0] >= timedelta(days=1):
                calls.popleft()
            minute = sum(now - call < timedelta(minutes=1) for call in calls)
            today = sum(call.date() == now.date() for call in calls)
            if self.bandwidth is not None and self._bytes(key, now) >= self.bandwidth:
                return error(BANDWIDTH, 429)
            if (self.per_minute is not None and minute >= self.per_minute) or (
                self.per_day is not None and today >= self.per_day
            ):
                return error(LIMIT, 429)
            calls.append(now)
            return None

    def sent(self, key: str, size: int, now: datetime) -> None:
        """Count the bytes of an answer."""
        with self._lock:
            self._sent.setdefault(key, deque()).append((now, size))

    def _bytes(self, key: str, now: datetime) -> int:
        sent = self._sent.get(key, deque())
        while sent and now - sent[0][0] >= timedelta(days=30):
            sent.popleft()
        return sum(size for _, size in sent)
