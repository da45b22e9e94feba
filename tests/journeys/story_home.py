"""Homes of a story: one that lives through it, as its commands would, and those rebuilt from its payloads alone."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from rich.console import Console

from kairos.calendar import FixedClock, sessions_between
from kairos.features.registry import CORE_SETS
from kairos.frames import Frame
from kairos.market.loaded import years_loaded
from kairos.sandbox.market import Market
from kairos.sandbox.server import SANDBOX_KEY, VendorServer
from kairos.sandbox.views import VendorView, known_session
from kairos.settings import load_settings
from kairos.tables.market import SEP_BASE
from kairos.tables.matrix import FEAT_MATRIX_TARGETS
from kairos.tables.models import HOLDOUT_LEDGER, TRIALS
from kairos.tables.raw import QUARANTINE, RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse
from kairos_dagster import steps
from kairos_dagster.demo import RAW_BULK
from kairos_dagster.progress import Progress, materialise
from kairos_dagster.runs import RunFailedError
from resources.platform import Platform
from tests.journeys.engine_path import market_tables
from tests.journeys.equality import RUN_METADATA
from tests.journeys.random_story import UNIVERSE_YEAR, Op
from tests.journeys.story_engine import BY, comparable, raw_rows

RECORDS = (TRIALS, HOLDOUT_LEDGER)  # what people did: no payload says it
PARSED = {kind: tuple(f"raw_{name}{kind}" for name in steps.DATASETS) for kind in ("", "_bulk")}
SETTINGS = {
    "KAIROS_VENDOR": "sharadar",
    "NASDAQ_DATA_LINK_API_KEY": SANDBOX_KEY,
    "EXPORT_POLL_S": "0.02",
    "SHARADAR_MIN_TICKERS": "10",
    "HOLDOUT_SESSIONS": "20",
    "STRAT_TOP_K": "4",
}


@dataclass
class TickingClock:
    """Begins at an instant and goes on by a second and a bit each time it is asked."""

    instant: datetime

    def now(self) -> datetime:
        """Return the next instant."""
        self.instant += timedelta(milliseconds=1370)
        return self.instant


@contextmanager
def at_home(folder: Path, **settings: str) -> Iterator[pytest.MonkeyPatch]:
    """Make `folder` the home of this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("KAIROS_", "NASDAQ_", "UNIVERSE_", "STRAT_", "HOLDOUT_"))]:
            patch.delenv(name)
        for name, value in {**SETTINGS, "KAIROS_HOME": str(folder), **settings}.items():
            patch.setenv(name, value)
        yield patch


def silent() -> Progress:
    """Progress that nobody sees."""
    return Progress(Console(file=StringIO()))


@dataclass
class LivedHome:
    """A home that lives through a story.

    Attributes:
        folder: KAIROS_HOME.
        market: What the vendor has.
        ticking: Whether each payload of a pull has an instant of its own.
        seen: What the prices were, with the instant, after each operation that no check held up.
        held_up: What checks said of operations that they held up, by number.
    """

    folder: Path
    market: Market
    ticking: bool = False
    seen: list[tuple[datetime, Frame]] = field(default_factory=list)
    held_up: dict[int, str] = field(default_factory=dict)
    _count: int = 0
    _last: datetime | None = None

    @property
    def warehouse(self) -> Warehouse:
        """Its tables."""
        return Warehouse(self.folder / "warehouse")

    def live(self, op: Op) -> None:
        """Do one thing of the story; a session that is missing in between may hold its year up."""
        start = op.now if self._last is None else max(op.now, self._last)
        clock: Any = TickingClock(start) if self.ticking else FixedClock(op.now)
        with (
            VendorServer(self.market, FixedClock(op.now)) as server,
            at_home(self.folder, NASDAQ_DATA_LINK_BASE_URL=server.base_url, KAIROS_NOW=op.now.isoformat()) as patch,
        ):
            if self.ticking:
                patch.setattr(Platform, "clock", property(lambda _: clock))
            try:
                {"export": self._export, "pull": self._pull, "file": self._file, "derive": self._derive}[op.kind](op)
            except RunFailedError as error:
                if "sessions_complete" not in str(error):
                    raise
                self.held_up[self._count] = str(error)
        self._last = clock.instant
        if self._count not in self.held_up:
            self.seen.append((clock.instant, self.warehouse.read(SEP_BASE)))
        self._count += 1

    def _export(self, _: Op) -> None:
        materialise(load_settings(), RAW_BULK, progress=silent())
        refresh()

    def _pull(self, op: Op) -> None:
        first, last = op.days
        steps.daily_download_step(first.isoformat(), last.isoformat(), progress=silent())

    def _file(self, op: Op) -> None:
        view = VendorView(self.market, known_session(self.market, op.now))
        rows = view.rows("SEP").filter(pl.col("date").is_between(*op.days)).sort("ticker", "date").collect()
        for number in range(op.times):
            file = self.folder / f"prices_{self._count}_{number}.csv"
            rows.write_csv(file)
            steps.import_step([file], dataset="sep", mapping="", source=op.source, progress=silent())
        steps.features_step(steps.CORE_FEATURES, progress=silent())

    def _derive(self, _: Op) -> None:
        derive(self.folder / "scores.csv")


