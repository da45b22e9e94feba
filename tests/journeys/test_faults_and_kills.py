"""Evenings with faults at random and a kill in the midst of some: in the end the home is that of a calm vendor.

Real processes, real HTTP, real SIGKILLs. `--kills N` goes on until N of them have struck.
"""

import os
import random
import re
import signal
import time

import pytest

from kairos.sandbox.faults import Fault, FaultKind, Route
from kairos.sandbox.market import generate
from kairos.sandbox.server import VendorServer
from tests.journeys.equality import assert_equal_contents, contents
from tests.journeys.faulty_vendor import PAGE_ROWS, SECRET, Filled, MovingClock, evening
from tests.journeys.forks import Forks
from tests.journeys.secrets_told import files_that_tell

pytestmark = pytest.mark.slow

SEED = 20131227
FEW_KILLS = 3
FIRST = 40  # position of the session whose evening the export is of
TRIES_WITH_FAULTS = 2
RAW_DAILY = ["raw_payloads", "raw_tickers", "raw_actions", "raw_sep", "raw_daily"]
MARKET = ["tickers", "sep_versions", "sep_base", "actions", "daily_metrics", "daily_returns", "mv_liquidity_60d"]
ANY_TABLE = ("SEP", "DAILY", "TICKERS", "ACTIONS")
PRICED = ("SEP", "DAILY")
WHERE = {
    **dict.fromkeys((kind for kind in FaultKind if Fault(kind).strikes(Route.DATA, "SEP", with_cursor=True)), ANY_TABLE),
    **dict.fromkeys((FaultKind.SILENT_SAMPLE, FaultKind.LATE_SESSION, FaultKind.HALF_SESSION), PRICED),
}
for never in (FaultKind.TEXT_VALUE, FaultKind.SKIPPED_ROWS):  # set aside, and healed by the sweeps of later sessions
    del WHERE[never]


def evening_faults(chance, session):
    """None to three faults that strike one to three requests each, some only after a few."""
    for _ in range(chance.randint(0, 3)):
        kind = chance.choice(sorted(WHERE))
        yield Fault(
            kind,
            count=chance.choice([1, 2, 3, None]),
            after=chance.randint(0, 4),
            table=chance.choice(WHERE[kind]),
            seconds=chance.choice([0, 0.2, 1]) if kind is not FaultKind.RATE_LIMIT else chance.choice([None, 0, 1]),
            session=session if kind in (FaultKind.LATE_SESSION, FaultKind.HALF_SESSION) else None,
        )


class Evenings:
    """The evenings of one home: each is a process, some are killed, and each is repeated until it succeeds."""

    def __init__(self, folder, server, clock, forks, chance):
        self.folder, self.server, self.clock, self.forks, self.chance = folder, server, clock, forks, chance
        self.log = folder.with_suffix(".log")
        self.kills = self.runs = self.refused = 0
        self.lasts_s = 2.0
        self.story = []

    def session(self, session, *, kill):
        self.clock.at = evening(session)
        for attempt in range(12):
            faults = list(evening_faults(self.chance, session)) if attempt < TRIES_WITH_FAULTS else []
            self.server.clear_faults()
            self.server.inject_all(faults)
            after_s = self.chance.uniform(0, self.lasts_s) if kill and attempt < TRIES_WITH_FAULTS else None
            status = self.run(session, after_s)
            self.story.append((session, [(f.kind.value, f.table, f.count, f.after) for f in faults], after_s, status))
            if status == 0:
                return
            assert attempt < TRIES_WITH_FAULTS or status == 0, self.log.read_text()[-2000:]
        pytest.fail(f"{session} never succeeded")

    def run(self, session, kill_after_s):
        began = time.monotonic()
        pid = self.forks.start(RAW_DAILY, [session.isoformat()], log=self.log, **self.env(session))
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            os.kill(pid, signal.SIGKILL)  # not yet waited for, so it is this process, dead or alive
        status = self.forks.end(pid)
        self.runs += 1
        self.kills += status == -signal.SIGKILL
        self.refused += status == 1
        if status == 0:
            self.lasts_s = 0.5 * (self.lasts_s + time.monotonic() - began)
        assert status in (0, 1, -signal.SIGKILL), self.log.read_text()[-3000:]
        return status

    def env(self, session):
        return {
            "KAIROS_HOME": str(self.folder),
            "KAIROS_VENDOR": "sharadar",
            "NASDAQ_DATA_LINK_BASE_URL": self.server.base_url,
            "NASDAQ_DATA_LINK_API_KEY": SECRET,
            "NASDAQ_PAGE_ROWS": str(PAGE_ROWS),
            "KAIROS_NOW": evening(session).isoformat(),
            "HTTP_MAX_WAIT_S": "1.2",
            "HTTP_TIMEOUT_S": "0.8",
            "SHARADAR_MIN_TICKERS": "10",
        }


