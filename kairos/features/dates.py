"""Facts of a session's date that were known long before it: month, weekday, place in the month."""

from datetime import date

import polars as pl

from kairos.calendar import all_sessions
from kairos.frames import Frame

FIRST_OF_WEEKEND = 6  # Monday is 1


def calendar_fact(word: str, sessions: pl.Series) -> pl.Series:
    """Return the fact named `word` (see `kairos.features.operators`) for each of `sessions`, as Float64."""
    days = sessions.unique().sort().to_frame("session")
    facts = days.with_columns(_FACTS[word](days)["fact"].cast(pl.Float64))
    return sessions.to_frame("session").join(facts, on="session", how="left", maintain_order="left")["fact"]


def _month(days: Frame) -> Frame:
    return days.select(fact=pl.col("session").dt.month())


def _weekday(days: Frame) -> Frame:
    return days.select(fact=pl.col("session").dt.weekday())


def _session_of_month(days: Frame) -> Frame:
    month = pl.col("session").dt.truncate("1mo")
    every = pl.DataFrame({"session": list(all_sessions())}, schema={"session": pl.Date})
    numbered = every.select("session", fact=pl.int_range(1, pl.len() + 1).over(month))
    return days.join(numbered, on="session", how="left", maintain_order="left")


def _weekdays_left(days: Frame) -> Frame:
    return days.select(fact=pl.col("session").map_elements(_weekdays_after, return_dtype=pl.Int64))


def _weekdays_after(day: date) -> int:
    last = (day.replace(day=28).toordinal() + 4) - date.fromordinal(day.replace(day=28).toordinal() + 4).day
    rest = range(day.toordinal() + 1, last + 1)
    return sum(date.fromordinal(each).isoweekday() < FIRST_OF_WEEKEND for each in rest)


_FACTS = {
    "month": _month,
    "weekday": _weekday,
    "session_of_month": _session_of_month,
    "weekdays_left": _weekdays_left,
}
