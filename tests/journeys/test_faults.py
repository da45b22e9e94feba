"""Every fault of the vendor, one at a time, on daily pulls and bulk exports, over real HTTP.

A fault either passes unnoticed, with the tables of a calm evening, or ends in one line and changes nothing; when it is
over, the same command gives the tables of a calm evening.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from kairos.errors import KairosError
from kairos.sandbox.faults import FaultKind, Route, routes_of
from kairos.sandbox.market import generate
from kairos.sandbox.server import VendorServer
from kairos.tables import raw
from tests.journeys.equality import assert_equal_contents
from tests.journeys.faulty_vendor import EVE, SECRET, SESSION, Filled, MovingClock, evening
from tests.journeys.secrets_told import files_that_tell, secrets_in

pytestmark = pytest.mark.slow

GIVEN_UP = "Given up after|no usable export within"
CUT_BODY = r"the body is cut short or no JSON \(\d+ bytes\)\. Given up"
CUT_ZIP = r"the zip file is cut short or none \(\d+ bytes\)\. Given up"
LOST_COLUMN = r"column\(s\) close missing from SHARADAR/SEP; found ticker, date"


@dataclass(frozen=True)
class Course:
    """How a fault goes.

    Attributes:
        daily: What the line says when the fault stays on a daily pull; empty where it is not noticed, None where it
            cannot strike one.
        bulk: The same on the file or the state of an export.
        options: Of the fault.
        patience_s: How long the client bears with it.
        timeout_s: How long it waits for an answer.
    """

    daily: str | None
    bulk: str | None
    options: dict[str, Any] = field(default_factory=dict)
    patience_s: float = 30.0
    timeout_s: float = 10.0


def passing(daily: str | None, bulk: str | None, *, timeout_s: float = 10.0, **options: Any) -> Course:
    """A fault that passes by waiting, and that the client gives up when it stays."""
    return Course(daily, bulk, options=options, patience_s=0.25, timeout_s=timeout_s)


COURSES = {
    FaultKind.RATE_LIMIT: passing("QELx05.*Given up", "QELx05.*Given up|HTTP 429.*Given up"),
    FaultKind.SERVER_ERROR: passing("HTTP 500. Given up", "HTTP 500. Given up"),
    FaultKind.BAD_GATEWAY: passing("HTTP 502. Given up", "HTTP 502. Given up"),
    FaultKind.ACCEPTED: passing("QEAx07.*the next wait would be 1 s", CUT_ZIP, seconds=1),
    FaultKind.SLOW: passing(r"ReadTimeout \(timed out\)\. Given up", "ReadTimeout", timeout_s=0.3, seconds=0.6),
    FaultKind.RESET: passing("Connection reset by peer.*Given up", "Connection reset by peer.*Given up"),
    FaultKind.TRUNCATED: passing(CUT_BODY, CUT_ZIP),
    FaultKind.CUT_SHORT: passing("without sending complete message body", "without sending complete message body"),
    FaultKind.SHORT_LENGTH: passing(CUT_BODY, CUT_ZIP),
    FaultKind.DAMAGED: passing(CUT_BODY, r"the zip file is (damaged|cut short).*Given up"),
    FaultKind.GZIP_GARBAGE: passing("DecodingError.*Given up", "DecodingError.*Given up"),
    FaultKind.DRIP: passing("the body took longer than", "the body took longer than", timeout_s=0.3, seconds=0.03),
    FaultKind.TELLS_SECRETS: passing(r"QEMx01.*api_key=\*\*\* failed.*trace.zip\?\*\*\* for more", "HTTP 500. Given up"),
    FaultKind.WEB_PAGE: Course("a web page came in place of JSON", "a web page came in place of the zip"),
    FaultKind.STRANGE_BODY: Course("JSON holds NoneType", "JSON holds NoneType"),
    FaultKind.REDIRECTED: Course("HTTP 302, expected 200", "cannot be asked|redirects"),
    FaultKind.DUPLICATE_PAGE: Course(r"a page repeats (\d+) of its \1 rows", None),
    FaultKind.CURSOR_ENDS: Course(r"the last page is full \(17 of 17 rows; 17 in all\)", None),
    FaultKind.CURSOR_REPEATS: Course("the same cursor came twice", None),
    FaultKind.CURSOR_EXPIRED: Course("QESx06.*run again", None),
    FaultKind.SHORT_PAGE: Course("", None),
    FaultKind.OVERLAPPING_PAGE: Course("", None),
    FaultKind.SKIPPED_ROWS: Course(r"of the session are not among the \d+ changed since|sep: \d+ rows on", None),
    FaultKind.RAGGED_ROWS: Course("row 0 has 9 values, expected 10", None),
    FaultKind.WRONG_SCHEMA: Course(LOST_COLUMN, LOST_COLUMN),
    FaultKind.MISSING_COLUMN: Course(LOST_COLUMN, LOST_COLUMN),
    FaultKind.EXTRA_COLUMN: Course("", ""),
    FaultKind.REORDERED_COLUMNS: Course("", ""),
    FaultKind.DUPLICATE_ROWS: Course("", ""),
    FaultKind.TEXT_COLUMN: Course(
        r"\d+ of \d+ values of close cannot be read, the first is 'n.a. yet'",
        r"4590 of 4590 values of close cannot be read, the first is 'n.a. yet'",
    ),
    FaultKind.SILENT_SAMPLE: Course(r"sep: 3 rows on 2013-12-27, expected about 18", r"3 ticker\(s\), expected at least 10"),
    FaultKind.LATE_SESSION: Course("sep: 0 rows on 2013-12-27, expected about 18", "sep: the export ends on 2013-12-26, other"),
    FaultKind.HALF_SESSION: Course("sep: 9 rows on 2013-12-27, expected about 18", "sep: the export has 9 names on 2013-12-27"),
    FaultKind.EMPTY_TABLE: Course("sep: 0 rows on 2013-12-27", "sep: the export has 0 rows, expected the whole table"),
    FaultKind.SHRUNKEN_EXPORT: Course(None, r"sep: the export has 2295 rows of \d+ names"),
    FaultKind.FORGOTTEN_PAST: Course(None, r"sep: the export has 2295 rows of \d+ names, \d+ of which TICKERS has"),
    FaultKind.OLD_FILE: Course(None, "sep: the export ends on 2013-12-19, other tables of the vendor on 2013-12-27"),
    FaultKind.LINK_EXPIRED: passing(None, "no usable export within.*a link that had expired"),
    FaultKind.NEVER_READY: passing(None, "no usable export within.*last seen: creating without a link"),
    FaultKind.OLD_SNAPSHOT: passing(None, "no usable export within.*fresh, made at 2013-12-19.*before the table's refresh at"),
}
NOT_ASKED_AGAIN = {
    *(FaultKind.WEB_PAGE, FaultKind.STRANGE_BODY, FaultKind.RAGGED_ROWS),
    *(FaultKind.WRONG_SCHEMA, FaultKind.MISSING_COLUMN, FaultKind.TEXT_COLUMN),
}
"""Refused at their first occurrence: they do not pass by waiting a moment."""
ONE_FILE = {
    *(FaultKind.SILENT_SAMPLE, FaultKind.LATE_SESSION, FaultKind.HALF_SESSION),
    *(FaultKind.EMPTY_TABLE, FaultKind.SHRUNKEN_EXPORT, FaultKind.FORGOTTEN_PAST, FaultKind.OLD_FILE),
}
"""Rows that are missing from a file, of which there is one; of a session the second answer has them."""
SET_ASIDE = {FaultKind.TEXT_VALUE}  # not refused and not lost: the row goes to quarantine
TOLD: list[str] = []
"""Every line that any of these tests was told."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A vendor on the evening of a session, a home that holds the export of the evening before, and an empty one."""
    folder = tmp_path_factory.mktemp("faults")
    clock = MovingClock(evening(EVE))
    with VendorServer(generate("tiny", 3), clock, key=SECRET) as server:
        (folder / "empty").mkdir()
        known, empty = Filled(folder / "known", server), Filled(folder / "empty", server)
        known.bulk(EVE)
        clock.at = evening(SESSION)
        yield World(server, {"known": known, "empty": empty})


