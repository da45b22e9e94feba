"""Total returns: hand-computed, appended once, and blind to later re-adjustments."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kairos.calendar import prices_known_at
from kairos.market.returns import daily_returns
from kairos.tables.market import ACTIONS, DAILY_RETURNS, SEP_VERSIONS

D1, D2, D3, D4 = date(2015, 6, 1), date(2015, 6, 2), date(2015, 6, 3), date(2015, 6, 4)


@pytest.fixture
def build(tickers_of, sessions_of):
    def run(versions, actions=None, tickers=None, **more):
        found = daily_returns(
            versions,
            ACTIONS.empty() if actions is None else actions,
            tickers_of([{}]) if tickers is None else tickers,
            year=2015,
            **{"sessions_loaded": sessions_of(2014, 2015), **more},
        )
        DAILY_RETURNS.validate(found.rows)
        return found

    return run


def test_a_plain_day_is_the_ratio_of_closes(build, versions_of):
    rows = build(versions_of([{"session": D1, "close": 10.0}, {"session": D2, "close": 10.5}])).rows
    assert rows["ret_source"].to_list() == ["first", "actions"]
    assert rows["ret_cc"].to_list() == [None, pytest.approx(0.05)]


def test_a_dividend_and_a_split_make_the_total_return(build, versions_of, actions_of):
    # 100 -> 99 with 2.00 paid; then 99 -> 33.5 after three for one: 100.5 for what was 99
    versions = versions_of([{"session": D1, "close": 100.0}, {"session": D2, "close": 99.0}, {"session": D3, "close": 33.5}])
    actions = actions_of(
        [{"session": D2, "action": "dividend", "value": 2.0}, {"session": D3, "action": "split", "value": 3.0}]
    )
    found = build(versions, actions).rows["ret_cc"].to_list()
    assert found == [None, pytest.approx(101 / 100 - 1), pytest.approx(100.5 / 99 - 1)]


def test_a_split_and_a_dividend_on_one_day_count_per_old_share(build, versions_of, actions_of):
    versions = versions_of([{"session": D1, "close": 100.0}, {"session": D2, "close": 51.0}])
    actions = actions_of(
        [{"session": D2, "action": "dividend", "value": 2.0}, {"session": D2, "action": "split", "value": 2.0}]
    )
    assert build(versions, actions).rows["ret_cc"][1] == pytest.approx((51 * 2 + 2) / 100 - 1)


def test_the_night_and_the_day_make_the_whole(build, versions_of, actions_of):
    versions = versions_of(
        [
            {"session": D1, "close": 100.0},
            {"session": D2, "close": 99.0, "open": 97.0},
            {"session": D3, "close": 98.0, "open": None},
        ]
    )
    rows = build(versions, actions_of([{"session": D2, "action": "dividend", "value": 2.0}])).rows
    assert rows["ret_oc"].to_list() == [pytest.approx(0.0), pytest.approx(99 / 97 - 1), 0.0]
    whole = (1 + rows["ret_co"]) * (1 + rows["ret_oc"]) - 1
    assert whole.to_list()[1:] == pytest.approx(rows["ret_cc"].to_list()[1:])
    assert rows["ret_co"][2] == rows["ret_cc"][2]


def test_the_bar_and_its_dollars_are_kept_as_ratios(build, versions_of):
    row = build(versions_of([{"session": D1, "close": 10.0, "high": 11.0, "low": 9.0, "volume": 50.0}])).rows.row(0, named=True)
    assert (row["high_to_close"], row["low_to_close"], row["dollar_volume"]) == (pytest.approx(0.1), pytest.approx(-0.1), 500.0)


def test_the_return_after_a_halt_spans_it_and_takes_its_dividends(build, versions_of, actions_of):
    versions = versions_of([{"session": D1, "close": 10.0}, {"session": D4, "close": 9.0}])
    rows = build(versions, actions_of([{"session": D2, "action": "dividend", "value": 0.5}])).rows
    assert rows["ret_cc"].to_list() == [None, pytest.approx(9.5 / 10 - 1)]


def test_the_year_before_gives_the_first_return_of_the_year(build, versions_of):
    versions = versions_of([{"session": date(2014, 12, 31), "close": 10.0}, {"session": date(2015, 1, 2), "close": 11.0}])
    assert build(versions).rows.select("session", "ret_cc").rows() == [(date(2015, 1, 2), pytest.approx(0.1))]


def test_a_file_goes_by_closeadj_of_one_delivery(build, versions_of, tickers_of):
    day = {"payload_id": "file", "closeunadj": None}
    versions = versions_of(
        [{"session": D1, "close": 10.0, "closeadj": 9.5, **day}, {"session": D2, "close": 9.5, "closeadj": 9.5, **day}]
    )
    rows = build(versions, tickers=tickers_of([{"source": "minted"}])).rows
    assert rows.select("ret_cc", "ret_source").row(1) == (0.0, "closeadj")


def test_a_file_without_closeadj_goes_by_close(build, versions_of, tickers_of):
    day = {"payload_id": "file", "closeunadj": None, "closeadj": None}
    versions = versions_of([{"session": D1, "close": 10.0, **day}, {"session": D2, "close": 9.5, **day}])
    rows = build(versions, tickers=tickers_of([{"source": "minted"}])).rows
    assert rows.select("ret_cc", "ret_source").row(1) == (pytest.approx(-0.05), "close")


def test_closeadj_of_two_deliveries_on_two_bases_is_not_divided(build, versions_of, tickers_of):
    # the second file was adjusted for a dividend paid after both sessions
    versions = versions_of(
        [
            {"session": D1, "close": 10.0, "closeadj": 10.0, "closeunadj": None, "payload_id": "a"},
            {"session": D2, "close": 10.2, "closeadj": 9.9, "closeunadj": None, "payload_id": "b"},
        ]
    )
    rows = build(versions, tickers=tickers_of([{"source": "minted"}])).rows
    assert rows.select("ret_cc", "ret_source").row(1) == (pytest.approx(0.02), "close")


def test_an_action_that_was_not_delivered_shows_in_closeadj(build, versions_of):
    day = {"payload_id": "export"}
    versions = versions_of(
        [{"session": D1, "close": 100.0, "closeadj": 80.0, **day}, {"session": D2, "close": 81.0, "closeadj": 81.0, **day}]
    )
    assert build(versions).rows.select("ret_cc", "ret_source").row(1) == (pytest.approx(81 / 80 - 1), "closeadj")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        # recorded, but closeadj was sent before the vendor adjusted it
        (({"action": "split", "value": 2.0}, ((100.0, 50.5), (100.0, 50.5))), 0.01),
        (({"action": "dividend", "value": 2.0}, ((100.0, 98.0), (100.0, 98.0))), 0.0),
        # dated wrongly: the price did not move
        (({"action": "split", "value": 2.0}, ((100.0, 101.0), (100.0, 101.0))), 0.01),
        # a spin-off beside the dividend is not recorded
        (({"action": "dividend", "value": 2.0}, ((100.0, 79.0), (80.0, 79.0))), -0.0125),
    ],
)
def test_actions_and_closeadj_correct_each_other(build, versions_of, actions_of, case, expected):
    recorded, prices = case
    rows = [
        {"session": day, "close": close, "closeadj": adj, "payload_id": "export"}
        for day, close, adj in zip((D1, D2), *prices, strict=True)
    ]
    found = build(versions_of(rows), actions_of([{"session": D2, **recorded}])).rows
    assert found["ret_cc"][1] == pytest.approx(expected)


def test_a_corrected_price_as_traded_is_taken_over(build, versions_of):
    late = datetime(2015, 7, 1, tzinfo=UTC)
    wrong = {"session": D2, "close": 12.0}
    mended = {"session": D2, "close": 11.0, "known_at": late, "fetched_at": late, "known_source": "observed"}
    assert build(versions_of([{"session": D1, "close": 10.0}, wrong, mended])).rows["ret_cc"][1] == pytest.approx(0.1)


def history(rng, versions_of, sessions, split_on):
    """First sight, day by day, and the rewritten history that follows a split and a dividend on `split_on`."""
    before = [day for day in sessions if day < split_on]
    traded = np.round(30 * np.exp(np.cumsum(rng.normal(0, 0.02, len(before)))), 2)
    first = [
        {"session": day, "close": price, "open": price * 1.01, "high": price * 1.02}
        for day, price in zip(before, traded, strict=True)
    ]
    seen = versions_of(first)
    late = prices_known_at(split_on)
    again = [
        {
            "session": row["session"], "close": round(row["close"] / 3, 3), "closeadj": round(row["close"] / 3 * 0.987, 3),
            "closeunadj": row["close"], "open": round(row["open"] / 3, 3), "high": round(row["high"] / 3, 3), "volume": 3001.0,
            "known_at": late, "fetched_at": late, "known_source": "observed", "payload_id": "again",
        }
        for row in first
    ]  # fmt: skip
    return seen, versions_of(again)


@pytest.fixture
def rewritten(build, versions_of, actions_of, sessions_of):
    """Returns of what was seen before a split and dividend, and of everything after the vendor rewrote history."""

    def run(tickers, seed):
        split_on = date(2015, 9, 1)
        seen, again = history(np.random.default_rng(seed), versions_of, sessions_of(2014, 2015), split_on)
        earlier = actions_of([{"session": date(2015, 3, 2), "action": "dividend", "value": 0.25}])
        later = actions_of(
            [{"session": split_on, "action": "split", "value": 3.0}, {"session": split_on, "action": "dividend", "value": 0.13}]
        )
        new_day = versions_of(
            [{"session": split_on, "close": 10.0, "payload_id": "again", "fetched_at": prices_known_at(split_on)}]
        )
        known = build(seen, earlier, tickers).rows
        after = build(pl.concat([seen, again, new_day]), pl.concat([earlier, later]), tickers).rows
        return known, after

    return run


@pytest.mark.parametrize("source", ["vendor", "minted"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_later_split_and_dividend_leave_every_earlier_row_bit_identical(rewritten, tickers_of, source, seed):
    known, after = rewritten(tickers_of([{"source": source}]), seed)
    assert_frame_equal(after.head(known.height), known, check_exact=True)
    assert after.height == known.height + 1


def test_versions_in_any_order_give_the_same_returns(build, versions_of, sessions_of):
    seen, again = history(np.random.default_rng(4), versions_of, sessions_of(2014, 2015), date(2015, 9, 1))
    both = pl.concat([seen, again])
    assert_frame_equal(
        build(both.sample(fraction=1.0, shuffle=True, seed=2)).rows,
        build(both.sort("permaticker", "session", "known_at")).rows,
        check_exact=True,
    )


def test_a_year_without_prices_has_no_returns(build):
    assert build(SEP_VERSIONS.empty()).rows.is_empty()


def test_every_priced_session_has_a_return_row(build, versions_of, sessions_of):
    seen, again = history(np.random.default_rng(5), versions_of, sessions_of(2014, 2015), date(2015, 9, 1))
    keys = seen.filter(pl.col("session").dt.year() == 2015).select("permaticker", "session")
    assert build(pl.concat([seen, again])).rows.select("permaticker", "session").equals(keys)


def test_first_sight_is_by_receipt_not_by_session(build, versions_of):
    # the day before is delivered again, re-adjusted, only after the second day was seen
    late = prices_known_at(D2) + timedelta(days=30)
    again = {
        "session": D1,
        "close": 5.0,
        "closeadj": 4.9,
        "closeunadj": 10.0,
        "known_at": late,
        "fetched_at": late,
        "payload_id": "x",
    }
    rows = build(versions_of([{"session": D1, "close": 10.0}, again, {"session": D2, "close": 11.0}])).rows
    assert rows["ret_cc"][1] == pytest.approx(0.1)
