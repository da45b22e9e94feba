"""When two homes are equal: the same rows by key, with the same values in all columns but receipt and run metadata."""

from pathlib import Path

import polars as pl
from polars.testing import assert_frame_equal

from kairos.frames import Frame
from kairos.tables.registry import TABLES
from kairos.warehouse.store import Warehouse

RECEIPT = ("fetched_at", "payload_id")  # when a row came and in which delivery
RUN_METADATA = ("run_id", "artifact", "reads", "created_at", "first_seen", "at")  # who wrote it, when, from which versions


def contents(folder: Path) -> dict[str, Frame]:
    """Every table of a home that holds rows, in an order of its own values."""
    warehouse = Warehouse(folder / "warehouse")
    frames = {name: warehouse.read(table).drop(*RECEIPT, *RUN_METADATA, strict=False) for name, table in TABLES.items()}
    return {name: frame.sort(pl.all()) for name, frame in frames.items() if frame.height}


def assert_equal_homes(one: Path, other: Path) -> None:
    """Bit for bit: no tolerance, and a value that is missing equals only one that is missing."""
    assert_equal_contents(contents(one), contents(other))


def assert_equal_contents(one: dict[str, Frame], other: dict[str, Frame]) -> None:
    assert sorted(one) == sorted(other)
    for name, frame in one.items():
        try:
            assert_frame_equal(frame, other[name], check_exact=True)
        except AssertionError as difference:
            raise AssertionError(f"{name}: {frame.height} and {other[name].height} row(s); {difference}") from None
