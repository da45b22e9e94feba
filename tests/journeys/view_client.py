"""The vendor's client without a network: payloads straight from the embedded vendor's views, one second apart."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count

import polars as pl

from kairos.calendar import prices_known_at
from kairos.sandbox.market import Market
from kairos.sandbox.views import VendorView
from kairos.sources.datasets import DATASETS, Dataset
from kairos.sources.payloads import Payload

PULLED = timedelta(hours=3)  # the daily ingest runs at 20:30 New York, three hours after the prices are out


def received_on(session: date) -> datetime:
    """When everything pulled in the session's evening has come."""
    return prices_known_at(session) + PULLED + timedelta(minutes=10)


@dataclass
class ViewClient:
    """Answers as the vendor does in the evening of `session`."""

    market: Market
    session: date
    _seconds: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self._view = VendorView(self.market, self.session)

    def export(self, dataset: str) -> Payload:
        return self._payload(DATASETS[dataset], None, "qopts.export=true")

    def session_rows(self, dataset: str, session: date) -> list[Payload]:
        return [self._payload(DATASETS[dataset], pl.col("date") == session, f"date={session}")]

    def updated_since(self, dataset: str, day: date) -> list[Payload]:
        spec = DATASETS[dataset]
        touched = pl.col(spec.since_filter.removesuffix(".gte")) >= day
        return [self._payload(spec, touched, f"{spec.since_filter}={day}")]

    def rows(self, dataset: str) -> pl.LazyFrame:
        """The vendor's table as it stands."""
        spec = DATASETS[dataset]
        rows = self._view.rows(spec.vendor_code.removeprefix("SHARADAR/"))
        for name, value in spec.fixed.items():
            rows = rows.filter(pl.col(name) == value)
        return rows

    def _payload(self, spec: Dataset, chosen: pl.Expr | None, asked: str) -> Payload:
        rows = self.rows(spec.name) if chosen is None else self.rows(spec.name).filter(chosen)
        buffer = io.BytesIO()
        rows.sort(spec.key, nulls_last=True).collect().write_parquet(buffer)
        at = prices_known_at(self.session) + PULLED + timedelta(seconds=next(self._seconds))
        return Payload("sharadar", spec.name, f"datatables/{spec.vendor_code}.json?{asked}", buffer.getvalue(), at)
