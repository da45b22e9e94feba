"""The calls that one key may make, counted by all processes of one home, also by those that were killed."""

import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from kairos.errors import BudgetError, SourceError
from kairos.sources.pace import Timing

if TYPE_CHECKING:
    from filelock import BaseFileLock

FOLDER = "budgets"
WINDOW_S = 60.0
DIGEST_ROUNDS = 20_000  # a stolen digest tells nothing of the key within reason
DIGEST_LENGTH = 16


@dataclass
class Spent:
    """What has been called.

    Attributes:
        day: Days since 1970, UTC, that `calls` is about.
        calls: Calls made on it.
        recent: When the calls of the last minute were made, seconds since 1970, ascending.
    """

    day: int = 0
    calls: int = 0
    recent: list[float] = field(default_factory=list)


class CallBudget:
    """Lets at most `per_minute` calls pass in any 60 seconds and `per_day` on a UTC day.

    A call is counted on disk before it is made, so one that was killed on its way stays counted.

    Args:
        home: The folder that the processes share.
        vendor: Name for files and messages, lower case; the settings are VENDOR_CALLS_PER_MIN and VENDOR_CALLS_PER_DAY.
        key: Whose calls; only a salted digest of it is written.
        per_minute: Calls in 60 seconds.
        per_day: Calls on a UTC day; None for any number.
        timing: Sleep and wall seconds.
    """

    def __init__(
        self,
        home: Path,
        *,
        vendor: str,
        key: SecretStr,
        per_minute: int,
        per_day: int | None = None,
        timing: Timing | None = None,
    ) -> None:
        salt = f"kairos budget {vendor}".encode()
        digest = hashlib.pbkdf2_hmac("sha256", key.get_secret_value().encode(), salt, DIGEST_ROUNDS).hex()
        self.file = home / FOLDER / f"{vendor}-{digest[:DIGEST_LENGTH]}.json"
        self._vendor = vendor
        self._per_minute = per_minute
        self._per_day = per_day
        self._timing = timing or Timing()

    def take(self) -> None:
        """Wait until one more call is allowed, and count it.

        Raises:
            BudgetError: The day's calls are used up; the message says when calls are allowed again.
            SourceError: The count cannot be read or written.
        """
        while (wait := self._try()) > 0:
            self._timing.sleep(wait)

    def left_today(self) -> int | None:
        """Return how many calls the day still allows; None where any number is."""
        if self._per_day is None:
            return None
        with self._locked():
            return max(self._per_day - self._spent(self._timing.wall()).calls, 0)

    def _try(self) -> float:
        """Count a call if one is allowed and return 0; else the seconds to wait."""
        with self._locked():
            now = self._timing.wall()
            spent = self._spent(now)
            if self._per_day is not None and spent.calls >= self._per_day:
                raise self._used_up(spent)
            if len(spent.recent) >= self._per_minute:
                self._write(spent)  # as it is told now, so that a clock that was set back is waited for once
                return spent.recent[-self._per_minute] + WINDOW_S - now
            self._write(Spent(spent.day, spent.calls + 1, [*spent.recent, now]))
            return 0.0

    def _spent(self, now: float) -> Spent:
        kept = self._read()
        # a clock that was set back opens nothing early: later calls count as made now, a later day as today
        recent = [min(at, now) for at in kept.recent if at + WINDOW_S > now]
        today = _day_of(now)
        return Spent(kept.day, kept.calls, recent) if kept.day >= today else Spent(today, 0, recent)

    def _used_up(self, spent: Spent) -> BudgetError:
        opens_at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=spent.day + 1)
        name = self._vendor.upper()
        return BudgetError(
            f"{name}: the day's {self._per_day} calls are used up ({spent.calls} made), the next is allowed from "
            f"{opens_at:%Y-%m-%d %H:%M} UTC. Run again then and it goes on where it stopped, or raise {name}_CALLS_PER_DAY.",
            opens_at=opens_at,
        )

    def _locked(self) -> "BaseFileLock":
        from filelock import FileLock

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable("the folder cannot be made", error.strerror) from None
        return FileLock(self.file.with_suffix(".lock"))

    def _read(self) -> Spent:
        try:
            kept = json.loads(self.file.read_text())
            return Spent(int(kept["day"]), int(kept["calls"]), [float(at) for at in kept["recent"]])
        except FileNotFoundError:
            return Spent()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._unusable("the count of calls cannot be read", error) from None

    def _write(self, spent: Spent) -> None:
        aside = self.file.with_suffix(".new")  # the lock is held: nobody else builds here
        try:
            with aside.open("w") as built:
                built.write(json.dumps({"day": spent.day, "calls": spent.calls, "recent": spent.recent}))
                built.flush()
                os.fsync(built.fileno())
            aside.replace(self.file)
        except OSError as error:
            raise self._unusable("the call cannot be counted, so it was not made", error.strerror) from None

    def _unusable(self, what: str, why: object) -> SourceError:
        return SourceError(
            f"{self.file}: {what} ({why}). Make room or mend the permissions; a damaged file may be removed, "
            "the day is then counted anew."
        )


def _day_of(now: float) -> int:
    return int(now // 86_400)
