from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.tables.market import MV_LIQUIDITY_60D, SEP_BASE
from kairos.tables.raw import RAW_PAYLOADS, RAW_SEP
from kairos.warehouse.commit import Commit
from resources.platform import Platform
from resources.table_io import TableIO, TableIOManager

BY = Commit("test")


@pytest.fixture
def platform(tmp_path, monkeypatch):
    monkeypatch.setenv("KAIROS_NOW", "2019-01-01T00:30:00+00:00")
    return Platform(home=str(tmp_path / "home"))


@pytest.fixture
def table_io(platform):
    return TableIO(platform=platform)


@pytest.fixture
def manager(table_io):
    return TableIOManager(table_io=table_io)


@pytest.fixture
def fill(platform):
    """Write small partitions: liquidity or prices of years, raw prices of days, payloads of sessions."""

    class Fill:
        def liquidity(self, *years, value=1.0):
            for year in years:
                rows = liquidity_rows([date(year, 6, 3), date(year, 6, 4)], value=value)
                platform.warehouse.replace(MV_LIQUIDITY_60D, rows, partition={"year": year}, commit=BY)

        def prices(self, *years):
            for year in years:
                platform.warehouse.replace(SEP_BASE, price_rows([date(year, 6, 3)]), partition={"year": year}, commit=BY)

        def raw_prices(self, *days):
            platform.warehouse.append_new(RAW_SEP, raw_rows(days), commit=BY)

        def payloads(self, *sessions):
            platform.warehouse.append_new(RAW_PAYLOADS, payload_rows(sessions), commit=BY)

    return Fill()


def liquidity_rows(days, *, value=1.0):
    return MV_LIQUIDITY_60D.conform(
        pl.DataFrame(
            {
                "permaticker": 7,
                "session": days,
                "avg_dollar_vol_60d": value,
                "median_dollar_vol_60d": value,
                "zero_volume_days_60d": 0,
            }
        )
    )


def price_rows(days):
    seen = {"known_at": datetime(2018, 1, 1, tzinfo=UTC), "fetched_at": datetime(2018, 1, 1, tzinfo=UTC)}
    filled = {"ticker": "A", "close": 10.0, "source": "t", "known_source": "observed", "payload_id": "p", "row": 0, **seen}
    empty = {name: pl.Series([None], dtype=dtype) for name, dtype in SEP_BASE.dtypes.items()}
    return SEP_BASE.conform(
        pl.DataFrame({**empty, "permaticker": 7, **filled}).drop("session").join(pl.DataFrame({"session": days}), how="cross")
    )


def raw_rows(days):
    seen = {"fetched_at": datetime(2018, 1, 1, tzinfo=UTC), "received_year": 2018}
    bare = dict.fromkeys(("open", "high", "low", "volume", "closeadj", "closeunadj", "lastupdated"))
    rows = [
        {"payload_id": f"p{day}", "row": 0, "source": "t", "ticker": "A", "date": day, "close": 10.0, **seen, **bare}
        for day in days
    ]
    return RAW_SEP.conform(pl.DataFrame(rows))


def payload_rows(sessions):
    seen = {"fetched_at": datetime(2018, 1, 1, tzinfo=UTC), "received_year": 2018}
    rows = [
        {"payload_id": f"p{day}", "sha256": "s", "source": "t", "dataset": "sep", "session": day, "request": "r", **seen}
        | {"bytes": 1, "rows": 1, "rejected": 0, "path": f"payloads/{day}"}
        for day in sessions
    ]
    return RAW_PAYLOADS.conform(pl.DataFrame(rows))
