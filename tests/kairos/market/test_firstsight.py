"""Which version returns are made from."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from kairos.market.firstsight import first_sight

D1, D2 = date(2015, 6, 1), date(2015, 6, 2)
LATE = [datetime(2015, 7, day, tzinfo=UTC) for day in range(1, 9)]


def again(session, place, **values):
    return {"session": session, "known_at": LATE[place], "fetched_at": LATE[place], "payload_id": f"late{place}"} | values


def test_the_first_version_stands_while_the_price_as_traded_does(versions_of):
    rows = versions_of([{"session": D1, "close": 10.0}, again(D1, 0, close=5.0, closeunadj=10.000001)])
    assert first_sight(rows)["close"].to_list() == [10.0]


def test_after_a_correction_the_first_version_that_has_it_stands(versions_of):
    later = [again(D1, 0, close=11.0), again(D1, 1, close=5.5, closeunadj=11.0), again(D1, 2, close=2.75, closeunadj=11.0)]
    assert first_sight(versions_of([{"session": D1, "close": 10.0}, *later]))["close"].to_list() == [11.0]


def test_a_correction_taken_back_changes_nothing(versions_of):
    rows = versions_of([{"session": D1, "close": 10.0}, again(D1, 0, close=11.0), again(D1, 1, close=10.0)])
    assert first_sight(rows)["fetched_at"].to_list() == [rows["fetched_at"][0]]


def test_without_a_price_as_traded_the_first_version_stands(versions_of):
    rows = versions_of([{"session": D1, "close": 10.0, "closeunadj": None}, again(D1, 0, close=5.0, closeunadj=None)])
    assert first_sight(rows)["close"].to_list() == [10.0]


def test_a_price_as_traded_that_comes_late_is_taken(versions_of):
    rows = versions_of([{"session": D1, "close": 5.0, "closeunadj": None}, again(D1, 0, close=5.0, closeunadj=10.0)])
    assert first_sight(rows)["closeunadj"].to_list() == [10.0]


def test_the_day_before_is_taken_as_it_stood_at_the_receipt(versions_of):
    rows = versions_of(
        [{"session": D1, "closeadj": 10.0}, again(D1, 0, closeadj=9.0), again(D1, 2, closeadj=8.0), again(D2, 1, closeadj=9.5)]
    )
    found = first_sight(rows).row(1, named=True)
    assert (found["closeadj_before"], found["same_delivery"], found["session_before"]) == (9.0, False, D1)


def test_a_day_before_that_came_later_is_taken_as_it_first_stood(versions_of):
    found = first_sight(versions_of([{"session": D2}, again(D1, 0, closeadj=9.0), again(D1, 1, closeadj=8.0)]))
    assert found["closeadj_before"].to_list() == [None, 9.0]


def test_the_first_session_has_nothing_before_it(versions_of):
    rows = versions_of([{"session": D1, "permaticker": 1}, {"session": D2, "permaticker": 2}])
    found = first_sight(rows)
    before = [name for name in found.columns if name.endswith("_before")]
    assert found.select(before).rows() == [(None,) * len(before)] * 2


@pytest.mark.parametrize("seed", range(5))
def test_it_equals_the_slow_obvious_way(versions_of, seed):
    rng = np.random.default_rng(seed)
    rows = versions_of(
        [
            again(day, place, permaticker=name, close=float(rng.integers(1, 9)), closeunadj=float(rng.integers(1, 3)))
            for name in (1, 2) for day in (D1, D2) for place in sorted(rng.choice(8, rng.integers(1, 6), replace=False))
        ]
    )  # fmt: skip
    found = first_sight(rows.sample(fraction=1.0, shuffle=True, seed=seed))
    expected = []
    for _, versions in rows.group_by("permaticker", "session", maintain_order=True):
        fitting = [row for row in versions.to_dicts() if row["closeunadj"] == versions["closeunadj"][-1]]
        expected.append((fitting[0]["close"], fitting[0]["fetched_at"]))
    assert found.select("close", "fetched_at").rows() == expected
