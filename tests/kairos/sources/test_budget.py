import json
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from kairos.errors import BudgetError, SourceError
from kairos.sources.budget import WINDOW_S, CallBudget
from kairos.sources.pace import Timing
from tests.kairos.sources.vendor_double import KEY

CALLER = Path(__file__).with_name("budget_caller.py")
NOON = datetime(2025, 7, 25, 12, tzinfo=UTC).timestamp()
SPEED = 40  # a minute takes a second and a half


class Wall:
    """Wall seconds that pass only by sleeping, or by being set."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def budget(self, home: Path, *, per_minute: int = 3, per_day: int | None = None, key: str = KEY) -> CallBudget:
        timing = Timing(sleep=self.sleep, wall=lambda: self.now)
        return CallBudget(home, vendor="fmp", key=SecretStr(key), per_minute=per_minute, per_day=per_day, timing=timing)


def kept(home: Path) -> dict[str, object]:
    (file,) = (home / "budgets").glob("*.json")
    return json.loads(file.read_text())


def caller(home: Path, calls: int, per_minute: int, speed: float = SPEED) -> subprocess.Popen[str]:
    command = [sys.executable, str(CALLER), str(home), str(calls), str(per_minute), str(speed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_calls_pass_until_the_minute_is_full_and_then_wait_for_its_oldest(tmp_path):
    wall = Wall()
    budget = wall.budget(tmp_path)
    for step in (0, 10, 10, 5, 0):
        wall.now += step
        budget.take()
    assert wall.slept == [35, 10]  # made at 0, 10, 20; at 25 the first is 35 s from leaving; then the second's 10 s
    assert wall.now - NOON == 70


def test_the_day_closes_and_says_when_it_opens(tmp_path):
    wall = Wall()
    budget = wall.budget(tmp_path, per_day=2)
    budget.take()
    budget.take()
    with pytest.raises(BudgetError, match=r"the day's 2 calls are used up \(2 made\).* from 2025-07-26 00:00 UTC") as caught:
        budget.take()
    assert caught.value.opens_at == datetime(2025, 7, 26, tzinfo=UTC)
    assert wall.slept == []
    wall.now += 12 * 3600 - 1
    assert budget.left_today() == 0
    wall.now += 1
    assert budget.left_today() == 2
    budget.take()
    assert kept(tmp_path)["calls"] == 1


def test_the_minute_goes_on_over_midnight(tmp_path):
    wall = Wall(NOON + 12 * 3600 - 1)
    budget = wall.budget(tmp_path)
    for _ in range(3):
        budget.take()
    wall.now += 2
    budget.take()
    assert wall.slept == [58]


def test_a_second_client_goes_on_where_the_first_was(tmp_path):
    wall = Wall()
    wall.budget(tmp_path, per_day=2).take()
    wall.budget(tmp_path, per_day=2).take()
    with pytest.raises(BudgetError):
        wall.budget(tmp_path, per_day=2).take()


def test_another_key_has_its_own_budget_and_none_is_written_down(tmp_path):
    wall = Wall()
    wall.budget(tmp_path, per_day=1).take()
    wall.budget(tmp_path, per_day=1, key="other").take()
    files = list((tmp_path / "budgets").iterdir())
    assert len([file for file in files if file.suffix == ".json"]) == 2
    assert not any(KEY in file.name + file.read_text() for file in files)


def test_any_number_of_calls_may_be_left(tmp_path):
    assert Wall().budget(tmp_path).left_today() is None


def test_a_clock_that_is_set_back_opens_nothing_and_is_waited_for_once(tmp_path):
    wall = Wall()
    budget = wall.budget(tmp_path, per_day=5)
    for _ in range(3):
        budget.take()
    wall.now -= 3 * 86_400
    budget.take()
    assert wall.slept == [WINDOW_S]
    assert kept(tmp_path)["calls"] == 4
    budget.take()
    with pytest.raises(BudgetError, match="from 2025-07-26 00:00 UTC"):
        budget.take()


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(st.floats(0, 40), min_size=1, max_size=30),
    per_minute=st.integers(1, 6),
)
def test_no_minute_ever_holds_more_calls_than_are_allowed(tmp_path_factory, steps, per_minute):
    wall, made = Wall(), []
    budget = wall.budget(tmp_path_factory.mktemp("home"), per_minute=per_minute)
    for step in steps:
        wall.now += step
        budget.take()
        made.append(wall.now)
    assert all(later - earlier >= WINDOW_S - 1e-6 for earlier, later in zip(made, made[per_minute:], strict=False))


@pytest.mark.parametrize("content", ["", "{", "[]", '{"day": 1}', '{"day": "x", "calls": 1, "recent": []}'])
def test_a_damaged_count_makes_no_call_and_says_so(tmp_path, content):
    budget = Wall().budget(tmp_path)
    budget.take()
    budget.file.write_text(content)
    with pytest.raises(SourceError, match="the count of calls cannot be read"):
        budget.take()
    assert budget.file.read_text() == content


def test_a_count_that_cannot_be_written_makes_no_call(tmp_path):
    budget = Wall().budget(tmp_path)
    budget.file.with_suffix(".new").mkdir(parents=True)
    with pytest.raises(SourceError, match=r"the call cannot be counted, so it was not made \(Is a directory\)"):
        budget.take()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "budgets").write_text("")
    with pytest.raises(SourceError, match="the folder cannot be made"):
        Wall().budget(tmp_path).take()


@pytest.mark.slow
def test_eight_processes_never_make_more_calls_in_a_minute_than_one_may(tmp_path):
    per_minute = 25
    callers = [caller(tmp_path, 8, per_minute) for _ in range(8)]
    made = sorted(float(line) for process in callers for line in process.communicate(timeout=60)[0].splitlines())
    assert [process.returncode for process in callers] == [0] * 8
    assert len(made) == kept(tmp_path)["calls"] == 64
    assert all(later - earlier >= WINDOW_S for earlier, later in zip(made, made[per_minute:], strict=False))
    assert made[-1] - made[0] < 4 * WINDOW_S  # and they are not kept waiting for nothing


@pytest.mark.slow
def test_the_calls_of_killed_processes_stay_counted(tmp_path):
    chance = random.Random(7)
    told = 0
    for _ in range(6):
        process = caller(tmp_path, 0, 100_000)
        assert process.stdout is not None
        told += bool(process.stdout.readline())
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        told += len(process.communicate(timeout=10)[0].splitlines())
    counted = kept(tmp_path)["calls"]
    assert told <= counted <= told + 6  # each may have died between counting a call and telling of it
    caller(tmp_path, 1, 100_000).communicate(timeout=30)
    assert kept(tmp_path)["calls"] == counted + 1
