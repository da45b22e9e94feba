"""What is loaded, and which years a pull touches."""

from dataclasses import replace
from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.market.loaded import Touched, price_spans, sessions_loaded, years_loaded, years_touched
from kairos.tables.market import DAILY_RETURNS, MV_LIQUIDITY_60D, SEP_BASE, SEP_VERSIONS
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse

BY = Commit("test", run_id="r", partition="-", reads={})
TODAY = date(2016, 1, 6)
MID_JUNE = date(2016, 6, 15)
NOW = datetime(2016, 1, 7, 1, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path):
    return Warehouse(tmp_path / "warehouse")


@pytest.fixture
def deliver(warehouse, raw_sep, raw_daily, raw_actions, raw_tickers):
    """Write a dataset's rows as one payload, pulled for a session or in bulk."""
    builders = {"sep": raw_sep, "daily": raw_daily, "actions": raw_actions, "tickers": raw_tickers}

    def write(dataset, rows, session=TODAY):
        name = f"{dataset} {session} {len(rows)}"
        frame = builders[dataset]([{"ticker": "AAA"} | row for row in rows], payload_id=name, fetched_at=NOW)
        warehouse.append_new(TABLES[f"raw_{dataset}{'' if session else '_bulk'}"], frame, commit=BY)
        record = dict.fromkeys(RAW_PAYLOADS.columns, "-") | {"payload_id": name, "dataset": dataset, "session": session}
        record |= {"bytes": 1, "rows": len(rows), "rejected": 0, "fetched_at": NOW, "received_year": 2016}
        warehouse.append_new(RAW_PAYLOADS, pl.DataFrame([record], schema=RAW_PAYLOADS.dtypes), commit=BY)

    return write


def test_an_empty_home_has_loaded_nothing(warehouse):
    assert price_spans(warehouse).is_empty()
    assert (sessions_loaded(warehouse), years_loaded(warehouse)) == ((), [])
    assert years_touched(warehouse, []) == Touched((), ())


def test_spans_join_what_bulk_and_daily_pulls_brought(warehouse, deliver):
    deliver("sep", [{"date": date(2013, 5, 1)}, {"date": date(2014, 5, 1)}, {"date": date(2014, 6, 2), "ticker": "B"}], None)
    deliver("sep", [{"date": TODAY}])
    assert price_spans(warehouse).rows() == [
        ("vendor", "AAA", date(2013, 5, 1), TODAY),
        ("vendor", "B", date(2014, 6, 2), date(2014, 6, 2)),
    ]
    assert years_loaded(warehouse) == [2013, 2014, 2015, 2016]


def test_sessions_are_loaded_up_to_the_last_price_that_was_kept(warehouse, versions_of):
    rows = versions_of([{"session": date(2016, 1, 5)}, {"session": TODAY}])
    warehouse.replace(SEP_VERSIONS, rows, partition={"year": 2016}, commit=BY)
    assert sessions_loaded(warehouse)[-2:] == (date(2016, 1, 5), TODAY)


PRICE = {"open": 9.0, "high": 11.0, "low": 8.0, "close": 10.0, "volume": 1000.0, "closeadj": 9.5, "closeunadj": 10.0}
OLD = {"date": date(2014, 3, 3)} | PRICE


@pytest.fixture
def shown(warehouse, versions_of):
    """Put prices into `sep_base` and `daily_returns` as they show them."""

    def put(*rows):
        frame = versions_of([{"ticker": "AAA", "source": "vendor", "session": row["date"]} | row for row in rows])
        returns = frame.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in MISSING.items())
        returns = returns.with_columns(ret_source=pl.lit("actions"), is_delisting=pl.lit(False))
        for year in frame["session"].dt.year().unique():
            of_year = pl.col("session").dt.year() == year
            commit = replace(BY, partition=str(year))
            warehouse.replace(SEP_BASE, SEP_BASE.conform(frame.filter(of_year)), partition={"year": year}, commit=commit)
            warehouse.replace(
                DAILY_RETURNS, DAILY_RETURNS.conform(returns.filter(of_year)), partition={"year": year}, commit=commit
            )

    return put


MISSING = {name: dtype for name, dtype in DAILY_RETURNS.dtypes.items() if name not in {"permaticker", "session", "closeunadj"}}


def everything(*years):
    return Touched((), years)


def test_a_plain_evening_touches_its_own_year(warehouse, deliver, shown):
    shown(OLD)
    deliver("actions", [{"date": date(2014, 3, 3), "action": "split", "value": 2.0}], None)
    deliver("tickers", [{"permaticker": 9, "isdelisted": "Y", "lastpricedate": date(2013, 3, 1)}], None)
    deliver("sep", [OLD], None)
    deliver("sep", [OLD, {"date": MID_JUNE}], MID_JUNE)  # swept again: no news
    deliver("actions", [{"date": date(2014, 3, 3), "action": "split", "value": 2.0}], MID_JUNE)
    deliver("tickers", [{"permaticker": 9, "isdelisted": "Y", "lastpricedate": date(2013, 3, 1)}], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2016)


def test_an_evening_early_in_january_touches_december_where_a_misprint_may_show(warehouse, deliver):
    deliver("sep", [{"date": TODAY}])
    assert years_touched(warehouse, [TODAY]) == everything(2015, 2016)


