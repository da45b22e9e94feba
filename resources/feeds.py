"""The fundamental feeds as a Dagster resource: the vendors themselves, or the embedded market behind the same clients."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg

from kairos.errors import SettingsError
from kairos.settings import Settings
from kairos.sources.evenings import Clients
from kairos.sources.fmp import FmpClient
from kairos.sources.quiver import QuiverClient
from kairos.sources.sharadar import SharadarClient
from resources.platform import Platform
from resources.vendor import embedded_market

UNBOUNDED = {"fmp_calls_per_min": 10_000, "fmp_calls_per_day": None}  # the embedded market has no plan to keep to


class Feeds(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Hands out clients of the feeds that are switched on."""

    platform: dg.ResourceDependency[Platform]

    @contextmanager
    def clients(self) -> Iterator[Clients]:
        """Yield the clients; the embedded market's server runs for as long as they are in use.

        Raises:
            SettingsError: No feed is switched on, or a key is missing.
        """
        settings, clock = self.platform.settings, self.platform.receipt_clock
        if not settings.feeds_on:
            raise SettingsError(
                "no feed is on. Set ENABLE_FMP=true with FMP_API_KEY, ENABLE_SF1=true, ENABLE_SP500=true, or QUIVER_API_KEY; "
                "or bring captured answers with `kairos import FOLDER --dataset captures`."
            )
        with ExitStack() as opened:
            if settings.vendor == "sandbox":
                settings = opened.enter_context(self._embedded(settings))
            told = settings.enable_sf1 or settings.enable_sp500
            yield Clients(
                fmp=opened.enter_context(FmpClient.from_settings(settings, clock)) if settings.enable_fmp else None,
                sharadar=opened.enter_context(SharadarClient.from_settings(settings, clock)) if told else None,
                quiver=opened.enter_context(QuiverClient.from_settings(settings, clock)) if settings.quiver_api_key else None,
            )

    @contextmanager
    def _embedded(self, settings: Settings) -> Iterator[Settings]:
        """Serve the embedded market, and yield the settings that point to it."""
        from pydantic import SecretStr

        from kairos.sandbox.access import SANDBOX_FMP_LEGACY_KEY, SANDBOX_QUIVER_KEY
        from kairos.sandbox.server import SANDBOX_KEY, VendorServer

        with VendorServer(embedded_market(settings), clock=self.platform.clock) as server:
            keys = {
                "nasdaq_api_key": SecretStr(SANDBOX_KEY),
                "fmp_api_key": SecretStr(SANDBOX_FMP_LEGACY_KEY),  # an old subscription has the social sentiment too
                "quiver_api_key": SecretStr(SANDBOX_QUIVER_KEY),
            }
            urls = {"nasdaq_base_url": server.base_url, "fmp_base_url": server.origin, "quiver_base_url": server.quiver_url}
            yield settings.model_copy(update=keys | urls | UNBOUNDED)
