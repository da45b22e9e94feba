"""What later deliveries changed, value by value and by kind."""

from datetime import date, timedelta

import polars as pl
import pytest

from kairos.calendar import prices_known_at, session_offset, sessions_between
from kairos.market.checks import CHECKS
from kairos.market.corrections import corrections, unusual_corrections
from kairos.tables.quality import CORRECTIONS, KINDS

DAY = date(2016, 3, 1)
BAR = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0, "volume": 1000.0, "closeadj": 9.5, "closeunadj": 20.0}


def later(session=DAY, *, sessions=3, **values):
    """A version of the bar received some sessions later."""
    at = prices_known_at(session_offset(session, sessions)) + timedelta(hours=3)
    return {"session": session, **BAR, "known_at": at, "fetched_at": at, "known_source": "observed", **values}


@pytest.fixture
def found(versions_of):
    def find(*versions):
        first = [{"session": day, **BAR} for day in sorted({version["session"] for version in versions})]
        return CORRECTIONS.validate(corrections(versions_of([*first, *versions])))

    return find


def said(rows):
    return {(name, kind) for name, kind in rows.select("column_name", "kind").iter_rows()}


def split(ratio, **more):
    prices = {name: BAR[name] * ratio for name in ("open", "high", "low", "close", "closeadj")}
    return prices | {"volume": BAR["volume"] / ratio} | more


def test_a_changed_close_is_a_correction(found):
    rows = found(later(close=10.5, closeunadj=21.0, payload_id="new"))
    assert said(rows) == {("close", "correction"), ("closeunadj", "correction")}
    row = rows.row(by_predicate=pl.col("column_name") == "close", named=True)
    assert (row["old_value"], row["new_value"], row["change"]) == (10.0, 10.5, pytest.approx(0.05))
    assert (row["known_at_before"], row["known_source"]) == (prices_known_at(DAY), "observed")
    assert (row["session_names"], row["payload_id"]) == (1, "new")


@pytest.mark.parametrize("sessions", [0, 1, 5, 300])
def test_it_is_late_by_the_sessions_published_in_between(found, sessions):
    assert found(later(sessions=sessions, close=10.5))["sessions_late"].to_list() == [sessions]


def test_a_correction_at_the_instant_of_a_publication_counts_that_session(versions_of):
    at = prices_known_at(session_offset(DAY, 1))
    rows = versions_of([{"session": DAY}, {"session": DAY, "close": 9.0, "known_at": at, "fetched_at": at}])
    assert corrections(rows)["sessions_late"].unique().to_list() == [1]


def test_a_weekend_makes_nothing_late(versions_of):
    friday = date(2016, 3, 4)
    at = prices_known_at(friday) + timedelta(days=2)
    rows = versions_of([{"session": friday}, {"session": friday, "close": 9.0, "known_at": at, "fetched_at": at}])
    assert corrections(rows)["sessions_late"].unique().to_list() == [0]


def test_the_second_correction_is_late_since_the_first_version(found):
    rows = found(later(sessions=2, close=10.5), later(sessions=7, close=10.0)).sort("known_at")
    assert rows["sessions_late"].to_list() == [2, 7]
    assert rows["old_value"].to_list() == [10.0, 10.5]
    assert rows["known_at_before"][1] == rows["known_at"][0]


def test_nothing_delivered_again_is_nothing_corrected(versions_of):
    days = sessions_between(DAY, date(2016, 4, 1))
    rows = versions_of([{"session": day, "permaticker": name} for name in (1, 2) for day in days])
    assert corrections(rows).height == 0
    assert corrections(rows.clear()).height == 0


def test_closeadj_alone_is_a_readjustment(found):
    assert said(found(later(closeadj=9.4))) == {("closeadj", "readjustment")}


def test_a_volume_corrected_beside_a_dividend_is_a_correction(found):
    assert said(found(later(closeadj=9.4, volume=1001.0))) == {("closeadj", "readjustment"), ("volume", "correction")}


@pytest.mark.parametrize("ratio", [0.5, 1 / 3, 0.05, 1.5, 10.0])
def test_a_split_is_a_readjustment_in_every_column(found, ratio):
    rows = found(later(**split(ratio)))
    assert said(rows) == {(name, "readjustment") for name in ("open", "high", "low", "close", "closeadj", "volume")}


def test_a_split_in_rounded_prices_is_one_too(found):
    rows = found(later(**{name: round(value, 2) for name, value in split(1 / 7).items()} | {"volume": 7000.0}))
    assert set(rows["kind"]) == {"readjustment"}


def test_a_split_and_a_dividend_at_once_are_both_readjustments(found):
    assert set(found(later(**split(0.5, closeadj=4.6)))["kind"]) == {"readjustment"}


def test_a_spin_off_that_leaves_volumes_alone_is_a_readjustment_of_prices(found):
    rows = found(later(**split(0.8, volume=1000.0)))
    assert said(rows) == {(name, "readjustment") for name in ("open", "high", "low", "close", "closeadj")}


def test_a_split_with_a_wrong_volume_says_so(found):
    rows = found(later(**split(0.5, volume=1500.0)))
    assert said(rows.filter(column_name="volume")) == {("volume", "correction")}
    assert set(rows.filter(pl.col("column_name") != "volume")["kind"]) == {"readjustment"}


