"""Which instants are struck: everything that is written first, then every kind of place, then spread over the whole run.

The same ones for the same seed.
"""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.journeys.kill_places import Instant

MOMENT = "moment"
UNIMPORTANT = ("a lock", "a table's folder", "Dagster", "MLflow")  # empty files and folders, and logs
TWICE_EVERY = 5  # every fifth run again is killed as well
MOMENT_EVERY = 4  # every fourth kill strikes at a time instead of a place


@dataclass(frozen=True)
class Strike:
    """A kill: at an instant of that kind and number, or so many seconds after it."""

    kind: str
    number: int = 0
    after_s: float = 0.0
    detail: str = ""


@dataclass(frozen=True)
class Trial:
    """A stage killed once or more before it is run again."""

    stage: str
    strikes: tuple[Strike, ...]

    def __str__(self) -> str:
        """Where and how often."""
        return f"{self.stage}: " + ", then ".join(f"{one.kind} #{one.number} {one.detail}" for one in self.strikes)


def kinds(instants: Sequence[Instant]) -> list[str]:
    """Return the kinds of place in the order in which they are first met."""
    return list(dict.fromkeys(one.kind for one in instants))


def chosen(instants: Sequence[Instant], lasted: dict[str, float], *, kills: int, seed: int) -> list[Trial]:
    """Return as many trials: one per thing written, then one per kind of place, and the others by chance over all stages."""
    chance = random.Random(seed)
    by_kind = {kind: [one for one in instants if one.kind == kind] for kind in kinds(instants)}
    first = [min((kind for kind in by_kind if _written(kind) == one), key=_rank) for one in _things(by_kind)]
    order = [*first, *sorted(by_kind.keys() - set(first), key=_rank)]
    sizes = Counter(one.stage for one in instants)
    trials = [_trial(_cheap(by_kind[kind], sizes, chance), chance) for kind in order[:kills]]
    stages = list(lasted)
    while len(trials) < kills:
        stage = stages[len(trials) % len(stages)]
        if len(trials) % MOMENT_EVERY == 0:
            trials.append(Trial(stage, (Strike(MOMENT, 0, chance.uniform(0.1, lasted[stage])),)))
        else:
            trials.append(_trial(chance.choice([one for one in instants if one.stage == stage]), chance))
    return [_twice(trial, lasted, chance) if at % TWICE_EVERY == 1 else trial for at, trial in enumerate(trials)]


def _trial(place: Instant, chance: random.Random) -> Trial:
    after_s = chance.uniform(0.0, 1.1) * place.lasts_s
    return Trial(place.stage, (Strike(place.kind, place.number, after_s, place.detail),))


def _twice(trial: Trial, lasted: dict[str, float], chance: random.Random) -> Trial:
    again = Strike(MOMENT, 0, chance.uniform(0.1, 0.7 * lasted[trial.stage]))
    return Trial(trial.stage, (*trial.strikes, again))


def _cheap(places: Sequence[Instant], sizes: Mapping[str, int], chance: random.Random) -> Instant:
    """Return one of the places, rather of a stage with few instants than of one with many."""
    here = Counter(one.stage for one in places)
    weights = [1.0 / sizes[one.stage] ** 2 / here[one.stage] for one in places]
    return chance.choices(places, weights)[0]


def _things(found: Iterable[str]) -> list[str]:
    """Return what is written, what matters most first: what nobody would miss comes last."""
    things = dict.fromkeys(_written(kind) for kind in found)
    return sorted(things, key=lambda thing: (thing in UNIMPORTANT, thing))


def _written(kind: str) -> str:
    what = kind.partition(" ")[2]
    return what.partition(" of ")[2] or what


def _rank(kind: str) -> tuple[int, str]:
    """What is torn most easily comes first."""
    order = ("inside", "emptied", "before rename", "before symlink", "after", "before")
    return next(at for at, start in enumerate(order) if kind.startswith(start)), kind
