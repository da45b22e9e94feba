"""When something is received. The order of receipt decides which version stands, so it must outlive a clock that is set back.

While the clock is behind the newest receipt on record, receipts are stamped just after that one: a correction follows what
it corrects, and nothing counts as known before it came. Once the clock has caught up its time is taken again.
"""

from datetime import UTC, datetime, timedelta

import polars as pl

from kairos.calendar import Clock
from kairos.tables.raw import RAW_PAYLOADS
from kairos.warehouse.store import Warehouse

TICK = timedelta(microseconds=1)  # what stamps resolve


class ReceiptClock:
    """Tells the time of another clock, but never one before the newest receipt.

    Args:
        clock: The clock.
        newest: Newest receipt on record; None where nothing has been received.
    """

    def __init__(self, clock: Clock, newest: datetime | None) -> None:
        self._clock, self._newest = clock, newest

    def now(self) -> datetime:
        """Return the current instant in UTC; behind the newest receipt, the instant after it."""
        now = self._clock.now().astimezone(UTC)
        if self._newest is not None and now < self._newest:
            now = self._newest = self._newest + TICK
        return now


def newest_receipt(warehouse: Warehouse) -> datetime | None:
    """Return when the newest payload on record came."""
    found = warehouse.scan(RAW_PAYLOADS).select(pl.col("fetched_at").max()).collect().item()
    return found if found is None else found.astimezone(UTC)
