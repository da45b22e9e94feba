"""The platform of one KAIROS_HOME: settings, clock, warehouse and payloads, as one Dagster resource."""

import dagster as dg
from pydantic import PrivateAttr

from kairos.calendar import Clock, FixedClock, SystemClock
from kairos.settings import Settings, load_settings
from kairos.sources.payloads import PayloadStore
from kairos.sources.receipts import ReceiptClock, newest_receipt
from kairos.warehouse.store import Warehouse
from resources.kept import Kept


class Platform(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Handles on one KAIROS_HOME; an empty `home` means the one of the environment."""

    home: str = ""
    _settings: Settings | None = PrivateAttr(default=None)
    _warehouse: Warehouse | None = PrivateAttr(default=None)
    _kept: Kept = PrivateAttr(default_factory=Kept)

    @property
    def settings(self) -> Settings:
        """The settings in force when the run, or the evaluation of a schedule or sensor, first asked."""
        if self._settings is None:
            self._settings = load_settings(home=self.home) if self.home else load_settings()
        return self._settings

    @property
    def clock(self) -> Clock:
        """The machine's clock, or one that stands at KAIROS_NOW."""
        now = self.settings.now
        return FixedClock(now) if now else SystemClock()

    @property
    def receipt_clock(self) -> Clock:
        """The clock for what comes in: never behind the newest receipt on record."""
        return ReceiptClock(self.clock, newest_receipt(self.warehouse))

    @property
    def warehouse(self) -> Warehouse:
        """The Delta tables."""
        if self._warehouse is None:
            self._warehouse = Warehouse(self.settings.warehouse)
        return self._warehouse

    @property
    def kept(self) -> Kept:
        """What steps of a run share."""
        return self._kept

    @property
    def payloads(self) -> PayloadStore:
        """The immutable payloads."""
        return PayloadStore(self.settings.home)