@pytest.fixture(scope="module")
def evenings(tmp_path_factory, request):
    """Two homes after the same sessions: one of a calm vendor, one of faults and kills."""
    folder = tmp_path_factory.mktemp("evenings")
    wanted = request.config.getoption("--kills") or FEW_KILLS
    seed = request.config.getoption("--seed") or SEED
    market = generate("tiny", 3)
    clock = MovingClock(evening(market.sessions[FIRST]))
    with VendorServer(market, clock, key=SECRET) as server, Forks({}) as forks:
        calm = Filled(folder / "calm", server)
        calm.bulk(market.sessions[FIRST])
        troubled = Evenings(calm.copied(folder / "troubled").folder, server, clock, forks, random.Random(seed))
        last = FIRST
        for session in market.sessions[FIRST + 1 :]:
            troubled.session(session, kill=troubled.chance.random() < 0.6)
            last += 1
            if troubled.kills >= wanted and troubled.refused:
                break
        for session in market.sessions[FIRST + 1 : last + 1]:
            clock.at = evening(session)
            server.clear_faults()
            calm.daily(session)
        year = [str(market.sessions[0].year)]
        for home in (calm.folder, troubled.folder):
            env = {**troubled.env(market.sessions[last]), "KAIROS_HOME": str(home)}
            assert forks.end(forks.start(MARKET, year, log=troubled.log, **env)) == 0, troubled.log.read_text()[-3000:]
        yield calm, troubled, seed, last - FIRST


def of_market(folder):
    """The market tables; `row` is a place in a payload, and pulls that began anew came in pages of another size."""
    frames = {name: frame.drop("row", strict=False) for name, frame in contents(folder).items() if name in MARKET}
    return {name: frame.sort(frame.columns) for name, frame in frames.items()}


def test_nothing_is_lost_and_nothing_doubled(evenings):
    calm, troubled, seed, sessions = evenings
    said = f"seed {seed}: {sessions} sessions, {troubled.runs} runs, {troubled.kills} kills, {troubled.refused} refused"
    try:
        assert_equal_contents(Filled(troubled.folder, calm.server).rows(), calm.rows())
        assert_equal_contents(of_market(troubled.folder), of_market(calm.folder))
    except AssertionError as difference:
        raise AssertionError(f"{said}: {difference}\n" + "\n".join(map(str, troubled.story))) from None


def test_kills_and_faults_have_struck(evenings):
    _, troubled, _, _ = evenings
    assert troubled.kills >= FEW_KILLS
    assert troubled.refused > 0
    assert [request for request in troubled.server.requests if request.fault]


def test_every_refusal_was_one_line(evenings):
    log = evenings[1].log.read_text()
    assert "Traceback" not in log
    assert len(re.findall(r"^kairos: ", log, re.MULTILINE)) == evenings[1].refused


def test_the_key_and_the_signatures_are_told_to_nobody(evenings):
    calm, troubled, _, _ = evenings
    assert (troubled.folder / "dagster").is_dir()
    assert files_that_tell(calm.folder.parent, SECRET) == []