class World:
    """The vendor, the homes to begin with, and what each holds after a calm evening."""

    def __init__(self, server, homes):
        self.server, self.homes = server, homes
        self.folder = homes["known"].folder.parent
        self._calm = {}

    def home(self, base):
        """A copy of a home, on an evening without faults."""
        self.server.clear_faults()
        number = len(list(self.folder.iterdir()))
        return self.homes[base].copied(self.folder / f"{base}-{number}")

    def calm(self, base, how):
        if (base, how) not in self._calm:
            home = self.home(base)
            getattr(home, how)()
            self._calm[base, how] = home.rows()
        return self._calm[base, how]


def told(fill):
    """Run a filling; return the line it was refused with, empty where it was not."""
    try:
        fill()
    except KairosError as error:
        TOLD.append(str(error))
        return str(error)
    return ""


def struck(server, kind):
    return [request for request in server.requests if request.fault is kind]


def assert_refused(world, home, how, says):
    """The filling ends in one line that says what was found and what to do, and nothing has changed."""
    before = home.versions()
    line = told(getattr(home, how))
    assert re.search(says, line), line
    assert "\n" not in line
    assert re.search(
        r"run (it |this partition )?again|ask for (it|the export) again|try later|check|Check", line, re.IGNORECASE
    ), line
    assert home.versions() == before


