"""What a quick proof looks at: which names, and where it cuts."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from kairos.features.leaks.cuts import NAME, Cut
from kairos.features.leaks.subject import Tables
from kairos.frames import Frame

NAMES = 16
CUTS = 5
YOUNG = 60  # sessions after a listing, in which windows and warm-ups are still filling
LATE = 5  # last sessions of the span; a feature may look ahead where a file ends and nowhere else


def sampled_names(daily_returns: Frame, *, seed: int, count: int = NAMES) -> list[int]:
    """Return `count` names with prices in the last year of the rows: a quarter dying, a quarter new, the others any.

    Args:
        daily_returns: Rows of that table.
        seed: Seed of the choice.
        count: Names wanted.
    """
    newest = daily_returns.filter(pl.col("session").dt.year() == pl.col("session").dt.year().max())
    spans = daily_returns.join(newest.select(NAME).unique(), on=NAME, how="semi")
    spans = spans.group_by(NAME).agg(pl.col("session").min().alias("began"), pl.col("session").max().alias("ended")).sort(NAME)
    first, last = daily_returns["session"].min(), daily_returns["session"].max()
    chance = np.random.default_rng(seed)
    kinds = [spans.filter(pl.col("ended") < last)[NAME], spans.filter(pl.col("began") > first)[NAME], spans[NAME]]
    chosen: list[int] = []
    for names, room in zip(kinds, (count // 4, count // 2, count), strict=True):
        left = [name for name in names if name not in chosen]
        chosen += [left[at] for at in chance.permutation(len(left))[: room - len(chosen)]]
    return sorted(chosen)


def of_names(tables: Tables, names: Sequence[int]) -> dict[str, Frame]:
    """Return the tables with the rows of these names alone."""
    kept = pl.Series(NAME, names, dtype=pl.Int64).implode()
    return {name: frame.filter(pl.col(NAME).is_in(kept)) if NAME in frame.columns else frame for name, frame in tables.items()}


def common_cuts(tables: Tables, *, year: int, seed: int, count: int = CUTS) -> list[Cut]:
    """Return cuts for all names in a year, each where a leak would show that shows nowhere else.

    They lie among the last sessions, at a week's end, on the eve of a death, on a day on which something became known, soon
    after a listing, and anywhere, in this order.

    Args:
        tables: What is read; `daily_returns` among it.
        year: Calendar year whose rows are to be proven.
        seed: Seed of the choice.
        count: Cuts wanted.
    """
    chance = np.random.default_rng(seed)
    sessions = _sessions(tables["daily_returns"], year)
    inner = sessions[:-1] or sessions
    weeks = [day for day, after in zip(inner, sessions[1:], strict=False) if after.weekday() < day.weekday()]
    returns = tables["daily_returns"]
    young = [day for youth in _youths(returns, inner).values() for day in youth]
    pools = [inner[-LATE:], weeks, _eves(returns, inner), _news(tables, inner), young]
    pools = [pool for pool in pools if pool][:count]
    pools += [inner] * (count - len(pools))
    return [Cut(day) for day in dict.fromkeys(pool[int(chance.integers(len(pool)))] for pool in pools)]


def _eves(daily_returns: Frame, sessions: Sequence[date]) -> list[date]:
    """Last prices of names that die, of those with a delisting return where there are any."""
    last = _last_prices(daily_returns)
    fallen = set(daily_returns.filter("is_delisting")[NAME])
    known = set(sessions)
    eves = {name: day for name, day in last.items() if day in known}
    return [day for name, day in eves.items() if name in fallen] or [*eves.values()]


def _news(tables: Tables, sessions: Sequence[date]) -> list[date]:
    """The days on which most became known of what is not of a session."""
    told = [
        frame["known_at"].dt.date()
        for frame in tables.values()
        if "known_at" in frame.columns and "session" not in frame.columns
    ]
    days = pl.concat(told) if told else pl.Series([], dtype=pl.Date)
    counts = days.filter(days.is_in(pl.Series(sessions, dtype=pl.Date).implode())).value_counts(sort=True, name="n")
    return counts.filter(pl.col("n") == pl.col("n").max()).to_series(0).sort().to_list()


def own_cuts(daily_returns: Frame, *, year: int, seed: int) -> list[Cut]:
    """Return one set of cuts in which every name has its own in a year.

    A name that dies in the year is cut on its last price, one that is new soon after its listing, one in four of the others
    among the last sessions, the rest anywhere.

    Args:
        daily_returns: Rows of that table.
        year: Calendar year whose rows are to be proven.
        seed: Seed of the choice.
    """
    chance = np.random.default_rng(seed)
    sessions = _sessions(daily_returns, year)
    inner = sessions[:-1] or sessions
    known, days = set(inner), {}
    youths = _youths(daily_returns, inner)
    for at, (name, last) in enumerate(_last_prices(daily_returns).items()):
        others = inner[-LATE:] if at % 4 == 0 else inner
        pool = [last] if last in known else youths.get(name, others)
        days[name] = pool[int(chance.integers(len(pool)))]
    return [Cut(inner[-1], days)]


def _youths(daily_returns: Frame, sessions: Sequence[date]) -> dict[int, list[date]]:
    """The sessions soon after their first price of names listed since the rows begin, as far as they are among `sessions`."""
    first = daily_returns.group_by(NAME).agg(pl.col("session").min()).sort(NAME)
    begin = daily_returns["session"].min()
    every = daily_returns["session"].unique().sort().to_list()
    place, known = {day: at for at, day in enumerate(every)}, set(sessions)
    youths = {
        name: [day for day in every[place[listed] : place[listed] + YOUNG] if day in known]
        for name, listed in first.iter_rows()
        if listed != begin
    }
    return {name: days for name, days in youths.items() if days}


def _sessions(daily_returns: Frame, year: int) -> list[date]:
    found = daily_returns.filter(~pl.col("is_delisting"), pl.col("session").dt.year() == year)["session"]
    return found.unique().sort().to_list()


def _last_prices(daily_returns: Frame) -> dict[int, date]:
    rows = daily_returns.filter(~pl.col("is_delisting")).group_by(NAME).agg(pl.col("session").max()).sort(NAME)
    return dict(rows.iter_rows())
