"""Real filings through the file source into the statement tables: what came is there or in quarantine, every version of it.

The filings lie beside the checkout and are not part of it; without them these tests are skipped.
"""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from benchmarks.real_filings import FILE, real_panel, real_versions
from kairos.calendar import FixedClock
from kairos.frames import stack
from kairos.fundamentals.lookahead import lookahead_error
from kairos.fundamentals.versions import statement_versions
from kairos.market.tickers import securities
from kairos.sources.files import read_files
from kairos.sources.ingest import read_payloads
from kairos.sources.landing import land
from kairos.sources.layouts import LAYOUTS
from kairos.sources.payloads import PayloadStore
from kairos.tables import raw
from kairos.tables.market import TICKERS
from kairos.tables.registry import TABLES
from kairos.warehouse.commit import Commit
from kairos.warehouse.store import Warehouse

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="real filings are not on this machine")

BY = Commit("test", run_id="r", partition="-", reads={})
LAYOUT = LAYOUTS["edgar_reports"]
CLOCK = FixedClock(datetime(2018, 1, 2, 12, tzinfo=UTC))
PRICED = 500  # of the symbols: as if no prices of the others had been imported
INCOME = "fmp_income_statement"


def imported(home, symbols):
    """A warehouse with the filings, as `kairos import --dataset edgar_reports` fills it, of which some symbols have prices."""
    warehouse, store = Warehouse(home / "warehouse"), PayloadStore(home)
    spans = symbols.to_frame("ticker").with_columns(
        source=pl.lit("prices"), first_date=pl.lit(date(2014, 1, 2)), last_date=pl.lit(date(2017, 12, 29))
    )
    named = securities(raw.RAW_TICKERS.empty(), raw.RAW_ACTIONS.empty(), spans)
    warehouse.replace(TICKERS, named, partition={}, commit=BY)
    for dataset, mapping in LAYOUT.items():
        files = read_files([FILE], dataset, mapping=mapping, source="edgar", clock=CLOCK)
        warehouse.append_new(raw.RAW_PAYLOADS, land(files, store).payload_rows, commit=BY)
        received = warehouse.read(raw.RAW_PAYLOADS)
        read = read_payloads(received, store, dataset=dataset, session=None, warehouse=warehouse)
        warehouse.append_new(TABLES[f"raw_{dataset}_bulk"], read.rows, commit=BY)
        made = statement_versions(TABLES[dataset], read.rows, TABLES["raw_sf1"].empty(), named)
        warehouse.append_new(raw.QUARANTINE, stack(read.quarantine, made.quarantine), commit=BY)
        for year in made.rows["known_at"].dt.year().unique():
            rows = made.rows.filter(pl.col("known_at").dt.year() == year)
            warehouse.replace(TABLES[dataset], rows, partition={"year": year}, commit=BY)
    return warehouse


@pytest.fixture(scope="module")
def filings():
    return pl.read_parquet(FILE)


@pytest.fixture(scope="module")
def whole(filings, tmp_path_factory):
    """All symbols have prices."""
    return imported(tmp_path_factory.mktemp("whole"), filings["symbol"].unique().sort())


@pytest.fixture(scope="module")
def versions(whole):
    return whole.read(TABLES[INCOME])


def test_every_filing_is_a_row_of_each_raw_table(whole, filings):
    for dataset in LAYOUT:
        assert whole.rows(TABLES[f"raw_{dataset}_bulk"]) == filings.height == 15_879


def test_every_row_is_a_version_says_nothing_new_or_is_in_quarantine(whole, filings):
    for dataset in LAYOUT:
        set_aside = whole.read(raw.QUARANTINE).filter(writer=dataset)
        made = whole.rows(TABLES[dataset])
        assert set(set_aside["reason"]) == {"conflicting_duplicate"}  # one archive says two things of one period
        assert made + set_aside.height <= filings.height
        assert made > 0.98 * filings.height
        assert set_aside.height == 65
        assert whole.read(raw.QUARANTINE).filter(writer=f"raw_{dataset}").is_empty()


def test_facts_are_those_of_the_filing(versions, filings):
    aapl = filings.filter(symbol=filings["symbol"][100]).sort("first_seen")
    found = versions.filter(symbol=aapl["symbol"][0]).sort("known_at")
    assert set(found["net_income"]) == set(aapl["net_income"])
    assert set(found["period_end"]) == set(aapl["end_date"])


def test_a_filing_is_known_from_the_session_after_the_archive_that_had_it_first(versions, filings):
    seen = filings.select("symbol", period_end="end_date", period="period_focus", filing_date="first_seen")
    assert versions.join(seen, on=seen.columns, how="anti").is_empty()
    usable = pl.col("filing_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC") + timedelta(days=1, hours=12)
    late = versions.select((pl.col("known_at") - usable).alias("late"))["late"]
    assert late.min() > timedelta(0)  # also of those that filed more than a year late
    assert late.median() < timedelta(hours=3)
    assert late.max() < timedelta(days=4)


def test_every_changed_filing_is_a_version_of_its_own(versions, filings):
    """By the archive itself: of each period, the days on which its income statement was another than the day before it."""
    facts = ["revenues", "op_income", "net_income", "eps_basic", "eps_diluted"]
    expected = 0
    told: dict[tuple, dict[date, set]] = {}
    for *key, seen, content in (
        filings.sort("first_seen").select("symbol", "end_date", "period_focus", "first_seen", pl.concat_list(facts)).iter_rows()
    ):
        told.setdefault(tuple(key), {}).setdefault(seen, set()).add(tuple(content))
    for days in told.values():
        plain = [
            next(iter(contents)) for contents in days.values() if len(contents) == 1
        ]  # of two in one archive neither stands
        expected += sum(new != old for old, new in zip([None, *plain], plain, strict=False))
    assert versions.height == expected
    assert versions.height > versions.select("permaticker", "period_end", "period").unique().height + 50


def test_the_lookahead_error_of_the_warehouse_is_that_of_the_archive(versions):
    error = lookahead_error(real_panel(versions), versions, "net_income")
    other = real_versions()
    archive = lookahead_error(real_panel(other), other, "net_income")
    assert error.median_lag_days == pytest.approx(archive.median_lag_days, abs=1)
    assert error.future_share == pytest.approx(archive.future_share, abs=0.01)
    assert error.changed_share == pytest.approx(archive.changed_share, abs=0.01)


def test_what_no_security_bears_goes_to_quarantine_row_by_row(filings, tmp_path):
    priced = filings["symbol"].unique().sort().head(PRICED)
    warehouse = imported(tmp_path, priced)
    lost = warehouse.read(raw.QUARANTINE).filter(reason="unmapped_symbol")
    of_others = filings.filter(~pl.col("symbol").is_in(priced.implode())).height
    for dataset in LAYOUT:
        assert lost.filter(writer=dataset).height == of_others
