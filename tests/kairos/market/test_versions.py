"""What `sep_versions` keeps, sets aside and stamps."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import prices_known_at, sessions_between
from kairos.market.cleaned import no_waivers
from kairos.market.rules import VALUES
from kairos.market.versions import build_versions
from kairos.tables.market import SEP_VERSIONS
from kairos.tables.raw import QUARANTINE

DAY = date(2015, 6, 1)
NEXT = date(2015, 6, 2)
LATER = datetime(2016, 3, 1, tzinfo=UTC)


@pytest.fixture
def known(raw_tickers):
    names = ["AAA", "BBB", "CCC"]
    return raw_tickers([{"ticker": name, "permaticker": 101 + place} for place, name in enumerate(names)])


@pytest.fixture
def build(known):
    return lambda raw, year=2015, tickers=None, waivers=None: build_versions(
        raw, known if tickers is None else tickers, year=year, waivers=no_waivers() if waivers is None else waivers
    )


def reasons(cleaned):
    return sorted(cleaned.quarantine["reason"])


def test_a_good_row_is_kept_under_its_permaticker_and_known_with_its_session(build, raw_sep, bar):
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(10.0)}]))
    row = SEP_VERSIONS.validate(found.rows).row(0, named=True)
    assert (row["permaticker"], row["session"], row["known_at"], row["known_source"]) == (
        101,
        DAY,
        prices_known_at(DAY),
        "assumed",
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ticker": "ZZZ"}, "unknown_ticker"),
        ({"date": date(2015, 7, 3)}, "not_a_session"),
        ({"close": None}, "missing_close"),
        ({"close": float("nan")}, "missing_close"),
        ({"close": 0.0}, "nonpositive_price"),
        ({"close": -1.0}, "nonpositive_price"),
    ],
)
def test_a_row_that_cannot_be_kept_is_rejected_with_its_reason(build, raw_sep, bar, change, reason):
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(10.0), **change}]))
    QUARANTINE.validate(found.quarantine)
    assert found.rows.is_empty()
    assert reasons(found) == [reason]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"open": 0.0}, ("nonpositive_price", {"open"})),
        ({"high": 0.0, "low": 0.0}, ("nonpositive_price", {"high", "low"})),
        ({"closeadj": -3.0}, ("nonpositive_price", {"closeadj"})),
        ({"volume": -5.0}, ("negative_volume", {"volume"})),
        ({"high": 9.0}, ("ohlc_order", {"open", "high", "low"})),
        ({"low": 11.0}, ("ohlc_order", {"open", "high", "low"})),
        ({"open": 12.0}, ("ohlc_order", {"open"})),
    ],
)
def test_an_impossible_value_becomes_null_and_the_row_stays(build, raw_sep, bar, change, expected):
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(10.0), **change}]))
    row = found.rows.row(0, named=True)
    assert ([expected[0]], expected[1]) == (reasons(found), {name for name in VALUES if row[name] is None})


def test_single_precision_noise_breaks_no_order(build, raw_sep, bar):
    close = float(np.float32(442.92))
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(close), "high": close * (1 - 1e-7)}]))
    assert reasons(found) == []


def test_of_two_equal_rows_of_a_payload_one_is_kept(build, raw_sep, bar):
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(10.0)}] * 2))
    assert (found.rows.height, reasons(found)) == (1, ["duplicate_row"])


def test_what_two_overlapping_pulls_of_one_instant_both_say_is_no_fault(build, raw_sep, bar):
    row = {"ticker": "AAA", "date": DAY, **bar(10.0)}
    found = build(raw_sep([row, {**row, "payload_id": "q"}]))
    assert (found.rows.height, found.repeated, reasons(found)) == (1, 1, [])


def test_a_row_that_a_payload_says_twice_is_one_fault_however_many_others_say_it(build, raw_sep, bar):
    row = {"ticker": "AAA", "date": DAY, **bar(10.0)}
    found = build(raw_sep([row, row, {**row, "payload_id": "q"}]))
    assert (found.rows.height, found.repeated, reasons(found)) == (1, 1, ["duplicate_row"])


def test_of_two_differing_rows_of_a_payload_none_is_kept(build, raw_sep, bar):
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(10.0), "volume": volume} for volume in (5.0, 6.0)]))
    assert (found.rows.height, reasons(found)) == (0, ["conflicting_duplicate"] * 2)


def test_a_repeated_delivery_makes_no_version(build, raw_sep, bar):
    row = {"ticker": "AAA", "date": DAY, **bar(10.0)}
    found = build(raw_sep([row, {**row, "fetched_at": LATER, "payload_id": "q"}]))
    assert (found.rows.height, found.repeated, reasons(found)) == (1, 1, [])


def test_a_changed_delivery_is_a_version_known_from_its_receipt(build, raw_sep, bar):
    row = {"ticker": "AAA", "date": DAY, **bar(10.0)}
    found = build(raw_sep([row, {**row, "closeadj": 9.9, "fetched_at": LATER, "payload_id": "q"}])).rows
    assert found.select("known_at", "known_source").rows() == [(prices_known_at(DAY), "assumed"), (LATER, "observed")]


@pytest.mark.parametrize("wrong", [{"close": None}, {"closeunadj": 30.0, "high": 30.0, "close": 30.0}])
def test_what_corrects_a_row_that_was_set_aside_is_known_from_its_receipt(build, raw_sep, bar, wrong):
    days = sessions_between(date(2015, 5, 1), date(2015, 6, 30))
    rows = [{"ticker": "AAA", "date": day, **bar(10.0)} for day in days]
    rows = [{**row, "closeunadj": 10.0, **(wrong if row["date"] == DAY else {})} for row in rows]
    corrected = {"ticker": "AAA", "date": DAY, **bar(10.0), "closeunadj": 10.0, "fetched_at": LATER, "payload_id": "q"}
    found = build(raw_sep([*rows, corrected])).rows.filter(pl.col("session") == DAY)
    assert found.select("known_at", "known_source").rows() == [(LATER, "observed")]


def test_two_deliveries_before_the_publication_get_different_instants(build, raw_sep, bar):
    morning = datetime(2015, 6, 1, 15, tzinfo=UTC)
    rows = [
        {
            "ticker": "AAA",
            "date": DAY,
            **bar(10.0 + hour),
            "fetched_at": morning + timedelta(hours=hour),
            "payload_id": str(hour),
        }
        for hour in range(3)
    ]
    found = SEP_VERSIONS.validate(build(raw_sep(rows)).rows)
    assert found["close"].to_list() == [10.0, 11.0, 12.0]
    assert found["known_at"].is_sorted()
    assert found["known_at"].n_unique() == 3


def test_a_file_collected_live_is_known_from_its_receipt(build, raw_sep, bar):
    noon = datetime(2015, 6, 2, 12, tzinfo=UTC)
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(10.0)}], source="drops", fetched_at=noon)).rows
    assert found.select("known_at", "known_source").row(0) == (noon, "observed")


def test_a_file_of_history_is_assumed_known_with_its_sessions(build, raw_sep, bar):
    found = build(raw_sep([{"ticker": "AAA", "date": DAY, **bar(10.0)}], source="file")).rows
    assert found.select("known_at", "known_source").row(0) == (prices_known_at(DAY), "assumed")
    assert found["permaticker"][0] >= 10**12


def messy(raw_sep, bar, seed):
    """Deliveries with every fault, the year's edges included."""
    rng = np.random.default_rng(seed)
    sessions = sessions_between(date(2014, 12, 20), date(2016, 1, 12))
    rows = []
    for payload in range(4):
        stamp = {"payload_id": f"p{payload}", "fetched_at": datetime(2016, 2, 1 + payload, tzinfo=UTC)}
        for ticker in ("AAA", "BBB", "ZZZ"):
            for session in sessions:
                close = float(np.round(10 + rng.integers(0, 2) * rng.random(), 2)) * (3.0 if rng.random() < 0.01 else 1.0)
                row = {"ticker": ticker, "date": session, **bar(close), **stamp}
                row |= (
                    {}
                    if rng.random() < 0.95
                    else {str(rng.choice(["open", "close", "volume", "high"])): float(rng.integers(-1, 2))}
                )
                rows.extend([row] * (2 if rng.random() < 0.02 else 1))
        rows.append({"ticker": "AAA", "date": date(2015, 7, 4), **bar(1.0), **stamp})
    return raw_sep(rows)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_vanishes(build, raw_sep, bar, seed):
    raw = messy(raw_sep, bar, seed)
    found = build(raw)
    QUARANTINE.validate(found.quarantine)
    SEP_VERSIONS.validate(found.rows)
    assert raw.filter(pl.col("date").dt.year() == 2015).height == found.rows.height + found.rejected + found.repeated
    assert found.rejected
    assert found.repeated


