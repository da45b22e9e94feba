"""What the warehouse promises: atomic partitions, every version readable, nothing written that breaks its contract."""

import threading
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.errors import CalendarError, ContractError, NotFoundError, WarehouseError
from kairos.market.base import latest_versions
from kairos.tables.market import MV_LIQUIDITY_60D, SEP_BASE, SEP_VERSIONS
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse

BY = Commit("test", run_id="r1", partition="2014", reads={"tickers": 3})


def liquidity(session: date, ids: list[int], value: float = 1.0) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "permaticker": ids,
            "session": [session] * len(ids),
            "avg_dollar_vol_60d": [value] * len(ids),
            "median_dollar_vol_60d": [value] * len(ids),
            "zero_volume_days_60d": [0] * len(ids),
        }
    )


def version_row(known: datetime, close: float) -> dict[str, object]:
    return {
        "permaticker": 1,
        "session": date(2014, 1, 2),
        "ticker": "A",
        "open": None,
        "high": None,
        "low": None,
        "close": close,
        "volume": 1.0,
        "closeadj": None,
        "closeunadj": None,
        "lastupdated": None,
        "source": "sharadar",
        "known_at": known,
        "known_source": "observed",
        "fetched_at": known,
        "payload_id": "p",
        "row": 0,
    }


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse")


def test_replacing_a_partition_leaves_the_others_alone(warehouse):
    for year in (2014, 2015):
        warehouse.replace(MV_LIQUIDITY_60D, liquidity(date(year, 1, 5), [1, 2]), partition={"year": year}, commit=BY)
    warehouse.replace(MV_LIQUIDITY_60D, liquidity(date(2015, 1, 5), [3]), partition={"year": 2015}, commit=BY)
    rows = warehouse.read(MV_LIQUIDITY_60D)
    assert rows.select("permaticker", pl.col("session").dt.year()).rows() == [(1, 2014), (2, 2014), (3, 2015)]


def test_an_empty_frame_is_a_recorded_partition(warehouse):
    warehouse.replace(MV_LIQUIDITY_60D, liquidity(date(2014, 1, 6), [1]), partition={"year": 2014}, commit=BY)
    warehouse.replace(MV_LIQUIDITY_60D, MV_LIQUIDITY_60D.empty(), partition={"year": 2014}, commit=BY)
    assert warehouse.read(MV_LIQUIDITY_60D).height == 0
    assert len(warehouse.history(MV_LIQUIDITY_60D)) == 2


def test_an_old_version_reads_as_it_was(warehouse):
    first = warehouse.replace(MV_LIQUIDITY_60D, liquidity(date(2014, 1, 6), [1]), partition={"year": 2014}, commit=BY)
    warehouse.replace(MV_LIQUIDITY_60D, liquidity(date(2014, 1, 6), [1], 9.0), partition={"year": 2014}, commit=BY)
    assert warehouse.read(MV_LIQUIDITY_60D, version=first)["avg_dollar_vol_60d"].to_list() == [1.0]


def test_a_commit_tells_who_wrote_it_from_what(warehouse):
    warehouse.replace(MV_LIQUIDITY_60D, liquidity(date(2014, 1, 6), [1]), partition={"year": 2014}, commit=BY)
    [(_, commit)] = warehouse.history(MV_LIQUIDITY_60D)
    assert commit == BY


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.with_columns(avg_dollar_vol_60d=pl.lit(-1.0)), "avg_dollar_vol_60d"),
        (lambda f: f.drop("session"), "missing column"),
        (lambda f: pl.concat([f, f]), "more than once"),
        (lambda f: f.with_columns(zero_volume_days_60d=pl.lit(None, pl.Int64)), "zero_volume_days_60d"),
    ],
)
def test_rows_that_break_the_contract_are_not_written(warehouse, spoil, message):
    good = liquidity(date(2014, 1, 6), [1])
    warehouse.replace(MV_LIQUIDITY_60D, good, partition={"year": 2014}, commit=BY)
    with pytest.raises(ContractError, match=message):
        warehouse.replace(MV_LIQUIDITY_60D, spoil(good), partition={"year": 2014}, commit=BY)
    assert_frame_equal(warehouse.read(MV_LIQUIDITY_60D), good)


