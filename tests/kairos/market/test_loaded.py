"""What is loaded, and which years a pull touches."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.market.loaded import price_spans, sessions_loaded, years_loaded, years_touched
from kairos.tables.market import SEP_VERSIONS
from kairos.tables.raw import RAW_PAYLOADS
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse

BY = Commit("test", run_id="r", partition="-", reads={})
TODAY = date(2016, 1, 6)
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
    assert (sessions_loaded(warehouse), years_loaded(warehouse), years_touched(warehouse, [])) == ((), [], [])


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


def test_a_plain_evening_touches_its_own_year(warehouse, deliver):
    deliver("actions", [{"date": date(2014, 3, 3), "action": "split", "value": 2.0}], None)
    deliver("tickers", [{"permaticker": 9, "isdelisted": "Y", "lastpricedate": date(2013, 3, 1)}], None)
    deliver("sep", [{"date": TODAY}])
    deliver("actions", [{"date": date(2014, 3, 3), "action": "split", "value": 2.0}])  # swept again: no news
    deliver("tickers", [{"permaticker": 9, "isdelisted": "Y", "lastpricedate": date(2013, 3, 1)}])
    assert years_touched(warehouse, [TODAY]) == [2016]


@pytest.mark.parametrize(
    ("dataset", "row", "first"),
    [
        ("sep", {"date": date(2014, 12, 31)}, 2014),
        ("daily", {"date": date(2015, 12, 31)}, 2015),
        ("actions", {"date": date(2015, 11, 2), "action": "dividend", "value": 0.1}, 2015),
        ("tickers", {"permaticker": 1, "isdelisted": "Y", "lastpricedate": date(2015, 12, 30)}, 2015),
        ("tickers", {"permaticker": 1, "isdelisted": "N", "lastpricedate": date(2015, 12, 30)}, 2016),
    ],
    ids=["a_corrected_price", "a_corrected_metric", "an_action_dated_back", "a_death_told_late", "a_living_security"],
)
def test_news_of_an_earlier_year_touches_it_and_all_years_after(warehouse, deliver, dataset, row, first):
    deliver("sep", [{"date": TODAY}, {"date": TODAY, "ticker": "B"}])
    deliver(dataset, [row])
    assert years_touched(warehouse, [TODAY]) == list(range(first, 2017))


def test_a_pull_of_an_old_session_touches_every_year_that_looks_back_on_it(warehouse, deliver):
    deliver("sep", [{"date": TODAY}], None)
    deliver("sep", [{"date": date(2014, 6, 2)}], date(2014, 6, 2))
    assert years_touched(warehouse, [date(2014, 6, 2)]) == [2014, 2015, 2016]


def test_what_other_evenings_brought_is_not_this_ones(warehouse, deliver):
    deliver("sep", [{"date": date(2012, 1, 4)}], date(2016, 1, 5))
    deliver("sep", [{"date": TODAY}])
    assert years_touched(warehouse, [TODAY]) == [2016]
