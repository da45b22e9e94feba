"""The price vendor as a Dagster resource: Nasdaq Data Link, or the embedded market behind the same client."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from kairos.errors import NotFoundError, SettingsError
from kairos.settings import Settings
from kairos.sources.sharadar import SharadarClient
from resources.platform import Platform

if TYPE_CHECKING:
    from kairos.sandbox.market import Market

MIN_SANDBOX_TICKERS = 10  # the smallest embedded market


class Vendor(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Hands out a client of the vendor that the settings name."""

    platform: dg.ResourceDependency[Platform]

    @property
    def min_tickers(self) -> int:
        """Fewest tickers of a real full load; the embedded market is small by design."""
        settings = self.platform.settings
        return MIN_SANDBOX_TICKERS if settings.vendor == "sandbox" else settings.min_sep_tickers

    @contextmanager
    def client(self) -> Iterator[SharadarClient]:
        """Yield a client; the embedded market's server runs for as long as it is in use.

        Raises:
            SettingsError: No vendor is set, or its key is missing.
        """
        settings = self.platform.settings
        if settings.vendor == "none":
            raise SettingsError(
                "no vendor is set. Set KAIROS_VENDOR=sharadar with NASDAQ_DATA_LINK_API_KEY, or KAIROS_VENDOR=sandbox for "
                "the embedded market, or bring files with `kairos import`."
            )
        clock = self.platform.receipt_clock
        if settings.vendor == "sharadar":
            with SharadarClient.from_settings(settings, clock) as client:
                yield client
            return
        from kairos.sandbox.server import VendorServer

        with (
            VendorServer(embedded_market(settings), clock=self.platform.clock) as server,
            SharadarClient.from_settings(_pointed_at(server.base_url, settings), clock) as client,
        ):
            yield client


def market_folder(settings: Settings) -> Path:
    """Return where a home keeps the embedded market of its settings."""
    without = "" if settings.sandbox_alpha else "-without-alpha"
    return settings.home / "sandbox" / f"{settings.sandbox_size}-{settings.sandbox_seed}{without}"


def captures_folder(settings: Settings) -> Path:
    """Return where a home keeps the archive of captures of the embedded market."""
    folder = market_folder(settings)
    return folder.with_name(f"{folder.name}-captures")


def embedded_market(settings: Settings) -> "Market":
    """Return the embedded market of the settings; generated once per home, then read back."""
    from filelock import FileLock

    from kairos.sandbox.market import Market, generate

    folder = market_folder(settings)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f".{folder.name}.lock")):  # two runs may ask for it at once
        if folder.is_dir():
            with suppress(NotFoundError):  # saved by another version of Kairos: made anew
                return Market.load(folder)
            shutil.rmtree(folder)
        aside = folder.with_name(f".{folder.name}.new")  # whoever is killed while writing leaves no half market
        market = generate(settings.sandbox_size, settings.sandbox_seed, alpha=settings.sandbox_alpha)
        market.save(aside).rename(folder)
    return market


def _pointed_at(base_url: str, settings: Settings) -> Settings:
    from pydantic import SecretStr

    from kairos.sandbox.server import SANDBOX_KEY

    return settings.model_copy(
        update={"nasdaq_base_url": base_url, "nasdaq_api_key": SecretStr(SANDBOX_KEY), "export_poll_s": 0.05}
    )