def test_the_order_of_arrival_in_the_frame_is_of_no_account(build, raw_sep, bar):
    raw = messy(raw_sep, bar, 4)
    one, other = build(raw), build(raw.sample(fraction=1.0, shuffle=True, seed=1))
    assert_frame_equal(one.rows, other.rows)
    assert_frame_equal(one.quarantine, other.quarantine, check_row_order=False)


def test_a_corrected_bad_print_leaves_only_its_correction(build, raw_sep, bar):
    days = sessions_between(date(2015, 5, 1), date(2015, 7, 31))
    closes = {day: 10.0 + 0.05 * (place % 3) for place, day in enumerate(days)} | {DAY: 100.0}
    first = [{"ticker": "AAA", "date": day, **bar(close)} for day, close in closes.items()]
    mended = {"ticker": "AAA", "date": DAY, **bar(10.0), "fetched_at": LATER, "payload_id": "q"}
    found = build(raw_sep([*first, mended]))
    assert reasons(found) == ["bad_print"]
    assert found.rows.filter(pl.col("session") == DAY)["close"].to_list() == [10.0]


def test_a_waiver_lets_a_row_through_by_name(build, raw_sep, bar):
    days = sessions_between(date(2015, 5, 1), date(2015, 7, 31))
    raw = raw_sep([{"ticker": "AAA", "date": day, **bar(100.0 if day == DAY else 10.0)} for day in days])
    waiver = pl.DataFrame({"ticker": ["AAA"], "session": [DAY], "reason": ["bad_print"]})
    assert reasons(build(raw)) == ["bad_print"]
    assert reasons(build(raw, waivers=waiver)) == []
    assert reasons(build(raw, waivers=waiver.with_columns(session=pl.lit(NEXT)))) == ["bad_print"]