def goes_its_course(world, way, kind, *, course, says, route):
    base, how = way
    home = world.home(base)
    faulty = {"table": "SEP", "route": route, **course.options}
    if "session" in kind.value:
        faulty["session"] = SESSION
    world.server.inject(kind, count=None, **faulty)
    home.patience_s, home.timeout_s = course.patience_s, course.timeout_s
    if says:
        assert_refused(world, home, how, says)
    else:
        assert told(getattr(home, how)) == ""
    world.server.clear_faults()
    home.patience_s = 30.0
    world.server.inject(kind, count=1, **faulty)
    line = told(getattr(home, how))
    refused_at_once = NOT_ASKED_AGAIN | (ONE_FILE if how == "bulk" else {FaultKind.REDIRECTED})
    assert bool(line) == (kind in refused_at_once), line
    world.server.clear_faults()
    if line:
        assert told(getattr(home, how)) == ""
    assert struck(world.server, kind)
    assert_equal_contents(home.rows(), world.calm(base, how))


def test_every_fault_has_its_course():
    of_feeds = {kind for kind in FaultKind if routes_of(kind) <= {Route.FMP, Route.QUIVER}}
    assert set(COURSES) | SET_ASIDE == set(FaultKind) - of_feeds


@pytest.mark.parametrize("kind", [kind for kind, course in COURSES.items() if course.daily is not None])
def test_a_fault_of_a_daily_pull_passes_or_is_refused(world, kind):
    course = COURSES[kind]
    goes_its_course(world, ("known", "daily"), kind, course=course, says=course.daily, route=Route.DATA)


@pytest.mark.parametrize("kind", [kind for kind, course in COURSES.items() if course.bulk is not None])
def test_a_fault_of_an_export_passes_or_is_refused(world, kind):
    course = COURSES[kind]
    of_state = kind in (FaultKind.NEVER_READY, FaultKind.OLD_SNAPSHOT, FaultKind.STRANGE_BODY)
    goes_its_course(
        world, ("empty", "bulk"), kind, course=course, says=course.bulk, route=Route.EXPORT if of_state else Route.FILE
    )


LOST = (
    ("known", "daily", FaultKind.CURSOR_ENDS),
    ("known", "daily", FaultKind.EMPTY_TABLE),
    ("known", "daily", FaultKind.LATE_SESSION),
    ("known", "daily", FaultKind.HALF_SESSION),
    ("known", "daily", FaultKind.SILENT_SAMPLE),
    ("empty", "daily", FaultKind.CURSOR_ENDS),
    ("empty", "daily", FaultKind.EMPTY_TABLE),
    ("empty", "daily", FaultKind.LATE_SESSION),
    ("empty", "daily", FaultKind.HALF_SESSION),
    ("empty", "daily", FaultKind.SILENT_SAMPLE),
    ("empty", "bulk", FaultKind.SHRUNKEN_EXPORT),
    ("empty", "bulk", FaultKind.EMPTY_TABLE),
    ("empty", "bulk", FaultKind.LATE_SESSION),
    ("empty", "bulk", FaultKind.HALF_SESSION),
    ("empty", "bulk", FaultKind.SILENT_SAMPLE),
    ("empty", "bulk", FaultKind.OLD_FILE),
    ("known", "bulk", FaultKind.SHRUNKEN_EXPORT),
)
UNKNOWABLE = {
    ("empty", "daily", FaultKind.EMPTY_TABLE, "TICKERS"),  # nothing changed of late, says the vendor, and nobody knows better
    ("empty", "daily", FaultKind.EMPTY_TABLE, "ACTIONS"),
    ("empty", "daily", FaultKind.SILENT_SAMPLE, "ACTIONS"),
}
SESSIONED = (FaultKind.LATE_SESSION, FaultKind.HALF_SESSION)
UNSAMPLED = (FaultKind.SILENT_SAMPLE, "TICKERS")  # free for all