def derive(scores: Path, *, keep_scores: bool = False) -> None:
    """Decide the universe year and build all that follows from it, simulated on scores of no meaning."""
    steps.universe_step(UNIVERSE_YEAR)
    steps.matrix_step(UNIVERSE_YEAR, features="core")
    steps.targets_step(UNIVERSE_YEAR)
    if not keep_scores:
        _made_up_scores(Warehouse(load_settings().warehouse).read(FEAT_MATRIX_TARGETS)).write_csv(scores)
    steps.simulate_step(UNIVERSE_YEAR, tag="story", model="", pred_file=scores, k=4, cost_bps=None, horizon=5)


def _made_up_scores(matrix: Frame) -> Frame:
    named = matrix.select(pl.col("session").alias("date"), "ticker")
    digests = [sha256(f"{day}|{ticker}".encode()).digest() for day, ticker in named.rows()]
    return named.with_columns(y_pred=pl.Series([int.from_bytes(digest[:4]) / 2**32 - 0.5 for digest in digests]))


def refresh() -> None:
    """Build every year's market and feature tables in one run, as a person would in the UI."""
    settings = load_settings()
    materialise(
        settings, (*steps.MARKET, *steps.CORE_FEATURES), progress=silent(), partitions=steps.years_with_raw_prices(settings)
    )


def rebuilt(lived: Path, folder: Path) -> Path:
    """Return a home whose raw, market and feature tables come from the payloads of another, and from nothing else."""
    kept = Warehouse(lived / "warehouse").read(RAW_PAYLOADS)
    shutil.copytree(lived / "payloads", folder / "payloads", copy_function=os.link)
    Warehouse(folder / "warehouse").append_new(RAW_PAYLOADS, kept.reverse(), commit=BY)
    with at_home(folder):
        settings = load_settings()
        materialise(settings, PARSED["_bulk"], progress=silent())
        days = kept["session"].drop_nulls()
        if days.len():
            materialise(settings, PARSED[""], progress=silent(), partitions=_keys(days))
        refresh()
    return folder


def _keys(days: pl.Series) -> list[str]:
    first, last = days.min(), days.max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    return [day.isoformat() for day in sessions_between(first, last)]


def derived_alike(lived: Path, folder: Path) -> None:
    """Build in a rebuilt home what follows from the universe year, with the records of the home that lived."""
    for table in RECORDS:
        Warehouse(folder / "warehouse").append_new(table, Warehouse(lived / "warehouse").read(table), commit=BY)
    with at_home(folder):
        derive(lived / "scores.csv", keep_scores=True)


def all_tables(folder: Path, *, ticking: bool) -> dict[str, Frame]:
    """Every table that holds rows, receipts included where each has an instant of its own; rows in an order of their own."""
    warehouse = Warehouse(folder / "warehouse")
    frames = {name: warehouse.read(table).drop(*RUN_METADATA, strict=False) for name, table in TABLES.items()}
    return {name: comparable(frame, ticking=ticking).sort(pl.all()) for name, frame in frames.items() if frame.height}


def assert_up_to_date(home: LivedHome) -> None:
    """The tables are what the raw tables give, whatever was built when."""
    built_sets = tuple(CORE_SETS.values())
    expected_tables = market_tables(raw_rows(home.warehouse), years=years_loaded(home.warehouse), sets=built_sets)
    for name, made in expected_tables.items():
        table = TABLES[name]
        frames = (home.warehouse.read(table), table.conform(made).sort(table.key))
        built, expected = (comparable(frame, ticking=home.ticking) for frame in frames)
        try:
            assert_frame_equal(built, expected, check_exact=True)
        except AssertionError as difference:
            raise AssertionError(f"{name} is not what the raw tables give; {difference}") from None


def assert_seen_again(home: LivedHome) -> None:
    """What the prices were after each operation is what they are now said to have been at that instant.

    Two things are different by right. Sessions loaded later count as known when they were published, if they were not
    seen before. A price that showed itself wrong later is set aside for all times.
    """
    rejected = home.warehouse.read(QUARANTINE).filter(writer="sep_versions").select("payload_id", "row")
    for instant, then in {instant: (instant, prices) for instant, prices in home.seen}.values():
        now = home.warehouse.as_of(SEP_BASE, instant).filter(pl.col("fetched_at") <= instant)
        kept = then.join(rejected, on=["payload_id", "row"], how="anti", maintain_order="left")
        newer = kept.join(now, on=SEP_BASE.key, how="anti")
        assert newer.is_empty(), f"as of {instant}: {newer.height} price(s) are gone, first {newer.row(0)}"
        shown = now.join(then, on=SEP_BASE.key, how="semi", maintain_order="left")
        still = kept.join(shown, on=SEP_BASE.key, how="semi", maintain_order="left")
        asked = shown.join(kept, on=SEP_BASE.key, how="semi", maintain_order="left")
        assert_frame_equal(*(comparable(frame, ticking=home.ticking) for frame in (asked, still)), check_exact=True)


def assert_same_past(one: Path, other: Path, instants: list[datetime]) -> None:
    """Both homes say the same of every instant."""
    for instant in instants:
        first, second = (Warehouse(folder / "warehouse").as_of(SEP_BASE, instant) for folder in (one, other))
        assert_frame_equal(first, second, check_exact=True)