@pytest.mark.parametrize(
    ("moved", "touched"),
    [
        ({"closeadj": 9.4}, Touched((2014, 2015), (2016,))),
        (
            {"open": 4.5, "high": 5.5, "low": 4.0, "close": 5.0, "volume": 2000.0, "closeadj": 4.7},
            Touched((2014, 2015), (2016,)),
        ),
        ({"closeunadj": 10.1}, everything(2014, 2015, 2016)),
        ({"close": 10.1, "closeunadj": None}, everything(2014, 2015, 2016)),
        ({"date": date(2014, 3, 4)}, everything(2014, 2015, 2016)),
    ],
    ids=["a_dividend", "a_split", "a_correction", "no_price_as_traded", "a_session_that_was_missing"],
)
def test_returns_are_built_again_only_where_a_price_as_traded_is_news(warehouse, deliver, shown, moved, touched):
    shown(OLD)
    deliver("sep", [OLD], None)
    deliver("sep", [OLD | moved, {"date": MID_JUNE}], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == touched


def test_a_correction_that_prices_show_and_returns_do_not_is_still_news(warehouse, deliver, shown):
    corrected = OLD | {"closeunadj": 10.1}
    shown(corrected)
    stale = warehouse.read(DAILY_RETURNS).with_columns(closeunadj=pl.lit(10.0))
    warehouse.replace(DAILY_RETURNS, stale, partition={"year": 2014}, commit=BY)
    deliver("sep", [corrected, {"date": MID_JUNE}], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2014, 2015, 2016)


def test_what_the_evenings_before_brought_counts_until_the_tables_show_it(warehouse, deliver, shown):
    deliver("sep", [OLD], date(2016, 6, 14))
    deliver("actions", [{"date": date(2013, 11, 2), "action": "dividend", "value": 0.1}], date(2016, 5, 2))
    deliver("sep", [{"date": MID_JUNE}], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2014, 2015, 2016)
    shown(OLD)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2016)


def test_a_year_whose_features_had_read_older_returns_is_touched(warehouse, deliver, shown):
    shown(OLD)
    made = replace(BY, partition="2014", reads={"daily_returns": 0})
    warehouse.replace(MV_LIQUIDITY_60D, MV_LIQUIDITY_60D.empty(), partition={"year": 2014}, commit=made)
    deliver("sep", [{"date": MID_JUNE}], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2016)
    warehouse.replace(DAILY_RETURNS, DAILY_RETURNS.empty(), partition={"year": 2014}, commit=replace(BY, partition="2014"))
    assert years_touched(warehouse, [MID_JUNE]) == everything(2014, 2015, 2016)


@pytest.mark.parametrize(
    ("dataset", "row", "first"),
    [
        ("daily", {"date": date(2015, 12, 31)}, 2015),
        ("actions", {"date": date(2015, 11, 2), "action": "dividend", "value": 0.1}, 2015),
        ("tickers", {"permaticker": 1, "isdelisted": "Y", "lastpricedate": date(2015, 12, 30)}, 2015),
        ("tickers", {"permaticker": 1, "isdelisted": "N", "lastpricedate": date(2015, 12, 30)}, 2016),
    ],
    ids=["a_corrected_metric", "an_action_dated_back", "a_death_told_late", "a_living_security"],
)
def test_news_of_an_earlier_year_touches_it_and_all_years_after(warehouse, deliver, dataset, row, first):
    deliver("sep", [{"date": MID_JUNE}, {"date": MID_JUNE, "ticker": "B"}], MID_JUNE)
    deliver(dataset, [row], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(*range(first, 2017))


def test_a_correction_early_in_january_touches_december_where_it_may_show_a_misprint(warehouse, deliver, shown):
    shown({"date": TODAY} | PRICE)
    deliver("sep", [{"date": TODAY} | PRICE | {"closeunadj": 10.1}, {"date": MID_JUNE}], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2015, 2016)


@pytest.mark.parametrize("news", [{"isdelisted": "N"}, {"exchange": "NASDAQ"}, {"lastpricedate": date(2014, 3, 4)}])
def test_a_death_that_is_taken_back_or_told_otherwise_touches_its_year(warehouse, deliver, news):
    dead = {"permaticker": 9, "isdelisted": "Y", "exchange": "NYSE", "lastpricedate": date(2014, 3, 3)}
    deliver("tickers", [dead], None)
    deliver("sep", [{"date": date(2014, 3, 3)}], None)
    deliver("sep", [{"date": MID_JUNE}], MID_JUNE)
    deliver("tickers", [dead | news], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2014, 2015, 2016)


def test_prices_that_came_before_their_security_was_named_are_news_with_its_name(warehouse, deliver):
    deliver("sep", [{"date": date(2014, 3, 3), "ticker": "NEW"}], None)
    deliver("sep", [{"date": MID_JUNE}], MID_JUNE)
    deliver("tickers", [{"permaticker": 5, "ticker": "NEW", "firstpricedate": date(2014, 3, 3), "isdelisted": "N"}], MID_JUNE)
    assert years_touched(warehouse, [MID_JUNE]) == everything(2014, 2015, 2016)


def test_a_pull_of_an_old_session_touches_every_year_that_looks_back_on_it(warehouse, deliver):
    deliver("sep", [{"date": TODAY}], None)
    deliver("sep", [{"date": date(2014, 6, 2)}], date(2014, 6, 2))
    assert years_touched(warehouse, [date(2014, 6, 2)]) == everything(2014, 2015, 2016)
