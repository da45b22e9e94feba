"""The platform of one KAIROS_HOME: settings, clock, warehouse and payloads, as one Dagster resource."""

import dagster as dg

from kairos.calendar import Clock, FixedClock, SystemClock
from kairos.settings import Settings, load_settings
from kairos.sources.payloads import PayloadStore
from kairos.warehouse.store import Warehouse


class Platform(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Handles on one KAIROS_HOME; an empty `home` means the one of the environment."""

    home: str = ""

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return load_settings(home=self.home) if self.home else load_settings()

    @property
    def clock(self) -> Clock:
        """The machine's clock, or one that stands at KAIROS_NOW."""
        now = self.settings.now
        return FixedClock(now) if now else SystemClock()

    @property
    def warehouse(self) -> Warehouse:
        """The Delta tables."""
        return Warehouse(self.settings.warehouse)

    @property
    def payloads(self) -> PayloadStore:
        """The immutable payloads."""
        return PayloadStore(self.settings.home)
