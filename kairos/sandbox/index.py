"""The market's index of large companies, in the form of Sharadar's SP500: lists of members and the changes between them.

At each quarter's end the largest companies are taken in and those that have fallen far behind are let go, five sessions
later; whoever dies is replaced on the session after its last price by the next in the ranking.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import polars as pl

from kairos.frames import Frame
from kairos.sandbox.market import Market

SHARE, FEWEST, MOST = 4, 5, 500  # a quarter of the names, but no fewer and no more
KEPT_WITHIN = 1.3  # a member stays until it ranks this much behind the last place
NOTICE = 5  # sessions from a ranking to its effect
NOBODY = "N/A"
SCHEMA = pl.Schema(
    {"date": pl.Date, "action": pl.String, "permaticker": pl.Int64, "contra": pl.Int64, "note": pl.String}
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One company that joined or left, in whose stead, and when that was told."""

    session: date
    action: str
    permaticker: int
    contra: int | None
    told: date


def index_rows(market: Market, names: Frame, known: date) -> Frame:
    """Return the rows of SP500: current, historical, added and removed.

    Args:
        market: The market.
        names: Securities with their current tickers; see `VendorView.names`.
        known: Newest session published.
    """
    if known < market.first_session:
        return _named(pl.DataFrame(schema=SCHEMA), names)
    first, changes = _history(market, known)
    rows: list[tuple[date, str, int, int | None, str | None]] = [
        (one.session, one.action, one.permaticker, one.contra, f"Announced {one.told}") for one in changes
    ]
    for quarter in _quarter_ends(market, known):
        rows += [(quarter, "historical", name, None, None) for name in _members(first, changes, quarter)]
    rows += [(known, "current", name, None, None) for name in _members(first, changes, known)]
    return _named(pl.DataFrame(rows, schema=SCHEMA, orient="row"), names)


def _named(rows: Frame, names: Frame) -> Frame:
    borne = names.select("permaticker", "ticker", "name")
    others = borne.select(contra="permaticker", contraticker="ticker", contraname="name")
    told = rows.join(borne, on="permaticker").join(others, on="contra", how="left", maintain_order="left")
    return told.with_columns(pl.col("contraticker", "contraname").fill_null(NOBODY))


def _members(first: list[int], changes: list[Change], day: date) -> list[int]:
    members = dict.fromkeys(first)
    for one in changes:
        if one.session <= day and one.action == "removed":
            members.pop(one.permaticker)
        elif one.session <= day:
            members[one.permaticker] = None
    return sorted(members)


def _history(market: Market, known: date) -> tuple[list[int], list[Change]]:
    """Return the members of the first session, and the changes in effect by `known`, in order."""
    sessions = market.sessions
    quarters = _quarter_ends(market, sessions[-1])
    rankings = _rankings(market, [sessions[0], *quarters])
    size = min(MOST, max(FEWEST, len(rankings[sessions[0]]) // SHARE))
    died = dict(market.securities.drop_nulls("last_session").select("permaticker", "last_session").iter_rows())
    number = {session: at for at, session in enumerate(sessions)}
    events = sorted(
        [(min(number[quarter] + NOTICE, len(sessions)), quarter, 0) for quarter in quarters]
        + [(number[last] + 1, last, name) for name, last in died.items()]
    )
    ranked, members, changes = rankings[sessions[0]], rankings[sessions[0]][:size], []
    first = list(members)
    for at, told, name in events:
        if at >= len(sessions) or sessions[at] > known:
            break
        ranked = ranked if name else rankings[told]
        alive = [one for one in ranked if one not in died or died[one] >= sessions[at]]
        swaps = _replaced(name, members, alive) if name else _ranked(members, alive, size)
        for left, joined in swaps:
            changes += [replace(one, session=sessions[at], told=told) for one in _swap(members, left, joined)]
    return first, changes


def _replaced(dead: int, members: list[int], alive: list[int]) -> Iterator[tuple[int, int | None]]:
    if dead in members:
        yield dead, next((name for name in alive if name not in members), None)


def _ranked(members: list[int], alive: list[int], size: int) -> Iterator[tuple[int, int | None]]:
    place = {name: at for at, name in enumerate(alive)}
    fallen = [name for name in members if place.get(name, len(alive)) >= KEPT_WITHIN * size]
    risen = [name for name in alive if name not in members]
    yield from zip(fallen, risen, strict=False)


def _swap(members: list[int], left: int, joined: int | None) -> list[Change]:
    members.remove(left)
    changes = [Change(date.min, "removed", left, joined, date.min)]
    if joined is not None:
        members.append(joined)
        changes.append(Change(date.min, "added", joined, left, date.min))
    return changes


def _quarter_ends(market: Market, known: date) -> list[date]:
    days = market.sessions
    ends = [day for day, following in pairwise(days) if day.month % 3 == 0 and day.month != following.month]
    return [day for day in ends if day <= known]


def _rankings(market: Market, days: list[date]) -> dict[date, list[int]]:
    """Return the companies by market capitalisation, the largest first, at each of the days."""
    caps = market.daily.filter(pl.col("session").is_in(days)).sort("session", "marketcap", descending=[False, True])
    found = caps.group_by("session", maintain_order=True).agg("permaticker")
    return dict(zip(found["session"], found["permaticker"].to_list(), strict=True))
