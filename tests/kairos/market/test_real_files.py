"""Two real price files through the whole of the market tables; skipped where the files are absent."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from kairos.calendar import sessions_between
from kairos.market.base import latest_versions
from kairos.market.checks import CHECKS
from kairos.market.cleaned import no_waivers
from kairos.market.returns import daily_returns
from kairos.market.tickers import securities
from kairos.market.versions import build_versions
from kairos.tables.market import ACTIONS, DAILY_RETURNS, SEP_VERSIONS
from kairos.tables.raw import QUARANTINE, RAW_ACTIONS, RAW_SEP, RAW_TICKERS

PRICES = Path(__file__).parents[3].parent / "shared" / "data" / "prices"
FILES = {"yahoo": PRICES / "us_daily_yahoo_2012_2017.parquet", "google": PRICES / "us_daily_google_2000_2017.parquet"}
RECEIVED = datetime(2018, 3, 1, tzinfo=UTC)


def raw(source):
    if not FILES[source].exists():
        pytest.skip(f"{FILES[source]} is not here")
    rows = (
        pl.read_parquet(FILES[source]).rename({"symbol": "ticker", "adj_close": "closeadj"}, strict=False).with_row_index("row")
    )
    rows = rows.with_columns(
        payload_id=pl.lit(source), source=pl.lit(source), fetched_at=pl.lit(RECEIVED), received_year=pl.lit(2018)
    )
    missing = [name for name in RAW_SEP.columns if name not in rows.columns]
    return RAW_SEP.conform(rows.with_columns(pl.lit(None).alias(name) for name in missing))


def cleaned(source, year):
    rows = raw(source)
    window = pl.col("date").is_between(date(year, 1, 1) - timedelta(15), date(year, 12, 31) + timedelta(15))
    found = build_versions(rows.filter(window), RAW_TICKERS.empty(), year=year, waivers=no_waivers())
    SEP_VERSIONS.validate(found.rows)
    QUARANTINE.validate(found.quarantine)
    return rows, found


def counts(found):
    return dict(found.quarantine.group_by("reason").len().iter_rows())


def returns_of(source, year):
    rows, found = cleaned(source, year)
    spans = rows.group_by("source", "ticker").agg(
        pl.col("date").min().alias("first_date"), pl.col("date").max().alias("last_date")
    )
    tickers = securities(RAW_TICKERS.empty(), RAW_ACTIONS.empty(), spans)
    loaded = sessions_between(date(year, 1, 1), date(year, 12, 31))
    made = daily_returns(found.rows, ACTIONS.empty(), tickers, year=year, sessions_loaded=loaded)
    DAILY_RETURNS.validate(made.rows)
    return found, made, tickers


@pytest.mark.parametrize(("source", "year"), [("yahoo", 2017), ("yahoo", 2015), ("google", 2008), ("google", 2017)])
def test_nothing_vanishes(source, year):
    rows, found = cleaned(source, year)
    assert rows.filter(pl.col("date").dt.year() == year).height == found.rows.height + found.rejected + found.repeated


def test_the_scrape_s_last_session_is_partial_and_its_doubles_are_seen():
    assert counts(cleaned("yahoo", 2017)[1]) == {
        "partial_session": 231, "conflicting_duplicate": 2, "duplicate_row": 1, "ohlc_order": 14,
    }  # fmt: skip


def test_null_bars_are_rejected():
    found = cleaned("yahoo", 2015)[1]
    missing = found.quarantine.filter(pl.col("reason") == "missing_close")["detail"].str.json_path_match("$.ticker")
    assert sorted(missing) == ["ESS", "MMC"]


def test_two_scales_in_one_series_are_mostly_cleaned():
    found = cleaned("google", 2017)[1].rows.filter(pl.col("ticker") == "BBH").sort("session")
    jumps = found.select((pl.col("close").log() - pl.col("close").log().shift(1)).abs() > 1).to_series().sum()
    assert 0 < jumps <= 6  # 104 in the file


@pytest.mark.parametrize(("source", "year"), [("yahoo", 2015), ("google", 2001), ("google", 2008), ("google", 2015)])
def test_good_data_is_not_rejected_in_bulk(source, year):
    _, found = cleaned(source, year)
    assert found.rejected < 1e-3 * found.rows.height


@pytest.mark.parametrize(("source", "year"), [("yahoo", 2015), ("yahoo", 2017), ("google", 2008), ("google", 2017)])
def test_real_years_pass_the_checks(source, year):
    found, made, _ = returns_of(source, year)
    tables = {"sep_base": latest_versions(found.rows), "daily_returns": made.rows}
    failed = [check.name for table, rows in tables.items() for check in CHECKS[table] if not check.run(rows).passed]
    assert [name for name in failed if name != "span"] == []


def test_the_bank_crash_of_2008_is_no_bad_print():
    found, made, tickers = returns_of("google", 2008)
    bank = tickers.filter(pl.col("ticker") == "RF")["permaticker"][0]
    row = made.rows.filter((pl.col("permaticker") == bank) & (pl.col("session") == date(2008, 9, 29)))
    assert row["ret_cc"].to_list() == [pytest.approx(8.25 / 14.0 - 1, rel=1e-5)]
    assert "RF" not in found.quarantine["detail"].str.json_path_match("$.ticker").to_list()


def test_total_returns_follow_the_vendor_s_adjusted_closes():
    found, made, tickers = returns_of("yahoo", 2015)
    name = (
        tickers.filter(pl.col("ticker") == "AAPL")["permaticker"][0]
        if "AAPL" in tickers["ticker"]
        else tickers["permaticker"][0]
    )
    adjusted = found.rows.filter(pl.col("permaticker") == name).sort("session")["closeadj"]
    grown = made.rows.filter(pl.col("permaticker") == name)["ret_cc"].fill_null(0.0).log1p().sum()
    assert grown == pytest.approx(float(adjusted.log().tail(1).item() - adjusted.log().head(1).item()), abs=1e-9)
