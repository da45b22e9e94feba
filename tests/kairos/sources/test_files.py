import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kairos.calendar import FixedClock
from kairos.errors import SourceError
from kairos.sources.files import minted_permaticker, parse_mapping, read_files, with_minted_permaticker
from kairos.sources.parse import parse
from kairos.tables.raw import RAW_SEP
from tests.kairos.sources.vendor_double import RECEIVED, page, sep_row

REAL = Path(__file__).parents[3].parent / "shared" / "data"
CLOCK = FixedClock(RECEIVED)
CSV = b"ticker,date,close\nA,2015-01-02,1.5\n"
needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason="the real data is not beside the checkout")


def payloads(*paths: Path, dataset: str = "sep", **mapping: str) -> list:
    return list(read_files(paths, dataset, mapping=mapping, source="mine", clock=CLOCK))


def test_a_folder_gives_its_files_in_order_and_each_once(tmp_path):
    (tmp_path / "deep").mkdir()
    for name in ("b.csv", "deep/c.csv.gz", "a.csv"):
        (tmp_path / name).write_bytes(gzip.compress(CSV) if name.endswith("gz") else CSV)
    (tmp_path / "notes.txt").write_text("no table")
    (tmp_path / ".hidden.csv").write_text("no table")
    found = payloads(tmp_path, tmp_path / "a.csv")
    assert [payload.request for payload in found] == ["file/a.csv", "file/b.csv", "file/c.csv.gz"]
    assert {payload.fetched_at for payload in found} == {RECEIVED}


def test_the_mapping_is_part_of_the_identity(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"ticker,date,close,px\nA,2015-01-02,1.5,1.6\n")
    (plain,), (mapped,) = payloads(file), payloads(file, closeadj="px")
    assert mapped.request == "file/a.csv?map.closeadj=px"
    assert plain.payload_id != mapped.payload_id


def test_the_path_of_a_file_stays_private(tmp_path):
    (tmp_path / "a.csv").write_bytes(CSV)
    assert str(tmp_path) not in payloads(tmp_path / "a.csv")[0].request


def test_a_page_saved_as_a_file_is_read(tmp_path):
    (tmp_path / "a.json").write_bytes(page([sep_row("ZQXA")]))
    assert parse(payloads(tmp_path / "a.json")[0]).rows["ticker"].to_list() == ["ZQXA"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"<html>Sign in</html>", "a.json: a web page"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"when,what\n1,2\n", r"column\(s\) ticker, date, close of sep missing; found when, what"),
        ("a.csv", b"Date,Open,Adj Close,Symbol\n", 'close of sep missing.*--map "ticker=Symbol,closeadj=Adj Close"'),
        ("a.zip", b"PK\x03\x04 and no more", "cut short or damaged"),
        ("a.parquet", b"PAR1", "not readable as a table"),
        ("20151399.tar.gz", CSV, "the name is no date"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_its_reason(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        payloads(tmp_path / name)


def test_nothing_to_read_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="holds no file to import"):
        payloads(tmp_path)
    with pytest.raises(SourceError, match="no such file or folder"):
        payloads(tmp_path / "none.csv")
    with pytest.raises(SourceError, match="no file was given"):
        payloads()


@needs_real_data
def test_a_yahoo_file_is_read_by_its_mapping():
    file = REAL / "prices" / "us_daily_yahoo_2012_2017.parquet"
    mapping = parse_mapping(["closeadj=adj_close,ticker=symbol"])
    parsed = parse(payloads(file, **mapping)[0])
    assert (parsed.rows.height, parsed.rejects.height) == (290_946, 0)
    first = parsed.rows.filter(ticker="AAL").row(0, named=True)
    assert (first["date"], round(first["closeadj"], 6)) == (date(2012, 12, 6), 12.196964)


@needs_real_data
def test_a_yahoo_file_without_mapping_is_refused_with_the_one_it_needs():
    with pytest.raises(SourceError, match="--map ticker=symbol,closeadj=adj_close"):
        payloads(REAL / "prices" / "us_daily_yahoo_2012_2017.parquet")


@needs_real_data
def test_a_daily_drop_is_known_at_noon_of_the_next_day():
    (drop,) = payloads(REAL / "daily_drops" / "20150824.tar.gz")
    assert drop.fetched_at == datetime(2015, 8, 25, 12, tzinfo=UTC)
    rows = RAW_SEP.validate(parse(drop).rows)
    assert set(rows["date"].to_list()) >= {date(2015, 8, 21), date(2015, 8, 24)}
    chile = rows.filter(ticker="CH", date=date(2015, 8, 24)).select("close", "closeunadj", "closeadj", "volume")
    assert chile.rows() == [(5.74, 5.74, 5.74, 34400.0)]


@given(st.text(), st.text(min_size=1))
def test_a_minted_id_is_lasting_large_and_exact_in_a_double(source, ticker):
    made = minted_permaticker(source, ticker)
    assert made == minted_permaticker(source, ticker)
    assert 10**12 <= made < 2**53


def test_minted_ids_differ_by_source_and_by_ticker():
    tickers = [f"T{number}" for number in range(5000)]
    assert len({minted_permaticker(source, ticker) for source in ("a", "b") for ticker in tickers}) == 10_000


def test_a_minted_id_never_changes():
    assert minted_permaticker("yahoo", "AAPL") == 2_140_731_447_651_190


def test_minting_a_frame_agrees_with_minting_a_symbol_and_keeps_the_order():
    frame = pl.DataFrame({"source": ["x", "y", "x"], "ticker": ["B", "A", "B"], "close": [1.0, 2.0, 3.0]})
    made = with_minted_permaticker(frame)
    assert made.drop("permaticker").equals(frame)
    assert made["permaticker"].to_list() == [minted_permaticker(*row[:2]) for row in frame.iter_rows()]
