"""The proof itself: every probe at every cut, or a quick sweep first and the probes one by one where it finds something."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from kairos.features.leaks import changes, lives
from kairos.features.leaks.compare import MOST_ROUNDED, Difference, differences, known_rows
from kairos.features.leaks.contact import Contact, contacts
from kairos.features.leaks.cuts import BY_SESSION, NAME, Cut
from kairos.features.leaks.subject import Subject, Tables
from kairos.frames import Frame

Change = Callable[[Tables, Cut], dict[str, Frame]]
PROBES = ("future", "label", "fit_window", "universe", "as_known", "neighbours")


@dataclass(frozen=True)
class World:
    """One way in which the future might have been.

    Attributes:
        probe: Which kind of knowledge it shows.
        how: What is changed, in words.
        changes: Applied one after the other.
        exact: Whether every bit must stay.
        ties: Share of rows in which a rounding may flip a tie, where not every bit must.
    """

    probe: str
    how: str
    changes: tuple[Change, ...]
    exact: bool = True
    ties: float = MOST_ROUNDED

    def of(self, tables: Tables, cut: Cut) -> dict[str, Frame]:
        """Return the changed tables."""
        for change in self.changes:
            tables = change(tables, cut)
        return dict(tables)


WORLDS = (
    World("future", "rows after the cut left out", (changes.without_future, lives.without_open_labels)),
    World("future", "rows after the cut garbled", (changes.garbled,)),
    World("future", "rows after the cut rescaled", (changes.rescaled,)),
    World("future", "rows after the cut thinned", (changes.thinned,)),
    World("future", "rows after the cut emptied", (changes.emptied,)),
    World("label", "forward returns that end after the cut garbled", (lives.with_other_labels,)),
    World("fit_window", "one name in three extreme after the cut", (changes.with_extremes,)),
    World("fit_window", "names added after the cut", (changes.with_strangers,)),
    World("fit_window", "rows in another order", (changes.in_another_order,), exact=False),
    World("universe", "deaths and listings after the cut changed", (lives.with_other_fates,)),
    World("universe", "deaths and listings after the cut unknown", (lives.with_unknown_fates,)),
    World("as_known", "facts restated after the cut", (lives.restated,)),
    World("as_known", "prices readjusted for later splits and dividends", (lives.readjusted,), exact=False),
)
"""Every probe on its own; `neighbours` and where a history begins have worlds of their own."""

LATER_START = World("as_known", "history begins later", (changes.without_first_rows,), exact=False, ties=0.1)
"""Every price of the chained index is rounded anew, and prices of few ticks tie often."""
AS_OF_THE_CUT = World("future", "nothing after the cut", (*WORLDS[0].changes, lives.with_unknown_fates))
ANOTHER_FUTURE = World(
    "future",
    "another future",
    (changes.mixed, lives.with_other_labels, lives.with_other_fates, lives.restated, changes.with_strangers),
)


@dataclass(frozen=True)
class Leak:
    """A feature that knows what it cannot.

    Attributes:
        feature: Name of the column.
        probe: Which kind of knowledge.
        how: What was changed, and up to where values had to stay.
        rows: Rows that changed.
        permaticker: Name of an example.
        session: Its session.
        before: Its value with everything there is.
        after: Its value in the changed world; for a contact the return to come.
    """

    feature: str
    probe: str
    how: str
    rows: int
    permaticker: int
    session: date
    before: float | None
    after: float | None

    def __str__(self) -> str:
        """Return the finding in one line."""
        return (
            f"{self.feature} fails {self.probe} ({self.how}): permaticker {self.permaticker} on {self.session} "
            f"is {_shown(self.before)}, then {_shown(self.after)}"
        )


def prove(subject: Subject, tables: Tables, cuts: Sequence[Cut], *, thorough: bool = False) -> list[Leak]:
    """Return one leak per feature and probe that shows it; none means nothing was found.

    Args:
        subject: What to try.
        tables: What it reads, and `daily_returns` for the contact with returns to come where there is one.
        cuts: Where to cut.
        thorough: Whether every probe is tried on its own at every cut; else a sweep decides whether to.
    """
    whole = subject.values(tables)
    found: dict[tuple[str, str], Leak] = {}
    for leak in _all(subject, tables, cuts, whole, thorough=thorough):
        found.setdefault((leak.feature, leak.probe), leak)
    order = {name: place for place, name in enumerate(subject.features)}
    return sorted(found.values(), key=lambda leak: (order[leak.feature], PROBES.index(leak.probe)))


def _all(subject: Subject, tables: Tables, cuts: Sequence[Cut], whole: Frame, *, thorough: bool) -> Iterator[Leak]:
    exact = [world for world in WORLDS if world.exact]
    told: set[str] = set()
    for cut in cuts:
        swept = [] if thorough else _swept(subject, tables, cut, whole)
        if thorough or {leak.feature for leak in swept} - told:
            named = [leak for world in exact for leak in tried(subject, tables, cut, whole, world)]
            named += _alone(subject, tables, whole)
            told |= {leak.feature for leak in named}
            yield from named
            yield from (leak for leak in swept if leak.feature not in told)
            told |= {leak.feature for leak in swept}
        if not thorough and told.issuperset(subject.features):
            break
    yield from _about(subject, tables, whole, thorough=thorough)
    if "daily_returns" in tables:
        touching = contacts(whole, tables["daily_returns"], subject.features)
        yield from (_touching(contact, whole) for contact in touching)


def _swept(subject: Subject, tables: Tables, cut: Cut, whole: Frame) -> list[Leak]:
    """Two worlds that differ in everything; where names may not reach each other, every other one is missing in the second."""
    fewer = _every_other(tables, whole) if subject.per_name else tables
    return tried(subject, tables, cut, whole, AS_OF_THE_CUT) + tried(subject, fewer, cut, whole, ANOTHER_FUTURE)


def tried(subject: Subject, tables: Tables, cut: Cut, whole: Frame, world: World) -> list[Leak]:
    """Return the leaks that one world shows at one cut, over the names that the tables hold."""
    held = tables["daily_returns"][NAME] if "daily_returns" in tables else whole[NAME]
    names = pl.col(NAME).is_in(held.unique().implode())
    made = known_rows(subject.values(world.of(tables, cut)).filter(names), cut)
    changed = differences(known_rows(whole.filter(names), cut), made, subject.features, exact=world.exact, ties=world.ties)
    return [_leak(world.probe, f"{world.how}, cut {cut.of(one.permaticker)}", one) for one in changed]


def _about(subject: Subject, tables: Tables, whole: Frame, *, thorough: bool) -> Iterator[Leak]:
    """What may move a value by a rounding and no more: readjusted prices, another order, a later start."""
    end = Cut(whole["session"].max())  # type: ignore[arg-type]
    for part, worlds in _inexact(subject, tables, thorough=thorough):
        at_once = World("as_known", "", tuple(change for world in worlds for change in world.changes), exact=False)
        if thorough or tried(part, tables, end, whole, at_once):
            for world in worlds:
                yield from tried(part, tables, end, whole, world)


def _inexact(subject: Subject, tables: Tables, *, thorough: bool) -> Iterator[tuple[Subject, list[World]]]:
    """Which features are tried in which of those worlds; a later start is for those of full windows alone."""
    worlds = [world for world in WORLDS if not world.exact]
    if subject.windowed == subject.features:
        yield subject, [*worlds, LATER_START]
        return
    if subject.windowed:
        yield replace(subject, features=subject.windowed), [LATER_START]
    if thorough or not subject.per_name or BY_SESSION & set(tables):  # else there is nothing to readjust, and builders sort
        yield subject, worlds


def _alone(subject: Subject, tables: Tables, whole: Frame) -> list[Leak]:
    if not subject.per_name:
        return []
    fewer = _every_other(tables, whole)
    own = whole.join(fewer["daily_returns"].select(NAME).unique(), on=NAME, how="semi", maintain_order="left")
    changed = differences(own, subject.values(fewer), subject.features)
    return [_leak("neighbours", "every other name left out", one) for one in changed]


def _every_other(tables: Tables, whole: Frame) -> dict[str, Frame]:
    names = whole[NAME].unique().sort().gather_every(2).implode()
    return {name: frame.filter(pl.col(NAME).is_in(names)) if NAME in frame.columns else frame for name, frame in tables.items()}


def _leak(probe: str, how: str, one: Difference) -> Leak:
    return Leak(one.feature, probe, how, one.rows, one.permaticker, one.session, one.before, one.after)


def _touching(one: Contact, whole: Frame) -> Leak:
    return Leak(one.feature, "label", one.how, whole.height, one.permaticker, one.session, one.value, one.ahead)


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.6g}"
