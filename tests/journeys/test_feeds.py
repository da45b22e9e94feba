"""The feeds under bad input, faults and kills: what comes in the end is what a calm vendor and an unhurt machine give.

Real processes, real HTTP, real SIGKILLs. `--kills N` goes on until N of them have struck, with `--seed S` at other moments.
"""

import os
import random
import re
import shutil
import signal
import time
from datetime import timedelta

import polars as pl
import pytest

from kairos.errors import BudgetError, KairosError
from kairos.sandbox.access import FMP_PLANS, SANDBOX_QUIVER_KEY, Plan
from kairos.sandbox.captures import write_captures
from kairos.sandbox.faults import Fault, FaultKind, Route
from kairos.sandbox.market import generate
from kairos.sandbox.server import VendorServer
from kairos.tables import raw
from kairos_dagster.demo import RAW_BULK
from kairos_dagster.steps import FEEDS_DAILY, FUNDAMENTALS, RAW_FEEDS
from tests.journeys.equality import assert_equal_contents, contents
from tests.journeys.faulty_vendor import SECRET, MovingClock, evening
from tests.journeys.feed_faults import COURSES
from tests.journeys.feed_home import FeedHome, environment
from tests.journeys.forks import Forks
from tests.journeys.secrets_told import files_that_tell, secrets_in

pytestmark = pytest.mark.slow

MARKET = generate("tiny", 3)
SESSIONS = MARKET.sessions
BEFORE, LAST = SESSIONS[-6], SESSIONS[-1]  # a round apart: the same companies are asked
SEED = 20131231
FEW_KILLS = 3
TRIES_WITH_KILLS = 2
KEYS = (SECRET, SANDBOX_QUIVER_KEY)
KEPT = ("fmp_income_statement", "fmp_rating", "sf1")  # what the short form's processes read of all that they receive
MADE = ("fmp_income_statement", "fmp_rating")
TOLD = []
"""Every line that any of these tests was told."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A vendor, the processes that fork, a home that knows the securities, and an archive of captures."""
    folder = tmp_path_factory.mktemp("feeds")
    clock = MovingClock(evening(BEFORE))
    with pytest.MonkeyPatch.context() as patch, VendorServer(MARKET, clock, key=SECRET) as server, Forks({}) as forks:
        patch.setitem(FMP_PLANS, SECRET, Plan.LEGACY)
        made = World(folder, server, clock, forks)
        home = folder / "base"
        made.run(home, (*RAW_BULK, "tickers"), [], BEFORE)
        made.homes["base"] = FeedHome(home, server)
        yield made


class World:
    """The vendor and the homes that are filled from it."""

    def __init__(self, folder, server, clock, forks):
        self.folder, self.server, self.clock, self.forks = folder, server, clock, forks
        self.log = folder / "processes.log"
        self.homes, self._calm, self.number = {}, {}, 0

    def run(self, home, assets, partitions, session, *, kill_after_s=None, run_config=None, **env):
        """Fill assets in a process of its own, on the evening of a session; return its exit status."""
        self.clock.at = evening(session)
        env = environment(home, self.server, evening(session)) | env
        pid = self.forks.start(assets, partitions, log=self.log, run_config=run_config, **env)
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            os.kill(pid, signal.SIGKILL)  # not yet waited for, so it is this process, dead or alive
        status = self.forks.end(pid)
        assert status == 0 or kill_after_s is not None or env.get("FMP_CALLS_PER_DAY"), self.log.read_text()[-3000:]
        return status

    def copy(self, base):
        self.number += 1
        return self.homes[base].copied(self.folder / f"{base}-{self.number}")

    def at(self, session):
        self.server.clear_faults()
        self.clock.at = evening(session)


def told(fill):
    """Run a filling; return the line it was refused with, empty where it was not."""
    try:
        fill()
    except KairosError as error:
        TOLD.append(str(error))
        return str(error)
    return ""


# ---- faults of the vendors

CHOSEN = {
    "FMP": {"enable_sf1": False, "quiver_api_key": None, "enable_fmp_news": False, "enable_fmp_social": False},
    "SF1": {"quiver_api_key": None, "fmp": None},
    "quiver": {"enable_sf1": False, "fmp": None},
}


@pytest.fixture(scope="module")
def known(world):
    """A home that asked the feeds a round ago, and what it holds after another calm evening."""
    home = world.copy("base")
    world.homes["known"] = home
    world.at(BEFORE)
    home.evening(BEFORE)
    calm = world.copy("known")
    world.at(LAST)
    calm.evening(LAST)
    return calm.made()


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.name)
def test_a_fault_passes_or_is_refused_and_a_later_pull_is_whole(world, known, course):
    home = world.copy("known")
    before = home.received()
    world.at(LAST)
    asked = len(world.server.requests)
    world.server.inject(course.kind, table=course.table, count=None, **course.options)
    line = told(lambda: home.evening(LAST, http_max_wait_s=0.3))
    if course.stays:
        assert re.search(course.stays, line), line
        assert "\n" not in line
        assert home.received().equals(before)
    else:
        assert line == ""
    struck = [request for request in world.server.requests[asked:] if request.fault]
    assert len(struck) == course.asks if course.asks else struck
    world.at(LAST)
    world.server.inject(course.kind, table=course.table, count=1, **course.options)
    line = told(lambda: home.evening(LAST))
    assert not (line and course.passes), line
    world.at(LAST)
    assert told(lambda: home.evening(LAST)) == ""
    assert_equal_contents(home.made(), known)
