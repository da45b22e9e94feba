"""What a shell does to the publication it has open stays with it, and the next ones are whole."""

import subprocess
import sys
from contextlib import contextmanager

import duckdb
import pytest

from kairos.tables.raw import RAW_SEP
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.published import KEPT
from kairos.warehouse.store import Warehouse
from kairos.warehouse.views import publish
from tests.journeys.joint_rows import appended

SHELL = """
import duckdb, sys
shell = duckdb.connect(sys.argv[1])
shell.execute("CREATE TABLE mine AS SELECT 1 AS n")
shell.execute("CHECKPOINT")
shell.execute("INSERT INTO mine VALUES (2)")
shell.execute("CREATE OR REPLACE VIEW raw_sep AS SELECT 'from the shell' AS ticker")
print("open", flush=True)
sys.stdin.readline()
shell.execute("INSERT INTO mine VALUES (3)")
print(shell.sql("SELECT sum(n) FROM mine").fetchall()[0][0], flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def home(tmp_path):
    publish(Warehouse(tmp_path / "warehouse"), tmp_path / "kairos.duckdb")
    return tmp_path


@contextmanager
def shell(file):
    """A shell in another process that has written into the published file and holds it read-write."""
    with subprocess.Popen(
        [sys.executable, "-c", SHELL, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline().strip() == "open"
        try:
            yield process
        finally:
            process.kill()


def publish_again(home, times=1):
    for _ in range(times):
        publish(Warehouse(home / "warehouse"), home / "kairos.duckdb")


def publications(home):
    return len(list((home / ".kairos.duckdb.d").iterdir()))


def shown(home, *, read_only):
    with duckdb.connect(str(home / "kairos.duckdb"), read_only=read_only) as connection:
        return connection.sql("SELECT count(*) FROM raw_sep").fetchall(), connection.sql("SHOW TABLES").fetchall()


@pytest.mark.parametrize("read_only", [True, False])
def test_what_a_shell_wrote_is_not_replayed_into_the_next_publication(home, read_only):
    with shell(home / "kairos.duckdb"):
        publish_again(home)
        rows, names = shown(home, read_only=read_only)
        assert rows == [(0,)]
        assert ("mine",) not in names


def test_nor_when_the_shell_was_killed(home):
    with shell(home / "kairos.duckdb") as process:
        process.kill()
    publish_again(home)
    assert shown(home, read_only=False)[0] == [(0,)]


def test_a_shell_goes_on_writing_its_own_through_many_publications(home):
    with shell(home / "kairos.duckdb") as process:
        publish_again(home, KEPT + 3)
        print("go on", file=process.stdin, flush=True)
        assert process.stdout.readline().strip() == "6"


def test_publications_that_nobody_has_open_go(home):
    with shell(home / "kairos.duckdb"):
        publish_again(home, KEPT + 3)
        assert publications(home) == KEPT + 1
    publish_again(home)
    assert publications(home) == KEPT


def test_the_database_keeps_its_name(home):
    with duckdb.connect(str(home / "kairos.duckdb"), read_only=True) as connection:
        assert connection.sql("SELECT count(*) FROM kairos.main.raw_sep").fetchall() == [(0,)]


def test_a_home_that_was_moved_still_opens(home):
    home.rename(home.with_name("moved"))
    assert shown(home.with_name("moved"), read_only=True)[0] == [(0,)]


class Overtaken(Warehouse):
    """A warehouse to which a payload and a trial are brought while its views are being pinned."""

    def snapshot(self, table, version=None):
        found = super().snapshot(table, version)
        if table is RAW_SEP:
            for name in ("raw_sep", "trials"):
                Warehouse(self.root).append_new(TABLES[name], appended(name, "late"), commit=Commit("test"))
        return found


def test_what_is_published_shows_nothing_without_its_source(home):
    publish(Overtaken(home / "warehouse"), home / "kairos.duckdb")
    with duckdb.connect(str(home / "kairos.duckdb"), read_only=True) as connection:
        late = "SELECT trial_id FROM trials EXCEPT SELECT payload_id FROM raw_sep"
        assert connection.sql(late).fetchall() == []
    assert Warehouse(home / "warehouse").read(TABLES["trials"]).height == 1
