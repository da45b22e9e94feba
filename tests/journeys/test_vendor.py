"""A vendor's good and bad evenings as the `kairos` command sees them. `test_faults` has every fault, below the command."""

import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from kairos.calendar import FixedClock
from kairos.sandbox.faults import FaultKind, Route
from kairos.sandbox.market import generate
from kairos.sandbox.server import SANDBOX_KEY, VendorServer
from kairos.settings import load_settings
from kairos.tables import raw
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse

SESSION = date(2013, 12, 30)
NOW = datetime(2013, 12, 31, 1, 30, tzinfo=UTC)  # 20:30 New York
BULK = ("raw_payloads_bulk", "raw_sep_bulk")
DAILY = ("raw_payloads", "raw_sep")
RECEIPT = ("fetched_at",)  # when a row came is no part of what it says


@pytest.fixture(scope="module")
def market():
    return generate("tiny", 3)


@pytest.fixture
def vendor(home, market, monkeypatch):
    """The stand-in vendor, and the environment that points to it."""
    with VendorServer(market, FixedClock(NOW)) as server:
        point_to(server, monkeypatch)
        yield server


def point_to(server, monkeypatch, key=SANDBOX_KEY):
    settings = {
        "KAIROS_VENDOR": "sharadar",
        "NASDAQ_DATA_LINK_BASE_URL": server.base_url,
        "NASDAQ_DATA_LINK_API_KEY": key,
        "KAIROS_NOW": NOW.isoformat(),
        "HTTP_MAX_WAIT_S": "0.6",
        "HTTP_TIMEOUT_S": "5",
        "EXPORT_POLL_S": "0.05",
        "EXPORT_DEADLINE_S": "0.6",
        "SHARADAR_MIN_TICKERS": "10",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


def contents(folder):
    """Return the rows of every table that has any, without when they came."""
    warehouse = Warehouse(folder / "warehouse")
    frames = {name: warehouse.read(table) for name, table in TABLES.items()}
    return {name: frame.drop(RECEIPT, strict=False).rows() for name, frame in frames.items() if frame.height}


def fill(home, assets, partitions=()):
    """Fill assets as a run launched in the UI would."""
    from kairos_dagster.runs import run_assets

    return run_assets(load_settings(home=home.folder), assets, partitions=partitions)


def refused(home, *says):
    """The download ends in one line that says these words, and every table is as before."""
    before = contents(home.folder)
    status, _, err = home.run("daily-download", "--date", SESSION.isoformat())
    assert_one_line(status, err, *says)
    assert contents(home.folder) == before


def assert_one_line(status, err, *says):
    told = [line for line in err.splitlines() if line.startswith("kairos: ")]
    assert status != 0
    assert len(told) == 1, err
    assert "Traceback" not in err
    for words in says:
        assert words in told[0]


def assert_untold(folder, secret):
    """No file under the folder holds the secret: no event, no log, no stored request, no payload."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


@dataclass
class Evening:
    """A download, its repetition, and one on an evening when the vendor is down: exit status, stderr, tables after it."""

    folder: Path
    first: tuple[int, str, dict[str, Any]]
    again: tuple[int, str, dict[str, Any]]
    down: tuple[int, str, dict[str, Any]]


@pytest.fixture(scope="module")
def evening(market, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evening")
    with pytest.MonkeyPatch.context() as patch, VendorServer(market, FixedClock(NOW)) as server:
        patch.setenv("KAIROS_HOME", str(folder))
        point_to(server, patch)
        first, again = download(folder, patch), download(folder, patch)
        server.inject(FaultKind.BAD_GATEWAY, count=None)
        return Evening(folder, first, again, download(folder, patch))


def download(folder, patch):
    from kairos_dagster.cli import main

    patch.setattr(sys, "argv", ["kairos", "daily-download", "--date", SESSION.isoformat()])
    shown, status = StringIO(), 0
    with redirect_stderr(shown), redirect_stdout(shown):
        try:
            main()
        except SystemExit as stop:
            status = int(stop.code or 0)
    return status, shown.getvalue(), contents(folder)


def test_a_good_evening_fills_raw_market_and_features(evening):
    status, shown, found = evening.first
    assert status == 0, shown
    assert {"raw_payloads", "raw_sep", "raw_daily", "raw_tickers", "raw_actions"} <= set(found)
    assert {"tickers", "sep_base", "daily_metrics", "daily_returns", "feat_trend"} <= set(found)


def test_the_sessions_rows_are_those_that_the_vendor_has(evening, market):
    held = Warehouse(evening.folder / "warehouse").read(raw.RAW_SEP)
    traded = {ticker for ticker, day in held.select("ticker", "date").rows() if day == SESSION}
    assert len(traded) >= 0.5 * market.size.names


def test_repeating_a_download_adds_nothing(evening):
    status, shown, found = evening.again
    assert status == 0, shown
    assert found == evening.first[2]


def test_an_evening_when_the_vendor_is_down_leaves_what_there_was(evening):
    status, shown, found = evening.down
    assert_one_line(status, shown, f"raw_payloads[{SESSION}]", "502")
    assert found == evening.again[2]


def test_the_key_is_told_to_nobody(evening):
    assert SANDBOX_KEY not in "".join(shown for _, shown, _ in (evening.first, evening.again, evening.down))
    assert (evening.folder / "dagster").is_dir()
    assert_untold(evening.folder, SANDBOX_KEY)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (FaultKind.LATE_SESSION, ["sep: 0 rows on 2013-12-30", "run this partition again later"]),
        (FaultKind.RAGGED_ROWS, ["row 0 has 9 values, expected 10"]),
    ],
)
def test_a_fault_that_stays_is_one_line_and_changes_nothing(home, vendor, kind, says):
    vendor.inject(kind, table="SEP", count=None, session=SESSION if kind is FaultKind.LATE_SESSION else None)
    refused(home, f"raw_payloads[{SESSION}]", *says)


def test_an_evening_that_was_late_is_taken_when_it_is_there(home, vendor):
    vendor.inject(FaultKind.LATE_SESSION, session=SESSION)
    refused(home, "0 rows")
    vendor.clear_faults()
    assert fill(home, DAILY, [SESSION.isoformat()]).success


def test_a_wrong_key_is_one_line_that_does_not_tell_it(home, vendor, monkeypatch):
    point_to(vendor, monkeypatch, key="wrong-key-of-mine")
    refused(home, "QEAx01", "NASDAQ_DATA_LINK_API_KEY")
    assert_untold(home.folder, "wrong-key-of-mine")


def test_an_export_always_cut_short_is_given_up(home, vendor):
    from kairos_dagster.runs import RunFailedError

    vendor.inject(FaultKind.TRUNCATED, table="SEP", route=Route.FILE, count=None)
    with pytest.raises(RunFailedError, match="the zip file is cut short or none"):
        fill(home, BULK)
    assert contents(home.folder) == {}
