"""How large an embedded market is: names and sessions."""

from dataclasses import dataclass, replace
from datetime import date

from kairos.calendar import sessions_between
from kairos.errors import SettingsError

SMALLEST_NAMES = 10  # fewer leave no room for one merger, one failure, one listing and a reused ticker
SMALLEST_SESSIONS = 200  # a reused ticker needs a death, a gap and a listing inside the span


@dataclass(frozen=True)
class MarketSize:
    """Securities ever listed, and the first and last day of the market.

    Attributes:
        names: Securities ever listed.
        first: First day; the market starts at the first session from here.
        last: Last day; the market ends at the last session up to here.
    """

    names: int
    first: date
    last: date

    def __post_init__(self) -> None:
        """Refuse a market too small to hold one of each event."""
        if self.names < SMALLEST_NAMES or len(self.sessions) < SMALLEST_SESSIONS:
            raise SettingsError(
                f"market size: {self.names} names over {len(self.sessions)} sessions; expected at least "
                f"{SMALLEST_NAMES} names and {SMALLEST_SESSIONS} sessions. Ask for a larger market."
            )

    @property
    def sessions(self) -> tuple[date, ...]:
        """NYSE sessions of the market, ascending."""
        return sessions_between(self.first, self.last)

    @property
    def years(self) -> float:
        """Length in years of 252 sessions."""
        return len(self.sessions) / 252.0


SIZES = {
    "tiny": MarketSize(20, date(2013, 1, 1), date(2013, 12, 31)),
    "demo": MarketSize(200, date(2013, 1, 2), date(2018, 12, 31)),
    "full": MarketSize(5000, date(1998, 1, 1), date(2017, 12, 31)),
}


def resolve_size(size: str | MarketSize, *, names: int | None = None) -> MarketSize:
    """Return the size of that name, with another count of names if given.

    Raises:
        SettingsError: The name is unknown, or the market would be too small.
    """
    if isinstance(size, str):
        if size not in SIZES:
            raise SettingsError(f"sandbox size {size!r}: unknown; expected one of {', '.join(SIZES)}. Choose one of these.")
        size = SIZES[size]
    return size if names is None else replace(size, names=names)
