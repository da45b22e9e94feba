"""Writers, readers, shells, upkeep, a backfill and commands together in one home: nothing lost, torn or blocked.

`--seconds S` says how long they work together; a short while by default.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from kairos_dagster.steps import CORE_FEATURES
from tests.journeys.equality import assert_equal_contents, contents
from tests.journeys.joint_rows import APPENDED
from tests.journeys.joint_runs import at_once, slots_taken, started, states_of_backfill, tiny_market
from tests.journeys.joint_truth import (
    assert_every_append_is_there_once,
    assert_every_replace_is_in_the_history_once,
    assert_old_versions_hold_theirs,
    assert_partitions_hold_their_last_commit,
)
from tests.journeys.joint_work import JointWork, Journals, prepare, shrunk, stale, torn
from tests.journeys.ui_server import RAW, serving

pytestmark = pytest.mark.slow

SECONDS = 8.0
PAUSE_S = 0.1  # of everybody after each thing done, in the short form: the backfill then ends sooner
LONGEST_GAP_S = 15.0  # within which everybody must finish something; a commit or a query takes a fraction of a second
SESSIONS = ("2013-12-23", "2013-12-24", "2013-12-26")


@dataclass
class Together:
    """What came of the joint work."""

    home: Path
    warehouse: Warehouse
    journals: Journals
    backfill: list[str]
    commands: dict[str, list[tuple[int, str]]]


@pytest.fixture(scope="module")
def ui(tmp_path_factory):
    """The server of a home."""
    home = tiny_market(tmp_path_factory.mktemp("together"))
    prepare(home)
    with serving(home) as running:
        yield running


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A home in which the same command was started twice at once, as its very first, and then two different ones."""
    home = tiny_market(tmp_path_factory.mktemp("pair"))
    download = ("daily-download", "--date", SESSIONS[0])
    same = at_once(home, download, download)
    after_same = contents(home)
    different = at_once(home, ("daily-download", "--date", SESSIONS[1], "--through", SESSIONS[2]), ("features", *CORE_FEATURES))
    return home, same, after_same, different


@pytest.fixture(scope="module")
def together(request, ui, tmp_path_factory):
    seconds = request.config.getoption("--seconds") or SECONDS
    folder = tmp_path_factory.mktemp("journals")
    backfill = ui.backfill(RAW, SESSIONS)
    pause = 0.0 if request.config.getoption("--seconds") else PAUSE_S
    work = JointWork(ui.folder, folder / "joint", pause=pause)
    try:
        journals = work.start()
        commands = _commands_meanwhile(ui.folder, folder, until=journals.began + seconds)
        states = states_of_backfill(ui, backfill, within=300)
        work.stop(journals)
    finally:
        work.close()
    return Together(ui.folder, Warehouse(ui.folder / "warehouse"), journals, states, commands)


def _commands_meanwhile(home, folder, *, until):
    """Ask, export and merge by the command line while all goes on."""
    lines = {"sql": ("sql", "SELECT count(*) AS n FROM raw_sep WHERE source = 'suite'", "--json")}
    lines |= {
        "export-duckdb": ("export-duckdb", str(folder / "all.duckdb")),
        "merge": ("merge", "--update-golden", str(folder / "golden.duckdb")),
    }
    done = {name: [] for name in lines}
    while time.monotonic() < until:
        for name, arguments in lines.items():
            with started(home, *arguments) as process:
                output = process.communicate(timeout=300)[0]
            done[name].append((process.returncode, output))
    return done


def test_the_same_command_twice_at_once_is_done_twice(pair):
    _, same, _, _ = pair
    assert [status for status, _ in same] == [0, 0], same


def test_what_both_pulled_is_there_once(pair):
    rows = pair[2]["raw_payloads"]
    assert rows.height == rows.unique(["request", "sha256"]).height


def test_different_commands_at_once_are_both_done(pair):
    *_, different = pair
    assert [status for status, _ in different] == [0, 0], different


def test_no_place_in_a_pool_stays_taken(pair, together):
    assert not any(slots_taken(pair[0]).values())
    assert not any(slots_taken(together.home).values())


def test_nobody_failed(together):
    assert together.journals.failures == []


def test_nobody_stood_still(together):
    gaps = together.journals.longest_gaps
    assert {name: gap for name, gap in gaps.items() if gap > LONGEST_GAP_S} == {}


def test_every_read_saw_whole_writes(together):
    assert torn(together.journals) == []


def test_what_was_there_once_is_seen_by_every_later_read(together):
    assert shrunk(together.journals) == []


def test_every_read_saw_the_last_write_or_one_under_way(together):
    assert stale(together.journals) == []


def test_nothing_shows_without_what_it_was_made_from(together):
    seen = [line for lines in together.journals.lines.values() for line in lines if "orphans" in line]
    assert {line["op"] for line in seen} == {"sql", "shell", "held"}
    assert [line for line in seen if line["orphans"]] == []


def test_a_shell_held_open_shows_the_same_for_ever(together):
    first = {}
    for line in together.journals.of("held"):
        for seen in line.get("seen", []):
            assert first.setdefault((seen["table"], seen.get("year")), seen) == seen


def test_every_append_is_there_once(together):
    assert_every_append_is_there_once(together.warehouse, together.journals)


def test_every_replace_was_committed_once(together):
    assert_every_replace_is_in_the_history_once(together.warehouse, together.journals)


def test_every_partition_holds_the_last_write_committed_to_it(together):
    assert_partitions_hold_their_last_commit(together.warehouse)


def test_old_versions_hold_what_was_written_then(together):
    assert_old_versions_hold_theirs(together.warehouse, seed=11)


def test_upkeep_compacted_while_others_wrote(together):
    done = together.journals.of("upkeep")
    assert sum(line["before"] - line["after"] for line in done if line["table"] in APPENDED) > 0


def test_the_backfill_succeeded_as_one_run(together):
    assert together.backfill == ["SUCCESS"], (together.home / "ui.log").read_text()[-3000:]


def test_the_backfill_brought_what_commands_in_a_quiet_home_bring(pair, together):
    def pulled(frames):
        return {name: frames[name].filter(pl.col("source") != "suite") for name in RAW if name in frames}

    assert_equal_contents(pulled(contents(together.home)), pulled(contents(pair[0])))


def test_commands_that_ask_and_copy_are_never_in_the_way(together):
    failed = {name: [one for one in done if one[0] != 0] for name, done in together.commands.items()}
    assert failed == {"sql": [], "export-duckdb": [], "merge": []}
    assert all(together.commands.values())


def test_the_published_file_shows_what_the_warehouse_holds(together):
    from kairos.warehouse.views import publish

    publish(together.warehouse, together.home / "kairos.duckdb")
    with duckdb.connect(str(together.home / "kairos.duckdb"), read_only=True) as shell:
        shown = {name: shell.sql(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in TABLES}  # noqa: S608
    assert shown == {name: together.warehouse.read(table).height for name, table in TABLES.items()}