def lost_rows():
    for base, how, kind in LOST:
        for table in ("SEP", "DAILY", "TICKERS", "ACTIONS"):
            strikes = (table in ("SEP", "DAILY") or kind not in SESSIONED) and (kind, table) != UNSAMPLED
            if strikes and (base, how, kind, table) not in UNKNOWABLE:
                yield pytest.param(base, how, kind, table, id=f"{base}-{how}-{kind.value}-{table}")


@pytest.mark.parametrize(("base", "how", "kind", "table"), lost_rows())
def test_rows_that_are_lost_in_silence_are_missed(world, base, how, kind, table):
    """The answers are right in form and status; only another answer, or an earlier delivery, says that rows are missing."""
    home = world.home(base)
    home.page_rows = 4
    world.server.inject(kind, count=None, table=table, session=SESSION if kind in SESSIONED else None)
    assert_refused(world, home, how, r"\d+ .*expected|\d+ .*\d+|the export ends on")
    assert struck(world.server, kind)


def test_an_export_is_measured_by_the_one_before_it(world):
    """ACTIONS without their first half: the pages show the newest alone, so that only the file before can tell."""
    home = world.home("known")
    world.server.inject(FaultKind.FORGOTTEN_PAST, table="ACTIONS")
    assert_refused(world, home, "bulk", r"actions: the export has 33 rows, the one before it had 65")


@pytest.mark.parametrize("status", [500, 503, 520, 599])
def test_every_error_of_the_server_passes_by_waiting(world, status):
    home = world.home("known")
    world.server.inject(FaultKind.SERVER_ERROR, table="SEP", status=status, count=None)
    home.patience_s = 0.05
    assert_refused(world, home, "daily", rf"SEP\.json: HTTP {status}\. Given up")


