import polars as pl
import pytest

from kairos.tables.core import Partition
from kairos.tables.feeds import FEED_COLUMNS, RAW_FEEDS, RAW_FEEDS_BULK, TABLES
from kairos.tables.raw import RawRows

PER_PERIOD = ("fmp_income_statement", "fmp_balance_sheet", "fmp_cash_flow", "fmp_key_metrics", "fmp_ratios")
STAMPS = ("accepted_date", "published_date", "posted_at")


@pytest.mark.parametrize("table", TABLES, ids=[table.name for table in TABLES])
def test_a_raw_table_holds_its_bookkeeping_first_and_the_row_as_sent_last(table):
    assert table.columns[:5] == tuple(RawRows.to_schema().columns)
    assert table.columns[-1] == "record"
    assert table.validate(table.empty()).height == 0


def test_daily_and_bulk_tables_of_a_dataset_have_the_same_columns():
    for dataset in FEED_COLUMNS:
        daily, bulk = RAW_FEEDS[dataset], RAW_FEEDS_BULK[dataset]
        assert (daily.name, bulk.name) == (f"raw_{dataset}", f"raw_{dataset}_bulk")
        assert (daily.partition, bulk.partition) == (Partition.SESSIONS, Partition.NONE)
        assert daily.dtypes == bulk.dtypes


def test_fiscal_periods_are_named_alike_everywhere():
    for dataset in PER_PERIOD:
        assert RAW_FEEDS[dataset].columns[5:9] == ("symbol", "date", "period", "fiscal_year")


def test_stamps_without_a_zone_stay_text():
    held = {name: dtype for table in TABLES for name, dtype in table.dtypes.items() if name in STAMPS}
    assert held == dict.fromkeys(STAMPS, pl.String)


def test_numbers_are_doubles_and_may_be_missing():
    for table in TABLES:
        numbers = [name for name, dtype in table.dtypes.items() if dtype == pl.Float64]
        assert all(table.schema.columns[name].nullable for name in numbers)
