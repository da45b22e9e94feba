"""A random story of one home: what was brought in on which evening, in which order, and what was built when."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np

from kairos.calendar import prices_known_at, sessions_between
from tests.journeys.eventful_market import SIZE, Chance

NEW_YEARS = (date(2014, 1, 2), date(2015, 1, 2))
UNIVERSE_YEAR = 2014
LEAST_OF_YEAR = 70  # sessions of the universe year before anything is derived from it
DAYS = sessions_between(SIZE.first, SIZE.last)
EXPORT_AT_LAST = 0.3
KINDS = {"next": 0.32, "range": 0.12, "late": 0.16, "again": 0.12, "export": 0.09, "file": 0.09, "derive": 0.10}


@dataclass(frozen=True)
class Op:
    """One thing done.

    Attributes:
        kind: export, pull, file or derive.
        now: When.
        days: First and last session pulled, or of the file's rows.
        source: Of a file: who is said to have made it.
        times: How often the same file is brought in, under other names.
    """

    kind: str
    now: datetime
    days: tuple[date, date] = (date.min, date.min)
    source: str = ""
    times: int = 1

    def __str__(self) -> str:
        """One line."""
        span = "" if self.days[0] == date.min else f" {self.days[0]}..{self.days[1]}"
        return f"{self.now:%Y-%m-%d %H:%M} {self.kind}{span} {self.source}{f' x{self.times}' if self.times > 1 else ''}"


@dataclass
class _Draft:
    """A story being told: the newest session out, what was pulled, what was left out."""

    chance: Chance
    at: int
    minutes: int = 0
    pulled: list[int] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)

    def now(self) -> datetime:
        """An instant of the evening, never before the last one, sometimes the same."""
        self.minutes += int(self.chance.choice([0, 1, 7, 90], p=[0.2, 0.4, 0.3, 0.1]))
        return prices_known_at(DAYS[self.at]) + timedelta(hours=2, minutes=self.minutes)

    def move(self, sessions: int) -> None:
        """Let sessions go by; they count as missed until they are pulled."""
        if sessions:
            self.missed += range(self.at + 1, self.at + sessions + 1)
            self.at, self.minutes = self.at + sessions, 0

    def pull(self, first: int, last: int) -> Op:
        """Pull sessions now."""
        self.missed = [day for day in self.missed if not first <= day <= last]
        self.pulled += range(first, last + 1)
        return Op("pull", self.now(), (DAYS[first], DAYS[last]))


@dataclass(frozen=True)
class Story:
    """What happens, in order; `first` and `last` are the numbers of the sessions between which it does."""

    seed: int
    ops: tuple[Op, ...]
    first: int
    last: int
    ticking: bool

    def __str__(self) -> str:
        """Every line of it, and the seed."""
        clock = "ticking" if self.ticking else "standing"
        return "\n".join(
            [f"story of seed {self.seed}, clock {clock}:", *(f"  {number} {op}" for number, op in enumerate(self.ops))]
        )


def tell(seed: int, *, length: int = 4) -> Story:
    """Return the story of a seed: an export shortly before a New Year, all in all `length` or one more."""
    chance = np.random.default_rng([seed, 1])
    new_year = DAYS.index(NEW_YEARS[int(chance.random() < 0.7)])
    first = new_year - int(chance.integers(2, 7))
    draft = _Draft(chance, first)
    ops = [Op("export", draft.now())]
    while len(ops) < length:
        ops += _next(draft)
    ops += _made_good(draft)
    return Story(seed, tuple(ops), first, draft.at, ticking=bool(chance.random() < 0.5))


def _next(draft: _Draft) -> list[Op]:
    chance = draft.chance
    kind = str(chance.choice(list(KINDS), p=list(KINDS.values())))
    if kind in {"late", "again"}:
        return _once_more(draft, draft.missed if kind == "late" else draft.pulled)
    if kind == "file":
        first = draft.at - int(chance.choice([0, 3, 25, 200]))
        source, times = str(chance.choice(["sharadar", "file"])), int(chance.integers(1, 3))
        return [Op("file", draft.now(), (DAYS[max(0, first)], DAYS[draft.at]), source, times)]
    if kind == "derive":
        return [Op("derive", draft.now())] if can_derive(draft.at) else []
    draft.move(int(chance.choice([0, 1, 3, 12], p=[0.6, 0.2, 0.15, 0.05])))
    if kind == "export":
        return [Op("export", draft.now())]
    length = int(chance.integers(2, 5)) if kind == "range" else 1
    start = draft.at + 1
    draft.move(length + int(chance.choice([0, 2], p=[0.8, 0.2])))
    return [draft.pull(start, start + length - 1)]


def _made_good(draft: _Draft) -> list[Op]:
    """Pull what was missed, or take it all in an export: a missing session holds its year up."""
    if not draft.missed:
        return []
    if draft.chance.random() < EXPORT_AT_LAST:
        return [Op("export", draft.now())]
    return [draft.pull(min(draft.missed), max(draft.missed))]


def _once_more(draft: _Draft, days: list[int]) -> list[Op]:
    if not days:
        return []
    day = int(draft.chance.choice(days))
    return [draft.pull(day, day)]


def can_derive(at: int) -> bool:
    """Whether the universe year has sessions enough to be simulated."""
    return len([day for day in DAYS[: at + 1] if day.year >= UNIVERSE_YEAR]) >= LEAST_OF_YEAR
