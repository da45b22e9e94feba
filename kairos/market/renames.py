"""Which tickers a security bore before its present one, read from the vendor's rename actions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import polars as pl

from kairos.frames import Frame


class Rename(NamedTuple):
    """One change of name, as filed: `newer` took over from `older` on `day`."""

    day: date
    newer: str
    older: str


class Change(NamedTuple):
    """One change of name of one security."""

    day: date
    older: str


@dataclass
class Bearer:
    """A security while its names are traced back.

    Attributes:
        permaticker: Its id.
        current: Its present ticker.
        first: Its first price, if known.
        last: Its last price, if it has one and no longer trades.
        changes: The changes found so far, newest first.
    """

    permaticker: int
    current: str
    first: date | None
    last: date | None
    changes: list[Change] = field(default_factory=list)

    @property
    def oldest(self) -> str:
        """The earliest name found so far."""
        return self.changes[-1].older if self.changes else self.current

    def traded(self, day: date) -> bool:
        """Tell whether `day` lies within its life; a name given after the last price, as in bankruptcy, counts for nothing."""
        begun = self.first is None or self.first < day
        return begun and (self.last is None or day <= self.last)


def filed_renames(actions: Frame) -> list[Rename]:
    """Return the renames in raw ACTIONS, newest first, `tickerchangefrom` rows before their `tickerchangeto`.

    Vendors file both rows under the security's current ticker, or each under the name of its own side; in either form
    the contra ticker of `tickerchangefrom` is the older name and that of `tickerchangeto` the newer one.
    """
    pairs = (
        actions.filter(pl.col("action").is_in(["tickerchangefrom", "tickerchangeto"]))
        .filter(pl.col("contraticker").is_not_null() & (pl.col("contraticker") != pl.col("ticker")))
        .filter(pl.col("contraticker") != "N/A")
        .select("date", "action", "ticker", "contraticker")
        .unique()
        .sort(["date", "action", "ticker", "contraticker"], descending=[True, False, False, False])
    )
    return [
        Rename(day, ticker, contra) if action == "tickerchangefrom" else Rename(day, contra, ticker)
        for day, action, ticker, contra in pairs.iter_rows()
    ]


def trace(bearers: Iterable[Bearer], renames: Iterable[Rename]) -> dict[int, list[Change]]:
    """Return the changes of name per permaticker, oldest first.

    Walks back in time: a rename belongs to the security whose earliest known name is the newer side, or else whose
    present name it is, and that was trading that day. Filed the wrong way round, it is turned when only that fits.

    Args:
        bearers: The securities with their present names; their `changes` are filled.
        renames: Newest first.
    """
    everyone = list(bearers)
    named: dict[str, list[Bearer]] = {}
    for bearer in everyone:
        named.setdefault(bearer.current, []).append(bearer)
    for rename in renames:
        for day, newer, older in (rename, Rename(rename.day, rename.older, rename.newer)):
            found = _bearer(named, newer, day)
            if found is None:
                continue
            if _is_news(found, day, older):
                found.changes.append(Change(day, older))
                named.setdefault(older, []).append(found)
            break
    return {bearer.permaticker: bearer.changes[::-1] for bearer in everyone if bearer.changes}


def _bearer(named: Mapping[str, list[Bearer]], name: str, day: date) -> Bearer | None:
    fitting = [bearer for bearer in named.get(name, ()) if bearer.traded(day)]
    by_oldest = [bearer for bearer in fitting if bearer.oldest == name]
    by_present = [bearer for bearer in fitting if bearer.current == name]
    already = [bearer for bearer in fitting if bearer.changes and bearer.changes[-1].day == day]
    return next(iter([*already, *by_oldest, *by_present]), None)


def _is_news(bearer: Bearer, day: date, older: str) -> bool:
    return older != bearer.oldest and not any(change.day == day for change in bearer.changes)
