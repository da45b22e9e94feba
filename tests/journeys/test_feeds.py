"""The feeds under bad input, faults and kills: what comes in the end is what a calm vendor and an unhurt machine give.

Real processes, real HTTP, real SIGKILLs. `--kills N` goes on until N of them have struck, with `--seed S` at other moments.
"""

import os
import random
import re
import signal
import time
from datetime import timedelta
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.errors import KairosError
from kairos.sandbox.access import FMP_PLANS, SANDBOX_QUIVER_KEY, Plan
from kairos.sandbox.captures import write_captures
from kairos.sandbox.faults import FaultKind, Route
from kairos.sandbox.market import generate
from kairos.sandbox.server import VendorServer
from kairos_dagster.steps import FEEDS_DAILY, FUNDAMENTALS, RAW_FEEDS
from tests.journeys.equality import assert_equal_contents, contents
from tests.journeys.faulty_vendor import SECRET, MovingClock, evening
from tests.journeys.feed_faults import COURSES
from tests.journeys.feed_home import FeedHome, environment
from tests.journeys.forks import Forks
from tests.journeys.kill_checks import problems
from tests.journeys.secrets_told import files_that_tell, secrets_in

pytestmark = pytest.mark.slow

MARKET = generate("tiny", 3)
SESSIONS = MARKET.sessions
BEFORE, LAST = SESSIONS[-6], SESSIONS[-1]  # a round apart: the same companies are asked
SECURITIES = ("raw_payloads_bulk", "raw_tickers_bulk", "raw_actions_bulk", "tickers")
SEED = 20131231
LONGEST_S = 300.0
KEYS = (SECRET, SANDBOX_QUIVER_KEY)
KEPT = ("fmp_income_statement", "fmp_rating")  # what the short form's processes read of all that they receive
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
        made.run(home, SECURITIES, [], BEFORE)
        made.homes["base"] = FeedHome(home, server)
        yield made


class World:
    """The vendor and the homes that are filled from it."""

    def __init__(self, folder, server, clock, forks):
        self.folder, self.server, self.clock, self.forks = folder, server, clock, forks
        self.log = folder / "processes.log"
        self.homes, self._calm, self.number = {}, {}, 0

    def run(self, home, assets, partitions, session, *, kill=None, run_config=None, words=(), **env):
        """Fill assets in a process of its own, on the evening of a session; return its exit status.

        `kill` is called with the process's number and returns when it is to be killed.
        """
        self.clock.at = evening(session)
        env = environment(home, self.server, evening(session)) | env
        pid = self.forks.start(assets, partitions, log=self.log, run_config=run_config, words=words, **env)
        if kill is not None:
            kill(pid)
            os.kill(pid, signal.SIGKILL)  # not yet waited for, so it is this process, dead or alive
        status = self.forks.end(pid)
        assert status == 0 or kill is not None or env.get("FMP_CALLS_PER_DAY"), self.log.read_text()[-3000:]
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

ALONE = {
    "fmp": {"enable_sf1": False, "quiver_api_key": None, "enable_fmp_news": False, "enable_fmp_social": False},
    "SF1": {"quiver_api_key": None, "enable_fmp": False},
    "quiver": {"enable_sf1": False, "enable_fmp": False},
}
"""Settings under which one vendor alone is asked, by the first word of its tables."""
REFUSED = [course for course in COURSES if course.stays]
UNNOTICED = [course for course in COURSES if not course.stays]


@pytest.fixture(scope="module")
def known(world):
    """A home that asked the feeds a round ago, one to be refused, and what the tables hold after another calm evening."""
    home = world.copy("base")
    world.homes["known"] = home
    world.at(BEFORE)
    home.evening(BEFORE)
    calm = world.copy("known")
    world.at(LAST)
    calm.evening(LAST)
    return home, calm.made()


def alone(course):
    return ALONE[course.table.partition("_")[0]]


@pytest.mark.parametrize("course", REFUSED, ids=lambda course: course.name)
def test_a_fault_that_stays_is_refused_in_one_line_and_nothing_is_recorded(world, known, course):
    home, _ = known
    before, asked = home.received(), len(world.server.requests)
    world.at(LAST)
    world.server.inject(course.kind, table=course.table, count=None, **course.options)
    line = told(lambda: home.evening(LAST, http_max_wait_s=3 if course.asks else 0.3, **alone(course)))
    assert re.search(course.stays, line), line
    assert "\n" not in line
    struck = [request for request in world.server.requests[asked:] if request.fault]
    assert len(struck) == course.asks if course.asks else struck
    assert home.received().equals(before)


def test_after_all_refusals_a_calm_pull_is_whole(world, known):
    home, calm = known
    world.at(LAST)
    refused = home.copied(world.folder / "refused")  # with all that the refused pulls have left there
    refused.evening(LAST)
    assert_equal_contents(refused.made(), calm)


