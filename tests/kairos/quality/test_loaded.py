"""What is judged is read from the warehouse: few columns, few years, and the versions that the run fixed."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.quality.loaded import READ, delivered
from kairos.quality.results import quality_results
from kairos.tables.feeds import RAW_FEEDS_BULK
from kairos.tables.fundamentals import FMP_INCOME_STATEMENT
from kairos.tables.market import DAILY_METRICS, SEP_BASE, TICKERS
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse

DUMMY = {pl.Int64: 0, pl.Int32: 2017, pl.Float64: 1.0, pl.String: "x", pl.Date: date(2017, 5, 2), pl.Boolean: False}
NAMES = 25


def full(table, rows):
    """Rows of a table, undeclared columns filled with anything."""
    height = len(next(iter(rows.values())))
    instant = datetime(2017, 5, 2, 22, tzinfo=UTC)
    columns = {
        name: pl.Series([DUMMY.get(type(dtype) if not isinstance(dtype, type) else dtype, instant)] * height, dtype=dtype)
        for name, dtype in table.dtypes.items()
    }
    known = {"known_source": ["vendor"] * height} if "known_source" in table.columns else {}
    return table.conform(pl.DataFrame(columns).with_columns(**{k: pl.Series(v) for k, v in (known | rows).items()}))


def write(warehouse, table, rows, *, partition=None):
    frame = full(table, rows)
    years = partition or ({} if not table.partition_by else {"year": 2017})
    return warehouse.replace(table, frame, partition=years, commit=Commit("test"))


def versions(warehouse):
    return {table.name: version for table in READ if (version := warehouse.version(table)) is not None}


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path)
    days = sessions_between(date(2017, 3, 1), date(2017, 5, 12))
    cells = {"permaticker": [*range(NAMES)] * len(days), "session": [day for day in days for _ in range(NAMES)]}
    write(made, SEP_BASE, cells)
    write(made, DAILY_METRICS, {"permaticker": [1], "session": [date(2017, 5, 15)]})
    write(
        made,
        TICKERS,
        {
            "permaticker": [*range(NAMES)],
            "delisting_reason": [None] * NAMES,
            "category": ["Domestic Common Stock"] * 20 + ["ETF"] * 5,
        },
    )
    return made


def test_what_was_never_written_has_no_rows_and_no_figures(warehouse):
    made = delivered(warehouse, versions(warehouse), year=2017)
    assert {known.feed.table.name for known in made.known if known.since} == {"sep_base", "daily_metrics"}
    assert made.common == [*range(20)]
    results = quality_results(made, year=2017)
    assert set(results["table_name"]) == {"sep_base", "daily_metrics"}


def test_the_last_loaded_session_is_that_of_the_table_that_goes_on_longest(warehouse):
    made = delivered(warehouse, versions(warehouse), year=2017)
    assert made.last_loaded == date(2017, 5, 15)
    stale = quality_results(made, year=2017).filter(table_name="sep_base", check_name="freshness", level="warn")
    assert stale.select("session", "value").rows() == [(date(2017, 5, 15), 1.0)]


def test_nothing_loaded_is_nothing_judged(tmp_path):
    made = delivered(Warehouse(tmp_path), {}, year=2017)
    assert made.last_loaded is None
    assert quality_results(made, year=2017).is_empty()


def test_a_file_that_does_not_say_which_are_common_stocks_counts_all(warehouse):
    write(warehouse, TICKERS, {"permaticker": [1], "delisting_reason": [None], "category": pl.Series([None], dtype=pl.String)})
    assert delivered(warehouse, versions(warehouse), year=2017).common is None


def test_a_feed_that_ended_years_ago_is_stale_and_not_gone(warehouse):
    known = datetime(2013, 2, 1, 22, tzinfo=UTC)
    write(warehouse, FMP_INCOME_STATEMENT, {"permaticker": [1], "known_at": [known]}, partition={"year": 2013})
    made = quality_results(delivered(warehouse, versions(warehouse), year=2017), year=2017)
    stale = made.filter(table_name="fmp_income_statement", check_name="freshness")
    assert stale["level"].unique().to_list() == ["warn"]
    assert stale["detail"][0].startswith("newest fact of 2013-02-01")
    none = made.filter(table_name="fmp_income_statement", check_name="completeness")
    assert none["value"].unique().to_list() == [0.0]


def test_a_version_written_after_the_run_began_is_not_read(warehouse):
    fixed = versions(warehouse)
    write(warehouse, DAILY_METRICS, {"permaticker": [1], "session": [date(2017, 5, 19)]})
    assert delivered(warehouse, fixed, year=2017).last_loaded == date(2017, 5, 15)


def test_both_vendors_statements_are_paired_from_what_they_sent(warehouse):
    end = [date(2017, 3, 31)] * NAMES
    symbols = [f"N{place}" for place in range(NAMES)]
    ours = {"symbol": symbols, "date": end, "period": ["Q1"] * NAMES, "revenue": [1000.0] * NAMES, "row": [*range(NAMES)]}
    theirs = {"ticker": symbols, "reportperiod": end, "dimension": ["ARQ"] * NAMES, "row": [*range(NAMES)]}
    for dataset, rows in (("fmp_income_statement", ours), ("sf1", theirs)):
        table = RAW_FEEDS_BULK[dataset]
        warehouse.append_new(table, full(table, rows), commit=Commit("test"))
    made = quality_results(delivered(warehouse, versions(warehouse), year=2017), year=2017).filter(check_name="agreement")
    assert made.filter(session=date(2017, 5, 15)).select("column_name", "value", "level").rows() == [
        ("net_income", 1.0, "ok"),
        ("revenue", 0.0, "block"),
    ]