NOW = datetime(2013, 12, 28, 1, 30, tzinfo=UTC)
FAR = format_datetime(NOW + timedelta(days=400_000 // 24), usegmt=True)


@pytest.mark.parametrize(
    "text",
    ["-5", "soon", "", "²", "1.5", "1e9", "Thu, 99 Foo 2013", "Fri, 27 Dec 2013 23:00:00 GMT", "0"],
)
def test_a_retry_after_that_says_nothing_is_waited_for_as_if_there_were_none(world, text):
    with world.home("known").client(NOW) as client:
        world.server.inject(FaultKind.RATE_LIMIT, text=text, count=2)
        assert client.session_rows("sep", SESSION)


@pytest.mark.parametrize("text", ["86400", "9" * 30, "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_retry_after_beyond_all_patience_is_told_at_once(world, text):
    home = world.home("known")
    world.server.inject(FaultKind.RATE_LIMIT, text=text, count=None)
    assert_refused(world, home, "daily", r"QELx05.*Given up after 1 attempt\(s\) in \d s; the next wait would be (\d+|inf) s")
    assert len(struck(world.server, FaultKind.RATE_LIMIT)) >= 1


BODIES = [
    "null", "[]", "[[1,2]]", "17", '"text"', "true", "{}", '{"datatable":null}', '{"datatable":[]}',
    '{"datatable":{"data":null,"columns":[]},"meta":{"next_cursor_id":null}}',
    '{"datatable":{"data":[],"columns":[]},"meta":{"next_cursor_id":null}}',
    '{"datatable":{"data":[null],"columns":[{"name":"ticker"}]},"meta":{"next_cursor_id":null}}',
    '{"datatable":{"data":[{"ticker":"A"}],"columns":[{"name":"ticker"}]},"meta":{"next_cursor_id":null}}',
    '{"datatable":{"data":[],"columns":[1,null]},"meta":null}',
    '{"datatable":{"data":[],"columns":[]},"meta":{"next_cursor_id":7}}',
    '{"datatable":{"data":[],"columns":[]},"meta":{"next_cursor_id":""}}',
    '{"datatable":{"data":[],"columns":[]},"meta":{"next_cursor_id":["x"]}}',
    '{"quandl_error":null}', '{"quandl_error":{}}', '{"quandl_error":"no"}', "", "   ", "[" * 100_000, "\x00\xff", "NaN",
    '{"datatable_bulk_download":{}}', '{"datatable_bulk_download":{"file":[]}}',
    '{"datatable_bulk_download":{"file":{"status":5}}}',
    '{"datatable_bulk_download":{"file":{"status":"fresh","link":17}}}',
    '{"datatable_bulk_download":{"file":{"status":"fresh","link":"ftp://127.0.0.1/x.zip"}}}',
    '{"datatable_bulk_download":{"file":{"status":"fresh","link":"no address"}}}',
    '{"datatable_bulk_download":{"file":{"status":"fresh","link":null}}}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize(("how", "route"), [("daily", Route.DATA), ("bulk", Route.EXPORT)])
def test_json_of_another_shape_is_one_line(world, how, route, body):
    home = world.homes["known"]
    home.patience_s = 0.1
    world.server.clear_faults()
    world.server.inject(FaultKind.STRANGE_BODY, route=route, text=body, count=None)
    assert_refused(world, home, how, "127.0.0.1|SHARADAR")


@pytest.mark.parametrize("table", ["SEP", "DAILY", "TICKERS", "ACTIONS"])
def test_no_column_that_is_read_can_go_missing(world, table):
    from kairos.sandbox.catalog import OFFERS
    from kairos.sources.datasets import DATASETS

    spec = DATASETS[table.lower()]
    home = world.homes["known"]
    read = [name for name in OFFERS[table].columns if name in spec.dtypes]
    with home.client(evening(SESSION)) as client:
        for column in read:
            world.server.clear_faults()
            world.server.inject(FaultKind.MISSING_COLUMN, column=column)
            line = told(lambda: client.updated_since(spec.name, EVE))
            assert f"{column} missing from SHARADAR/{table}" in line


@pytest.mark.parametrize("how", ["daily", "bulk"])
def test_words_in_place_of_a_number_go_to_quarantine_and_the_row_comes_back(world, how):
    home = world.home("known" if how == "daily" else "empty")
    world.server.inject(FaultKind.TEXT_VALUE, table="SEP", count=None)
    assert told(getattr(home, how)) == ""
    aside = home.warehouse.read(raw.QUARANTINE)
    assert set(aside.select("dataset", "reason", "action").rows()) == {("sep", "unreadable_number", "row_rejected")}
    assert "n.a. yet" in aside["detail"][0]
    world.server.clear_faults()
    assert told(getattr(home, how)) == ""
    rows = home.rows()
    rows.pop("quarantine")
    assert_equal_contents(rows, world.calm("known" if how == "daily" else "empty", how))


@pytest.mark.parametrize("table", ["SEP", "DAILY"])
def test_changes_that_lack_the_session_itself_are_cut_short(world, table):
    """The session comes whole, what changed of late does not come at all, and no delivery was before."""
    home = world.home("empty")
    home.page_rows = 50
    world.server.inject(FaultKind.EMPTY_TABLE, count=None, after=1, table=table)
    names = r"(\d+) of \1 rows of the session are not among the 0 changed since 2013-12-24"
    assert_refused(world, home, "daily", rf"{table.lower()}: {names}")


def test_no_line_told_the_key_or_a_signature(world):
    lines = "\n".join(TOLD)
    assert len(TOLD) > 100
    assert "api_key=***" in lines
    assert secrets_in(lines.encode(), SECRET) == []


def test_no_file_of_any_home_tells_the_key_or_a_signature(world):
    assert files_that_tell(world.folder, SECRET) == []


def test_nothing_that_is_printed_of_a_client_tells_the_key(world, monkeypatch):
    from kairos.settings import load_settings
    from kairos.sources.http import Request
    from kairos.sources.sharadar import SharadarClient

    monkeypatch.setenv("NASDAQ_DATA_LINK_API_KEY", SECRET)
    settings = load_settings(home=world.folder)
    client = SharadarClient.from_settings(settings, MovingClock(NOW))
    state = world.server.vendor
    request = Request("http://127.0.0.1/f.zip?Signature=abc", headers={"x-api-token": SECRET})
    shown = [repr(thing) for thing in (settings, client, vars(client), client.__dict__["_http"].__dict__, state, request)]
    shown += [str(settings), settings.model_dump_json(), str(settings.model_dump())]
    assert secrets_in("\n".join(shown).encode(), SECRET) == []
