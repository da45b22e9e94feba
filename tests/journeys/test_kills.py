"""Killed at any instant and run again, a command ends where it would have ended.

The whole path, from bulk export to leaderboard, is walked once and every instant at which the disk changes is counted.
Then stages are killed with SIGKILL at instants of every kind, run again, and compared with the home that was never killed.
`--kills 50` and `--kills 1000` strike more often; from about 60 on every kind of place is met on every side.
"""

import sys
import time

import pytest

from tests.journeys.kill_bench import bench, told
from tests.journeys.kill_plan import chosen, kinds

pytestmark = pytest.mark.slow
KILLS = 12
SEED = 1


@pytest.fixture(scope="module")
def verdicts(request, tmp_path_factory):
    kills, say = request.config.getoption("--kills") or KILLS, teller(request.config)
    began = time.monotonic()
    with bench(tmp_path_factory) as made:
        trials = chosen(made.instants, made.lasted, kills=kills, seed=SEED)
        say(f"{len(made.instants)} instants of {len(kinds(made.instants))} kinds in {time.monotonic() - began:.0f} s")
        found = made.carry_out(trials, lambda done, verdict: say(told(done, len(trials), verdict, began)))
        say(f"{made.cpu_s:.0f} s of processor time, {time.monotonic() - began:.0f} s in all")
        return found


def teller(config):
    """Lines that are shown while the tests run."""
    capture = config.pluginmanager.getplugin("capturemanager")

    def say(line):
        with capture.global_and_fixture_disabled():
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    return say


def test_a_killed_command_run_again_ends_where_it_would_have_ended(verdicts):
    broken = [
        f"{verdict.trial}\n  {verdict.home}\n  " + "\n  ".join(verdict.problems) for verdict in verdicts if verdict.problems
    ]
    assert not broken, f"{len(broken)} of {len(verdicts)} kills\n" + "\n".join(broken)


def test_nearly_every_kill_found_its_instant(verdicts):
    struck = [verdict for verdict in verdicts if verdict.struck and verdict.struck[0]]
    assert len(struck) >= 0.8 * len(verdicts)
