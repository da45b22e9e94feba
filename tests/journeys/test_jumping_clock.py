"""A clock that jumps between two evenings, back or ahead: nothing is lost, and versions stay in the order of receipt.

The vendor's own time goes on as it should; only this machine's clock is wrong. A price is first published wrong and
corrected some sessions later: the correction must stand, whatever the clock says when it comes. A clock so far behind that
the session has not begun by it stops the pull, since nothing can be received before it happens; that evening is pulled once
the clock is right.
"""

import shutil
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import NEW_YORK, FixedClock, prices_known_at, session_offset
from kairos.sandbox.market import generate
from kairos.sandbox.server import SANDBOX_KEY, VendorServer
from kairos.settings import load_settings
from kairos.sources.receipts import ReceiptClock
from kairos.tables.market import SEP_BASE, SEP_VERSIONS
from kairos.warehouse.store import Warehouse
from kairos_dagster.runs import RunFailedError
from schedules.clocks import sessions_missing
from tests.journeys.equality import assert_equal_contents, contents

RAW = ("raw_payloads", "raw_tickers", "raw_actions", "raw_sep", "raw_daily")
VERSIONS = ("tickers", "sep_versions", "sep_base")
JUMPS = {
    "an hour back": timedelta(hours=-1),
    "five hours back": timedelta(hours=-5),
    "a day ahead": timedelta(days=1),
    "a year ahead": timedelta(days=365),
}
FAR_BEHIND = {"days back": timedelta(days=-4), "a year back": timedelta(days=-365)}
ORDER = ("permaticker", "session", "known_at")


@pytest.fixture(scope="module")
def market():
    return generate("tiny", 3)


@pytest.fixture(scope="module")
def correction(market):
    """One price that is corrected on a later session, both far enough from the market's ends."""
    found = market.corrections.filter(pl.col("corrected_on") > pl.col("session")).sort("session")
    return found.filter(pl.col("session") > market.sessions[20]).row(0, named=True)


@pytest.fixture(scope="module")
def evenings(market, correction):
    """The evening of the wrong price, that of its correction, and the one after it."""
    at = market.sessions.index(correction["corrected_on"])
    return correction["session"], correction["corrected_on"], market.sessions[at + 1]


def evening(session):
    return (prices_known_at(session) + timedelta(hours=3)).astimezone(UTC)


def pull(home, market, session, *, jump=timedelta(0)):
    """Pull a session while this machine's clock is off by `jump`."""
    from kairos_dagster.runs import run_assets

    with pytest.MonkeyPatch.context() as patch, VendorServer(market, FixedClock(evening(session))) as server:
        patch.setenv("KAIROS_VENDOR", "sharadar")
        patch.setenv("NASDAQ_DATA_LINK_API_KEY", SANDBOX_KEY)
        patch.setenv("NASDAQ_DATA_LINK_BASE_URL", server.base_url)
        patch.setenv("SHARADAR_MIN_TICKERS", "10")
        patch.setenv("KAIROS_NOW", (evening(session) + jump).isoformat())
        run_assets(load_settings(home=home), RAW, partitions=[session.isoformat()])


def built(home, session):
    """Build what follows from the payloads, and return the home."""
    from kairos_dagster.runs import run_assets

    run_assets(load_settings(home=home), VERSIONS, partitions=[str(session.year)])
    return home


def versions(home):
    """Every version with its values, in the order in which they came to be known."""
    rows = Warehouse(home / "warehouse").read(SEP_VERSIONS).sort(ORDER)
    return rows.drop("known_at", "fetched_at", "payload_id", "row")


@pytest.fixture(scope="module")
def begun(market, evenings, tmp_path_factory):
    """A home after the first evening."""
    home = tmp_path_factory.mktemp("begun")
    pull(home, market, evenings[0])
    return home


