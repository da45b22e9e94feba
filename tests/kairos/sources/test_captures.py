"""An archive of captures: every file says by its name what it is and when it came."""

from datetime import UTC, datetime

import pytest

from kairos.calendar import FixedClock
from kairos.errors import SourceError
from kairos.sources.captures import read_captures

CLOCK = FixedClock(datetime(2020, 1, 1, tzinfo=UTC))
RATING = "symbol,rating,overallScore\nA,B,3\n"
SF1 = "ticker,dimension,calendardate,datekey,reportperiod\nA,ARQ,2013-12-31,2014-02-10,2013-12-31\n"


def read(folder):
    return {dataset: list(payloads) for dataset, payloads in read_captures([folder], clock=CLOCK)}


def test_captures_are_payloads_of_their_dataset_and_of_the_instant_in_their_name(tmp_path):
    (tmp_path / "fmp_rating_2014-03-07T223000Z.csv").write_text(RATING)
    (tmp_path / "sf1_2014-03-08T223000Z.csv").write_text(SF1)
    found = read(tmp_path)
    assert list(found) == ["fmp_rating", "sf1"]
    [rating], [sf1] = found.values()
    assert (rating.source, rating.dataset, rating.fetched_at) == ("fmp", "fmp_rating", datetime(2014, 3, 7, 22, 30, tzinfo=UTC))
    assert rating.content == RATING.encode()
    assert (sf1.source, sf1.fetched_at) == ("sharadar", datetime(2014, 3, 8, 22, 30, tzinfo=UTC))


def test_the_same_bytes_captured_again_are_another_payload(tmp_path):
    for stamp in ("2014-03-07T223000Z", "2014-03-14T223000Z"):
        (tmp_path / f"fmp_rating_{stamp}.csv").write_text(RATING)
    [[first, second]] = read(tmp_path).values()
    assert first.payload_id != second.payload_id
    assert first.fetched_at < second.fetched_at


@pytest.mark.parametrize(
    "name", ["ratings.csv", "fmp_rating_2014-03-07.csv", "fmp_weather_2014-03-07T223000Z.csv", "sep_2014-03-07T223000Z.csv"]
)
def test_a_file_whose_name_does_not_say_it_is_refused_by_name(tmp_path, name):
    (tmp_path / name).write_text(RATING)
    with pytest.raises(SourceError, match=f"{name}.*expected"):
        read(tmp_path)


def test_a_stamp_that_is_no_instant_is_refused(tmp_path):
    (tmp_path / "fmp_rating_2014-13-07T223000Z.csv").write_text(RATING)
    with pytest.raises(SourceError, match="no instant"):
        read(tmp_path)
