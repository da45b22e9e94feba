"""Rows of one table by the day they were known, and the windows of them that a session is judged by."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from kairos.calendar import NEW_YORK, all_sessions, sessions_between
from kairos.frames import Frame
from kairos.quality.feeds import Feed

_EPOCH = date(1970, 1, 1).toordinal()


class Dated:
    """Rows ascending by `day`, and stretches of them.

    Args:
        rows: Has `day` (Date), ascending.
    """

    def __init__(self, rows: Frame) -> None:
        self.rows = rows
        self._days = rows["day"].to_physical().to_numpy()

    def until(self, day: date) -> int:
        """Return how many rows have a day by `day`."""
        return int(np.searchsorted(self._days, day.toordinal() - _EPOCH, side="right"))

    def between(self, after: date, upto: date) -> Frame:
        """Return the rows with a day in (after, upto]."""
        first = self.until(after)
        return self.rows.slice(first, self.until(upto) - first)

    def newest(self, upto: date = date.max) -> date | None:
        """Return the newest day by `upto`; None where there is none."""
        end = self.until(upto)
        return self.rows["day"][end - 1] if end else None


@dataclass(frozen=True)
class Known:
    """What was known of one table, day by day.

    Attributes:
        feed: How the table is judged.
        dated: Its columns with `day`, on which a row was known.
        older: The newest day of the rows before these, which were not read; None where there are none.
    """

    feed: Feed
    dated: Dated
    older: date | None = None

    @property
    def since(self) -> date | None:
        """The first day with a fact, or a later one before the rows read; None where there never was one."""
        return self.older or (self.dated.rows["day"][0] if self.dated.rows.height else None)

    def within(self, days: int, upto: date) -> Frame:
        """Return the rows of the `days` days that end with `upto`."""
        return self.dated.between(upto - timedelta(days=days), upto)

    def judged(self, after: date, upto: date) -> Frame:
        """Return the rows with a day in (after, upto] that are judged for nulls and drift."""
        rows = self.dated.between(after, upto)
        return rows if self.feed.among is None else rows.filter(pl.col(self.feed.among[0]).is_in(self.feed.among[1]))

    def newest(self, upto: date) -> date | None:
        """Return the newest day with a fact by `upto`."""
        return self.dated.newest(upto) or self.older


def by_day(feed: Feed, rows: Frame) -> Dated:
    """Return the judged columns of `rows` with `day`: the session, or the date in New York on which they were known."""
    day = pl.col("session") if feed.by_session else pl.col("known_at").dt.convert_time_zone(str(NEW_YORK)).dt.date()
    return Dated(rows.select(day.alias("day"), *feed.columns).sort("day"))


def judged_sessions(year: int, last_loaded: date) -> tuple[date, ...]:
    """Return the sessions to judge for a year's results, ascending: those of the year before are there to compare with.

    They are the last session of each month that has ended, and in the year the last one loaded.
    """
    until = min(last_loaded, date(year, 12, 31))
    sessions = sessions_between(date(year - 1, 1, 1), date(year, 12, 31))
    ends = {(day.year, day.month): day for day in sessions}
    return tuple(sorted({day for day in ends.values() if day <= until} | ({until} & set(sessions))))


def sessions_after(day: date, upto: date) -> int:
    """Return how many sessions are in (day, upto]."""
    return bisect_right(all_sessions(), upto) - bisect_right(all_sessions(), day)


def trading(prices: Dated, common: Sequence[int] | None, day: date, *, days: int) -> pl.Series:
    """Return the companies with a price in the `days` days up to `day`.

    Args:
        prices: permaticker and day of every price.
        common: The common stocks; None where no vendor says which they are.
        day: The session judged.
        days: How far back a price may lie.
    """
    names = prices.between(day - timedelta(days=days), day)["permaticker"].unique()
    return names if common is None else names.filter(names.is_in(list(common)))
