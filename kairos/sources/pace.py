"""How long to wait and how often to ask: retry policy, rate limiter, and the sources of seconds and chance."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

WINDOW_S = 600.0  # vendors count calls in ten minutes


@dataclass(frozen=True)
class Timing:
    """Where waiting and chance come from; tests pass their own.

    Attributes:
        sleep: Waits that many seconds.
        monotonic: Seconds that never run backwards.
        chance: A number in [0, 1) that spreads retries; no result depends on it.
        wall: Seconds since 1970 as all processes of a machine count them; only call budgets ask.
    """

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    wall: Callable[[], float] = time.time


@dataclass(frozen=True)
class RetryPolicy:
    """How long to bear with a failing vendor.

    Attributes:
        timeout_s: Seconds one request may take.
        max_wait_s: Seconds that all attempts of one request may take together, waits included.
        first_delay_s: Longest wait after the first failure; it doubles with each further one.
        longest_delay_s: Longest wait that is chosen without being asked for.
    """

    timeout_s: float = 60.0
    max_wait_s: float = 660.0
    first_delay_s: float = 0.5
    longest_delay_s: float = 60.0

    def delay_s(self, attempt: int, chance: float) -> float:
        """Return the wait after failure number `attempt`, from 0: exponential, the upper half of it by chance."""
        longest = min(self.longest_delay_s, self.first_delay_s * 2.0 ** min(attempt, 30))
        return longest * (0.5 + 0.5 * chance)


class Limiter(Protocol):
    """Whatever lets calls pass."""

    def take(self) -> None:
        """Wait until one more call is allowed, and count it."""


class RateLimiter:
    """Lets at most `calls` pass in any window of ten minutes; the threads of a process share it."""

    def __init__(self, calls: int, *, window_s: float = WINDOW_S, timing: Timing | None = None) -> None:
        self._calls: deque[float] = deque(maxlen=calls)
        self._window_s = window_s
        self._timing = timing or Timing()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait until one more call is allowed, and count it."""
        with self._lock:
            if len(self._calls) == self._calls.maxlen:
                wait = self._calls[0] + self._window_s - self._timing.monotonic()
                if wait > 0:
                    self._timing.sleep(wait)
            self._calls.append(self._timing.monotonic())


@cache
def shared_limiter(host: str, calls: int) -> RateLimiter:
    """Return the limiter that all clients of `host` in this process share."""
    del host  # it only tells limiters apart
    return RateLimiter(calls)