def test_rows_outside_the_partition_are_refused(warehouse):
    with pytest.raises(WarehouseError, match="outside year=2015"):
        warehouse.replace(MV_LIQUIDITY_60D, liquidity(date(2014, 1, 6), [1]), partition={"year": 2015}, commit=BY)


def test_columns_are_stored_by_name_never_by_position(warehouse):
    frame = liquidity(date(2014, 1, 6), [1]).with_columns(median_dollar_vol_60d=pl.lit(5.0))
    warehouse.replace(MV_LIQUIDITY_60D, frame.select(reversed(frame.columns)), partition={"year": 2014}, commit=BY)
    assert_frame_equal(warehouse.read(MV_LIQUIDITY_60D), frame)


def payload(name: str) -> pl.DataFrame:
    at = datetime(2014, 1, 2, tzinfo=UTC)
    row = dict.fromkeys(RAW_PAYLOADS.columns) | {
        "payload_id": name, "sha256": "x", "source": "s", "dataset": "sep", "request": "r", "bytes": 1,
        "rows": 1, "rejected": 0, "path": "p", "fetched_at": at, "received_year": 2014,
    }  # fmt: skip
    return pl.DataFrame([row], schema=RAW_PAYLOADS.dtypes)


def test_a_payload_that_comes_twice_is_kept_once(warehouse):
    added = [warehouse.append_new(RAW_PAYLOADS, payload(name), commit=BY) for name in ("a", "b", "a")]
    assert added == [1, 1, 0]
    assert warehouse.read(RAW_PAYLOADS)["payload_id"].to_list() == ["a", "b"]


def test_as_of_shows_nothing_that_was_not_known(warehouse):
    start = datetime(2014, 1, 2, 22, tzinfo=UTC)
    rows = pl.DataFrame([version_row(start + timedelta(days=n), 10.0 + n) for n in range(3)], schema=SEP_VERSIONS.dtypes)
    warehouse.replace(SEP_VERSIONS, rows, partition={"year": 2014}, commit=BY)
    closes = [
        warehouse.as_of(SEP_BASE, start + timedelta(days=n, hours=hours))["close"].to_list()
        for n, hours in ((0, -1), (0, 0), (1, 5), (9, 0))
    ]
    assert closes == [[], [10.0], [11.0], [12.0]]


def test_as_of_the_end_is_the_newest_version_of_every_key(warehouse):
    start = datetime(2014, 1, 2, 22, tzinfo=UTC)
    rows = [version_row(start + timedelta(days=n), 10.0 + n) | {"permaticker": name} for name in (1, 2) for n in range(name)]
    frame = pl.DataFrame(rows, schema=SEP_VERSIONS.dtypes)
    warehouse.replace(SEP_VERSIONS, frame, partition={"year": 2014}, commit=BY)
    assert_frame_equal(warehouse.as_of(SEP_BASE, datetime(2030, 1, 1, tzinfo=UTC)), latest_versions(frame))


def test_an_instant_without_a_zone_is_refused(warehouse):
    with pytest.raises(CalendarError, match="has no time zone"):
        warehouse.as_of(SEP_BASE, datetime(2015, 6, 2))


def test_a_table_that_does_not_say_when_it_was_known_has_no_past(warehouse):
    with pytest.raises(NotFoundError, match="mv_liquidity_60d: its rows carry no known_at"):
        warehouse.as_of(MV_LIQUIDITY_60D, datetime(2015, 6, 2, tzinfo=UTC))


def test_writers_of_different_partitions_lose_nothing(warehouse):
    years = range(2001, 2009)
    failures: list[Exception] = []

    def write(year: int) -> None:
        try:
            for turn in range(3):
                frame = liquidity(date(year, 1, 8), [1, 2], float(turn))
                warehouse.replace(MV_LIQUIDITY_60D, frame, partition={"year": year}, commit=BY)
        except WarehouseError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(year,)) for year in years]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert warehouse.read(MV_LIQUIDITY_60D)["avg_dollar_vol_60d"].to_list() == [2.0] * 16


def test_every_table_can_be_written_empty_and_read_back(warehouse):
    for table in TABLES.values():
        warehouse.replace(table, table.empty(), partition={}, commit=BY)
        assert_frame_equal(warehouse.read(table), table.empty())
