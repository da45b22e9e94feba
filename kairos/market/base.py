"""Views on the kept versions: the newest of each, and the one that was known at an instant."""

from datetime import datetime

import polars as pl

from kairos.errors import CalendarError
from kairos.frames import Frame
from kairos.tables.market import SEP_BASE

_KEY = ("permaticker", "session")


def latest_versions(versions: Frame) -> Frame:
    """Return the newest version of each security's session, sorted by key, in the form of `sep_base`."""
    newest = versions.sort(*_KEY, "known_at").unique(_KEY, keep="last", maintain_order=True)
    return SEP_BASE.conform(newest)


def as_of(versions: Frame, instant: datetime) -> Frame:
    """Return what `sep_base` held at `instant`: the newest versions with known_at no later.

    Raises:
        CalendarError: `instant` has no time zone.
    """
    if instant.tzinfo is None:
        raise CalendarError(f"as of {instant}: the instant has no time zone. Give an aware one, for example in UTC.")
    return latest_versions(versions.filter(pl.col("known_at") <= instant))