def test_prices_that_moved_with_the_price_as_traded_are_corrections(found):
    assert set(found(later(**split(10.0, closeunadj=200.0)))["kind"]) == {"correction"}


def test_a_bar_that_did_not_move_by_one_ratio_is_a_correction(found):
    rows = found(later(**split(0.5, high=7.0)))
    assert set(rows.filter(pl.col("column_name") != "volume")["kind"]) == {"correction"}


class TestWithoutPricesAsTraded:
    """Files often lack closeunadj: then the volume or the rest of the history has to tell."""

    @pytest.fixture
    def found(self, versions_of):
        def find(*versions):
            first = [{"session": v["session"], **BAR, "closeunadj": None} for v in versions]
            return corrections(versions_of([*first, *({**v, "closeunadj": None} for v in versions)]))

        return find

    def test_one_scaled_bar_is_a_correction(self, found):
        assert set(found(later(**split(10.0, volume=1000.0)))["kind"]) == {"correction"}

    def test_one_scaled_bar_with_its_volume_is_a_readjustment(self, found):
        assert set(found(later(**split(10.0)))["kind"]) == {"readjustment"}

    def test_a_scaled_history_is_a_readjustment(self, found):
        days = sessions_between(DAY, date(2016, 3, 3))
        at = {"known_at": prices_known_at(date(2016, 3, 8)), "fetched_at": prices_known_at(date(2016, 3, 8))}
        assert len(days) == 3
        assert set(found(*(later(day, **split(0.8, volume=1000.0), **at) for day in days))["kind"]) == {"readjustment"}
        assert set(found(*(later(day, **split(0.8, volume=1000.0), **at) for day in days[:2]))["kind"]) == {"correction"}


def test_a_value_that_comes_or_goes_is_told_apart(versions_of):
    rows = corrections(versions_of([{"session": DAY, **BAR, "open": None}, later(high=None)]))
    assert said(rows) == {("open", "filled"), ("high", "disappeared")}
    assert rows["change"].to_list() == [None, None]
    assert sorted(rows.select("old_value", "new_value").rows(), key=str) == [(11.0, None), (None, 10.0)]


def test_a_zero_volume_has_no_relative_change(versions_of):
    rows = corrections(versions_of([{"session": DAY, **BAR, "volume": 0.0}, later()]))
    assert rows.select("column_name", "change", "kind").rows() == [("volume", None, "correction")]


def test_a_new_ticker_is_a_rename_beside_what_else_changed(found):
    rows = found(later(ticker="BBB", closeadj=9.4))
    assert said(rows) == {("ticker", "rename"), ("closeadj", "readjustment")}
    assert rows.select("ticker_before", "ticker").unique().rows() == [("AAA", "BBB")]


def test_names_are_counted_on_the_session(versions_of):
    others = [{"session": DAY, "permaticker": name} for name in range(2, 9)]
    assert corrections(versions_of([{"session": DAY, **BAR}, later(close=10.5), *others]))["session_names"].to_list() == [8]


def test_the_order_of_the_versions_does_not_matter(versions_of):
    rows = versions_of(
        [
            v
            for name in (1, 2, 3)
            for v in ({"session": DAY, **BAR, "permaticker": name}, later(close=10.0 + name, permaticker=name))
        ]
    )
    assert corrections(rows).equals(corrections(rows.sample(fraction=1.0, shuffle=True, seed=4)))


def test_every_kind_is_declared(versions_of):
    kinds = {"correction", "readjustment", "filled", "disappeared", "rename", "membership"}
    assert set(KINDS) == kinds


def many(versions_of, *, corrected, names=200, close=10.5):
    base = [{"session": DAY, **BAR, "permaticker": name} for name in range(names)]
    return corrections(versions_of([*base, *(later(close=close, permaticker=name) for name in range(corrected))]))


def test_few_small_corrections_pass(versions_of):
    outcome = unusual_corrections(many(versions_of, corrected=4))
    assert outcome.passed
    assert outcome.figures["corrected_prices"] == 4
    assert outcome.figures["largest_share"] == pytest.approx(0.02)
    assert unusual_corrections(CORRECTIONS.empty()).passed


def test_few_names_are_no_pattern_in_a_small_market(versions_of):
    assert unusual_corrections(many(versions_of, corrected=5, names=50)).passed
    assert not unusual_corrections(many(versions_of, corrected=6, names=50)).passed


def test_many_corrected_names_are_told_with_their_session(versions_of):
    outcome = unusual_corrections(many(versions_of, corrected=10))
    assert not outcome.passed
    assert "1 sessions have over 2% of their names corrected, 2016-03-01 5.0%" in outcome.summary


def test_a_close_wrong_by_half_is_told_by_name(versions_of):
    outcome = unusual_corrections(many(versions_of, corrected=1, close=30.0))
    assert not outcome.passed
    assert "1 of them closes by more than 50% (AAA 2016-03-01 10 to 30)" in outcome.summary


def test_a_split_of_everything_is_not_unusual(versions_of):
    base = [{"session": DAY, **BAR, "permaticker": name} for name in range(50)]
    rows = corrections(versions_of([*base, *(later(**split(0.25), permaticker=name) for name in range(50))]))
    outcome = unusual_corrections(rows)
    assert outcome.passed
    assert outcome.figures["readjusted"] == rows.height == 300


def test_the_check_only_warns():
    assert [check.blocking for check in CHECKS["corrections"]] == [False]
