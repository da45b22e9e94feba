"""Stamps are read by the offset that they bear, others as New York's."""

from datetime import UTC, datetime

import polars as pl
import pytest

from kairos.fundamentals.instants import eastern, told_instant

NINE = datetime(2018, 5, 2, 20, 31, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "stamp",
    [
        "2018-05-02 20:31:05+00:00",
        "2018-05-02T20:31:05Z",
        "2018-05-02 20:31:05 UTC",
        "2018-05-02 16:31:05-0400",
        "2018-05-02T16:31:05.000 -04:00",
        " 2018-05-03 01:31:05+05:00 ",
        "2018-05-02 16:31:05",
        "2018-05-02T16:31:05.0",
    ],
)
def test_a_stamp_means_one_instant_however_it_is_written(stamp):
    assert pl.DataFrame({"at": [stamp]}).select(told_instant("at")).item() == NINE


@pytest.mark.parametrize("stamp", ["2018-05-02", "yesterday", "2018-05-02 25:00:00", "2018-05-02 16:31", None])
def test_what_is_no_instant_is_null(stamp):
    assert pl.DataFrame({"at": [stamp]}, schema={"at": pl.String}).select(told_instant("at")).item() is None


def test_a_stamp_without_an_offset_is_new_yorks_on_both_sides_of_the_clocks_change():
    stamps = pl.DataFrame({"at": ["2018-03-09 12:00:00", "2018-03-12 12:00:00", "2018-11-04 01:30:00", "2018-03-11 02:30:00"]})
    assert stamps.select(told_instant("at")).to_series().to_list() == stamps.select(eastern("at")).to_series().to_list()
    assert stamps.select(told_instant("at")).to_series().dt.hour().to_list() == [17, 16, 6, None]