@pytest.fixture(scope="module")
def straight(market, evenings, begun, tmp_path_factory):
    """A home whose clock was right all the time."""
    home = shutil.copytree(begun, tmp_path_factory.mktemp("straight") / "home")
    for session in evenings[1:]:
        pull(home, market, session)
    return built(home, evenings[0])


@pytest.fixture(scope="module")
def homes(begun, straight):
    """The home after the first evening, and that of a clock that was right all the time."""
    return begun, straight


def test_the_evenings_hold_a_correction(straight, correction):
    price = (pl.col("permaticker") == correction["permaticker"]) & (pl.col("session") == correction["session"])
    assert versions(straight).filter(price)["close"].n_unique() == 2


@pytest.mark.slow
@pytest.mark.parametrize("jump", JUMPS.values(), ids=list(JUMPS))
def test_a_jump_loses_nothing_and_keeps_the_order_of_receipt(market, evenings, homes, tmp_path, jump):
    begun, straight = homes
    home = shutil.copytree(begun, tmp_path / "home")
    pull(home, market, evenings[1], jump=jump)
    pull(home, market, evenings[2])
    assert_as_if_straight(built(home, evenings[0]), straight)


@pytest.mark.slow
@pytest.mark.parametrize("jump", FAR_BEHIND.values(), ids=list(FAR_BEHIND))
def test_a_clock_before_the_session_stops_the_pull_and_the_evening_is_made_up_for(market, evenings, homes, tmp_path, jump):
    begun, straight = homes
    home = shutil.copytree(begun, tmp_path / "home")
    before = contents(home)
    with pytest.raises(RunFailedError, match=f"0 rows on {evenings[1]}"):
        pull(home, market, evenings[1], jump=jump)
    assert_equal_contents(contents(home), before)
    for session in evenings[1:]:
        pull(home, market, session)
    assert_as_if_straight(built(home, evenings[0]), straight)


def assert_as_if_straight(home, straight):
    assert_frame_equal(versions(home), versions(straight))
    stand, expected = (Warehouse(one / "warehouse").read(SEP_BASE) for one in (home, straight))
    assert_frame_equal(stand.select(versions(straight).columns), expected.select(versions(straight).columns))


@pytest.mark.slow
@pytest.mark.parametrize("jump", [JUMPS["an hour back"], JUMPS["a year ahead"]], ids=["an hour back", "a year ahead"])
def test_an_evening_pulled_again_under_another_clock_adds_nothing(market, evenings, straight, tmp_path, jump):
    home = shutil.copytree(straight, tmp_path / "home")
    before = contents(home)
    pull(home, market, evenings[2], jump=jump)
    assert_equal_contents(contents(home), before)


@pytest.mark.parametrize("jump", [timedelta(days=-365), timedelta(days=-1), timedelta(hours=-1)])
def test_the_schedule_pulls_nothing_twice_when_the_clock_was_set_back(straight, evenings, jump):
    assert sessions_missing(Warehouse(straight / "warehouse"), (evening(evenings[2]) + jump).astimezone(NEW_YORK)) == []


def test_the_schedule_skips_nothing_once_the_clock_is_right_again(straight, evenings):
    due = session_offset(evenings[2], 2)
    found = sessions_missing(Warehouse(straight / "warehouse"), evening(due).astimezone(NEW_YORK))
    assert found == [session_offset(evenings[2], 1), due]


def test_receipts_never_go_back():
    newest = datetime(2018, 7, 5, 22, tzinfo=UTC)
    clock = FixedClock(newest - timedelta(hours=1))
    receipts = ReceiptClock(clock, newest)
    stamps = [receipts.now(), receipts.now()]
    clock.instant = newest + timedelta(hours=1)
    assert [newest, *stamps, receipts.now()] == sorted({newest, *stamps, clock.instant})


def test_a_clock_that_is_right_is_believed():
    now = datetime(2018, 7, 5, 22, tzinfo=UTC)
    assert ReceiptClock(FixedClock(now), now - timedelta(days=1)).now() == now
    assert ReceiptClock(FixedClock(now), None).now() == now
