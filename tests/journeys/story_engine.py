"""A story lived through without assets or sockets: the same functions in the same order, many times as fast."""

from dataclasses import dataclass, field
from itertools import count, repeat
from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from kairos.calendar import FixedClock, prices_known_at, sessions_between
from kairos.frames import Frame
from kairos.market.loaded import years_loaded, years_touched
from kairos.sandbox.market import Market
from kairos.sandbox.views import known_session
from kairos.sources.files import read_files
from kairos.sources.ingest import DATASETS, pull_exports, pull_session, read_payloads
from kairos.sources.landing import land
from kairos.sources.payloads import PayloadStore
from kairos.tables.market import DAILY_RETURNS, SEP_BASE
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse
from tests.journeys.engine_path import Raw, Tables, market_tables
from tests.journeys.random_story import Op
from tests.journeys.view_client import PULLED, ViewClient

BY = Commit("test", run_id="r", partition="-", reads={})
PRICES = ("sep_versions", "sep_base")


def comparable(frame: Frame, *, ticking: bool) -> Frame:
    """Return the rows without the delivery they came in, where several came at one instant: any of these may stand."""
    return frame if ticking else frame.drop("payload_id", "row", strict=False)


def raw_rows(warehouse: Warehouse) -> Raw:
    """All rows of the raw tables."""
    kinds = ("", "_bulk")
    return Raw(**{name: pl.concat([warehouse.read(TABLES[f"raw_{name}{kind}"]) for kind in kinds]) for name in DATASETS})


@dataclass
class EngineHome:
    """A warehouse and a payload store that live through a story.

    Attributes:
        folder: Where they are.
        market: What the vendor has.
        ticking: Whether each payload of a pull has an instant of its own.
        made: Market and feature tables as built so far.
    """

    folder: Path
    market: Market
    ticking: bool = False
    made: Tables = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the stores."""
        self.warehouse = Warehouse(self.folder / "warehouse")
        self.store = PayloadStore(self.folder)

    def live(self, op: Op) -> None:
        """Do one thing of the story; nothing is derived."""
        {"export": self._export, "pull": self._pull, "file": self._file, "derive": lambda _: None}[op.kind](op)

    def _client(self, op: Op) -> ViewClient:
        session = known_session(self.market, op.now)
        assert session is not None
        start = int((op.now - prices_known_at(session) - PULLED).total_seconds())
        return ViewClient(self.market, session, count(start) if self.ticking else repeat(start))  # type: ignore[arg-type]

    def _export(self, op: Op) -> None:
        for records in pull_exports(self._client(op), self.store, warehouse=self.warehouse, min_tickers=10):  # type: ignore[arg-type]
            self._receive(records)
        self._build(years_loaded(self.warehouse))

    def _pull(self, op: Op) -> None:
        sessions, client = sessions_between(*op.days), self._client(op)
        for session in sessions:
            records = pull_session(client, self.store, session, warehouse=self.warehouse, min_tickers=10)  # type: ignore[arg-type]
            self._receive(records, *[session])
        touched = years_touched(self.warehouse, sessions)
        self._build(touched.prices, only=PRICES)
        self._build(touched.everything)

    def _file(self, op: Op) -> None:
        rows = self._client(op).rows("sep").filter(pl.col("date").is_between(*op.days)).sort("ticker", "date").collect()
        for number in range(op.times):
            file = self.folder / f"prices_{op.now:%Y%m%d%H%M}_{number}.csv"
            rows.write_csv(file)
            payloads = read_files([file], "sep", mapping={}, source=op.source, clock=FixedClock(op.now))
            self._receive(land(payloads, self.store).payload_rows)
        self._build(years_loaded(self.warehouse))

    def _receive(self, records: Frame, session: object = None) -> None:
        self.warehouse.append_new(RAW_PAYLOADS, records, commit=BY)
        held = self.warehouse.read(RAW_PAYLOADS)
        for dataset in DATASETS:
            table = TABLES[f"raw_{dataset}_bulk" if session is None else f"raw_{dataset}"]
            found = read_payloads(held, self.store, dataset=dataset, session=session, warehouse=self.warehouse)  # type: ignore[arg-type]
            self.warehouse.append_new(table, found.rows, commit=BY)

    def _build(self, years: object, *, only: tuple[str, ...] = ()) -> None:
        if not years:
            return
        built = market_tables(raw_rows(self.warehouse), years=list(years), made=self.made)  # type: ignore[call-overload]
        self.made = {name: rows if name in only or not only else self.made[name] for name, rows in built.items()}
        for table in (SEP_BASE, DAILY_RETURNS):
            for year in years:  # type: ignore[attr-defined]
                rows = self.made[table.name].filter(pl.col("session").dt.year() == year)
                self.warehouse.replace(table, rows, partition={"year": year}, commit=BY)

    def assert_up_to_date(self) -> None:
        """The tables are what the raw rows give, whatever was built when."""
        for name, rows in market_tables(raw_rows(self.warehouse), years=years_loaded(self.warehouse)).items():
            key = list(TABLES[name].key)
            built, made = (comparable(frame.sort(key), ticking=self.ticking) for frame in (self.made[name], rows))
            try:
                assert_frame_equal(built, made, check_exact=True)
            except AssertionError as difference:
                raise AssertionError(f"{name} is not what the raw rows give; {difference}") from None