def test_what_says_the_same_in_another_form_is_not_noticed(world, known):
    world.at(LAST)
    for course in UNNOTICED:
        world.server.inject(course.kind, table=course.table, count=None, **course.options)
    home, asked = world.copy("known"), len(world.server.requests)
    home.evening(LAST)
    assert {request.fault for request in world.server.requests[asked:]} - {None} == {course.kind for course in UNNOTICED}
    assert_equal_contents(home.made(), known[1])


def test_faults_that_pass_leave_no_trace(world, known):
    """One evening on which every fault that passes strikes once, each another question."""
    world.at(LAST)
    passing = [course for course in COURSES if course.passes and course.stays]
    places = {"fmp": 0, "SF1": 0, "quiver": 0}
    for course in passing:
        vendor = course.table.partition("_")[0]
        route = {"fmp": Route.FMP, "quiver": Route.QUIVER, "SF1": Route.DATA}[vendor]
        world.server.inject(course.kind, route=route, count=1, after=places[vendor], **course.options)
        places[vendor] += 2 if vendor == "fmp" else 1  # the question of SF1 is one, and is asked again and again
    home, asked = world.copy("known"), len(world.server.requests)
    home.evening(LAST, http_max_wait_s=20)
    assert len([request for request in world.server.requests[asked:] if request.fault]) == len(passing)
    assert_equal_contents(home.made(), known[1])


def test_an_answer_that_comes_back_is_told_again(world):
    """A, B, and A again a round later: the last A stands, although its bytes and its question came before."""
    home, first = world.copy("base"), SESSIONS[-11]
    for session, rating in ((first, "A"), (BEFORE, "B"), (LAST, "A")):
        world.at(session)
        text = f'[{{"symbol": "SYMBOL", "rating": "{rating}", "overallScore": 3}}]'
        world.server.inject(FaultKind.STRANGE_BODY, table="fmp_rating", count=None, text=text)
        home.evening(session, **ALONE["fmp"])
    rows = home.rows("fmp_rating").unique(["fetched_at", "rating"]).sort("fetched_at")
    assert rows["rating"].to_list() == ["A", "B", "A"]


# ---- captures


def test_captures_in_any_order_and_any_repetition_give_identical_tables(world, tmp_path):
    chance = random.Random(SEED)
    files = write_captures(MARKET, tmp_path / "captures", evening(LAST), monthly=True)
    sf1 = [file for file in files if file.name.startswith("sf1")]
    taken = [*sf1, *chance.sample([file for file in files if file not in sf1], 40)]
    world.at(LAST)
    straight = world.copy("base")
    straight.bring_in(taken, evening(LAST))
    expected = straight.made()
    assert sum(frame.height for frame in expected.values()) > 500
    for _ in range(3):
        home = world.copy("base")
        shuffled = chance.sample(taken, len(taken))
        for day, part in enumerate((shuffled[:15], shuffled[15:30], shuffled[10:20], shuffled[30:])):
            home.bring_in(part, evening(LAST) + timedelta(days=day))
        assert_equal_contents(home.made(), expected)


# ---- the budget


def test_a_backfill_that_uses_up_the_day_keeps_what_it_had_and_goes_on(world):
    calm, cut = world.copy("base"), world.copy("base")
    backfill = {"dataset": "fundamentals"}
    config = {"ops": {"raw_payloads_bulk": {"config": backfill}}}
    world.at(LAST)
    assert world.run(calm.folder, ("raw_payloads_bulk",), [], LAST, run_config=config) == 0
    asked = len(world.server.requests)
    assert world.run(cut.folder, (), [], LAST, words=("fundamentals-backfill",), FMP_CALLS_PER_DAY="25") == 1
    assert len(world.server.requests) - asked == 25
    line = world.log.read_text().splitlines()[-1]
    assert re.search(r"kairos: .*the day's 25 calls are used up.*allowed from \d{4}-\d\d-\d\d 00:00 UTC.*goes on", line), line
    kept = cut.received().filter(pl.col("dataset").str.starts_with("fmp_"))
    assert kept.height >= 25 - 5  # of walks the last page says nothing, and the walk that was cut off is asked again
    read = set(cut.rows("fmp_income_statement")["payload_id"])
    assert read == set(kept.filter(pl.col("rows") > 0, dataset="fmp_income_statement")["payload_id"])
    assert read
    assert world.run(cut.folder, ("raw_payloads_bulk",), [], LAST, run_config=config, FMP_CALLS_PER_DAY="25") == 1
    assert len(world.server.requests) - asked == 25
    assert world.run(cut.folder, ("raw_payloads_bulk",), [], LAST, run_config=config, FMP_CALLS_PER_DAY="5000") == 0
    both = [home.received().drop("received_year").sort("payload_id") for home in (calm, cut)]
    assert_frame_equal(*both)
    said = world.server.requests[asked + 25 :]
    done = kept.filter(dataset="fmp_profile")["request"].str.extract("symbol=(.*)").to_list()
    assert done
    assert not [request for request in said if request.parameters.get("symbol", [""])[-1] in done]


