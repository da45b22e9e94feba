"""Captures say by their name what they are and when they came."""

from datetime import UTC, datetime

import pytest

from kairos.errors import SourceError
from kairos.sources.captures import read_captures


def test_a_capture_is_a_payload_of_the_instant_in_its_name(tmp_path):
    (tmp_path / "fmp_rating_2014-03-07T223000Z.csv").write_text("symbol,rating\nA,B\n")
    (tmp_path / "sf1_2014-03-07T223000Z.csv").write_text("ticker\nA\n")
    rating, sf1 = read_captures([tmp_path])
    assert (rating.source, rating.dataset, rating.fetched_at) == ("fmp", "fmp_rating", datetime(2014, 3, 7, 22, 30, tzinfo=UTC))
    assert rating.content == b"symbol,rating\nA,B\n"
    assert (sf1.source, sf1.dataset) == ("sharadar", "sf1")


def test_the_same_bytes_captured_again_are_another_payload(tmp_path):
    for stamp in ("2014-03-07T223000Z", "2014-03-14T223000Z"):
        (tmp_path / f"fmp_rating_{stamp}.csv").write_text("symbol,rating\nA,B\n")
    first, second = read_captures([tmp_path])
    assert first.payload_id != second.payload_id


@pytest.mark.parametrize(
    "name", ["ratings.csv", "fmp_rating_2014-03-07.csv", "fmp_rating_2014-13-07T223000Z.csv", "x_2014-03-07T223000Z.csv"]
)
def test_a_file_whose_name_does_not_say_it_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text("symbol\nA\n")
    with pytest.raises(SourceError, match=f"{name}.*expected"):
        list(read_captures([tmp_path / name]))


def test_an_unknown_dataset_is_refused(tmp_path):
    (tmp_path / "fmp_weather_2014-03-07T223000Z.csv").write_text("symbol\nA\n")
    with pytest.raises(SourceError, match="fmp_weather"):
        list(read_captures([tmp_path]))
