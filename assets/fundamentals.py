"""Fundamental assets: what the feeds' payloads say of each security, every version from the instant it was known."""

from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg

from assets.table_asset import Work, table_asset
from kairos.frames import Frame, stack
from kairos.fundamentals.versions import (
    estimate_versions,
    news_versions,
    profile_versions,
    rating_versions,
    statement_versions,
)
from kairos.fundamentals.years import of_year
from kairos.tables import fundamentals as tables
from kairos.tables import market
from kairos.tables.core import Cleaned, Table
from kairos.tables.feeds import RAW_FEEDS, RAW_FEEDS_BULK
from resources.table_io import ALL_DAYS, Read

METRICS = (tables.FMP_KEY_METRICS, tables.FMP_RATIOS)
STATEMENTS = (tables.FMP_INCOME_STATEMENT, tables.FMP_BALANCE_SHEET, tables.FMP_CASH_FLOW)


def _received(*datasets: str) -> tuple[Read, ...]:
    """Whole deliveries: what a version says depends on every one before it."""
    return tuple(Read(raw[name], neighbour_days=ALL_DAYS) for name in datasets for raw in (RAW_FEEDS, RAW_FEEDS_BULK))


@dataclass
class _Whole:
    """All versions of a table, made once for all years of a run."""

    make: Callable[..., Cleaned]
    _made: dict[tuple[str, tuple[tuple[str, int], ...]], Cleaned] = field(default_factory=dict)

    def year(self, work: Work, frames: dict[str, Frame]) -> Cleaned:
        """Return the rows of the year, and what was set aside of it."""
        run = (work.context.run_id, tuple(work.reads.items()))
        if run not in self._made:
            self._made = {run: self.make(frames)}
        return of_year(self._made[run], work.year)


def _versions_asset(
    table: Table, datasets: tuple[str, ...], make: Callable[[dict[str, Frame]], Cleaned]
) -> dg.AssetsDefinition:
    whole = _Whole(make)

    def fill(work: Work, **received: Frame) -> Cleaned:
        """Every version stays visible from its own known_at on; what no security bears goes to `quarantine`."""
        return whole.year(work, received)

    return table_asset(table, reads=(*_received(*datasets), Read(market.TICKERS)))(fill)


def _both(frames: dict[str, Frame], dataset: str) -> Frame:
    return stack(frames[f"raw_{dataset}"], frames[f"raw_{dataset}_bulk"])


def _statement_asset(table: Table, *, stamped: bool) -> dg.AssetsDefinition:
    def make(frames: dict[str, Frame]) -> Cleaned:
        income = None if stamped else _both(frames, "fmp_income_statement")
        sf1 = _both(frames, "sf1")
        return statement_versions(table, _both(frames, table.name), sf1, frames["tickers"], raw_income=income)

    datasets = (table.name, "sf1") if stamped else (table.name, "fmp_income_statement", "sf1")
    return _versions_asset(table, datasets, make)


def _snapshot_asset(table: Table, dataset: str, versions: Callable[[Frame, Frame], Cleaned]) -> dg.AssetsDefinition:
    return _versions_asset(table, (dataset,), lambda frames: versions(_both(frames, dataset), frames["tickers"]))


STATEMENT_ASSETS = [
    *(_statement_asset(table, stamped=True) for table in STATEMENTS),
    *(_statement_asset(table, stamped=False) for table in METRICS),
]
SNAPSHOT_ASSETS = [
    _snapshot_asset(tables.FMP_ANALYST_ESTIMATES, "fmp_analyst_estimates", estimate_versions),
    _snapshot_asset(tables.FMP_RATING, "fmp_rating", rating_versions),
    _snapshot_asset(tables.DIM_COMPANY_PROFILE, "fmp_profile", profile_versions),
    _snapshot_asset(tables.FMP_NEWS, "fmp_news", news_versions),
]
