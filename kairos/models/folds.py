"""Where training ends and testing begins: the one place that draws these lines. Who trains is in `walkforward`.

A label of session t over horizon h is known at the close of session t + h. A row is in a fold's training window only
if that close comes before the fold's first test session; the rule is by session, so it holds for all names alike.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kairos.errors import ModelError

Segment = Literal["validation", "holdout"]


class FoldSettings(BaseModel):
    """How the walk-forward is cut."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_train_sessions: int = Field(
        default=504, ge=2, le=5040, description="Training sessions of the first fold, after the purge."
    )
    test_sessions: int = Field(default=63, ge=1, le=1260, description="Sessions forecast by one fit.")
    scheme: Literal["expanding", "rolling"] = Field(
        default="expanding", description="All history, or the last min_train_sessions."
    )
    gap_sessions: int = Field(default=0, ge=0, le=252, description="Further sessions left out before the test.")


@dataclass(frozen=True)
class Span:
    """Sessions from `first` to `last`, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Fold:
    """One fit and the sessions it forecasts.

    Attributes:
        index: 0 for the earliest.
        train: Sessions whose rows may be learned from.
        test: Sessions that are forecast.
        segment: validation, or holdout for the sealed sessions and all after them.
    """

    index: int
    train: Span
    test: Span
    segment: Segment


@dataclass(frozen=True)
class Holdout:
    """The sealed sessions of a universe year."""

    first_session: date
    last_session: date


def seal(sessions: Sequence[date], *, length: int) -> Holdout:
    """Return the last `length` sessions of a universe year as its holdout.

    Raises:
        ModelError: There are not more sessions than that.
    """
    ordered = _ascending(sessions)
    if not 0 < length < len(ordered):
        raise ModelError(
            f"holdout: {length} sessions of {len(ordered)}; expected at least 1, and sessions left before it. "
            "Load more history, or set HOLDOUT_SESSIONS lower."
        )
    return Holdout(first_session=ordered[-length], last_session=ordered[-1])


def walk_forward(sessions: Sequence[date], *, horizon: int, holdout_first: date, settings: FoldSettings) -> tuple[Fold, ...]:
    """Return the folds of a walk-forward, in time, test blocks following each other without a gap.

    Args:
        sessions: Market sessions, ascending, without holes.
        horizon: Sessions that a label spans.
        holdout_first: First sealed session; no test block lies on both sides of it.
        settings: Window lengths and scheme.

    Raises:
        ModelError: There are too few sessions before the holdout for one fold.
    """
    ordered = _ascending(sessions)
    start = settings.min_train_sessions + horizon + settings.gap_sessions
    boundary = bisect_left(ordered, holdout_first)
    if boundary <= start:
        raise ModelError(
            f"walk-forward: {boundary} sessions before the holdout of {holdout_first} ({len(ordered)} in all); expected more "
            f"than {start} (train {settings.min_train_sessions}, horizon {horizon}, gap {settings.gap_sessions}). "
            "Load more history, or set folds.min_train_sessions lower."
        )
    blocks = [*_blocks(start, boundary, settings.test_sessions), *_blocks(boundary, len(ordered), settings.test_sessions)]
    return tuple(
        Fold(
            index=index,
            train=training_window(ordered, known_before=first, horizon=horizon, settings=settings),
            test=Span(ordered[first], ordered[end - 1]),
            segment="validation" if first < boundary else "holdout",
        )
        for index, (first, end) in enumerate(blocks)
    )


def training_window(sessions: Sequence[date], *, known_before: int, horizon: int, settings: FoldSettings) -> Span:
    """Return the sessions that may be learned from by a fit made before session number `known_before`.

    Args:
        sessions: Market sessions, ascending.
        known_before: Position of the first session that is forecast; `len(sessions)` for a fit made after the last one.
        horizon: Sessions that a label spans.
        settings: Window lengths and scheme.

    Raises:
        ModelError: No session's label is known by then.
    """
    end = known_before - settings.gap_sessions - horizon  # the label of end - 1 ends at known_before - gap - 1
    if end <= 0:
        raise ModelError(
            f"training window: no label over {horizon} session(s) ends within {known_before} session(s). Load more."
        )
    first = 0 if settings.scheme == "expanding" else max(0, end - settings.min_train_sessions)
    return Span(sessions[first], sessions[end - 1])


def _blocks(start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    for first in range(start, end, length):
        yield first, min(first + length, end)


def _ascending(sessions: Sequence[date]) -> tuple[date, ...]:
    ordered = tuple(sessions)
    wrong = [later for earlier, later in pairwise(ordered) if later <= earlier]
    if wrong:
        raise ModelError(f"sessions: {wrong[0]} does not follow the session before it; expected ascending. Sort them.")
    return ordered
