import hashlib
import io
from datetime import UTC, datetime, timedelta

import httpx
import polars as pl
import pytest

from kairos.calendar import FixedClock
from kairos.sandbox.access import SANDBOX_FMP_KEY
from kairos.sandbox.bulk import as_text, bulk_csv, bulk_csvs
from kairos.sandbox.captures import STAMP, capture_runs, write_captures
from kairos.sandbox.fmp_rows import FmpView
from kairos.sandbox.server import VendorServer

c = pl.col
UNTIL = datetime(2013, 11, 30, tzinfo=UTC)
ENDPOINTS = {
    "fmp_income_statement": "income-statement",
    "fmp_balance_sheet": "balance-sheet-statement",
    "fmp_cash_flow": "cash-flow-statement",
    "fmp_key_metrics": "key-metrics",
    "fmp_ratios": "ratios",
}


@pytest.fixture(scope="module")
def archive(tiny, tmp_path_factory):
    return write_captures(tiny, tmp_path_factory.mktemp("captures"), UNTIL)


def told(file):
    dataset, _, stamp = file.stem.rpartition("_")
    return dataset, datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


def read(file):
    return pl.read_csv(file, infer_schema=False).with_columns(pl.all().fill_null(""))


def files_of(archive, dataset):
    return {told(file)[1]: file for file in archive if told(file)[0] == dataset}


def rows_at(tiny, at, path, *, symbols=None, **parameters):
    """What a collector would have been answered over HTTP at an instant, as text; ids stand for symbols."""
    found, ids = [], ids_at(tiny, at)
    with VendorServer(tiny, FixedClock(at)) as server, httpx.Client(params={"apikey": SANDBOX_FMP_KEY}) as client:
        for symbol in symbols or ids:
            found += client.get(f"{server.origin}/stable/{path}", params={"symbol": symbol, **parameters}).json()
    return {tuple(ids.get(value, plain(value)) for value in row.values()) for row in found}


def ids_at(tiny, at):
    return {symbol: f"id {number}" for number, symbol in FmpView(tiny, at).symbols.iter_rows()}


def kept_rows(tiny, at, frame):
    ids = ids_at(tiny, at)
    return {tuple(ids.get(value, value) for value in row) for row in frame.rows()}


