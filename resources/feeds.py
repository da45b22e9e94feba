"""Financial Modeling Prep as a Dagster resource: the vendor itself, or the embedded market behind the same client."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from kairos.errors import SettingsError
from kairos.sources.fmp import FmpClient
from resources.platform import Platform
from resources.vendor import embedded_market

UNBOUNDED = {"fmp_calls_per_min": 10_000, "fmp_calls_per_day": None}  # the embedded market has no plan to keep to


class Feeds(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Hands out a client of the fundamental feeds."""

    platform: dg.ResourceDependency[Platform]

    @contextmanager
    def client(self) -> Iterator[FmpClient]:
        """Yield a client; the embedded market's server runs for as long as it is in use.

        Raises:
            SettingsError: The feeds are switched off, or the key is missing.
        """
        settings, clock = self.platform.settings, self.platform.receipt_clock
        if not settings.enable_fmp:
            raise SettingsError(
                "the feeds of Financial Modeling Prep are off. Set ENABLE_FMP=true and FMP_API_KEY, or bring captured answers "
                "with `kairos import FOLDER --dataset captures`."
            )
        if settings.vendor != "sandbox":
            with FmpClient.from_settings(settings, clock) as client:
                yield client
            return
        from pydantic import SecretStr

        from kairos.sandbox.access import SANDBOX_FMP_KEY
        from kairos.sandbox.server import VendorServer

        with VendorServer(embedded_market(settings), clock=self.platform.clock) as server:
            pointed = settings.model_copy(
                update={"fmp_base_url": server.origin, "fmp_api_key": SecretStr(SANDBOX_FMP_KEY)} | UNBOUNDED
            )
            with FmpClient.from_settings(pointed, clock) as client:
                yield client
