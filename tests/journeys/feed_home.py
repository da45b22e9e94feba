"""A home whose feeds come from the stand-in vendor over real HTTP, as the assets fill it but without Dagster."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from kairos.calendar import FixedClock
from kairos.frames import Frame, stack
from kairos.fundamentals import versions
from kairos.fundamentals.social import social_features
from kairos.sandbox.access import SANDBOX_QUIVER_KEY
from kairos.sandbox.server import VendorServer
from kairos.settings import Settings, load_settings
from kairos.sources.captures import read_captures
from kairos.sources.evenings import Asking, Clients, pull_evening
from kairos.sources.feeds import FEEDS
from kairos.sources.fmp import FmpClient
from kairos.sources.ingest import read_payloads
from kairos.sources.landing import land
from kairos.sources.payloads import PayloadStore
from kairos.sources.quiver import QuiverClient
from kairos.sources.sharadar import SharadarClient
from kairos.tables import fundamentals as tables
from kairos.tables import raw
from kairos.tables.market import TICKERS
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from tests.journeys.faulty_vendor import BY, SECRET, evening

DELIVERY = ("fetched_at", "payload_id", "row")  # in which delivery a version came, and where in it
STAMPED = (tables.FMP_INCOME_STATEMENT, tables.FMP_BALANCE_SHEET, tables.FMP_CASH_FLOW)
UNSTAMPED = (tables.FMP_KEY_METRICS, tables.FMP_RATIOS)


def environment(home: Path, server: VendorServer, now: datetime) -> dict[str, str]:
    """The environment of a process that fills a home from a vendor outside of it."""
    return {
        "KAIROS_HOME": str(home),
        "KAIROS_VENDOR": "sharadar",
        "NASDAQ_DATA_LINK_BASE_URL": server.base_url,
        "NASDAQ_DATA_LINK_API_KEY": SECRET,
        "SHARADAR_MIN_TICKERS": "10",
        "EXPORT_POLL_S": "0.05",
        "ENABLE_SF1": "true",
        "ENABLE_FMP": "true",
        "ENABLE_FMP_SOCIAL": "true",  # an address of the old generation: the key goes as a parameter
        "FMP_BASE_URL": server.origin,
        "FMP_API_KEY": SECRET,
        "FMP_CALLS_PER_MIN": "10000",
        "QUIVER_BASE_URL": server.quiver_url,
        "QUIVER_API_KEY": SANDBOX_QUIVER_KEY,
        "KAIROS_NOW": now.isoformat(),
        "HTTP_MAX_WAIT_S": "1.2",
        "HTTP_TIMEOUT_S": "5",
    }


class FeedHome:
    """One home.

    Args:
        folder: Its KAIROS_HOME; holds the table `tickers`.
        server: The vendor it is filled from.
    """

    def __init__(self, folder: Path, server: VendorServer) -> None:
        self.folder, self.server = folder, server
        self.store, self.warehouse = PayloadStore(folder), Warehouse(folder / "warehouse")

    def copied(self, folder: Path) -> "FeedHome":
        shutil.copytree(self.folder, folder)
        return FeedHome(folder, self.server)

    def settings(self, now: datetime, **chosen: Any) -> Settings:
        """The settings that the environment of a process would give it, but for those that are chosen."""
        names = {field.alias: name for name, field in Settings.model_fields.items()}
        given = {names[name]: value for name, value in environment(self.folder, self.server, now).items()}
        return load_settings(**(given | chosen))

    @contextmanager
    def clients(self, settings: Settings) -> Iterator[Clients]:
        clock = FixedClock(settings.now)
        with ExitStack() as opened:
            told = settings.enable_sf1 or settings.enable_sp500
            yield Clients(
                opened.enter_context(FmpClient.from_settings(settings, clock)) if settings.enable_fmp else None,
                opened.enter_context(SharadarClient.from_settings(settings, clock)) if told else None,
                opened.enter_context(QuiverClient.from_settings(settings, clock)) if settings.quiver_api_key else None,
            )

    def evening(self, session: date, **chosen: Any) -> None:
        """Pull the feeds of a session in its evening."""
        settings, received = self.settings(evening(session), **chosen), self.warehouse.read(raw.RAW_PAYLOADS)
        with self.clients(settings) as clients:
            tickers = self.warehouse.read(TICKERS)
            asking = Asking(clients, self.store, session, tickers, received, self.warehouse, settings)
            for pulled in pull_evening(asking):
                self.keep(pulled, session)

    def bring_in(self, captures: list[Path], now: datetime) -> None:
        """Import captures."""
        for _, payloads in read_captures(captures, clock=FixedClock(now)):
            self.warehouse.append_new(raw.RAW_PAYLOADS, land(payloads, self.store).payload_rows, commit=BY)
        self.keep(raw.RAW_PAYLOADS.empty(), None)

    def keep(self, records: Frame, session: date | None) -> None:
        """Record what came, and read its rows."""
        self.warehouse.append_new(raw.RAW_PAYLOADS, records, commit=BY)
        received = self.warehouse.read(raw.RAW_PAYLOADS)
        for dataset in FEEDS:
            read = read_payloads(received, self.store, dataset=dataset, session=session, warehouse=self.warehouse)
            if read.rows.height:
                self.warehouse.append_new(TABLES[f"raw_{dataset}{'' if session else '_bulk'}"], read.rows, commit=BY)
            if read.quarantine.height:
                self.warehouse.append_new(raw.QUARANTINE, read.quarantine, commit=BY)

    def received(self) -> Frame:
        """What has been recorded as received."""
        return self.warehouse.read(raw.RAW_PAYLOADS)

    def rows(self, dataset: str) -> Frame:
        """All raw rows of a feed."""
        return stack(*(self.warehouse.read(TABLES[f"raw_{dataset}{suffix}"]) for suffix in ("", "_bulk")))

    def made(self) -> dict[str, Frame]:
        """The fundamental tables that follow from the rows, but for the delivery that each version came in."""
        tickers, sf1, income = self.warehouse.read(TICKERS), self.rows("sf1"), self.rows("fmp_income_statement")
        made = {table.name: versions.statement_versions(table, self.rows(table.name), sf1, tickers) for table in STAMPED}
        for table in UNSTAMPED:
            made[table.name] = versions.statement_versions(table, self.rows(table.name), sf1, tickers, raw_income=income)
        for name, make in (
            ("fmp_analyst_estimates", versions.estimate_versions),
            ("fmp_rating", versions.rating_versions),
            ("fmp_profile", versions.profile_versions),
            ("fmp_news", versions.news_versions),
        ):
            made[name] = make(self.rows(name), tickers)
        made["social"] = social_features(self.rows("fmp_social"), self.rows("quiver_social"), tickers)
        frames = {name: cleaned.rows.drop(DELIVERY, strict=False) for name, cleaned in made.items()}
        return {name: frame.sort(pl.all()) for name, frame in frames.items()}