def plain(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.8f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def test_the_same_market_gives_the_same_bytes(tiny, archive, tmp_path):
    again = write_captures(tiny, tmp_path / "again", UNTIL)
    assert [file.name for file in again] == [file.name for file in archive]
    digest = lambda files: hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()  # noqa: E731
    assert digest(again) == digest(archive)


def test_an_earlier_end_gives_the_same_files_but_for_the_table(tiny, archive, tmp_path):
    fewer = [file for file in write_captures(tiny, tmp_path, UNTIL - timedelta(days=60)) if not file.name.startswith("sf1")]
    twins = {file.name: file for file in archive}
    assert 100 < len(fewer) < len(archive)
    assert all(file.read_bytes() == twins[file.name].read_bytes() for file in fewer)


def test_runs_are_every_evening_of_a_session_and_nothing_is_later_than_the_end(tiny, archive):
    runs = capture_runs(tiny, UNTIL)
    stamps = {told(file)[1] for file in archive}
    assert runs["at"].max() <= UNTIL
    assert stamps <= set(runs["at"])
    assert runs["at"][0] == datetime(2013, 1, 3, 1, 30, tzinfo=UTC)


def test_estimates_ratings_and_profiles_come_once_a_week(archive, tiny):
    weeks = capture_runs(tiny, UNTIL).filter("weekly")["at"].to_list()
    for dataset in ("fmp_analyst_estimates", "fmp_rating", "fmp_profile"):
        assert sorted(files_of(archive, dataset)) == weeks


def test_before_the_first_run_there_is_nothing(tiny, tmp_path):
    assert write_captures(tiny, tmp_path, datetime(2013, 1, 2, tzinfo=UTC)) == []


@pytest.mark.slow
@pytest.mark.parametrize("dataset", list(ENDPOINTS))
def test_what_was_kept_is_what_http_serves_at_that_instant_and_did_not_the_run_before(tiny, archive, dataset):
    files, runs = files_of(archive, dataset), capture_runs(tiny, UNTIL)["at"].to_list()
    at = max(sorted(files)[1:], key=lambda run: files[run].stat().st_size)
    now, earlier = (
        rows_at(tiny, when, ENDPOINTS[dataset], period="quarter") | rows_at(tiny, when, ENDPOINTS[dataset], period="annual")
        for when in (at, runs[runs.index(at) - 1])
    )
    assert kept_rows(tiny, at, read(files[at])) == now - earlier != set()


def test_the_first_file_brings_the_past_along(tiny, archive):
    files = files_of(archive, "fmp_income_statement")
    first = read(files[min(files)])
    served = FmpView(tiny, min(files))
    assert first.height == served.statement("income-statement", served.named(served.symbols["symbol"].to_list())).height
    assert first["date"].min() < "2011-12-31"


@pytest.mark.parametrize("week", [3, 30])
def test_weekly_files_are_what_http_serves_for_the_names_that_trade(tiny, archive, week):
    at = sorted(files_of(archive, "fmp_profile"))[week]
    profiles, ratings, estimates = (
        read(files_of(archive, dataset)[at]) for dataset in ("fmp_profile", "fmp_rating", "fmp_analyst_estimates")
    )
    symbols = profiles["symbol"].to_list()
    assert kept_rows(tiny, at, profiles) == rows_at(tiny, at, "profile", symbols=symbols)
    assert kept_rows(tiny, at, ratings) == rows_at(tiny, at, "ratings-snapshot", symbols=symbols)
    recent = (FmpView(tiny, at).known - timedelta(days=60)).isoformat()
    for period in ("annual", "quarter"):
        served = rows_at(tiny, at, "analyst-estimates", symbols=symbols, period=period)
        kept = estimates.filter(period=period).drop("period")
        assert kept_rows(tiny, at, kept) == {row for row in served if row[1] >= recent}
        assert kept.height > 10


def test_news_is_kept_once_and_by_the_next_run(tiny, archive):
    files = files_of(archive, "fmp_news")
    kept = pl.concat([read(file).with_columns(at=pl.lit(at)) for at, file in files.items()])
    published = tiny.news.filter(c("published_at") <= max(capture_runs(tiny, UNTIL)["at"]))
    assert kept["url"].is_unique().all()
    assert kept.height == published.height
    stamp = kept["publishedDate"].str.to_datetime("%Y-%m-%d %H:%M:%S").dt.replace_time_zone("America/New_York")
    lag = kept["at"] - stamp.dt.convert_time_zone("UTC")
    assert lag.min() >= timedelta(0)
    assert lag.max() < timedelta(days=5)


def test_a_restatement_is_kept_on_the_day_it_was_first_served(demo):
    from kairos.sandbox.captures import _filed

    runs = capture_runs(demo, datetime(2018, 12, 31, tzinfo=UTC))
    again = _filed(demo, runs).filter(version=2)
    late = again.filter(c("served_at") > runs["at"][0])
    assert late.height > 100
    assert (late["at"] >= late["served_at"]).all()
    assert (late["at"] - late["served_at"]).dt.total_hours().max() < 24


def test_the_table_of_sf1_is_one_file_of_the_last_run(tiny, archive):
    ((at, file),) = files_of(archive, "sf1").items()
    table = pl.read_csv(file, infer_schema=False)
    assert at == capture_runs(tiny, UNTIL)["at"][-1]
    assert table.width == 112
    assert set(table["dimension"]) >= {"ARQ", "ART", "ARY"}


def test_pieces_of_a_text_are_the_csvs_of_its_slices():
    frame = as_text(
        pl.DataFrame({"a": [1.5, -2.0, 1e13, None], "b": ['say "x", y', "", "z", "w"], "d": [True, False, None, True]})
    )
    assert list(bulk_csvs(frame, [1, 3])) == [bulk_csv(frame.head(1)), bulk_csv(frame.tail(3))]
    assert bulk_csv(frame.tail(3)) == b'"a","b","d"\n"-2","","false"\n"10000000000000","z",""\n"","w","true"\n'
    assert pl.read_csv(io.BytesIO(bulk_csv(frame)))["b"][0] == 'say "x", y'
