"""A home that is filled from the stand-in vendor over real HTTP, as the raw assets fill it but without Dagster."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from kairos.calendar import FixedClock, prices_known_at
from kairos.frames import Frame, stack
from kairos.sandbox.server import VendorServer
from kairos.sources.ingest import DATASETS, pull_exports, pull_session, read_payloads
from kairos.sources.pace import RateLimiter, RetryPolicy
from kairos.sources.payloads import PayloadStore
from kairos.sources.sharadar import SharadarClient
from kairos.tables import raw
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse

SECRET = "pr3m+ium/k=ey%of mine"  # noqa: S105 - of the stand-in; in an address it is written otherwise than in clear
EVE, SESSION = date(2013, 12, 26), date(2013, 12, 27)
PAGE_ROWS = 14  # several pages for prices, and sizes near it that do not divide their number
NAMES = 10  # fewer tickers are taken for the sample
BY = Commit("test", run_id="r", partition="-", reads={})
DELIVERY = ("payload_id", "row", "fetched_at", "received_year", "detail")  # in which pages rows came, and when
MANY_CALLS = RateLimiter(100_000)


def evening(session: date) -> datetime:
    """Two hours after the session's prices are out."""
    return (prices_known_at(session) + timedelta(hours=2)).astimezone(UTC)


class MovingClock:
    """A clock that is set by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Filled:
    """One home.

    Args:
        folder: Its KAIROS_HOME.
        server: The vendor it is filled from.
    """

    def __init__(self, folder: Path, server: VendorServer) -> None:
        self.folder, self.server = folder, server
        self.store, self.warehouse = PayloadStore(folder), Warehouse(folder / "warehouse")
        self.patience_s, self.timeout_s, self.page_rows = 30.0, 10.0, PAGE_ROWS

    def copied(self, folder: Path) -> "Filled":
        shutil.copytree(self.folder, folder)
        return Filled(folder, self.server)

    def client(self, now: datetime) -> SharadarClient:
        policy = RetryPolicy(self.timeout_s, max_wait_s=self.patience_s, first_delay_s=0.005, longest_delay_s=0.05)
        return SharadarClient(
            self.server.base_url,
            SECRET,
            clock=FixedClock(now),
            page_rows=self.page_rows,
            policy=policy,
            limiter=MANY_CALLS,
            export_poll_s=0.01,
            export_deadline_s=self.patience_s,
        )

    def bulk(self, session: date = SESSION) -> None:
        """Take in the vendor's exports in the evening of a session."""
        with self.client(evening(session)) as client:
            pulled = pull_exports(client, self.store, warehouse=self.warehouse, min_tickers=NAMES)
            self._keep(stack(*pulled), None)

    def daily(self, session: date = SESSION) -> None:
        """Pull a session in its evening."""
        with self.client(evening(session)) as client:
            records = pull_session(client, self.store, session, warehouse=self.warehouse, min_tickers=NAMES)
            self._keep(records, session)

    def _keep(self, records: Frame, session: date | None) -> None:
        self.warehouse.append_new(raw.RAW_PAYLOADS, records, commit=BY)
        received = self.warehouse.read(raw.RAW_PAYLOADS)
        for dataset in DATASETS:
            table = TABLES[f"raw_{dataset}{'' if session else '_bulk'}"]
            read = read_payloads(received, self.store, dataset=dataset, session=session, warehouse=self.warehouse)
            self.warehouse.append_new(table, read.rows, commit=BY)
            if read.quarantine.height:
                self.warehouse.append_new(raw.QUARANTINE, read.quarantine, commit=BY)

    def rows(self) -> dict[str, Frame]:
        """What the raw tables say: every row once, however often it came and in whichever pages."""
        tables = [table for table in raw.TABLES if table is not raw.RAW_PAYLOADS]
        frames = {table.name: self.warehouse.read(table).drop(DELIVERY, strict=False) for table in tables}
        return {name: frame.unique().sort(pl.all()) for name, frame in frames.items() if frame.height}

    def versions(self) -> dict[str, int | None]:
        """The version of every raw table: it changes with every commit."""
        return {table.name: self.warehouse.version(table) for table in raw.TABLES}
