"""However a home came to be, it equals the one rebuilt from its payloads alone: random stories of exports, pulls and files.

Two things are no matter of payloads: when a holdout was sealed and what was tried. A rebuilt home takes them over.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import dagster as dg
import numpy as np
import pytest

from assets.increments import REUSED
from kairos.calendar import prices_known_at
from kairos.sandbox.market import Market
from kairos_dagster.instance import open_instance
from kairos_dagster.steps import CORE_FEATURES
from tests.journeys.equality import assert_equal_contents
from tests.journeys.eventful_market import eventful
from tests.journeys.random_story import Story, can_derive, tell
from tests.journeys.story_engine import EngineHome
from tests.journeys.story_home import (
    LivedHome,
    all_tables,
    assert_same_past,
    assert_seen_again,
    assert_up_to_date,
    at_home,
    derive,
    derived_alike,
    rebuilt,
)

pytestmark = pytest.mark.slow
SEEDS = (1,)
FIRST_OF_MANY = 100
INSTANTS = 30
LONG = 12  # operations of a story without assets
ASSETS_EVERY = 8


@pytest.mark.parametrize("seed", SEEDS)
def test_a_home_equals_the_one_rebuilt_from_its_payloads(seed, tmp_path):
    check(tell(seed), tmp_path)
    assert rows_reused(tmp_path / "lived") > 0


def test_so_do_many_more(request, tmp_path):
    seconds = request.config.getoption("--seconds")
    if not seconds:
        pytest.skip("--seconds S goes on with further seeds for S seconds")
    began, seed = time.monotonic(), request.config.getoption("--seed") or FIRST_OF_MANY
    while time.monotonic() - began < seconds:
        check_engine(tell(seed, length=LONG), tmp_path / f"engine_{seed}")
        if seed % ASSETS_EVERY == 0:
            check(tell(seed), tmp_path / str(seed))
        seed += 1


def rows_reused(folder: Path) -> int:
    """Return how many feature rows were taken from years that stood, over the life of a home."""
    instance = open_instance(folder / "dagster")
    records = [instance.fetch_materializations(dg.AssetKey(name), limit=1000).records for name in CORE_FEATURES]
    told = [record.asset_materialization.metadata for found in records for record in found]
    return sum(int(shown[REUSED].value) for shown in told if REUSED in shown)


def check_engine(story: Story, folder: Path) -> None:
    """Live through the story without assets; after each operation the tables are what the raw rows give."""
    home = EngineHome(folder, _market(story), ticking=story.ticking)
    for op in story.ops:
        with _telling(story, op):
            home.live(op)
            home.assert_up_to_date()


def check(story: Story, folder: Path) -> None:
    """Live through the story, rebuild from its payloads, compare."""
    home = LivedHome(folder / "lived", _market(story), ticking=story.ticking)
    for number, op in enumerate(story.ops):
        with _telling(story, op):
            home.live(op)
            if number not in home.held_up:
                assert_up_to_date(home)
    with _telling(story, "the end"):
        _check_the_end(story, home, folder / "fresh")


def _check_the_end(story: Story, home: LivedHome, fresh: Path) -> None:
    assert len(story.ops) - 1 not in home.held_up
    rebuilt(home.folder, fresh)
    if can_derive(story.last):
        with at_home(home.folder):
            derive(home.folder / "scores.csv")
        derived_alike(home.folder, fresh)
    assert_equal_contents(*(all_tables(where, ticking=story.ticking) for where in (home.folder, fresh)))
    assert_seen_again(home)
    assert_same_past(home.folder, fresh, _instants(story, home))


def _market(story: Story) -> Market:
    return eventful(story.seed, np.random.default_rng([story.seed, 2]), first=story.first, last=story.last)


def _instants(story: Story, home: LivedHome) -> list[datetime]:
    """Instants between the market's first session and the last receipt."""
    first, last = prices_known_at(home.market.first_session), home.seen[-1][0]
    shares = np.random.default_rng([story.seed, 3]).random(INSTANTS)
    return [first + (last - first) * float(share) for share in shares]


@contextmanager
def _telling(story: Story, at: object) -> Iterator[None]:
    """Tell the story, and how far it came, with whatever goes wrong."""
    try:
        yield
    except Exception as error:
        error.add_note(f"{story}\nat: {at}")
        raise