# ---- kills


def walk(folder, *, full):
    """The commands: assets, partitions, session, and what the first of them imports."""
    kept = RAW_FEEDS if full else KEPT
    made = FUNDAMENTALS[:10] if full else KEPT  # the others follow from prices
    archive = {"paths": [str(folder)], "dataset": "captures", "mapping": {}, "source": "file"}
    config = {"ops": {"raw_payloads_bulk": {"config": archive}}}
    daily = [name for name in FEEDS_DAILY if name == "raw_payloads_feeds" or name.removeprefix("raw_") in kept]
    year = [str(LAST.year)]
    yield "captures", ("raw_payloads_bulk", *(f"raw_{name}_bulk" for name in kept)), [], BEFORE, config
    yield "evening", daily, [BEFORE.isoformat()], BEFORE, None
    yield "tables", made, year, BEFORE, None
    if full:
        for session in SESSIONS[-5:]:
            yield f"evening {session}", daily, [session.isoformat()], session, None
        yield "tables again", made, year, LAST, None


def wait(_, *, seconds):
    time.sleep(seconds)


def has_ended(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def wait_for_commit(pid, *, home, asset):
    """Return as soon as the table that an asset adds to has another version, or the process has ended without one."""
    table = "raw_payloads" if asset.startswith("raw_payloads") else asset
    log = home.folder / "warehouse" / table / "_delta_log"
    before, until = len(list(log.glob("*.json"))), time.monotonic() + LONGEST_S
    while len(list(log.glob("*.json"))) == before and not has_ended(pid):
        assert time.monotonic() < until, f"{asset}: no commit in {LONGEST_S} s"
        time.sleep(0.002)


@pytest.fixture(scope="module")
def killed(world, request):
    """Two homes after the same commands: one unhurt, one in which each was killed before it was run to its end."""
    wanted = request.config.getoption("--kills")
    chance = random.Random(request.config.getoption("--seed") or SEED)
    archive = world.folder / "archive"
    write_captures(MARKET, archive, evening(SESSIONS[-7]), since=SESSIONS[-60], monthly=True)
    for file in archive.iterdir():
        if not (wanted or file.name.startswith(KEPT)):
            file.unlink()
    commands = list(walk(archive, full=bool(wanted)))
    calm, troubled, kills = world.copy("base"), world.copy("base"), []
    world.server.clear_faults()
    for name, assets, partitions, session, config in commands:
        began = time.monotonic()
        assert world.run(calm.folder, assets, partitions, session, run_config=config) == 0
        lasts = time.monotonic() - began
        for number in range(-(-wanted // len(commands)) if wanted else 1 + (name == "evening")):
            after_s = chance.uniform(0.05, 0.95) * lasts
            after_commit = number == 0
            kill = partial(wait_for_commit, home=troubled, asset=assets[0]) if after_commit else partial(wait, seconds=after_s)
            status = world.run(troubled.folder, assets, partitions, session, run_config=config, kill=kill)
            assert status in (0, -signal.SIGKILL), world.log.read_text()[-3000:]
            kills += [(name, "after its first commit" if after_commit else round(after_s, 2))] if status else []
        assert world.run(troubled.folder, assets, partitions, session, run_config=config) == 0
    return calm, troubled, kills


def test_after_kills_nothing_is_lost_nothing_twice_and_nothing_left_open(killed):
    calm, troubled, kills = killed
    assert contents(calm.folder)["fmp_income_statement"].height
    assert problems(troubled.folder, calm.folder) == [], kills


def test_kills_have_struck(killed):
    assert {name for name, when in killed[2] if when == "after its first commit"} >= {"captures", "evening", "tables"}


# ---- the keys


def test_no_line_told_a_key(world):
    lines = "\n".join(TOLD)
    assert len(TOLD) >= len(REFUSED)
    assert "apikey=***" in lines
    assert [secrets_in(lines.encode(), key) for key in KEYS] == [[], []]


def test_every_refusal_of_a_process_was_one_line(world):
    assert "Traceback" not in world.log.read_text()


def test_no_file_of_any_home_tells_a_key(world):
    assert (world.folder / "base" / "dagster").is_dir()
    sent = {form for request in world.server.requests for form in ("apikey",) if form in request.parameters}
    sent |= {form for request in world.server.requests for form in ("apikey", "authorization") if form in request.headers}
    assert sent == {"apikey", "authorization"}
    assert [files_that_tell(world.folder, key) for key in KEYS] == [[], []]
